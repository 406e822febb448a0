"""Values as files hold them: JSON's own types, texts in one line, no formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["is_like_formula", "one_line", "plain"]


def plain(value: Any) -> Any:
    """`value` in JSON's own types; what is not finite becomes None.

    >>> plain({"sizes": (np.float64(1.5), math.nan), "kept": np.True_})
    {'sizes': [1.5, None], 'kept': True}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def one_line(value: object) -> str:
    """A text without line breaks and with single spaces: a row or a cell stays one."""
    return " ".join(str(value).split())


def is_like_formula(text: str) -> bool:
    """Whether a spreadsheet would run a text as a formula.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return text.startswith(("=", "+", "-", "@"))
