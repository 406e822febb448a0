"""Texts from files, which are no markup."""

from __future__ import annotations

import pytest

from semseg.page.text import plain


@pytest.mark.parametrize(
    "text", ["![x](http://example.org/a.png)", "a_b*c", ":red[b]", "$x^2$", "<b>", "`a`", "1. a"]
)
def test_text_from_files_is_no_markup(text):
    shown = plain(text)
    assert shown.replace("\\", "") == text
    for sign in "*_[]()<>$:`!.":
        assert shown.count(sign) == shown.count(f"\\{sign}")


def test_line_breaks_become_spaces():
    assert plain("a\n# b") == "a \\# b"
