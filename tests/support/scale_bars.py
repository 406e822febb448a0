"""Scale bars drawn by code: as seven makers draw them, and the lengths that the program writes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

# What is written over the scale bar of a picture so wide, in Python and in the browser.
WIDTHS = (
    # nm; the middle between 1 and 2 lies at sqrt(2), that between 5 and 10 at sqrt(50)
    (2.0, "0.5 nm"),
    (5.0, "1 nm"),
    (70.0, "10 nm"),
    (71.0, "20 nm"),
    (158.0, "20 nm"),
    (159.0, "50 nm"),
    (3535.0, "500 nm"),
    (3536.0, "1 µm"),
    (7520.0, "2 µm"),
    (3.54e5, "100 µm"),
    (4.9e6, "1 mm"),
    (2.2e7, "5 mm"),
)

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # Pillow's own has no µ
LENGTHS = ("1 µm", "2 µm", "5 µm", "10 µm", "100 nm", "200 nm", "500 nm")


@dataclass(frozen=True)
class DrawnBar:
    """A picture with a scale bar, and where its bar truly is.

    Columns are counted from the outer edge of the first pixel; `left` and `right` are what the
    printed length lies between: the ends, or the middles of the ticks.
    """

    grey: NDArray[np.float32]
    left: float
    right: float
    row: float
    label_row: int | None
    text: str

    @property
    def length_px(self) -> float:
        return self.right - self.left

    def resized(
        self, factor: float, how: Image.Resampling = Image.Resampling.BICUBIC, jpeg: int = 0
    ) -> DrawnBar:
        """As a viewer or a journal would resize it; `jpeg` is the quality it is then saved with."""
        image = Image.fromarray(self.grey.astype(np.uint8))
        size = round(image.width * factor), round(image.height * factor)
        wide, tall = size[0] / image.width, size[1] / image.height
        image = image.resize(size, how)
        if jpeg:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=jpeg)
            image = Image.open(file)
        return replace(
            self,
            grey=np.array(image, np.float32),
            left=self.left * wide,
            right=self.right * wide,
            row=self.row * tall,
            label_row=None if self.label_row is None else round(self.label_row * tall),
        )


class _Sheet:
    """A specimen of discs in noise, `strip` rows of label bar under it, and a pen."""

    def __init__(self, seed: int, width: int, rows: int, strip: int, ground: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.width, self.rows, self.height = width, rows, rows + strip
        image = Image.new("L", (width, rows), int(self.rng.integers(30, 110)))
        draw = ImageDraw.Draw(image)
        for _ in range(40):
            x, y = self.rng.integers(0, width), self.rng.integers(0, rows)
            r, value = self.rng.integers(6, 40), int(self.rng.integers(110, 200))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=value)
        specimen = ndimage.gaussian_filter(np.array(image, np.float32), 1)
        specimen += self.rng.normal(0, self.rng.uniform(2, 8), specimen.shape)
        whole = np.full((self.height, width), ground, np.float32)
        whole[:rows] = specimen
        self.image = Image.fromarray(np.clip(whole, 0, 255).astype(np.uint8))
        self.draw = ImageDraw.Draw(self.image)
        self.text = str(self.rng.choice(LENGTHS))

    def box(self, left: int, top: int, width: int, height: int, ink: int = 255) -> None:
        """A filled box of so many pixels."""
        self.draw.rectangle((left, top, left + width - 1, top + height - 1), fill=ink)

    def write(self, left: int, top: int, text: str, size: int, ink: int = 255, bold: bool = False):
        """Write; return how wide that is."""
        name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSans.ttf"
        font = ImageFont.truetype(FONTS / name, size)
        self.draw.text((left, top), text, fill=ink, font=font)
        return int(font.getlength(text))

    def drawn(self, left: float, right: float, row: float, labelled: bool = True) -> DrawnBar:
        grey = np.array(self.image, np.float32)
        return DrawnBar(grey, left, right, row, self.rows if labelled else None, self.text)


def jeol(seed: int, width: int = 1280, rows: int = 400) -> DrawnBar:
    """A solid block at the top of the label bar, its length beside it, in bold capitals."""
    scale = width / 1280
    sheet = _Sheet(seed, width, rows, round(64 * scale))
    thick, length = round(15 * scale), int(sheet.rng.integers(50, 260) * scale)
    left, top = round(496 * scale), rows + int(sheet.rng.integers(0, 5))
    sheet.box(left, top, length, thick)
    size = round(19 * scale)
    for x, line, text in (
        (850, 0, sheet.text),
        (955, 0, "JEOL"),
        (1105, 0, "6/22/2022"),
        (475, 1, "x20,000"),
        (695, 1, "5.0kV"),
        (815, 1, "LED"),
        (970, 1, "SEM"),
        (1110, 1, "WD 8.0mm"),
    ):
        sheet.write(round(x * scale), rows + round((3 + 29 * line) * scale), text, size, bold=True)
    return sheet.drawn(left, left + length, top + thick / 2)


def zeiss(seed: int, width: int = 1024, rows: int = 320, boxed: bool = False) -> DrawnBar:
    """A thin line with ticks under its length, black on white or white on black.

    In the label bar, or in a box over a part of the width that lies on the specimen.
    """
    scale = width / 1024
    tall = round(54 * scale)
    white = seed % 2 == 0
    ground, ink = (255, 0) if white else (0, 255)
    sheet = _Sheet(seed, width, rows, 0 if boxed else tall, ground)
    top, first = (rows - tall - round(12 * scale), round(14 * scale)) if boxed else (rows, 0)
    if boxed:
        sheet.box(first, top, round(0.72 * width), tall, ground)
    length = int(sheet.rng.integers(40, 170) * scale)
    pen = max(1, round(scale))
    left, row = first + round(24 * scale), top + round(36 * scale)
    sheet.box(left, row, length + pen, pen, ink)
    up = round(7 * scale)
    for x in (left, left + length):
        sheet.box(x, row - up, pen, 2 * up + pen, ink)
    size = round(15 * scale)
    sheet.write(left, top + round(6 * scale), sheet.text, size, ink)
    for x, line, text in (
        (220, 0, "EHT = 5.00 kV"),
        (220, 1, "WD = 7.5 mm"),
        (400, 0, "Signal A = InLens"),
        (400, 1, "Mag = 50.00 K X"),
        (585, 0, "Date :31 Jan 2018"),
        (585, 1, "Time :12:36:57"),
    ):
        sheet.write(first + round(x * scale), top + round((6 + 22 * line) * scale), text, size, ink)
    if not boxed:
        sheet.box(round(940 * scale), rows + round(5 * scale), round(60 * scale), tall - 10, ink)
        sheet.write(round(948 * scale), rows + round(18 * scale), "ZEISS", size, ground)
    return sheet.drawn(left + pen / 2, left + length + pen / 2, row + pen / 2, not boxed)


def fei(
    seed: int, width: int = 1024, rows: int = 320, ticks: bool = True, strip: int = 60
) -> DrawnBar:
    """A line with its length in the middle, ``|--- 5 µm ---|``, in a table."""
    scale = width / 1024
    sheet = _Sheet(seed, width, rows, round(strip * scale))
    size, pen = round(16 * scale), max(1, round(2 * scale))
    columns = (("HV", "15.00 kV"), ("mag", "20 000 x"), ("det", "TLD"), ("HFW", "6.40 µm"),
               ("WD", "5.0 mm"))  # fmt: skip
    for number, both in enumerate(columns):
        x = round((70 + 100 * number) * scale)
        for line, text in enumerate(both):
            sheet.write(x, rows + round((6 + 26 * line) * scale), text, size, 230)
        sheet.box(x - round(10 * scale), rows, 1, round(60 * scale), 90)
    whole = int(sheet.rng.integers(150, 380) * scale)
    left, row = round((600 + sheet.rng.integers(0, 30)) * scale), rows + round(16 * scale)
    font = ImageFont.truetype(FONTS / "DejaVuSans.ttf", size)
    gap = int(font.getlength(sheet.text)) + 2 * round(7 * scale)
    half = (whole - gap) // 2
    sheet.box(left, row, half, pen)
    sheet.box(left + whole - half, row, half, pen)
    if ticks:
        up = round(8 * scale)
        for x in (left, left + whole - pen):
            sheet.box(x, row - up, pen, 2 * up + pen)
    sheet.write(left + half + round(7 * scale), row - round(10 * scale), sheet.text, size)
    sheet.write(left + half - 20, rows + round(36 * scale), "PSU-0237", size)
    inset = pen / 2 if ticks else 0.0
    return sheet.drawn(left + inset, left + whole - inset, row + pen / 2)


def hitachi(seed: int, width: int = 1280, rows: int = 400) -> DrawnBar:
    """A ruler of eleven ticks that hang from the top of the label bar, its length under it."""
    scale = width / 1280
    sheet = _Sheet(seed, width, rows, round(70 * scale))
    sheet.text = str(sheet.rng.choice(("500nm", "1.00um", "5.00um", "10.0um", "50.0um")))
    pen = max(2, round(4 * scale))
    length = int(sheet.rng.integers(200, 420) * scale)
    left = width - round(30 * scale) - length
    places = np.rint(left + np.arange(11) * length / 10).astype(int)
    for number, x in enumerate(places.tolist()):
        long = number % 5 == 0
        sheet.box(x, rows, pen, round((18 if long else 14) * scale))
    size = round(30 * scale)
    sheet.write(14, rows + round(22 * scale), "SU8000 5.0kV 8.1mm x4.00k SE(UL)", size)
    wide = ImageFont.truetype(FONTS / "DejaVuSans.ttf", size).getlength(sheet.text)
    sheet.write(int(width - wide - 24 * scale), rows + round(26 * scale), sheet.text, size)
    return sheet.drawn(left + pen / 2, left + length + pen / 2, rows + round(7 * scale))


def tescan(seed: int, width: int = 1024, rows: int = 320) -> DrawnBar:
    """A line with ticks in a cell of a table, its length under it."""
    scale = width / 1024
    sheet = _Sheet(seed, width, rows, round(84 * scale))
    size, pen = round(14 * scale), max(1, round(2 * scale))
    for line, texts in enumerate(
        (("SEM HV: 15.0 kV", "WD: 10.05 mm"), ("View field: 20.8 µm", "Det: SE"),
         ("SEM MAG: 10.0 kx", "Date(m/d/y): 03/04/19"))
    ):  # fmt: skip
        y = rows + round((4 + 27 * line) * scale)
        sheet.box(0, y - round(3 * scale), round(800 * scale), 1, 120)
        for x, text in zip((10, 210), texts, strict=True):
            sheet.write(round(x * scale), y, text, size, 235)
    for x in (200, 420, 800):
        sheet.box(round(x * scale), rows, 1, round(84 * scale), 120)
    length = int(sheet.rng.integers(90, 330) * scale)
    left, row = round(440 * scale), rows + round(22 * scale)
    sheet.box(left, row, length + pen, pen)
    up = round(6 * scale)
    for x in (left, left + length):
        sheet.box(x, row - up, pen, 2 * up + pen)
    sheet.write(left + length // 2 - 20, row + round(12 * scale), sheet.text, size)
    sheet.write(round(830 * scale), rows + round(10 * scale), "VEGA3 TESCAN", size)
    return sheet.drawn(left + pen / 2, left + length + pen / 2, row + pen / 2)


def phenom(seed: int, width: int = 1024, rows: int = 320) -> DrawnBar:
    """A solid line at the left of a dark grey label bar, its length over it."""
    scale = width / 1024
    sheet = _Sheet(seed, width, rows, round(64 * scale), 25)
    length, thick = int(sheet.rng.integers(60, 260) * scale), max(2, round(4 * scale))
    left, row = round(20 * scale), rows + round(40 * scale)
    size = round(18 * scale)
    sheet.box(left, row, length, thick, 240)
    sheet.write(left, row - round(28 * scale), sheet.text, size, 240)
    for x, text in ((330, "15kV - Image"), (520, "MAY 12 2020 10:22"), (800, "BSD Full")):
        sheet.write(round(x * scale), rows + round(22 * scale), text, size, 240)
    return sheet.drawn(left, left + length, row + thick / 2)


def burnt_in(seed: int, width: int = 800, rows: int = 500) -> DrawnBar:
    """A bar on the specimen itself, its length under or over it (Olympus, ImageJ)."""
    scale = width / 800
    sheet = _Sheet(seed, width, rows, 0)
    ink = 255 if seed % 3 else 0
    length, thick = int(sheet.rng.integers(60, 240) * scale), int(sheet.rng.integers(3, 9))
    left, row = width - length - round(30 * scale), rows - round(50 * scale)
    size = round(24 * scale)
    sheet.box(left, row, length, thick, ink)
    below = bool(sheet.rng.integers(0, 2))
    place = row + thick + round(4 * scale) if below else row - round(34 * scale)
    sheet.write(left + length // 2 - round(35 * scale), place, sheet.text, size, ink)
    return sheet.drawn(left, left + length, row + thick / 2, labelled=False)


VENDORS: dict[str, Callable[[int], DrawnBar]] = {
    "JEOL": jeol,
    "Zeiss": zeiss,
    "FEI/Thermo": fei,
    "Hitachi": hitachi,
    "TESCAN": tescan,
    "Phenom": phenom,
    "Olympus/ImageJ": burnt_in,
}
