"""The page, where hosts look for it: ``streamlit run streamlit_app.py``."""

from semseg.page.app import main

main()
