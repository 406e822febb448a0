"""Corrections of outlines and decisions on particles, taken back one by one."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.editing import apart_from, cut, kept_are, key, place, table, whole


def test_every_decision_is_taken_back_by_itself_also_after_a_cut(visitor, found):
    page, row, kept = visitor.page, whole(found), len(found)
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, apart_from(found, row)))
    for name, number in (("x", kept - 1), ("u", kept)):
        key(visitor, name)
        kept_are(visitor, number, kept)
    cut(visitor, row)
    kept_are(visitor, kept + 1, kept + 1)
    for number in (kept, kept - 1, kept):  # the cut, what U did, what X did
        key(visitor, "Control+z")
        kept_are(visitor, number, kept)
    assert table(visitor) == found
    key(visitor, "Escape")


def test_a_decision_between_corrections_is_taken_back_and_ends_what_could_be_done_again(
    visitor, found
):
    page, row, kept = visitor.page, whole(found), len(found)
    other = apart_from(found, row)
    cut(visitor, row)
    kept_are(visitor, kept + 1, kept + 1)
    key(visitor, "Escape")
    page.mouse.click(*place(visitor, other))
    key(visitor, "x")
    kept_are(visitor, kept, kept + 1)
    key(visitor, "Escape")
    page.mouse.click(*place(visitor, row, dx=-float(row["ecd_px"]) / 4))
    key(visitor, "m")  # with the other part, its neighbour of the longest side
    kept_are(visitor, kept - 1, kept)
    for number, of in ((kept, kept + 1), (kept + 1, kept + 1)):  # the merge, what X did
        key(visitor, "Control+z")
        kept_are(visitor, number, of)
    redo = page.locator(".sv-palette button[value=redo]")
    expect(redo).to_have_attribute("aria-disabled", "false")
    page.mouse.click(*place(visitor, other))
    key(visitor, "x")
    kept_are(visitor, kept, kept + 1)
    expect(redo).to_have_attribute("aria-disabled", "true")
    key(visitor, "Control+Shift+z")
    kept_are(visitor, kept, kept + 1)
    for number, of in ((kept + 1, kept + 1), (kept, kept)):  # what X did, the cut
        key(visitor, "Control+z")
        kept_are(visitor, number, of)
    assert table(visitor) == found
    key(visitor, "Escape")
