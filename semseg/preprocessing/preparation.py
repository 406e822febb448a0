"""From the picture as recorded to the picture the network sees.

Five steps, each a pure function: cut the label bar and other margins off (`Crop`,
`find_label_bar`), repair hot and cold pixels (`repair_outliers`), bring the contrast to 0..1
(`stretch_contrast`), pixels that are not square to square ones (`square_pixels`) and the particles
to a size the network knows (`resize`).

    row = find_label_bar(grey)
    crop = Crop(bottom=0 if row is None else grey.shape[0] - row)
    sound, repaired = repair_outliers(crop.apply(grey))
    image = resize(stretch_contrast(sound), factor)

Pictures are float32 arrays, H x W, on any scale of grey. The bar comes off first: its black and
its white would otherwise set the contrast of the whole picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.bands import Band, Picture, by_bands
from semseg.errors import SettingsError, UnsuitableImageError
from semseg.io.decoding.limits import MIN_SIDE_PX
from semseg.preprocessing.label_bar import find_label_bar
from semseg.preprocessing.outliers import repair_outliers

__all__ = [
    "Crop",
    "find_label_bar",
    "repair_outliers",
    "resize",
    "resized",
    "square_pixels",
    "square_shape",
    "stretch_contrast",
]

Scalar = TypeVar("Scalar", bound=np.generic)
MAX_HELD_PX = 8_000_000  # of an image that is only looked at part by part
PART_ROWS = 64
BICUBIC_REACH = 2  # px of the smaller of both images, to either side
MAX_PERCENTILE_SAMPLE = 4_000_000  # pixels; more do not change a percentile, they only cost time


@dataclass(frozen=True)
class Crop:
    """Rows and columns removed from each side of the recorded picture, in pixels.

    Raises
    ------
    SettingsError
        A number is negative or not whole.
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
            if not whole or value < 0:
                raise SettingsError(
                    f"The crop at the {field.name} must be a whole number of pixels, 0 or more, "
                    f"not {value!r}."
                )

    def apply(self, grey: NDArray[Scalar]) -> NDArray[Scalar]:
        """The picture without the removed rows and columns (a view of H x W, any dtype).

        Raises
        ------
        SettingsError
            Fewer than 64 x 64 pixels would remain.
        """
        height, width = grey.shape
        rows, columns = height - self.top - self.bottom, width - self.left - self.right
        if rows < MIN_SIDE_PX or columns < MIN_SIDE_PX:
            raise SettingsError(
                f"The crop (top {self.top}, right {self.right}, bottom {self.bottom}, left "
                f"{self.left} pixels) leaves {max(columns, 0)} x {max(rows, 0)} of the picture's "
                f"{width} x {height} pixels; cut off less, since at least {MIN_SIDE_PX} x "
                f"{MIN_SIDE_PX} must remain."
            )
        return grey[self.top : height - self.bottom, self.left : width - self.right]


def stretch_contrast(
    grey: NDArray[np.float32], low: float = 0.5, high: float = 99.5
) -> NDArray[np.float32]:
    """Bring the picture's contrast to 0..1, cutting off the extreme half per cents.

    Parameters
    ----------
    grey : float32 array, H x W, any scale
        The picture after the crop.
    low, high : float, percent
        Percentiles that become 0 and 1; what lies beyond is clipped. Where they coincide (a
        picture that is 99.6 % black) the darkest and the brightest pixel take their place.

    Returns
    -------
    float32 array, H x W, 0..1

    Raises
    ------
    SettingsError
        Not ``0 <= low < high <= 100``.
    UnsuitableImageError
        All pixels are equal.
    """
    if not 0 <= low < high <= 100:
        raise SettingsError(
            f"The contrast percentiles must satisfy 0 <= low < high <= 100, not {low} and {high}."
        )
    step = max(1, math.ceil(math.sqrt(grey.size / MAX_PERCENTILE_SAMPLE)))
    black, white = (float(value) for value in np.percentile(grey[::step, ::step], (low, high)))
    if not white > black:
        black, white = float(grey.min()), float(grey.max())
    if not white > black:
        raise UnsuitableImageError(
            "All pixels of the picture have the same grey, so there is nothing to measure. Check "
            "that the right file was chosen and that the crop leaves the specimen in."
        )
    stretched = (grey - np.float32(black)).astype(np.float32, copy=False)
    stretched /= np.float32(white - black)
    return np.clip(stretched, 0, 1, out=stretched)


def resize(image: NDArray[np.float32], factor: float, multiple: int = 1) -> NDArray[np.float32]:
    """Enlarge or shrink by one factor, bicubic, smoothed first when shrinking.

    Parameters
    ----------
    image : float32 array, H x W
    factor : float, above 0
        Output size over input size.
    multiple : int
        Of which the output's sides are to be, as the network's maps are coarser than what it sees.

    Returns
    -------
    float32 array, H * factor x W * factor, each rounded to a multiple and at least one
        The same array where its size stays. Within the input's range: bicubic overshoot at edges is
        clipped. Pillow holds a copy of the input, the half-way picture (shrunk along one side only)
        and the output besides, four bytes per pixel each: 0.5 GB on the way from 8192 x 8192 to
        half of it.

    Raises
    ------
    SettingsError
        The factor is not a finite number above 0.
    """
    return _resized(image, *_shape_at(image, factor, multiple))


def resized(image: NDArray[np.float32], factor: float, multiple: int = 1) -> Picture:
    """What `resize` gives, made part by part where it is large (`MAX_HELD_PX`).

    A part is that of the whole to within 0.00002. Parameters and errors are those of `resize`.
    """
    shape = _shape_at(image, factor, multiple)
    if shape[0] * shape[1] <= MAX_HELD_PX or shape == image.shape:
        return _resized(image, *shape)
    return _Resized(image, shape)


def _shape_at(image: NDArray[np.float32], factor: float, multiple: int) -> tuple[int, int]:
    """Rows and columns after resizing."""
    if not (math.isfinite(factor) and factor > 0):
        raise SettingsError(f"The rescale factor must be a number above 0, not {factor}.")
    height, width = (multiple * max(1, round(side * factor / multiple)) for side in image.shape)
    return height, width


@dataclass(frozen=True, eq=False)
class _Resized:
    """An image of another size, whose parts are made when they are asked for."""

    source: NDArray[np.float32]
    shape: tuple[int, int]

    @cached_property
    def _range(self) -> tuple[np.float32, np.float32]:
        return self.source.min(), self.source.max()

    def __getitem__(self, window: tuple[slice, slice], /) -> NDArray[np.float32]:
        rows, columns = (
            part.indices(side)[:2] for part, side in zip(window, self.shape, strict=True)
        )
        # of the whole width and of few rows, for Pillow takes the corners of a part in float32
        result = np.empty((rows[1] - rows[0], self.shape[1]), np.float32)
        ratio = self.source.shape[0] / self.shape[0]
        reach = math.ceil(BICUBIC_REACH * max(1, ratio)) + 1

        def make(band: Band) -> None:
            top, bottom = (ratio * (rows[0] + row) for row in (band.own.start, band.own.stop))
            first = max(math.floor(top) - reach, 0)
            near = self.source[first : math.ceil(bottom) + reach]
            box = (0, top - first, near.shape[1], bottom - first)
            size = result.shape[1], band.own.stop - band.own.start
            source = Image.fromarray(np.ascontiguousarray(near, np.float32))
            part = np.asarray(source.resize(size, Image.Resampling.BICUBIC, box))
            np.clip(part, *self._range, out=result[band.own])

        by_bands(make, result.shape, rows=PART_ROWS)
        return result[:, columns[0] : columns[1]]


def square_shape(shape: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Rows and columns that an image gets by `square_pixels`.

    >>> square_shape((100, 200), 1.1), square_shape((100, 200), 0.5)
    ((110, 200), (100, 400))
    """
    height, width = shape
    if aspect > 1:
        return round(height * aspect), width
    return height, round(width / aspect)


def square_pixels(image: NDArray[np.float32], aspect: float) -> NDArray[np.float32]:
    """The image on square pixels, whose side is the shorter one of the pixels that it has.

    Parameters
    ----------
    image : float32 array, H x W
    aspect : float, above 0
        Height of its pixels over their width.

    Returns
    -------
    float32 array, of `square_shape`
        The same array where the pixels are square; bicubic else, within the input's range.
    """
    return _resized(image, *square_shape((image.shape[0], image.shape[1]), aspect))


def _resized(image: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if (height, width) == image.shape:
        return image
    source = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    resized = np.array(source.resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(resized, image.min(), image.max(), out=resized)
