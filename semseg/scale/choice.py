"""Which scale is used, where several are known, and what the others say against it."""

from __future__ import annotations

import math
from dataclasses import replace

from semseg.scale.bar_text import PrintedScale
from semseg.scale.calibration import Calibration, agreement_note, calibration_from_width
from semseg.scale.scale_bar import ScaleBar, calibration_from_scale_bar
from semseg.scale.typed_length import implausible_pixel
from semseg.scale.witnesses import PictureScale, scale_from_picture

__all__ = ["choose_calibration"]

SCREEN_PX = 700
CHECKED = 1e-6  # what was checked may have travelled as text


def choose_calibration(
    recorded: Calibration | None,
    width_px: int,
    *,
    width_nm: float | None = None,
    pixel_size_nm: float | None = None,
    scale_bar: ScaleBar | None = None,
    scale_bar_nm: float | None = None,
    scale_bar_px: float | None = None,
    checked_nm: float | None = None,
    marker_nm: float | None = None,
    printed: PrintedScale | None = None,
    assumed_width_nm: float | None = None,
) -> tuple[Calibration | None, list[str]]:
    """The scale that is used, and what the user should know about it, one sentence each.

    What a person typed wins over the file, the file over the scale bar, that over what was read in
    the picture, that over an assumption; but what is only proposed comes after all that is certain.
    A scale of the file that the picture contradicts is used, but no longer certain, and says so in
    its source, which stands wherever sizes do.

    Parameters
    ----------
    recorded : Calibration or None
        From the file's metadata or the text beside it.
    width_px : int
        Of the whole recorded image.
    width_nm, pixel_size_nm : float, optional
        What a person typed: one of the two.
    scale_bar : ScaleBar, optional
        The one that was found in the image.
    scale_bar_nm : float, optional
        The length that is printed at it, as a person typed it.
    scale_bar_px : float, optional
        How long a person measured that bar to be, in px, in place of the one that was found: with
        `scale_bar_nm` this is typed as well.
    checked_nm : float, optional
        A proposed width of a pixel that a person checked: the same is certain where it is proposed.
    marker_nm : float, optional
        The same as the file tells it, which knows nothing of the bar that was found: a scale from
        both is only proposed, until the same was read at the bar.
    printed : PrintedScale, optional
        What was read in the picture; see `semseg.scale.witnesses`.
    assumed_width_nm : float, optional
        Taken where nobody gives a scale, and marked as assumed.
    """
    notes: list[str] = []
    typed = measured = None
    if width_nm is not None:
        typed = calibration_from_width(width_nm, width_px)
    elif pixel_size_nm is not None:
        typed = Calibration(pixel_size_nm, "typed pixel size")
    if scale_bar_nm is not None:
        if scale_bar_px is not None:
            measured = _by_hand(scale_bar_nm, scale_bar_px, width_px)
            if typed is None:
                typed, measured = measured, None
        elif scale_bar:
            measured = calibration_from_scale_bar(scale_bar, scale_bar_nm)
        else:
            notes.append(
                "No scale bar was found in the picture, so the length typed for it is not used; "
                "give the width of the picture in its place."
            )
    elif scale_bar_px is not None:
        notes.append("The scale bar was measured, but what stands at it was not given.")
    elif marker_nm is not None and scale_bar and recorded is None:
        marked = calibration_from_scale_bar(scale_bar, marker_nm)
        source = f"scale bar of {marker_nm:g} nm, as the file says"
        recorded = replace(marked, source=source, proposed=True)
    said = PictureScale()
    if printed is not None:
        said = scale_from_picture(
            printed,
            width_px=width_px,
            length_px=scale_bar.length_px if scale_bar else None,
            bar_uncertainty=scale_bar.relative_uncertainty if scale_bar else 0.0,
            recorded=recorded,
        )
    read = said.calibration
    if said.confirms:
        recorded, read = read, None
    elif recorded and read and recorded.certain and (clash := agreement_note(recorded, read)):
        notes.append(clash)
        against = f"against the {read.source} ({read.pixel_size_nm:.4g} nm per pixel): check"
        source = f"{recorded.source}, {against}"
        recorded, read = replace(recorded, source=source, proposed=True), None
    known = [each for each in (typed, recorded, measured, read) if each is not None]
    if checked_nm is not None:
        known = [_checked(each, checked_nm) for each in known]
    known.sort(key=lambda each: not each.certain)  # the order of equals stays
    if said.note and (said.contradicts or not known or known[0] is read):
        notes.append(said.note)
    if known:
        if odd := implausible_pixel(known[0].pixel_size_nm):
            notes.append(f"Doubtful scale ({known[0].source}): {odd}")
        clashes = (agreement_note(known[0], other) for other in known[1:])
        return known[0], notes + [note for note in clashes if note]
    if assumed_width_nm is not None:
        assumed = calibration_from_width(assumed_width_nm, width_px, assumed=True)
        return assumed, [
            *notes,
            "The file does not say how large its pixels are, so the picture was assumed to be "
            f"{assumed_width_nm:g} nm wide; check the scale bar and give the width.",
        ]
    give = "give the width of the picture in nanometres"
    if scale_bar and not said.note:
        bar = f"a scale bar {scale_bar.length_px:.4g} px long was found"
        give = f"{bar}, so give what stands at it, or the width of the picture"
    return None, [
        *notes,
        f"The file does not say how large its pixels are, so sizes are in pixels; {give}.",
    ]


def _by_hand(length_nm: float, length_px: float, width_px: int) -> Calibration:
    """By a line that a person drew over the bar. Each end may be off by a dot of a screen on which
    the picture is 700 dots wide, or a pixel: a uniform distribution (JCGM 100:2008, 4.3.7)."""
    off = max(1.0, width_px / SCREEN_PX)
    uncertainty = math.sqrt(2 / 3) * off / length_px
    return Calibration(
        length_nm / length_px, "scale bar measured by hand", relative_uncertainty=uncertainty
    )


def _checked(known: Calibration, pixel_nm: float) -> Calibration:
    """A scale that is proposed, certain where a person checked this very one."""
    if not known.proposed or not math.isclose(known.pixel_size_nm, pixel_nm, rel_tol=CHECKED):
        return known
    return replace(known, proposed=False, source=f"{known.source}, checked by hand")
