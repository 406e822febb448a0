"""What a picture itself says of its scale: up to three witnesses, and whether they agree.

The scale bar times what is printed at it, the picture's width and the size of a pixel in the label
bar: each is read by a machine that may be wrong. Two that agree within 2 % make a scale. One alone
is proposed: a person must check it. Where two contradict each other none is believed. A
magnification is no witness, since nobody says of which width, but it tells nanometres from
micrometres.

>>> from semseg.scale.printed_lengths import bar_length, entries
>>> said = PrintedScale(bar_length("1 \u00b5m"), entries("Width = 7.520 \u00b5m"))
>>> found = scale_from_picture(said, length_px=136.2, bar_uncertainty=0.004, width_px=1024)
>>> found.calibration.source
'label bar and scale bar (read from the picture: Width = 7.520 µm, 1 µm)'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations

from semseg.scale.bar_text import PrintedScale
from semseg.scale.calibration import Calibration
from semseg.scale.printed_lengths import PrintedLength
from semseg.scale.typed_length import MAX_PIXEL_NM, MIN_PIXEL_NM
from semseg.scale.vendors.reading import TOLERANCE

__all__ = ["PictureScale", "scale_from_picture"]

# Width of the picture times magnification: that of a film, sensor, print or screen (28 to 414 mm in
# the pictures at hand), with much to spare
MIN_SHOWN_NM, MAX_SHOWN_NM = 5e6, 3e9

DO = "give the width of the picture, or what stands at its scale bar"


@dataclass(frozen=True)
class PictureScale:
    """What a picture says of its scale.

    calibration : Calibration or None
        Certain where two witnesses agree, proposed where there is one; None where none speaks or
        two contradict each other.
    note : str
        A sentence that the user should read; empty where all is well or nothing was read.
    contradicts : bool
        Whether two witnesses contradict each other.
    confirms : bool
        Whether `calibration` is that of the file, with which a witness agrees.
    """

    calibration: Calibration | None = None
    note: str = ""
    contradicts: bool = False
    confirms: bool = False


@dataclass(frozen=True)
class _Witness:
    """Who says how large a pixel is, and by which words; its possible sizes, the first as read, and
    how well it is known."""

    name: str
    text: str
    may_be_nm: tuple[float, ...]
    uncertainty: float
    stated: float | None = None

    @property
    def pixel_nm(self) -> float:
        return self.may_be_nm[0]

    @property
    def calibration(self) -> Calibration:
        return Calibration(self.pixel_nm, _source([self]), relative_uncertainty=self.stated)


def scale_from_picture(
    printed: PrintedScale,
    *,
    width_px: int,
    length_px: float | None = None,
    bar_uncertainty: float = 0.0,
    recorded: Calibration | None = None,
) -> PictureScale:
    """Weigh what was read in a picture.

    Parameters
    ----------
    printed : PrintedScale
        What was read.
    width_px : int
        Of the whole recorded picture.
    length_px, bar_uncertainty : float, optional
        Of the scale bar that was found; the latter relative, a standard uncertainty.
    recorded : Calibration, optional
        What the file says: it decides between units where the reading does not, and makes a
        scale together with one witness that agrees.
    """
    found = [
        _Witness("label bar", each.text, _pixels(each, pixels), each.rounding)
        for each, pixels in ((printed.entries.width, width_px), (printed.entries.pixel, 1))
        if each is not None
    ]
    if printed.bar is not None and length_px:
        sizes = _pixels(printed.bar, length_px)
        found.append(
            _Witness("scale bar", printed.bar.text, sizes, bar_uncertainty, bar_uncertainty)
        )
    witnesses, doubtful = [], []
    for each in found:
        others = [*(other.may_be_nm for other in found if other is not each)]
        if recorded is not None:
            others.append((recorded.pixel_size_nm,))
        sizes = _possible(each, printed.entries.magnifications, width_px, others)
        if len(sizes) == 1:
            witnesses.append(replace(each, may_be_nm=sizes))
        else:
            doubtful.append(each)
    return _weighed(witnesses, doubtful, recorded)


def _pixels(length: PrintedLength, pixels: float) -> tuple[float, ...]:
    return tuple(nm / pixels for nm in length.may_be_nm)


def _possible(
    witness: _Witness,
    magnifications: Iterable[float],
    width_px: int,
    others: Iterable[tuple[float, ...]],
) -> tuple[float, ...]:
    """The pixel sizes that it may mean: one where the unit is sure, or something else tells it.

    None where what it says fits no picture, or not the magnification beside it.
    """
    possible = [size for size in witness.may_be_nm if MIN_PIXEL_NM <= size <= MAX_PIXEL_NM]
    shown = [size for size in possible if _fits(size * width_px, magnifications)]
    if len(witness.may_be_nm) == 1:
        return tuple(shown)
    for size in possible:
        if any(abs(size / each - 1) <= TOLERANCE for other in others for each in other):
            return (size,)
    return tuple(shown) if magnifications and len(shown) == 1 else ()


def _fits(width_nm: float, magnifications: Iterable[float]) -> bool:
    """Whether any of the numbers that may be the magnification fits a picture so wide."""
    products = [width_nm * each for each in magnifications]
    return not products or any(MIN_SHOWN_NM <= each <= MAX_SHOWN_NM for each in products)


def _weighed(
    witnesses: list[_Witness], doubtful: list[_Witness], recorded: Calibration | None
) -> PictureScale:
    for one, other in combinations(witnesses, 2):
        apart = abs(one.pixel_nm / other.pixel_nm - 1)
        if apart > max(TOLERANCE, 2 * (one.uncertainty**2 + other.uncertainty**2) ** 0.5):
            return PictureScale(
                note=f"What was read in the picture contradicts itself: {one.text} at the "
                f"{one.name} makes {one.pixel_nm:.4g} nm per pixel, {other.text} at the "
                f"{other.name} {other.pixel_nm:.4g} nm; so neither is used: {DO}.",
                contradicts=True,
            )
    if not witnesses:
        if not doubtful:
            return PictureScale()
        read = " and ".join(f"{each.text} at the {each.name}" for each in doubtful)
        return PictureScale(
            note=f"What was read in the picture, {read}, makes no sense or may have another unit, "
            f"so it is not used: {DO}."
        )
    witnesses = sorted(witnesses, key=lambda each: each.uncertainty)
    best = witnesses[0].calibration
    if recorded is not None and _agree(best, recorded):
        source = f"{recorded.source} and {best.source}"
        return PictureScale(replace(recorded, source=source, proposed=False), confirms=True)
    for other in witnesses[1:]:
        if _agree(best, other.calibration):
            return PictureScale(replace(best, source=_source([witnesses[0], other])))
    return PictureScale(
        replace(best, proposed=True),
        f"The scale rests on {witnesses[0].text} at the {witnesses[0].name} alone, read from the "
        f"picture: check it, and {DO}, to confirm it.",
    )


def _source(witnesses: list[_Witness]) -> str:
    names = " and ".join(dict.fromkeys(each.name for each in witnesses))
    return f"{names} (read from the picture: {', '.join(each.text for each in witnesses)})"


def _agree(one: Calibration, other: Calibration) -> bool:
    return abs(one.pixel_size_nm / other.pixel_size_nm - 1) <= TOLERANCE
