"""Outlines put right on the page, by the gestures of a person."""

from __future__ import annotations

import json
import math
from itertools import combinations

import pytest
from playwright.sync_api import expect

from tests.support.editing import KEPT, SAMPLE, found_after, place, table, whole
from tests.support.view import on_screen


def test_a_line_across_a_particle_parts_it_and_undo_makes_it_whole(visitor, found):
    row = whole(found)
    reach = float(row["max_feret_px"] if "max_feret_px" in row else row["ecd_px"])
    page = visitor.page
    page.locator(".sv-palette button[value=split]").click()
    page.mouse.move(*place(visitor, row, dy=-reach))
    page.mouse.down()
    page.mouse.move(*place(visitor, row), steps=5)
    page.mouse.move(*place(visitor, row, dy=reach), steps=5)
    before = len(visitor.traffic.sizes)
    page.mouse.up()
    found_after(visitor, len(found) + 1)
    # no picture travels again, which has some hundred kB
    assert sum(visitor.traffic.sizes[before:]) < 60_000
    after = {each["label"]: each for each in table(visitor)}
    parts = [each for each in after.values() if each["origin"] == "split"]
    assert len(parts) == 2
    assert row["label"] in {each["label"] for each in parts}
    area = sum(float(each["area_px"]) for each in parts)
    assert area == pytest.approx(float(row["area_px"]), rel=1e-4)
    others = [each for each in found if each["label"] != row["label"]]
    assert all(after[each["label"]] == each for each in others)
    session = json.loads(visitor.download("Session"))
    assert [each["do"] for each in session["pictures"][0]["operations"]] == ["split"]
    page.locator(".sv-palette button[value=undo]").click()
    found_after(visitor, len(found))
    assert table(visitor) == found
    page.locator(".sv-palette button[value=redo]").click()
    found_after(visitor, len(found) + 1)
    page.locator(".sv-stage").focus()
    page.keyboard.press("Control+z")
    found_after(visitor, len(found))


DRAFTS = """() => {
  window.drafts = [];
  const stage = document.querySelector(".sv-stage");
  new MutationObserver(() => window.drafts.push(Number(stage.dataset.drafts)))
    .observe(stage, { attributeFilter: ["data-drafts"] });
}"""


def test_what_will_come_of_a_gesture_is_drawn_before_the_server_has_heard_of_it(visitor, found):
    row, page = whole(found), visitor.page
    reach = float(row["ecd_px"])
    page.locator(".sv-palette button[value=split]").click()
    page.evaluate(DRAFTS)
    page.mouse.move(*place(visitor, row, dy=-reach))
    page.mouse.down()
    page.mouse.move(*place(visitor, row, dy=reach), steps=8)
    # within the event itself, so before anything can come back
    page.evaluate("""() => {
      const stage = document.querySelector(".sv-stage");
      window.atOnce = new Promise((done) => stage.addEventListener(
        "pointerup", () => setTimeout(() => done(stage.dataset.drafts)), { once: true }));
    }""")
    page.mouse.up()
    assert page.evaluate("window.atOnce") == "1"
    found_after(visitor, len(found) + 1)
    assert page.locator(".sv-stage").get_attribute("data-drafts") == "0"
    page.locator(".sv-stage").focus()
    page.keyboard.press("m")  # both parts are selected
    found_after(visitor, len(found))
    assert page.evaluate("Math.max(...window.drafts)") == 1
    assert page.locator(".sv-stage").get_attribute("data-drafts") == "0"
    for count in (len(found) + 1, len(found)):
        page.locator(".sv-stage").focus()
        page.keyboard.press("Control+z")
        found_after(visitor, count)
    assert table(visitor) == found


def test_parts_that_are_selected_are_merged_by_a_key(visitor, found):
    row = whole(found)
    page = visitor.page
    page.locator(".sv-palette button[value=hand]").click()
    page.keyboard.down("Alt")  # with any tool, a click parts what lies around it
    page.mouse.click(*place(visitor, row, dx=-float(row["ecd_px"]) / 4))
    page.keyboard.up("Alt")
    found_after(visitor, len(found) + 1)
    page.locator(".sv-stage").focus()
    page.keyboard.press("m")  # both parts are selected
    found_after(visitor, len(found))
    merged = next(each for each in table(visitor) if each["origin"] == "merge")
    assert float(merged["area_px"]) == pytest.approx(float(row["area_px"]), rel=1e-3)
    page.locator(".sv-stage").focus()
    page.keyboard.press("Control+z")
    found_after(visitor, len(found) + 1)
    page.keyboard.press("Escape")
    page.mouse.click(*place(visitor, row, dx=-float(row["ecd_px"]) / 4))
    page.keyboard.press("m")  # one alone goes with the one beside it
    found_after(visitor, len(found))
    page.keyboard.press("Control+z")
    found_after(visitor, len(found) + 1)
    page.keyboard.press("Control+z")
    found_after(visitor, len(found))
    assert table(visitor) == found


def beside_each_other(rows):
    """Two particles that touch, well inside the picture."""
    inside = [
        row for row in rows if 60 < float(row["x_px"]) < 500 and 100 < float(row["y_px"]) < 600
    ]

    def apart(pair):
        one, other = pair
        ends = [(float(row["x_px"]), float(row["y_px"])) for row in pair]
        return math.dist(*ends) / (float(one["ecd_px"]) + float(other["ecd_px"]))

    return min(combinations(inside, 2), key=apart)


def count_px(condition):
    """JavaScript that counts the px of what is marked, by red, green, blue and opacity."""
    return f"""() => {{
      const canvas = document.querySelector(".sv-marks");
      const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {{
        const [r, g, b, a] = data.subarray(i, i + 4);
        count += {condition};
      }}
      return count;
    }}"""


GLOWING = count_px("r > 220 && g > 180 && b < 140 && a > 150")  # the seam
PROPOSED = count_px("r > 220 && g > 190 && b < 120 && a > 230")
UNDER_POINTER = count_px("g > 250 && a > 200")


def test_the_seam_that_would_be_cut_is_seen_before_it_is(visitor, found):
    page, pair = visitor.page, beside_each_other(found)
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, pair[0]))
    page.keyboard.down("Shift")
    page.mouse.click(*place(visitor, pair[1]))
    page.keyboard.up("Shift")
    page.keyboard.press("m")
    found_after(visitor, len(found) - 1)
    page.wait_for_function(f"({GLOWING})() > 3")  # it is selected
    page.keyboard.press("Escape")
    page.wait_for_function(f"({GLOWING})() === 0")
    page.locator(".sv-palette button[value=split]").click()
    page.mouse.move(*place(visitor, pair[0]))
    page.wait_for_function(f"({GLOWING})() > 3")
    page.mouse.move(5, 5)
    page.wait_for_function(f"({GLOWING})() === 0")
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, pair[0]))
    page.evaluate(DRAFTS)
    page.keyboard.press("s")
    found_after(visitor, len(found))
    assert max(page.evaluate("window.drafts")) == 1  # it was drawn without being asked for
    after = [each for each in table(visitor) if each["origin"] == "split"]
    areas = sorted(float(each["area_px"]) for each in after)
    assert areas == pytest.approx(sorted(float(row["area_px"]) for row in pair), rel=0.15)
    for count in (len(found) - 1, len(found)):
        page.locator(".sv-stage").focus()
        page.keyboard.press("Control+z")
        found_after(visitor, count)
    assert table(visitor) == found


def test_what_the_pointer_passes_over_costs_next_to_nothing(visitor, found):
    page = visitor.page
    page.locator(".sv-stage").focus()
    page.keyboard.press("Escape")
    page.locator(".sv-palette button[value=split]").click()
    visitor.quiet()
    before = len(visitor.traffic.sizes)
    row = whole(found)
    page.mouse.move(*place(visitor, row))
    expect(page.locator(".sv-stage .sv-tip")).to_be_visible()
    while len(visitor.traffic.sizes) == before:
        page.wait_for_timeout(50)
    visitor.quiet()
    assert 0 < sum(visitor.traffic.sizes[before:]) < 6000
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.move(5, 5)


def test_what_was_missed_is_drawn_and_what_was_excluded_comes_back(visitor, found):
    row = whole(found)
    page = visitor.page
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, row))
    page.keyboard.press("x")
    visitor.quiet()
    kept = visitor.number("kept")
    page.keyboard.press("Escape")
    page.locator(".sv-palette button[value=draw]").click()
    half = float(row["ecd_px"]) / 4
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    page.mouse.move(*place(visitor, row, *corners[0]))
    page.mouse.down()
    for dx, dy in corners[1:]:
        page.mouse.move(*place(visitor, row, dx, dy), steps=4)
    page.mouse.up()
    page.wait_for_function(f"{KEPT}.startsWith('{int(kept) + 1}')")
    visitor.quiet()
    drawn = [each for each in table(visitor) if each["origin"] == "hand"]
    assert len(drawn) == 1
    assert float(drawn[0]["area_px"]) == pytest.approx((2 * half) ** 2, rel=0.1)
    assert row["label"] not in {each["label"] for each in table(visitor)}  # it gave way
    page.locator(".sv-stage").focus()
    page.keyboard.press("Control+z")  # all of it, at once
    found_after(visitor, len(found))
    again = {each["label"]: each for each in table(visitor)}
    assert row["label"] in again
    assert visitor.number("kept") == kept  # still excluded
    assert {each["origin"] for each in again.values()} == {"network"}
    page.locator(".sv-stage").focus()
    page.keyboard.press("Control+z")
    visitor.quiet()
    assert table(visitor) == found
    page.locator(".sv-palette button[value=hand]").click()


def test_an_area_that_is_left_out_takes_its_particles_along(visitor):
    page = visitor.page
    before = table(visitor)
    held = [row for row in before if inside(row, 150, 150, 450, 450)]
    assert held
    page.locator(".sv-palette button[value=mask]").click()
    corners = [(150, 150), (450, 150), (450, 450), (150, 450), (150, 150)]
    page.mouse.move(*on_screen(page, *corners[0]))
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*on_screen(page, *corner), steps=4)
    page.mouse.up()
    page.get_by_text("of the frame is analysed").wait_for()
    visitor.quiet()
    # who lies in it by half or less is cut by it
    left = {row["label"] for row in table(visitor)}
    deep = [row for row in before if inside(row, 180, 180, 420, 420)]
    assert deep
    assert not left & {row["label"] for row in deep}
    assert {row["label"] for row in before if not inside(row, 120, 120, 480, 480)} <= left
    summary = json.loads(visitor.download("Summary"))
    assert summary["by_hand"]["masked"] == pytest.approx(300 * 300 / (1024 * 680), rel=0.06)
    page.locator(".sv-palette button[value=undo]").click()
    page.get_by_text("of the frame is analysed").wait_for(state="detached")
    visitor.quiet()
    assert table(visitor) == before
    page.locator(".sv-palette button[value=hand]").click()


def inside(row, left, top, right, bottom):
    return left < float(row["x_px"]) < right and top < float(row["y_px"]) < bottom


def one_of(rows, label):
    return next(each for each in rows if each["label"] == label)


def drag(visitor, *places):
    page = visitor.page
    page.mouse.move(*places[0])
    page.mouse.down()
    for each in places[1:]:
        page.mouse.move(*each, steps=6)
    page.mouse.up()


def test_a_brush_adds_to_the_selected_particle_and_an_eraser_takes_from_it(visitor, found):
    row, page = whole(found), visitor.page
    reach = float(row["ecd_px"]) / 2
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, row))
    page.locator(".sv-palette button[value=eraser]").click()
    page.evaluate(DRAFTS)
    drag(visitor, place(visitor, row, dx=-reach, dy=-3), place(visitor, row, dx=-reach, dy=3))
    page.wait_for_function("window.drafts.at(-1) === 0 && window.drafts.length > 1")
    visitor.quiet()
    assert max(page.evaluate("window.drafts")) == 1  # seen at once
    less = one_of(table(visitor), row["label"])
    assert less["origin"] == "hand"
    assert 0.3 * float(row["area_px"]) < float(less["area_px"]) < 0.97 * float(row["area_px"])
    page.locator(".sv-palette button[value=brush]").click()
    page.locator(".sv-stage").focus()
    for _ in range(2):
        page.keyboard.press("[")
    drag(visitor, place(visitor, row), place(visitor, row, dx=-reach))
    visitor.quiet()
    more = one_of(table(visitor), row["label"])
    assert float(more["area_px"]) > 1.01 * float(less["area_px"])
    others = [each for each in found if each["label"] != row["label"]]
    now = {each["label"]: each for each in table(visitor)}
    assert all(now[each["label"]]["area_px"] == each["area_px"] for each in others)
    for _ in range(2):
        page.locator(".sv-stage").focus()
        page.keyboard.press("Control+z")
        visitor.quiet()
    assert table(visitor) == found
    page.keyboard.press("Escape")
    page.locator(".sv-palette button[value=hand]").click()


def test_what_was_missed_is_proposed_at_a_click_and_taken_by_another(visitor, found):
    row, page = whole(found), visitor.page
    reach = float(row["ecd_px"]) / 2
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, row))
    page.locator(".sv-palette button[value=draw]").click()
    # most of it is ground now
    corners = [(-0.6, -0.3), (-0.2, -0.3), (-0.2, 0.3), (-0.6, 0.3)]
    drag(visitor, *(place(visitor, row, reach * x, reach * y) for x, y in corners))
    visitor.quiet()
    small = float(one_of(table(visitor), row["label"])["area_px"])
    page.locator(".sv-stage").focus()
    page.keyboard.press("Escape")
    bare = place(visitor, row, dx=reach * 0.3)
    page.mouse.click(*bare)
    page.wait_for_function(f"({PROPOSED})() > 30")
    visitor.quiet()
    assert visitor.number("found") == len(found)
    page.locator(".sv-stage").focus()
    page.keyboard.press("Escape")  # refused
    page.wait_for_function(f"({PROPOSED})() === 0")
    page.mouse.click(*bare)
    page.wait_for_function(f"({PROPOSED})() > 30")
    page.mouse.click(*bare)  # taken
    found_after(visitor, len(found) + 1)
    page.wait_for_function(f"({PROPOSED})() === 0")
    new = max(table(visitor), key=lambda each: int(each["label"]))
    assert new["origin"] == "hand"
    assert float(new["area_px"]) == pytest.approx(float(row["area_px"]) - small, rel=0.15)
    for count in (len(found), len(found)):
        page.locator(".sv-stage").focus()
        page.keyboard.press("Control+z")
        found_after(visitor, count)
    assert table(visitor) == found
    page.locator(".sv-palette button[value=hand]").click()


def test_all_but_an_area_is_left_out_by_a_button(visitor, found):
    page = visitor.page
    # so far down that the table ends above it afterwards
    page.locator(".sv-grid").evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    page.locator(".sv-palette button[value=mask]").click()
    button = page.locator(".sv-invert")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.locator(".sv-stage").evaluate("stage => stage.scrollIntoView({ block: 'center' })")
    corners = [(100, 100), (500, 100), (500, 500), (100, 500)]
    drag(visitor, *(on_screen(page, *corner) for corner in corners))
    page.get_by_text("of the frame is analysed").wait_for()
    visitor.quiet()
    left = table(visitor)
    assert 0 < len(left) < len(found)
    assert all(inside(row, 80, 80, 520, 520) for row in left)
    button.click()
    page.locator(".sv-palette button[value=undo]").click()
    page.get_by_text("of the frame is analysed").wait_for(state="detached")
    visitor.quiet()
    assert table(visitor) == found
    page.locator(".sv-palette button[value=hand]").click()
    expect(button).to_be_hidden()


def test_two_tabs_on_the_same_picture_keep_their_own_edits(visitor, found, url):
    other = visitor.context.new_page()
    other.goto(url.rstrip("/") + SAMPLE)
    other.wait_for_selector(".semseg-viewer[data-shown]")
    row, page = whole(found), visitor.page
    page.bring_to_front()
    page.locator(".sv-palette button[value=hand]").click()
    page.mouse.click(*place(visitor, row))
    page.keyboard.press("x")
    page.keyboard.down("Alt")
    page.mouse.click(*place(visitor, row, dx=-float(row["ecd_px"]) / 4))
    page.keyboard.up("Alt")
    found_after(visitor, len(found) + 1)
    kept = f"of {len(found)}"
    assert kept in other.locator("[data-number=kept]").inner_text()
    other.bring_to_front()
    other.locator(".sv-row").nth(5).click()
    other.keyboard.press("Delete")
    other.wait_for_function(f"{KEPT}.startsWith('{len(found) - 1}')")
    assert kept in other.locator("[data-number=kept]").inner_text()
    other.close()
    page.bring_to_front()
    assert visitor.number("found") == len(found) + 1
    page.locator(".sv-stage").focus()
    page.keyboard.press("Control+z")
    found_after(visitor, len(found))
    page.keyboard.press("Control+z")
    visitor.quiet()
    page.keyboard.press("Escape")
    assert table(visitor) == found


def test_the_particle_under_the_pointer_is_outlined(visitor):
    page = visitor.page
    row = whole(table(visitor))
    page.locator(".sv-palette button[value=hand]").click()  # the page is where the picture is
    page.mouse.move(5, 5)
    page.wait_for_function(f"({UNDER_POINTER})() === 0")
    page.mouse.move(*place(visitor, row))
    page.wait_for_function(f"({UNDER_POINTER})() > 50")
    page.mouse.move(5, 5)
    page.wait_for_function(f"({UNDER_POINTER})() === 0")


def test_what_cannot_be_done_is_said_and_changes_nothing(visitor):
    before = table(visitor)
    page = visitor.page
    page.locator(".sv-stage").focus()
    page.keyboard.press("Escape")
    page.locator(".sv-stage").focus()
    page.keyboard.press("m")
    assert "Select the particles to merge" in page.locator(".sv-note").text_content()
    page.locator(".sv-palette button[value=hand]").click()
    rows = [each for each in before if 100 < float(each["x_px"]) < 550]
    rows = [each for each in rows if 250 < float(each["y_px"]) < 550]
    rows.sort(key=lambda each: float(each["x_px"]))
    page.mouse.click(*place(visitor, rows[0]))
    page.keyboard.down("Shift")
    page.mouse.click(*place(visitor, rows[-1]))
    page.keyboard.up("Shift")
    page.keyboard.press("m")  # far from each other
    note = "document.querySelector('.sv-note').textContent"  # it is shown for a moment
    page.wait_for_function(f"{note} === 'These particles do not touch, so they cannot be one.'")
    assert page.locator(".semseg-viewer.sv-waiting").count() == 0
    assert table(visitor) == before
    assert visitor.faults == []
