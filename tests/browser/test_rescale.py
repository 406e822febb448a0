"""Another rescale factor as a person sees it: kept, compared, flipped, taken back; other scales."""

from __future__ import annotations

import re

import pytest

SAMPLE = "/?sample=1"
FACTOR = re.compile(r"rescale ([\d.]+) \((given|automatic)\)")
INK = """(name) => {
  const canvas = document.querySelector(name);
  if (getComputedStyle(canvas).visibility === "hidden") return 0;
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 200;
  return inked;
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def factor(visitor):
    return FACTOR.search(visitor.text()).groups()


def ink(visitor, layer):
    """Pixels that a layer of the picture shows: ``.sv-ghosts`` of the earlier result."""
    visitor.page.evaluate(FRAMES)
    return visitor.page.evaluate(INK, layer)


def slide(visitor, key, times):
    """Move the slider by the keyboard, step by step, as fast as a person drags it."""
    slider = visitor.page.locator(".st-key-rescale input[type=range]")
    slider.focus()
    for _ in range(times):
        slider.press(key)
    visitor.quiet()


@pytest.fixture
def changed(visit):
    """The sample after automatic was switched off and the slider moved."""
    visitor = visit(SAMPLE)
    visitor.shown()
    found, source = factor(visitor)
    assert source == "automatic"
    visitor.page.get_by_text("Automatic rescale").click()
    visitor.quiet()
    assert factor(visitor) == (found, "given")
    assert not visitor.page.locator(".st-key-compare").count()
    slide(visitor, "ArrowLeft", 12)
    visitor.found = found
    return visitor


def test_the_first_drag_counts_and_old_stands_against_new(changed):
    now, source = factor(changed)
    assert source == "given"
    assert float(now) < 0.7 * float(changed.found)
    said = changed.page.locator(".st-key-compare").inner_text()
    assert re.search(r"\d+ → \d+ particles, D50 \d+ → \d+ nm: rescale factor", said)
    # outlines of both: the earlier ones on a layer of their own
    assert ink(changed, ".sv-ghosts") > 100
    assert ink(changed, ".sv-canvas") > 1000
    changed.button("Stop comparing")
    assert ink(changed, ".sv-ghosts") == 0
    assert not changed.page.locator(".st-key-compare").count()
    assert not changed.faults


def test_a_key_and_a_switch_flip_between_old_and_new(changed):
    changed.page.locator(".sv-stage").focus()
    both, present = ink(changed, ".sv-ghosts"), ink(changed, ".sv-canvas")
    changed.page.keyboard.press("g")
    assert ink(changed, ".sv-canvas") == 0
    assert ink(changed, ".sv-ghosts") > both  # with what was cut off dimmed, and wider
    changed.page.keyboard.press("g")
    assert ink(changed, ".sv-canvas") == present
    assert ink(changed, ".sv-ghosts") == 0
    changed.page.locator(".sv-ghost").get_by_text("Both").click()
    assert (ink(changed, ".sv-ghosts"), ink(changed, ".sv-canvas")) == (both, present)
    # the filter that moves is that of both
    changed.threshold(1.0)
    assert ink(changed, ".sv-ghosts") < both / 4
    assert not changed.faults


def test_the_earlier_result_is_taken_back_with_what_was_decided_by_hand(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    visitor.exclude()
    kept, (found, _) = visitor.number("kept"), factor(visitor)
    visitor.button("Half:")
    visitor.shown()
    assert factor(visitor)[0] != found
    visitor.button(f"Take {found} back")
    assert factor(visitor) == (found, "automatic")
    assert visitor.number("kept") == kept
    assert visitor.page.locator(".st-key-compare").count() == 1  # the other way round now
    assert not visitor.faults


def test_other_scales_are_looked_at_in_the_background_and_one_click_takes_one(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    found, _ = factor(visitor)
    visitor.button("Look at other scales")
    panel = visitor.page.locator(".st-key-scales")
    panel.locator("img").nth(1).wait_for()
    panel.get_by_text("being outlined").wait_for(state="detached")
    visitor.quiet()
    assert f"particles at {found}" in panel.inner_text()
    panel.get_by_role("button", name="Take this").first.click()
    visitor.quiet()
    assert factor(visitor)[0] != found
    assert panel.get_by_role("button", name="In use").count() == 1
    visitor.page.locator(".st-key-scales_close button").click()
    visitor.quiet()
    assert not panel.count()
    assert not visitor.faults


def test_the_uncertainty_of_the_median_comes_by_itself(visit):
    visitor = visit(SAMPLE)
    visitor.shown()
    line = visitor.page.locator(".st-key-median_line").inner_text()
    assert re.match(r"D50 2\d\d ± 1\d nm \(expanded uncertainty, k = 2\)", line)
    visitor.threshold(0.97)
    after = visitor.page.locator(".st-key-median_line").inner_text()
    assert after != line
