"""Pictures that are not as large as they were recorded: resized or cropped, their metadata kept.

Metadata that name the size of the recorded picture contradict a file that is wider or narrower.
Resizing is the commonest reason, and keeps the field of view; what was cut out keeps its pixels.
Neither can be known for certain, so the pixel size that fits best is only proposed, and its source
says so wherever sizes are.

>>> reading = Reading("Zeiss metadata", 7.344, recorded=Recorded(1024, 768))
>>> resized, notes = fitted(reading, 512, 384)
>>> resized.pixel_nm, resized.source
(14.688, 'Zeiss metadata of a picture 1024 px wide, not 512')
"""

from __future__ import annotations

from semseg.scale.vendors.reading import TOLERANCE, Reading, Recorded, verb

__all__ = ["fitted"]

# Of the recorded height: what a picture may be taller by, when a label bar was added below it, or
# lower by, when one was cut off.
MAX_BAR = 0.25
# How far apart the factors of width and height may be where both were resized by one, beside the
# rounding to whole pixels.
MAX_APART = 0.01


def fitted(reading: Reading, width_px: int, height_px: int) -> tuple[Reading, list[str]]:
    """Return a reading as it fits a picture of this size, and what the user should know.

    As it is where the metadata do not tell how large the recorded picture was, or where that is as
    wide as this one, to 2 %; else a doubtful one.
    """
    recorded = reading.recorded
    if recorded is None or reading.pixel_nm is None:
        return reading, []
    if abs(recorded.width / width_px - 1) <= TOLERANCE:
        return _as_wide(reading, recorded, width_px, height_px)
    ratio = recorded.width / width_px
    size = f"{recorded.width:.0f}" + (f" x {recorded.height:.0f}" if recorded.height else "")
    speak = verb(reading.source, "speak")
    what = (
        f"The {reading.source} {speak} of a picture of {size} "
        f"pixels{'' if recorded.height else ' across'}, but this one has {width_px} x {height_px}"
    )
    if _was_cut_out(recorded, width_px, height_px):
        pixel, factor = reading.pixel_nm, 1.0
        sentence = (
            f"{what}: a part was cut out, so the pixel size of {pixel:.4g} nm is proposed; check "
            "it with the scale bar."
        )
    else:
        pixel, factor = reading.pixel_nm * ratio, ratio
        sentence = (
            f"{what}: if it was resized, a pixel is {pixel:.4g} nm wide, which is proposed; if a "
            f"part was cut out, {reading.pixel_nm:.4g} nm."
            f"{_of_stretching(reading, recorded, ratio, height_px)} Check the scale bar."
        )
    height = reading.pixel_height_nm
    return (
        reading._replace(
            source=f"{reading.source} of a picture {recorded.width:.0f} px wide, not {width_px}",
            pixel_nm=pixel,
            pixel_height_nm=None if height is None else height * factor,
            bar_row=None,  # of the recorded picture; it is looked for in this one
            doubtful=True,
        ),
        [sentence],
    )


def _was_cut_out(recorded: Recorded, width_px: int, height_px: int) -> bool:
    """Whether a picture fits into the recorded one and does not have its proportions, with or
    without a label bar."""
    if recorded.height is None or width_px > recorded.width:
        return False
    as_resized = recorded.height * width_px / recorded.width
    is_resized = (1 - MAX_BAR) * as_resized <= height_px <= (1 + MAX_BAR) * as_resized
    return not is_resized and height_px <= recorded.height


def _of_stretching(reading: Reading, recorded: Recorded, ratio: float, height_px: int) -> str:
    """What to say where the height of a picture was not resized by the `ratio` of its width.

    Rows of a label bar that were cut off or added are the commonest reason, and leave pixels as
    they are. A picture that was stretched has others, and no file tells the two apart.
    """
    if recorded.height is None or reading.pixel_nm is None:
        return ""
    down = recorded.height / height_px
    aspect = down / ratio
    if abs(aspect - 1) <= MAX_APART + 1 / height_px:
        return ""
    high = (reading.pixel_height_nm or reading.pixel_nm) * down
    return (
        " Its height does not fit that: rows were cut off or added, or it was stretched and a "
        f"pixel is {high:.4g} nm high; then give the pixel aspect "
        f"({high / (reading.pixel_nm * ratio):.4g})."
    )


def _as_wide(
    reading: Reading, recorded: Recorded, width_px: int, height_px: int
) -> tuple[Reading, list[str]]:
    """What to say of a picture of the right width and another height.

    Its own metadata are right about its pixels, whatever was cut off above or below; but a text
    beside it may be another picture's, and one that is taller by more than a label bar may have
    been stretched.
    """
    if recorded.height is None:
        return reading, []
    is_taller = height_px > (1 + MAX_BAR) * recorded.height
    is_own = reading.source.endswith("metadata")
    if not is_taller and (is_own or recorded.height <= height_px):
        return reading, []
    said, why = reading.source, "it was cropped"
    if is_taller:
        why = "something was added to it, or it was stretched"
        source = f"{reading.source} of a picture {recorded.height:.0f} px high, not {height_px}"
        reading = reading._replace(source=source, bar_row=None, doubtful=True)
    beside = "" if is_own else ", or the text belongs to another picture"
    return reading, [
        f"The {said} {verb(said, 'speak')} of a picture of "
        f"{recorded.width:.0f} x {recorded.height:.0f} pixels, but this one has {width_px} x "
        f"{height_px}: {why}{beside}; check the scale bar."
    ]
