"""Label bars as seven makers draw them, resized and compressed as pictures are passed on."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale.scale_bar import find_scale_bar
from tests.support.scale_bars import FONTS, VENDORS, DrawnBar, burnt_in, fei, hitachi, jeol, zeiss

HOW = Image.Resampling


def found(drawn: DrawnBar, bar_row: int | None):
    """The bar in the picture, or None; whatever is found must be the whole bar, to 2 %."""
    bar = find_scale_bar(drawn.grey, bar_row)
    if bar is not None:
        assert bar.length_px == pytest.approx(drawn.length_px, rel=0.02, abs=1)
        assert bar.left == pytest.approx(drawn.left, abs=3)
        assert bar.row == pytest.approx(drawn.row, abs=4)
    return bar


@pytest.mark.parametrize("vendor", VENDORS)
def test_bars_of_seven_makers(vendor):
    for seed in range(4):
        drawn = VENDORS[vendor](seed)
        bar = found(drawn, find_label_bar(drawn.grey))
        assert bar.length_px == pytest.approx(drawn.length_px, abs=0.5)
        assert bar.box.top <= drawn.row <= bar.box.bottom
        if drawn.label_row is not None and bar.label_bar is not None:
            assert bar.label_bar.top == pytest.approx(drawn.label_row, abs=2)
            assert bar.label_bar.left == 0
            assert bar.label_bar.right == drawn.grey.shape[1]
            assert bar.text_window.top >= bar.label_bar.top
        assert bar.text_window.left <= bar.box.left
        assert bar.text_window.right >= bar.box.right


SIZES = (
    (0.5, HOW.BOX, 0),
    (0.71, HOW.BICUBIC, 85),
    (1.37, HOW.LANCZOS, 95),
    (2.0, HOW.BILINEAR, 0),
)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("vendor", VENDORS)
def test_bars_of_seven_makers_resized(vendor, size):
    bars = [VENDORS[vendor](seed).resized(*size) for seed in range(5)]
    assert sum(found(each, find_label_bar(each.grey)) is not None for each in bars) >= 4


@pytest.mark.slow
def test_jeol_blocks_at_the_top_of_the_label_bar():
    # 15 px thick in 64 px, one in five at the very edge
    bars = [jeol(seed) for seed in range(10, 24)]
    assert all(found(each, each.label_row) is not None for each in bars)


def test_boxes_over_a_part_of_the_width():
    bars = [zeiss(seed, boxed=True) for seed in range(6)]
    assert all(find_label_bar(each.grey) is None for each in bars)
    assert sum(found(each, None) is not None for each in bars) >= 5


# ---- the whole bar or none ----


@pytest.mark.slow
@pytest.mark.parametrize("ticks", [True, False])
def test_never_half_a_bar(ticks):
    """As `python -m benchmarks.scale` does 2,000 times."""
    rng = np.random.default_rng(5)
    bars = 0
    for seed in range(100):
        factor, how = float(rng.uniform(0.3, 2.0)), rng.choice(list(HOW))
        drawn = fei(seed, width=900, rows=60, ticks=ticks).resized(factor, how, 80 * (seed % 2))
        bars += found(drawn, drawn.label_row) is not None
    assert bars >= 85


@pytest.mark.parametrize("faint", [0.3, 0.6, 0.85])
def test_half_whose_other_half_is_faint_is_none(faint):
    drawn = fei(1, ticks=False)
    grey = drawn.grey.copy()
    middle = int((drawn.left + drawn.right) / 2)
    grey[drawn.label_row :, middle + 40 :] *= faint
    bar = find_scale_bar(grey, drawn.label_row)
    assert bar is None or bar.length_px == pytest.approx(drawn.length_px, rel=0.02)


def test_ruler_has_eleven_ticks():
    drawn = hitachi(2)
    assert found(drawn, drawn.label_row) is not None
    step = drawn.length_px / 10
    for end, at in (
        ("first", drawn.left),
        ("last", drawn.right),
        ("middle", drawn.left + 4 * step),
    ):
        grey = drawn.grey.copy()
        grey[drawn.label_row :, int(at - step / 2) : int(at + step / 2)] = 0
        assert find_scale_bar(grey, drawn.label_row) is None, end
    more = drawn.grey.copy()
    tick = slice(int(drawn.left - step), int(drawn.left - step) + 4)
    more[drawn.label_row : drawn.label_row + 14, tick] = 255
    assert find_scale_bar(more, drawn.label_row) is None


def test_ruler_on_the_specimen():
    drawn = hitachi(3, rows=300)
    strip = drawn.grey[drawn.label_row :]
    grey = drawn.grey[: drawn.label_row].copy()
    top = len(grey) - 22
    grey[top : top + 14] = np.where(strip[:14] > 0, 255, grey[top : top + 14])
    bar = find_scale_bar(grey, None)
    assert bar.length_px == pytest.approx(drawn.length_px, abs=0.5)
    assert top <= bar.row <= top + 14


# ---- what looks like a bar ----


def ground(shape=(400, 600), value=170, noise=3, seed=0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(np.clip(value + rng.normal(0, noise, shape), 0, 255).astype(np.uint8))


def test_rods_are_none():
    image = ground()
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(3)
    for _ in range(14):
        x, y = (int(rng.integers(10, high)) for high in (500, 370))
        draw.rounded_rectangle((x, y, x + 60, y + 11), radius=6, fill=0)
    assert find_scale_bar(np.array(image, np.float32), None) is None
    one = ground()
    ImageDraw.Draw(one).rounded_rectangle((200, 100, 270, 112), radius=6, fill=0)
    assert find_scale_bar(np.array(one, np.float32), None) is None


def test_feet_of_letters_are_none():
    image = ground(value=40)
    font = ImageFont.truetype(FONTS / "DejaVuSans-Bold.ttf", 70)
    ImageDraw.Draw(image).text((20, 20), "Z2 122", fill=255, font=font)
    assert find_scale_bar(np.array(image, np.float32), None) is None


def test_bar_that_is_black_and_white_by_turns_is_none():
    image = ground()
    draw = ImageDraw.Draw(image)
    for number in range(5):
        left = 100 + 41 * number
        draw.rectangle((left, 340, left + 40, 350), fill=255 if number % 2 == 0 else 0)
    draw.text((160, 355), "100 nm", fill=0, font=ImageFont.truetype(FONTS / "DejaVuSans.ttf", 24))
    assert find_scale_bar(np.array(image, np.float32), None) is None


def test_margin_of_a_box_with_writing_is_none():
    image = ground(value=70)
    draw = ImageDraw.Draw(image)
    draw.rectangle((440, 330, 550, 366), fill=255)
    draw.text((446, 331), "10 µm", fill=0, font=ImageFont.truetype(FONTS / "DejaVuSerif.ttf", 28))
    assert find_scale_bar(np.array(image, np.float32), None) is None


# ---- bars that are hard to see ----


def test_grey_on_grey():
    grey = np.array(ground(value=120, noise=4), np.float32)
    image = Image.fromarray(grey)
    draw = ImageDraw.Draw(image)
    draw.ellipse((50, 50, 150, 150), fill=255)
    draw.ellipse((250, 80, 350, 180), fill=0)
    draw.rectangle((400, 350, 499, 356), fill=190)
    draw.text((410, 318), "500 nm", fill=190, font=ImageFont.truetype(FONTS / "DejaVuSans.ttf", 24))
    assert find_scale_bar(np.array(image, np.float32), None).length_px == pytest.approx(
        100, abs=0.5
    )


@pytest.mark.parametrize("letters", [254, 255])
def test_label_that_touches_the_bar(letters):
    image = ground(value=90)
    draw = ImageDraw.Draw(image)
    draw.rectangle((300, 350, 459, 359), fill=255)
    font = ImageFont.truetype(FONTS / "DejaVuSerif.ttf", 44)
    draw.text((290, 302), "1.0 µm", fill=letters, font=font)
    bar = find_scale_bar(np.array(image, np.float32), None)
    assert bar.length_px == pytest.approx(160, abs=0.3)


def test_bar_at_the_edge_of_the_picture():
    drawn = burnt_in(1)
    row = int(drawn.row)
    for end in (row, row + 1, row + 2):
        bar = find_scale_bar(drawn.grey[: end + 1], None)
        assert bar.length_px == pytest.approx(drawn.length_px, abs=0.3)
    # What the border cuts off sideways may have been longer.
    assert find_scale_bar(drawn.grey[:, : int(drawn.right) - 10], None) is None
