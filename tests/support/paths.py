"""Where things lie: the repository, its page, and the data that may lie beside it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "streamlit_app.py"
# pictures that may not be passed on; tests that look at them are skipped where they are missing
SHARED = ROOT.parent / "shared"
TIO2_IMAGES = SHARED / "data" / "tio2-dev" / "images"
