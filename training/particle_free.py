"""Pictures without particles, in which semseg should find none.

    >>> grey = draw("scratches", seed=3)
    >>> [kind for kind in KINDS if "text" in kind]
    ['texture', 'text', 'text on black']

What people drop on the page by mistake, or what surrounds particles: empty substrates,
photographs, pages, charts, noise, patterns, captions over an empty field. Nothing here is drawn by
the renderer whose pictures train the network, and nothing here is closed and convex on purpose: a
checkered board comes nearest. Only numpy, scipy and Pillow are needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

__all__ = ["KINDS", "draw"]

Array = NDArray[np.floating]
Random = np.random.Generator
TEXT = (
    "the of particles and in size a was were scanning electron micrograph with by mean nm diameter "
    "sample from measured distribution under on each at powder titania agglomerates obtained is "
    "standard deviation figure shows beam surface between image which after uncertainty"
)
WORDS = TEXT.split()
CAPTIONS = ("a", "(b)", "c)", "D", "200 nm", "1 um", "50 nm", "a1", "x 50k", "10 kV")


def draw(kind: str, seed: int) -> NDArray[np.uint8]:
    """One picture of this kind, 320 to 1100 px wide and high; the same for the same seed."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    height, width = (int(side) for side in rng.integers(320, 1100, 2))
    picture = KINDS[kind](rng, (height, width))
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


# ---------------------------------------------------------------- what they are made of


def _cloud(rng: Random, shape: tuple[int, int], slope: float) -> Array:
    """Noise of mean 0 and deviation 1 whose amplitude falls as 1 / frequency ** slope."""
    vertical, horizontal = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])
    frequency = np.hypot(vertical, horizontal)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / frequency**slope
    noise = np.fft.irfft2(spectrum, shape)
    return (noise - noise.mean()) / noise.std()


def _recorded(picture: Array, rng: Random) -> Array:
    """As an electron microscope gives it: a little blurred, with shot noise."""
    blurred = ndimage.gaussian_filter(picture, rng.uniform(0.5, 1.5))
    electrons = np.exp(rng.uniform(np.log(30), np.log(1000)))
    return rng.poisson(electrons * np.clip(blurred, 0, 1)) / electrons


def _ramp(rng: Random, shape: tuple[int, int]) -> Array:
    """-1 to 1 across the picture, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return (x * np.cos(angle) + y * np.sin(angle)) / np.sqrt(2)


def _paper(shape: tuple[int, int], ground: int = 255) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", shape[::-1], ground)
    return image, ImageDraw.Draw(image)


def _values(image: Image.Image) -> Array:
    return np.asarray(image, np.float32) / 255


def _field(rng: Random, shape: tuple[int, int]) -> Array:
    """A smooth empty substrate before it is recorded."""
    return rng.uniform(0.15, 0.6) + rng.uniform(0, 0.04) * _cloud(rng, shape, rng.uniform(0, 1))


# ---------------------------------------------------------------- empty substrates


def _texture(rng: Random, shape: tuple[int, int]) -> Array:
    cloud = _cloud(rng, shape, rng.uniform(0.2, 1.6))
    return _recorded(rng.uniform(0.25, 0.6) + rng.uniform(0.02, 0.15) * cloud, rng)


def _charging(rng: Random, shape: tuple[int, int]) -> Array:
    picture = _field(rng, shape) + rng.uniform(0.05, 0.3) * _ramp(rng, shape)
    for _ in range(int(rng.integers(5, 60))):
        top, left = (int(rng.integers(side)) for side in shape)
        picture[top : top + int(rng.integers(1, 12)), left:] += rng.normal(0, 0.12)
    return _recorded(picture, rng)


def _scratches(rng: Random, shape: tuple[int, int]) -> Array:
    lines, pen = _paper(shape, 0)
    for _ in range(int(rng.integers(10, 80))):
        start = rng.uniform(0, 1, 2) * shape[::-1]
        end = start + rng.normal(0, 0.5, 2) * shape[::-1]
        pen.line([*start, *end], fill=int(rng.integers(60, 256)), width=int(rng.integers(1, 4)))
    return _recorded(_field(rng, shape) + rng.choice([-0.3, 0.3]) * _values(lines), rng)


def _rings(rng: Random, shape: tuple[int, int]) -> Array:
    """Thin open curls and closed rings, lit from one side: outlines without a body."""
    lines, pen = _paper(shape, 0)
    for _ in range(int(rng.integers(30, 250))):
        turns = np.linspace(0, rng.choice([rng.uniform(1, 5), 2 * np.pi]), 30)
        radius = np.exp(rng.uniform(np.log(4), np.log(25)))
        radius = radius * (1 + rng.uniform(0, 0.3) * np.sin(2 * turns + rng.uniform(0, 6.28)))
        x = rng.uniform(0, shape[1]) + radius * np.cos(turns)
        y = rng.uniform(0, shape[0]) + radius * np.sin(turns)
        ink = 130 + 120 * np.cos(turns - rng.uniform(0, 6.28))
        for i in range(turns.size - 1):
            pen.line([x[i], y[i], x[i + 1], y[i + 1]], fill=int(ink[i]), width=2)
    return _recorded(_field(rng, shape) + rng.uniform(0.1, 0.4) * _values(lines), rng)


def _fracture(rng: Random, shape: tuple[int, int]) -> Array:
    """A rough surface, lit from one side."""
    relief = _cloud(rng, shape, rng.uniform(1.4, 2.2))
    slope = np.gradient(relief, axis=int(rng.integers(2)))
    return _recorded(0.45 + 0.12 * slope / slope.std(), rng)


def _cracks(rng: Random, shape: tuple[int, int]) -> Array:
    """Dark branching lines in a smooth film: where two clouds are equally high."""
    ridge = np.abs(_cloud(rng, shape, 1.6))
    width = np.abs(np.hypot(*np.gradient(ridge))) * rng.uniform(1, 3) + 1e-6
    return _recorded(_field(rng, shape) * (1 - 0.8 * np.exp(-ridge / width)), rng)


def _circuit(rng: Random, shape: tuple[int, int]) -> Array:
    """Parallel conductors that run along the picture, bend once and run on."""
    pitch = int(rng.integers(12, 70))
    image, pen = _paper(shape, int(rng.integers(30, 110)))
    bright = int(rng.integers(140, 240))
    bend = rng.uniform(0.2, 0.8) * shape[1]
    for row in range(-shape[0], 2 * shape[0], pitch):
        joint = (bend, row + rng.uniform(-1, 1))
        for end in ((-pitch, joint[1]), (shape[1] + pitch, joint[1] + shape[1] - bend)):
            pen.line([joint, end], fill=bright, width=max(3, pitch // 2))
    return _recorded(_values(image), rng)


# ---------------------------------------------------------------- photographs


def _mountains(rng: Random, shape: tuple[int, int]) -> Array:
    """Ranges, each nearer one darker, under a sky that brightens towards the ground."""
    height, width = shape
    picture = np.linspace(0.5, 0.95, height)[:, None] + np.zeros(shape)
    rows = np.arange(height)[:, None]
    for depth in np.linspace(0, 1, int(rng.integers(3, 6))):
        profile = _cloud(rng, (3, width), 1.3)[1] * 0.06 * height
        below = rows > (0.35 + 0.5 * depth) * height + profile
        surface = 0.75 - 0.6 * depth + 0.08 * depth * _cloud(rng, shape, 1.0)
        picture = np.where(below, surface, picture)
    return picture + 0.01 * rng.standard_normal(shape)


def _clouds(rng: Random, shape: tuple[int, int]) -> Array:
    billows = 1 / (1 + np.exp(-2.5 * _cloud(rng, shape, 1.7)))
    sky = np.linspace(0.3, 0.6, shape[0])[:, None]
    return sky + (0.95 - sky) * billows + 0.01 * rng.standard_normal(shape)


def _trees(rng: Random, shape: tuple[int, int]) -> Array:
    image, pen = _paper(shape, 230)

    def branch(x: float, y: float, angle: float, length: float) -> None:
        end = (x + length * np.sin(angle), y - length * np.cos(angle))
        pen.line([x, y, *end], fill=int(20 + 60 * rng.random()), width=max(1, int(length / 7)))
        if length > 5:
            for side in (-1, 1):
                branch(*end, angle + side * rng.uniform(0.2, 0.6), length * rng.uniform(0.65, 0.8))

    for _ in range(int(rng.integers(1, 4))):
        branch(rng.uniform(0.1, 0.9) * shape[1], shape[0], 0.0, rng.uniform(0.15, 0.22) * shape[0])
    ground = np.linspace(0, 1, shape[0])[:, None] > 0.93
    picture = np.where(ground, 0.35 + 0.1 * _cloud(rng, shape, 0.6), _values(image))
    return ndimage.gaussian_filter(picture, 0.7) + 0.02 * _cloud(rng, shape, 1.5)


def _water(rng: Random, shape: tuple[int, int]) -> Array:
    """Waves that shorten towards the horizon."""
    near = np.linspace(0.15, 1, shape[0])[:, None]
    depth, across = shape[0] * np.log(near), np.arange(shape[1])
    waves = np.zeros(shape)
    for _ in range(12):
        pitch, tilt, start = rng.uniform(20, 90), rng.normal(0, 0.3), 6.28 * rng.random()
        waves += np.sin((across * tilt + depth) / (near * pitch) + start)
    return 0.45 + 0.05 * waves + 0.02 * _cloud(rng, shape, 0.8)


# ---------------------------------------------------------------- pages and charts


def _text(rng: Random, shape: tuple[int, int]) -> Array:
    """Paragraphs, one or two columns, with headings."""
    image, pen = _paper(shape)
    size = int(rng.integers(11, 26))
    body, heading = ImageFont.load_default(size), ImageFont.load_default(int(1.5 * size))
    columns = int(rng.integers(1, 3))
    for column in range(columns):
        left = (column + 0.06) * shape[1] / columns
        right = (column + 0.94) * shape[1] / columns
        top = 0.05 * shape[0]
        while top < 0.94 * shape[0]:
            pen.text((left, top), " ".join(rng.choice(WORDS, 3)).title(), font=heading)
            top += 2.2 * size
            for _ in range(int(rng.integers(3, 10))):
                _line_of_text(pen, rng, body, left, right, top)
                top += 1.35 * size
            top += size
    return _values(image)


def _line_of_text(pen, rng: Random, font, left: float, right: float, top: float) -> None:
    x, space = left, pen.textlength(" ", font)
    while True:
        word = str(rng.choice(WORDS))
        if x + pen.textlength(word, font) > right:
            return
        pen.text((x, top), word, font=font, fill=int(rng.integers(0, 60)))
        x += pen.textlength(word, font) + space


def _table(rng: Random, shape: tuple[int, int]) -> Array:
    """Ruled cells with numbers."""
    image, pen = _paper(shape)
    size = int(rng.integers(11, 24))
    font = ImageFont.load_default(size)
    columns, rows = int(rng.integers(3, 8)), int(shape[0] / (2 * size))
    for row in range(rows):
        pen.line([0, row * 2 * size, shape[1], row * 2 * size], fill=90)
        for column in range(columns):
            x = (column + 0.08) * shape[1] / columns
            word = rng.choice(WORDS) if row == 0 else f"{rng.uniform(0, 300):.2f}"
            pen.text((x, (row * 2 + 0.4) * size), str(word), font=font, fill=10)
    for column in range(columns):
        x = column * shape[1] / columns
        pen.line([x, 0, x, shape[0]], fill=90)
    return _values(image)


def _chart(rng: Random, shape: tuple[int, int]) -> Array:
    """Axes with ticks and a few curves."""
    image, pen = _paper(shape)
    font = ImageFont.load_default(14)
    left, right = 0.1 * shape[1], 0.95 * shape[1]
    top, bottom = 0.06 * shape[0], 0.9 * shape[0]
    pen.rectangle([left, top, right, bottom], outline=0)
    for share in np.linspace(0, 1, 6):
        x, y = left + share * (right - left), bottom - share * (bottom - top)
        pen.line([x, bottom, x, bottom - 6], fill=0)
        pen.line([left, y, right, y], fill=215)
        pen.text((x - 8, bottom + 6), f"{100 * share:.0f}", font=font, fill=0)
        pen.text((left - 30, y - 7), f"{share:.1f}", font=font, fill=0)
    x = np.linspace(left, right, 400)
    for _ in range(int(rng.integers(1, 5))):
        curve = np.cumsum(rng.standard_normal(400)) * 0.01 + rng.uniform(0.3, 0.7)
        y = bottom - np.clip(curve, 0, 1) * (bottom - top)
        ink, width = int(rng.integers(0, 160)), int(rng.integers(1, 4))
        pen.line([*zip(x.tolist(), y.tolist(), strict=True)], fill=ink, width=width)
    return _values(image)


def _drawing(rng: Random, shape: tuple[int, int]) -> Array:
    """Boxes with words in them, joined by lines."""
    image, pen = _paper(shape)
    font = ImageFont.load_default(16)
    centres = rng.uniform(0.12, 0.88, (int(rng.integers(4, 9)), 2)) * shape[::-1]
    for start, end in zip(centres, np.roll(centres, 1, axis=0), strict=True):
        pen.line([*start, *end], fill=0, width=2)
    for x, y in centres:
        pen.rectangle([x - 60, y - 22, x + 60, y + 22], outline=0, fill=255, width=2)
        pen.text((x - 45, y - 9), str(rng.choice(WORDS)), font=font, fill=0)
    return _values(image)


# ---------------------------------------------------------------- noise and patterns


def _white_noise(rng: Random, shape: tuple[int, int]) -> Array:
    return 0.5 + rng.uniform(0.05, 0.25) * rng.standard_normal(shape)


def _pink_noise(rng: Random, shape: tuple[int, int]) -> Array:
    return 0.5 + 0.15 * _cloud(rng, shape, rng.uniform(0.7, 1.3))


def _shot_noise(rng: Random, shape: tuple[int, int]) -> Array:
    """Single electrons on black."""
    mean = np.exp(rng.uniform(np.log(0.01), np.log(3)))
    return rng.poisson(mean, shape) / max(4 * mean, 1)


def _checkers(rng: Random, shape: tuple[int, int]) -> Array:
    side = int(rng.integers(6, 90))
    rows, columns = np.arange(shape[0])[:, None] // side, np.arange(shape[1]) // side
    low, high = sorted(rng.uniform(0, 1, 2))
    return np.where((rows + columns) % 2, low, high + 0.1)


def _stripes(rng: Random, shape: tuple[int, int]) -> Array:
    """A grating, sharp or smooth."""
    phase = _ramp(rng, shape) * max(shape) / rng.uniform(6, 90) * np.pi
    wave = np.sin(phase)
    return 0.5 + 0.4 * (np.sign(wave) if rng.random() < 0.5 else wave)


def _gradient(rng: Random, shape: tuple[int, int]) -> Array:
    return 0.5 + 0.5 * _ramp(rng, shape) + rng.uniform(0, 0.02) * rng.standard_normal(shape)


# ---------------------------------------------------------------- captions


def _bar(rng: Random, shape: tuple[int, int]) -> Array:
    """The label bar of a microscope, without its picture."""
    shape = (int(rng.integers(48, 110)), shape[1])
    image, pen = _paper(shape, 0)
    font = ImageFont.load_default(int(0.3 * shape[0]))
    for row, words in enumerate(
        ("EHT = 10.00 kV   Mag = 50.00 K X   200 nm", "WD = 4.2 mm  InLens")
    ):
        pen.text((0.03 * shape[1], (0.1 + 0.45 * row) * shape[0]), words, font=font, fill=255)
    left = rng.uniform(0.7, 0.8) * shape[1]
    pen.line([left, 0.8 * shape[0], left + 0.15 * shape[1], 0.8 * shape[0]], fill=255, width=3)
    return _values(image)


def _captions(rng: Random, shape: tuple[int, int]) -> Array:
    """Panel letters, lengths and scale bars over an empty, recorded field."""
    field = np.clip(_recorded(_field(rng, shape), rng), 0, 1)
    image = Image.fromarray((255 * field).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 5))):
        ink = int(rng.choice([0, 255]))
        size = int(rng.uniform(0.04, 0.11) * shape[0])
        x, y = rng.choice([0.03, 0.35, 0.65]) * shape[1], rng.choice([0.02, 0.8]) * shape[0]
        word = str(rng.choice(CAPTIONS))
        pen.text((x, y), word, fill=ink, font=ImageFont.load_default(size))
        if "m" in word:
            foot = [x, y + 1.2 * size, x + rng.uniform(0.1, 0.3) * shape[1], y + 1.35 * size]
            pen.rectangle(foot, fill=ink)
    return _values(image)


KINDS: dict[str, Callable[[Random, tuple[int, int]], Array]] = {
    "empty field": lambda rng, shape: _recorded(_field(rng, shape), rng),
    "texture": _texture,
    "charging": _charging,
    "scratches": _scratches,
    "rings": _rings,
    "fracture": _fracture,
    "cracks": _cracks,
    "circuit": _circuit,
    "mountains": _mountains,
    "clouds": _clouds,
    "trees": _trees,
    "water": _water,
    "text": _text,
    "text on black": lambda rng, shape: 1 - _text(rng, shape),
    "table": _table,
    "chart": _chart,
    "drawing": _drawing,
    "white noise": _white_noise,
    "pink noise": _pink_noise,
    "shot noise": _shot_noise,
    "checkers": _checkers,
    "stripes": _stripes,
    "gradient": _gradient,
    "blank": lambda rng, shape: np.full(shape, rng.random()),
    "label bar": _bar,
    "captions": _captions,
}
