"""Which of the writing in a picture is taken for the length of its bar, and its width."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from semseg.scale import bar_text, ocr
from semseg.scale.bar_text import PrintedScale, read_printed_scale
from semseg.scale.ocr import TextLine
from semseg.scale.printed_lengths import Entries
from semseg.scale.scale_bar import find_scale_bar
from semseg.scale.window import Window

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"  # Pillow's has no µ
needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="rapidocr is not installed")


def picture(
    *texts, bar=(60, 260, 100), shape=(300, 400), strip=None, ink=255, ground=70
) -> np.ndarray:
    """A bar (left, top, length) and texts (left, top, height, text) on a noisy ground; the label
    bar is black from the row `strip` on."""
    noise = np.random.default_rng(1).normal(0, 6, shape)
    image = Image.fromarray((ground + noise).astype(np.float32))
    draw = ImageDraw.Draw(image)
    if strip is not None:
        draw.rectangle((0, strip, shape[1], shape[0]), fill=0)
    if bar is not None:
        left, top, length = bar
        draw.rectangle((left, top, left + length - 1, top + 2), fill=ink)
    for left, top, size, text in texts:
        draw.text((left, top), text, fill=ink, font=ImageFont.truetype(FONT, size))
    return np.array(image, np.float32)


def read(grey, bar_row=None) -> PrintedScale:
    return read_printed_scale(grey, find_scale_bar(grey, bar_row), bar_row)


@contextmanager
def shown(lines, second="") -> Iterator[None]:
    """What the reader gives, without it: lines of (text, left, top, right, bottom)."""
    found = [
        TextLine(text, 0.99, Window(top, left, bottom, right))
        for text, left, top, right, bottom in lines
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_text, "_lines", lambda grey, window, pixels=0: bar_text._joined(found))
        patch.setattr(ocr, "recognise", lambda grey: second)
        yield


# ---- drawn writing ----


@needs_ocr
@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("200 nm", 200),
        ("1 \u00b5m", 1000),
        ("0.5 \u00b5m", 500),
        ("20 \u00b5m", 20_000),
        ("5 nm", 5),
        ("2 um", 2000),
        ("400nm", 400),
    ],
)
def test_length_at_the_bar(text, nm):
    found = read(picture((62, 230, 24, text)))
    assert found.bar.sure
    assert found.bar.nm == nm
    assert 220 < found.window.top < 240
    assert 50 < found.window.left < 65


@needs_ocr
@pytest.mark.parametrize(
    "place", [(70, 228, 22), (70, 268, 22), (170, 250, 22)], ids=["above", "below", "beside"]
)
@pytest.mark.parametrize(("ink", "ground"), [(255, 70), (0, 200)], ids=["white", "black"])
def test_wherever_it_stands(place, ink, ground):
    assert read(picture((*place, "500 nm"), ink=ink, ground=ground)).bar.nm == 500


@needs_ocr
def test_entries_of_a_label_bar():
    strip = picture(
        (20, 250, 18, "Width = 7.520 \u00b5m"),
        (230, 250, 18, "Mag = 50.00 K X"),
        (20, 275, 18, "WD = 2.8 mm"),
        (480, 255, 18, "200 nm"),
        bar=(480, 280, 60),
        shape=(300, 600),
        strip=245,
    )
    found = read(strip, 245)
    assert found.bar.nm == 200
    assert found.entries.width.nm == 7520
    assert found.entries.magnifications == (50_000,)


@needs_ocr
def test_columns_of_a_label_bar():
    columns = [(20, "HV", "15.00 kV"), (140, "HFW", "2.98 \u00b5m"), (260, "WD", "5.0 mm")]
    texts = [
        (x, y, 16, text) for x, *both in columns for y, text in zip((250, 272), both, strict=True)
    ]
    found = read(picture(*texts, shape=(300, 500), strip=245, bar=None), 245)
    assert found.bar is None
    assert found.entries.width.nm == 2980


@needs_ocr
def test_nothing_where_nothing_is_written():
    found = read(picture())
    assert found.bar is None
    assert found.window is not None


@needs_ocr
@pytest.mark.parametrize("text", ["108 nm", "sample 7", "WD 10 mm"])
def test_no_length(text):
    assert read(picture((62, 230, 22, text))).bar is None


@needs_ocr
def test_the_networks_are_let_go_and_come_back():
    grey = picture((62, 230, 24, "200 nm"))
    first = read(grey)
    ocr.let_go()
    assert ocr._engine is None
    assert ocr._timer is None
    assert read(grey) == first
    assert ocr._timer.daemon


# ---- what is made of it ----

BAR = picture()


def test_two_lengths_as_near_are_none():
    lines = [("1 \u00b5m", 60, 230, 100, 255), ("2 \u00b5m", 110, 230, 150, 255)]
    with shown(lines, "1 \u00b5m"):
        assert read(BAR).bar is None


def test_the_nearer_one_where_the_other_is_far():
    lines = [("1 \u00b5m", 60, 230, 100, 255), ("2 \u00b5m", 350, 10, 390, 30)]
    with shown(lines, "1 \u00b5m"):
        assert read(BAR).bar.nm == 1000


@pytest.mark.parametrize("second", ["10 \u00b5m", "1 mm", "", "#"])
def test_a_second_look_that_says_otherwise_or_nothing(second):
    with shown([("1 \u00b5m", 60, 230, 100, 255)], second):
        assert read(BAR).bar is None


@pytest.mark.parametrize(("second", "kept"), [("7.48 \u00b5m", True), ("7.16 \u00b5m", False)])
def test_the_last_digit_of_a_width_may_be_another_one(second, kept):
    lines = [("HV HFW", 20, 260, 80, 275), ("15.0 kV 7.46 \u00b5m", 0, 276, 90, 291)]
    with shown(lines, second):
        found = read_printed_scale(BAR, None, 255).entries.width
        assert (found is not None) == kept
        assert not kept or found.nm == 7460


def test_small_writing_is_not_read():
    with shown([("200 nm", 60, 245, 90, 254)], "200 nm"):
        assert read(BAR).bar is None


def test_number_and_unit_found_apart():
    with shown([("5", 60, 230, 75, 255), ("\u00b5m", 80, 230, 110, 255)], "5 \u00b5m"):
        assert read(BAR).bar.nm == 5000


def test_writing_cut_by_the_window_is_no_length():
    """What ends in 50 nm may be 250 nm."""
    bar = find_scale_bar(BAR, None)
    with shown([("50 nm", 20, 230, 60, 255)], "50 nm"):
        window = Window(200, 20, 300, 300)
        assert bar_text._label(BAR, bar_text._lines(BAR, window, 0), bar, window) is None
        window = Window(200, 0, 300, 300)
        assert bar_text._label(BAR, bar_text._lines(BAR, window, 0), bar, window) is not None


def test_working_distance_is_not_taken_for_the_bar():
    lines = [("5.0 mm", 60, 245, 120, 260), ("2 \u00b5m", 60, 225, 100, 245)]
    with shown(lines, "2 \u00b5m"):
        assert read(BAR).bar.nm == 2000


def test_without_bar_and_label_bar_nothing_is_read():
    with shown([("1 \u00b5m", 60, 230, 100, 255)], "1 \u00b5m"):
        assert read_printed_scale(BAR, None, None) == PrintedScale(None, Entries(), None)
