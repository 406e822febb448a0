"""Other scales of a picture side by side: what each would outline and count; one click takes one.

A person asks for them, or the picture does, where another scale fits (`semseg.instances.scales`).
They are found and outlined in the background, one after the other, and stay until they are closed,
whichever of them is taken meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from semseg.analysis import Analysis, scales_to_try
from semseg.figures.states import ACCEPTED, REJECTED
from semseg.instances.scales import Scale
from semseg.page import choices, corrections, work
from semseg.page.compare import act, counted_sizes
from semseg.page.queue import Report
from semseg.page.work import Key, SegmentedImage
from semseg.statistics.digits import in_short

__all__ = ["button", "show", "thumbnail"]

SIDE_PX, TEXT_PX = 144, 92  # of a thumbnail on the page, and beside it
CARD_PX = SIDE_PX + TEXT_PX + 16
SAME = 0.01  # of a factor: nearer to it than this is the same
SHARPER = 2  # times as many pixels, for screens that show them
MOST = 4  # scales side by side, the one used included
MOST_NETWORK_PX = 32_000_000  # what is outlined without being asked for
WAITS = ":material/hourglass_empty: {}"
STYLE = """
<style>
  .st-key-scales p { font-size: 0.875rem; }
  .st-key-scales button { min-height: 0; padding-block: 0.2rem; }
  [class*=st-key-scale_card_] { flex-wrap: nowrap; }
  [class*=st-key-scale_card_] p { line-height: 1.35; }
  .st-key-compare { row-gap: 0; }
  .st-key-compare p { font-size: 0.875rem; }
  .st-key-compare button { min-height: 0; padding-block: 0.2rem; }
</style>
"""


@dataclass(frozen=True)
class Offer:
    """Scales that are shown of one picture: the one that was used when they were asked for, and
    the others; None until these are known."""

    used: float
    automatic: bool
    others: tuple[Scale, ...] | None = None

    @property
    def factors(self) -> list[tuple[float, Scale | None]]:
        """All of them from the smallest upwards; None stands for the one that was used."""
        others = [(each.factor, each) for each in self.others or ()]
        return sorted([*others, (self.used, None)], key=lambda each: each[0])


def _offers() -> dict[Key, Offer]:
    offers: dict[Key, Offer] = st.session_state.setdefault("scale_offers", {})
    return offers


def _closed() -> set[Key]:
    """Pictures whose scales a person has closed: they are not opened again by themselves."""
    closed: set[Key] = st.session_state.setdefault("scale_offers_closed", set())
    return closed


def button(image: SegmentedImage) -> None:
    """Ask for the other scales, or close them."""
    name = work.name_of(image.micrograph)
    if name in _offers():
        st.button("Close the other scales", on_click=_close, args=(name,), key="scales_close_side")
    else:
        st.button(
            "Look at other scales",
            icon=":material/grid_view:",
            on_click=_open,
            args=(name, image.segmentation.rescale, bool(st.session_state.rescale_auto)),
            key="scales_look",
            help="Outlines the picture at other rescale factors, in the background, and shows what "
            "each would count.",
        )


def _open(name: Key, used: float, automatic: bool) -> None:
    _closed().discard(name)
    _offers()[name] = Offer(used, automatic)


def _close(name: Key) -> None:
    _offers().pop(name, None)
    _closed().add(name)


def show(image: SegmentedImage, edited: Callable[[SegmentedImage], Analysis]) -> None:
    """The scales of the picture that is shown, where they are asked for; `edited` gives a picture
    as it stands, with the filter."""
    name = work.name_of(image.micrograph)
    if any(each.fits for each in image.segmentation.other_scales) and name not in _closed():
        _offers().setdefault(name, Offer(image.segmentation.rescale, automatic=True))
    offer = _offers().get(name)
    if offer is None:
        return
    if offer.others is None:
        offer = _looked(image, offer)
    with st.container(key="scales", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**The same picture at other scales**", width="content")
            if offer.others is None:
                st.caption(WAITS.format("looking for them"), width="content")
            elif not offer.others:
                st.caption("There are none: the network sees nothing at others.", width="content")
            st.space("stretch")
            act(
                "Close",
                _close,
                name,
                icon=":material/close:",
                type="tertiary",
                key="scales_close",
            )
        if offer.others:
            with st.container(horizontal=True, gap="small", key="scale_cards"):
                for number, (factor, scale) in enumerate(offer.factors):
                    with st.container(
                        horizontal=True, gap="small", width=CARD_PX, key=f"scale_card_{number}"
                    ):
                        _card(image, edited, offer, factor, scale)


def _looked(image: SegmentedImage, offer: Offer) -> Offer:
    """The offer with its others, where these are known by now."""
    network = work.segmenter(choices.current().provider)
    prepared, found = image.prepared, image.segmentation.unedited

    def look(tell: Report) -> tuple[Scale, ...]:
        tell("rescale", 0.0)
        return scales_to_try(prepared, found, network)

    others = work.background(("scales to try", *image.network_key), look)
    if others is None:
        return offer
    offer = replace(offer, others=tuple(sorted(others, key=_rank)[: MOST - 1]))
    _offers()[work.name_of(image.micrograph)] = offer
    return offer


def _rank(scale: Scale) -> tuple[bool, float]:
    """Those that fit first, then the probable ones; of half the factor nothing is known."""
    return not scale.fits, -(0.1 if scale.probability is None else scale.probability)


def _card(
    image: SegmentedImage,
    edited: Callable[[SegmentedImage], Analysis],
    offer: Offer,
    factor: float,
    scale: Scale | None,
) -> None:
    """A scale: its thumbnail, what it counts, and the button that takes it."""
    in_use = abs(factor / image.segmentation.rescale - 1) < SAME
    quick = image.prepared.image.size * factor**2 <= MOST_NETWORK_PX
    automatic = scale is None and offer.automatic
    rescale = None if automatic else factor
    before = None if in_use else work.known_at(image.micrograph, rescale)
    seen = image if in_use else before and corrections.corrected(before)
    waits = "Outlining it would take long."
    if seen is None and quick:
        comes = work.ask_at(image.micrograph, rescale)
        waits = WAITS.format("being outlined") if comes else "It could not be outlined."
    analysis = edited(seen) if seen else None
    with st.container(width=SIDE_PX):
        if seen and analysis:
            made = work.store().get(
                ("thumbnail", *seen.key, analysis.filter_threshold, *analysis.manual.items()),
                lambda: thumbnail(analysis, SHARPER * SIDE_PX),
            )
            st.image(made, width=made.width // SHARPER)
        else:
            height, width = image.prepared.image.shape
            side = SIDE_PX / max(height, width)
            with st.container(height=round(side * height), width=round(side * width), border=True):
                st.caption(waits)
    with st.container(width=TEXT_PX, gap="small"):
        st.markdown(_figures(analysis, factor, scale))
        act(
            "In use" if in_use else "Take this",
            choices.take_factor,
            rescale,
            factor,
            disabled=in_use,
            key=f"scale_take_{factor:.6g}",
        )


def _figures(analysis: Analysis | None, factor: float, scale: Scale | None) -> str:
    """``**111** particles at **1.72**``, their D50, and whether the scale fits, a line each."""
    said = [f"at **{factor:.3g}**"]
    if analysis is not None:
        sizes = counted_sizes(analysis, choices.current_display())
        plural = "" if sizes.count == 1 else "s"
        said = [f"**{sizes.count:,}** particle{plural} at **{factor:.3g}**"]
        if sizes.count:
            said.append(f"D50 {in_short(sizes.d50)} {analysis.unit}")
    if scale is not None and scale.fits:
        said.append(":green[fits as well]")
    return "  \n".join(said)


def thumbnail(analysis: Analysis, side_px: int) -> Image.Image:
    """The analysed frame with its outlines: those kept in one colour, the others in another;
    `side_px` is its longer side."""
    image, crop = analysis.prepared.image, analysis.crop
    zoom = side_px / max(image.shape)
    height, width = (max(1, round(side * zoom)) for side in image.shape)
    grey = Image.fromarray((255 * np.clip(image, 0, 1)).astype(np.uint8))
    made = grey.resize((width, height), Image.Resampling.BOX if zoom < 1 else None).convert("RGB")
    pen = ImageDraw.Draw(made)
    corner = np.array([crop.left, crop.top]) - 0.5  # outlines go from the centre of the first pixel
    table = analysis.particles
    for state in (REJECTED, ACCEPTED):  # those that are kept over the others
        for label in table["label"][table["kept"] == (state is ACCEPTED)].tolist():
            points = (analysis.outlines[label] - corner) * zoom
            closed = [tuple(point) for point in [*points.tolist(), points[0].tolist()]]
            pen.line(closed, fill=state.outline, width=2)
    return made
