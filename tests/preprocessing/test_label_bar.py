"""The label bar, on drawn pictures whose bar is known, and on real ones where they are at hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from semseg.preprocessing.label_bar import find_label_bar
from tests.support.paths import TIO2_IMAGES

FIELDS = ("EHT = 20.00 kV", "WD = 2.8 mm", "Signal A = InLens", "Mag = 50.00 K X")


def draw_picture(height=480, width=640, background=60.0, noise=6.0, seed=0):
    """Bright discs on a noisy background, some of them across the lower border; 0..255."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    grey = np.full((height, width), background)
    for _ in range(25):
        radius = rng.uniform(0.02, 0.06) * height
        cy, cx = rng.uniform(0, height + radius), rng.uniform(0, width)
        grey[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = rng.uniform(120, 220)
    return np.clip(np.rint(grey + rng.normal(0, noise, grey.shape)), 0, 255).astype(np.float32)


def draw_bar(height, width, level=0, ink=255, lines=2, border=None, ticks=False):
    """A bar of the given size with writing and a scale bar."""
    bar = Image.new("L", (width, height), level)
    draw = ImageDraw.Draw(bar)
    size = max(6, int(0.75 * height / lines))
    font = ImageFont.load_default(size=size)
    for line in range(lines):
        for i, text in enumerate(FIELDS):
            place = (0.02 * width + i * width / 4, (line + 0.1) * height / lines)
            draw.text(place, text[: max(6, int(0.3 * width / size))], fill=ink, font=font)
    if ticks:
        for i in range(11):
            x = int(width * (0.6 + 0.035 * i))
            draw.rectangle((x, 0, x + 1, height // 5), fill=ink)
    if border is not None:
        draw.rectangle((0, 0, width - 1, height - 1), outline=border)
    return np.asarray(bar, dtype=np.float32)


STYLES = {
    "Zeiss, black": (56, {"lines": 2}),
    "Zeiss, white": (48, {"level": 255, "ink": 0}),
    "FEI, dark grey with a frame": (36, {"level": 44, "ink": 240, "border": 120}),
    "Hitachi, 5 % and ticks": (26, {"lines": 1, "ticks": True}),
    "JEOL, black": (40, {"lines": 1}),
    "TESCAN, white frame": (70, {"lines": 3, "border": 255}),
    "light grey": (44, {"level": 200, "ink": 0}),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("quality", [None, 85])
def test_bars_of_each_vendor(style, quality):
    height, options = STYLES[style]
    grey = np.vstack([draw_picture(480), draw_bar(height, 640, **options)])
    if quality is not None:
        stream = io.BytesIO()
        Image.fromarray(grey.astype(np.uint8)).save(stream, "JPEG", quality=quality)
        grey = np.asarray(Image.open(stream), dtype=np.float32)
    assert find_label_bar(grey) == pytest.approx(480, abs=1)


@pytest.mark.parametrize(("height", "width"), [(118, 150), (930, 1280), (3850, 4096)])
def test_any_size(height, width):
    bar = draw_bar(round(0.085 * height), width, lines=1 if height < 200 else 2)
    picture = np.tile(draw_picture(), (9, 7))[:height, :width]
    assert find_label_bar(np.vstack([picture, bar])) == height


def test_picture_rows_below_and_columns_beside_the_bar():
    grey = np.vstack([draw_picture(480), draw_bar(54, 640), draw_picture(2)])
    grey[480:, -2:] = 50
    assert find_label_bar(grey) == 480


def test_faint_16_bit_picture_over_a_bar_with_bright_writing():
    grey = np.vstack([10 * draw_picture(480), 257 * draw_bar(50, 640)])
    assert find_label_bar(grey) == 480


def test_black_bar_below_a_nearly_black_substrate():
    grey = np.vstack([draw_picture(480, background=8, noise=2), draw_bar(50, 640)])
    assert find_label_bar(grey) == 480


def without_bar():
    """Pictures that have no full-width bar, by name."""
    rng = np.random.default_rng(1)
    plain = draw_picture()
    yield "particles at the lower border", plain
    yield "dark substrate", draw_picture(background=3, noise=2)
    yield "clipped substrate", draw_picture(background=-40)
    step = plain.copy()
    step[400:] = np.clip(rng.normal(4, 3, step[400:].shape), 0, 255)
    yield "dark lower part", step
    white = plain.copy()
    y, x = np.mgrid[:480, :640]
    white[y > 380 + 30 * np.sin(x / 60)] = 255
    yield "clipped white bottom", white
    band = plain.copy()
    band[430:] = 0
    yield "black bottom without writing", band
    for name, box in {"corner": (400, 640), "nine tenths": (40, 640), "inset": (40, 600)}.items():
        boxed = plain.copy()
        boxed[440:, box[0] : box[1]] = draw_bar(40, box[1] - box[0], lines=1)
        yield f"box: {name}", boxed
    written = plain.copy()
    text = draw_bar(40, 640, lines=1)
    written[440:][text > 128] = 255
    yield "writing on the picture", written
    scale_bar = plain.copy()
    scale_bar[450:460, 450:600] = 255
    yield "scale bar", scale_bar
    yield "horizontal stripes", plain + 60 * (y // 24 % 2)
    yield "vertical stripes", plain + 60 * (x // 24 % 2)
    yield "constant", np.full((480, 640), 7.0)
    yield "too small", np.zeros((40, 40))
    yield "noise", rng.normal(0, 1, (480, 640))


@pytest.mark.parametrize(("name", "grey"), [pytest.param(n, g, id=n) for n, g in without_bar()])
def test_pictures_without_a_bar(name, grey):
    assert find_label_bar(grey.astype(np.float32)) is None, name


WITH_BAR = np.vstack([draw_picture(240, 320), draw_bar(26, 320)])
WITHOUT_BAR = draw_picture(240, 320, seed=3)


@settings(max_examples=60)
@given(factor=st.floats(1e-3, 300), offset=st.floats(-100, 100))
def test_scale_of_grey_does_not_matter(factor, offset):
    def rescale(grey):
        return (factor * (grey.astype(np.float64) + offset)).astype(np.float32)

    assert find_label_bar(rescale(WITH_BAR)) == 240
    assert find_label_bar(rescale(WITHOUT_BAR)) is None


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), background=st.floats(0, 150), noise=st.floats(0, 20))
def test_particles_are_never_cut(seed, background, noise):
    assert find_label_bar(draw_picture(160, 200, background, noise, seed)) is None


@pytest.mark.skipif(not TIO2_IMAGES.is_dir(), reason="the TiO2 pictures in ../shared are missing")
def test_zeiss_pictures():
    paths = sorted(TIO2_IMAGES.glob("*.tif"))
    rows = [find_label_bar(np.array(Image.open(path), dtype=np.float32)) for path in paths]
    assert len(rows) == 8
    assert rows == pytest.approx([712] * 8, abs=1)
