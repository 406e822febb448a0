"""Once, while the image is made: run the page on its sample.

    python deploy/prepare_image.py

So an image whose model is not the one that semseg trusts, or whose page fails, is never made;
``static/`` is written, which is read-only later; and what the page imports is compiled, and
nothing else.
"""

from pathlib import Path

import streamlit.web.cli  # noqa: F401  compiled here, too
import uvicorn  # noqa: F401
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_app  # noqa: F401

PAGE = Path(__file__).resolve().parents[1] / "streamlit_app.py"
LONG_S = 600


def main() -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=LONG_S)
    page.query_params["sample"] = "1"
    page.run()
    visit = page.session_state["held"].visit
    visit.wait([wish.key for wish in visit.under_way()], LONG_S)
    page.run()
    problems = [each.value for each in (*page.exception, *page.error)]
    if problems:
        raise SystemExit("\n".join(problems))
    if not list((PAGE.parent / "static").glob("semseg-*/viewer.js")):
        raise SystemExit("The viewer's files were not written: the page did not show the sample.")


if __name__ == "__main__":
    main()
