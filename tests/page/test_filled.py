"""What the page wrote into a field is never taken for typed."""

from __future__ import annotations

import streamlit as st

from semseg.page.filled import key_of_field


def drawn(key, text):
    """Streamlit's part: a field's value stands in the state under its key."""
    st.session_state.setdefault(key, text)
    return key


def test_a_field_that_is_filled_anew_is_a_new_field(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    first = drawn(key_of_field("width", ""), "")
    assert key_of_field("width", "") == first
    second = drawn(key_of_field("width", "7.52 µm"), "7.52 µm")
    assert second != first
    # the browser, which has not heard of it, says what the first held: to nobody
    st.session_state[first] = ""
    assert key_of_field("width", "7.52 µm") == second
    # a person types, and the page agrees to the letter: the field stays, and so does the cursor
    st.session_state[second] = "5 µm"
    assert key_of_field("width", "5 µm") == second
    # another picture; and back
    third = drawn(key_of_field("width", "7.52 µm"), "7.52 µm")
    assert third not in (first, second)
    assert drawn(key_of_field("width", "5 µm"), "5 µm") not in (first, second, third)


def test_fields_do_not_meet(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    assert drawn(key_of_field("width", "a"), "a") != drawn(key_of_field("title", "a"), "a")
