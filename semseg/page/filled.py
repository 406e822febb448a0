"""Fields that the page fills: what it wrote there is never taken for typed.

A browser sends what its fields hold with every run that it asks for. Where it asks before it has
heard of a new text, Streamlit calls the field changed: what stands beside one picture would count
as typed for the next. So a field that is filled anew is a new field, and what the browser still
says of the one before is of no concern.
"""

from __future__ import annotations

import streamlit as st

__all__ = ["key_of_field"]


def key_of_field(name: str, shown: str) -> str:
    """The key of a field that shows this text: another one than before, unless that field holds
    the text already.

    Give the text as the field's ``value``, and never write it into the state.
    """
    numbers: dict[str, int] = st.session_state.setdefault("fields_filled", {})
    if st.session_state.get(f"{name}-{numbers.get(name, 0)}") != shown:
        numbers[name] = numbers.get(name, 0) + 1
    return f"{name}-{numbers[name]}"
