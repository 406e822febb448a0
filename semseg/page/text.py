"""Text from files, shown as it is: names and metadata must not become markup."""

from __future__ import annotations

import re

__all__ = ["plain"]

# what Markdown, as Streamlit reads it, gives a meaning to: links, pictures, colours, formulae
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: str) -> str:
    """`text` for a place that renders Markdown, every sign of it standing for itself.

    >>> print(plain("a_b[1].tif"))
    a\\_b\\[1\\]\\.tif
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
