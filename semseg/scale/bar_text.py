"""What is printed at the scale bar and in the label bar, read from the picture.

A line of writing near the bar is its label where it holds a length that programs print there
(`semseg.scale.printed_lengths`), where no other such length is as near, and where a second look at
the writing alone, from the recorded pixels, says the same. Small writing is not read: its ``nm``
becomes ``mm`` and its ``1.0`` becomes ``10``. None is better than a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from semseg.scale import ocr
from semseg.scale.ocr import TextLine
from semseg.scale.printed_lengths import (
    Entries,
    PrintedLength,
    any_length,
    bar_length,
    entries,
    lengths,
    width_names,
)
from semseg.scale.scale_bar import ScaleBar
from semseg.scale.window import Window

__all__ = ["PrintedScale", "read_printed_scale"]

MIN_TEXT_PX = 11  # height of a line of writing with its margin
MIN_CONFIDENCE = 0.75
MAX_ENLARGEMENT = 3.0
MAX_SIDE_PX = 1920  # of what is read; RapidOCR would shrink what is longer than 2000 px
# Letters of the size that the networks know, at a cost of 0.2 s; then larger writing, further away
LOOKS = ((150_000, 1.0), (80_000, 2.2))  # pixels of the picture that is read, size of the window
MAX_APART = 0.01  # of two looks; lengths at bars differ by far more
# margin around the writing, in its height, and the height to which it is enlarged; the recogniser
# brings all to 48 px
SECOND_LOOKS = ((0.0, 48), (0.1, 48), (0.1, 96))

Meaning = Callable[[str], PrintedLength | None]


@dataclass(frozen=True)
class PrintedScale:
    """What a picture says of its scale in writing.

    bar : PrintedLength or None
        The length at the scale bar.
    entries : Entries
        Of the label bar.
    window : Window or None
        Where the writing at the bar stands, or was looked for.
    """

    bar: PrintedLength | None = None
    entries: Entries = field(default_factory=Entries)
    window: Window | None = None

    @property
    def tells_scale(self) -> bool:
        """Whether any length was read."""
        return any((self.bar, self.entries.width, self.entries.pixel))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        said = self.entries
        return {
            "bar": self.bar and self.bar.to_dict(),
            "width": said.width and said.width.to_dict(),
            "pixel": said.pixel and said.pixel.to_dict(),
            "magnifications": list(said.magnifications),
            "window": self.window and asdict(self.window),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PrintedScale:
        """What `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is something else.
        """
        bar, width, pixel = (
            None if values[name] is None else PrintedLength.from_dict(values[name])
            for name in ("bar", "width", "pixel")
        )
        magnified = tuple(map(float, values["magnifications"]))
        window = values["window"]
        if window is not None:
            window = Window(*(int(window[side]) for side in ("top", "left", "bottom", "right")))
        return cls(bar, Entries(width, pixel, magnified), window)


def read_printed_scale(
    grey: NDArray[np.float32], bar: ScaleBar | None, bar_row: int | None
) -> PrintedScale:
    """Read what stands at the scale bar and in the label bar; takes 0.2 to 0.8 s.

    Parameters
    ----------
    grey : float32 (height, width)
        The picture as recorded, finite, in any unit.
    bar : ScaleBar or None
        The one that was found.
    bar_row : int or None
        First row of the label bar, where there is one.

    Raises
    ------
    ImportError
        RapidOCR is not installed.
    """
    strip = None
    if bar_row is not None and 0 < bar_row < grey.shape[0]:
        strip = Window(bar_row, 0, *grey.shape)
    in_strip = _lines(grey, strip) if strip else []
    said = _entries(grey, in_strip)
    if bar is None:
        return PrintedScale(entries=said)
    if bar.label_bar is not None:
        label = _label(grey, in_strip, bar, bar.label_bar)
        if label is not None:
            return PrintedScale(label[0], said, label[1])
    window = bar.text_window
    for pixels, size in LOOKS:
        window = _around(bar, grey.shape, size)
        label = _label(grey, _lines(grey, window, pixels), bar, window)
        if label is not None:
            return PrintedScale(label[0], said, label[1])
    return PrintedScale(None, said, window)


def _around(bar: ScaleBar, shape: tuple[int, ...], size: float) -> Window:
    """Where the label may stand, large letters included."""
    height, width = shape
    length = bar.right - bar.left
    reach = size * min(max(0.6 * length, 0.1 * height, 30.0), 0.3 * height)
    aside = size * max(0.7 * length, 0.2 * width)
    return Window.within(
        shape, bar.top - reach, bar.left - aside, bar.bottom + reach, bar.right + aside
    )


def _lines(grey: NDArray[np.float32], window: Window, pixels: float = math.inf) -> list[TextLine]:
    """Return the writing in a window, in pixels of the whole picture, its parts put together."""
    part = window.of(grey)
    if min(part.shape) < 8:
        return []
    factor = min(MAX_ENLARGEMENT, math.sqrt(pixels / part.size), MAX_SIDE_PX / max(part.shape))
    lines = []
    for line in ocr.read_lines(_resized(_bytes(part), factor)):
        box = line.box
        edges = (box.top, box.left, box.bottom, box.right)
        place = Window.within(part.shape, *(edge / factor for edge in edges))
        lines.append(replace(line, box=place.moved(window.top, window.left)))
    return _joined(lines)


def _bytes(part: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Grey values between nearly the darkest and the brightest, as bytes."""
    low, high = np.percentile(part, (0.5, 99.5))
    scaled = (part - low) / max(float(high - low), 1e-30)
    levels: NDArray[np.uint8] = (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return levels


def _resized(picture: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    size = (max(32, round(picture.shape[1] * factor)), max(32, round(picture.shape[0] * factor)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _joined(lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines, those put together that stand beside each other and make a length only so."""
    whole = list(lines)
    for left, right in permutations(lines, 2):
        one, other = left.box, right.box
        high = max(one.bottom - one.top, other.bottom - other.top)
        shared = min(one.bottom, other.bottom) - max(one.top, other.top)
        gap = other.left - one.right
        if shared < 0.5 * high or not -0.4 * high <= gap <= 0.8 * high:
            continue
        text = f"{left.text} {right.text}"
        if bar_length(text) and not bar_length(left.text) and not bar_length(right.text):
            box = _union((one, other))
            whole = [line for line in whole if line not in (left, right)]
            whole.append(TextLine(text, min(left.confidence, right.confidence), box))
    return whole


def _union(boxes: Iterable[Window]) -> Window:
    tops, lefts, bottoms, rights = zip(
        *((box.top, box.left, box.bottom, box.right) for box in boxes), strict=True
    )
    return Window(min(tops), min(lefts), max(bottoms), max(rights))


def _label(
    grey: NDArray[np.float32], lines: Sequence[TextLine], bar: ScaleBar, window: Window
) -> tuple[PrintedLength, Window] | None:
    """The length at the bar and where it stands; None where that is in doubt."""
    found = []
    for line in lines:
        length = bar_length(line.text)
        if length is not None and not _cut(line.box, window, grey.shape):
            found.append((_gap(line.box, bar), line, length))
    # the working distance is in mm as well
    found = [each for each in found if each[2].sure] or found
    if not found:
        return None
    found.sort(key=lambda each: each[0])
    gap, line, length = found[0]
    high = line.box.bottom - line.box.top
    for other_gap, _, other in found[1:]:
        if other.may_be_nm != length.may_be_nm and other_gap < 2 * gap + high:
            return None
    if line.confidence < MIN_CONFIDENCE or not _seen_again(grey, line.box, length, bar_length):
        return None
    return length, line.box


def _cut(box: Window, window: Window, shape: tuple[int, ...]) -> bool:
    """Whether the writing may go on beyond the window."""
    if window.left == 0 and window.right == shape[1] and window.bottom == shape[0]:
        return False  # a label bar; what is above is no writing
    return (
        (box.left <= window.left + 1 and window.left > 0)
        or (box.right >= window.right - 1 and window.right < shape[1])
        or (box.top <= window.top and window.top > 0)
        or (box.bottom >= window.bottom and window.bottom < shape[0])
    )


def _gap(box: Window, bar: ScaleBar) -> float:
    """Distance of the writing from the bar."""
    across = max(0.0, box.left - bar.right, bar.left - box.right)
    down = max(0.0, box.top - bar.bottom, bar.top - box.bottom)
    return math.hypot(across, down)


def _seen_again(
    grey: NDArray[np.float32],
    box: Window,
    length: PrintedLength,
    meaning: Meaning,
) -> bool:
    """Whether the writing alone, enlarged from the recorded pixels, says the same and nothing else.

    Small writing is not: a machine guesses there, and each time otherwise.
    """
    high = box.bottom - box.top
    if high < MIN_TEXT_PX:
        return False
    agreed = 0
    for margin, line_px in SECOND_LOOKS:
        more = margin * high
        place = Window.within(
            grey.shape, box.top - more, box.left - more, box.bottom + more, box.right + more
        )
        part = _bytes(place.of(grey))
        again = meaning(ocr.recognise(_resized(part, line_px / part.shape[0])))
        if again is not None:
            if not _alike(again, length):
                return False
            agreed += 1
    return agreed > 0


def _alike(one: PrintedLength, other: PrintedLength) -> bool:
    """Whether two looks read the same; in a width of many digits the last may be another one."""
    if len(one.may_be_nm) != len(other.may_be_nm):
        return False
    return abs(one.nm / other.nm - 1) <= MAX_APART


def _entries(grey: NDArray[np.float32], lines: Sequence[TextLine]) -> Entries:
    """What the label bar says: in lines, or in columns with their names above."""
    widths: list[PrintedLength] = []
    pixels: list[PrintedLength] = []
    magnified: list[float] = []

    def keep(found: list[PrintedLength], length: PrintedLength, box: Window, by: Meaning) -> None:
        if _seen_again(grey, box, length, by):
            found.append(length)

    for line in lines:
        said = entries(line.text)
        magnified += said.magnifications
        if said.width is not None:
            keep(widths, said.width, line.box, lambda text: entries(text).width)
        if said.pixel is not None:
            keep(pixels, said.pixel, line.box, lambda text: entries(text).pixel)
        for begin, end in width_names(line.text):
            value = _below(_share(line.box, begin, end, len(line.text)), lines)
            if value is not None:
                length, box = value
                name = line.text[begin:end]
                keep(widths, replace(length, text=f"{name} {length.text}"), box, any_length)
    return Entries(_agreed(widths), _agreed(pixels), tuple(dict.fromkeys(magnified)))


def _agreed(found: Sequence[PrintedLength]) -> PrintedLength | None:
    """The one that was read, unless others say otherwise."""
    return found[0] if len({each.may_be_nm for each in found}) == 1 else None


def _share(box: Window, begin: int, end: int, count: int) -> Window:
    """Where the letters `begin` to `end` of `count` in a box stand, if all are equally wide."""
    wide = (box.right - box.left) / count
    return replace(box, left=int(box.left + begin * wide), right=math.ceil(box.left + end * wide))


def _below(head: Window, lines: Sequence[TextLine]) -> tuple[PrintedLength, Window] | None:
    """The length under a column's name, and where it stands."""
    high = head.bottom - head.top
    found = []
    for line in lines:
        if not 0.4 * high < line.box.top - head.top < 2.5 * high:
            continue
        for begin, end, length in lengths(line.text):
            box = _share(line.box, begin, end, len(line.text))
            shared = min(box.right, head.right) - max(box.left, head.left)
            if shared > 0.4 * min(box.right - box.left, head.right - head.left):
                found.append((length, box))
    return found[0] if len(found) == 1 else None
