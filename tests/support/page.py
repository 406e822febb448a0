"""The page in Streamlit's own test harness: opened, given files, read."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.support.paths import PAGE


def open_page() -> AppTest:
    """The page before its first run, for one visitor."""
    return AppTest.from_file(str(PAGE), default_timeout=120)


def texts(page):
    return " ".join(item.value for item in [*page.caption, *page.info, *page.warning, *page.error])


def upload(page, *files):
    page.run()
    give(page, "uploads", *files)
    return page.run()


def give(page, key, *files):
    files = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader(key=key).set_value(files)
