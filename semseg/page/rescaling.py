"""The rescale factor: found or chosen by hand, and what that means for the outlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from semseg.analysis import rescale_limits
from semseg.io.micrograph import Micrograph
from semseg.page import choices, controls, scales_that_fit, work
from semseg.page.work import SegmentedImage
from semseg.settings import SETTINGS

__all__ = ["factors", "show"]

# logarithmic, about 5 % apart
FACTORS = tuple(float(f"{factor:.2g}") for factor in np.geomspace(0.01, 6, 132))
USUAL = 0.1, 6.0  # where it is not known what suits the picture
ALIKE = 0.02  # of a factor: nearer to it than this is no other choice
FITS = 0.1  # of the factor: nearer to the suggestion than this is as good
HALF, TWICE = 0.5, 2.0


def show(image: SegmentedImage | None, pictures: Sequence[Micrograph] = ()) -> None:
    """The factor by which the network sees the picture: found, or chosen.

    With a picture: how large its particles were for the network, what to do where the outlines are
    wrong, and other factors at one click.
    """
    state = st.session_state
    st.toggle(
        "Automatic rescale",
        key="rescale_auto",
        help=controls.help_of("rescale", f"Automatic: {SETTINGS['rescale'].usual}."),
    )
    if state.rescale_auto and image:  # by hand it begins there, to the last digit
        state.rescale = image.segmentation.rescale
    least, most = rescale_limits(image.prepared.square_shape) if image else USUAL
    st.select_slider(
        "Rescale factor",
        factors(least, most, _exact(image)),
        key="rescale",
        format_func=lambda factor: f"{factor:.3g}",
        disabled=state.rescale_auto,
    )
    if image:
        _hint(image, least, most)
    controls.for_all("rescale", pictures)


def factors(least: float, most: float, exact: Iterable[float]) -> list[float]:
    """What the slider offers: round factors in these limits, and the exact ones as they are."""
    exact = {float(factor) for factor in exact}
    rounded = [
        factor
        for factor in FACTORS
        if least <= factor <= most and all(abs(factor / each - 1) > ALIKE for each in exact)
    ]
    return sorted({*rounded, *exact})


def _exact(image: SegmentedImage | None) -> set[float]:
    """Factors that the slider must be able to show: the one it stands at, and the automatic one."""
    exact = {float(st.session_state.rescale)}
    if image and (found := work.known_at(image.micrograph, None)):
        exact.add(found.segmentation.rescale)
    return exact


def _hint(image: SegmentedImage, least: float, most: float) -> None:
    found = image.segmentation
    low, high = found.model.trained_particle_px
    if found.median_network_px is None:
        st.caption(f"At {found.rescale:.3g} no particle was found.")
    else:
        inside = low <= found.median_network_px <= high
        st.caption(
            f"At {found.rescale:.3g} the median outline is **{found.median_network_px:.0f} px** "
            f"wide for the network, {'within' if inside else '**outside**'} the {low:g} to "
            f"{high:g} px that it knows."
        )
        # a size that suits the network says nothing of what is outlined
        st.caption(
            "Agglomerates or their support outlined? Take a larger factor.  \n"
            "Particles in pieces, or noise outlined? A smaller one."
        )
    with st.container(horizontal=True, gap="small", key="rescale_steps"):
        for name, ratio in (("Half", HALF), ("Twice", TWICE)):
            factor = float(f"{found.rescale * ratio:.3g}")
            st.button(
                f"{name}: {factor:g}",
                on_click=choices.take_factor,
                args=(factor, factor),
                key=f"rescale_{name.lower()}",
                disabled=not least <= factor <= most,
            )
        if found.median_network_px is not None:
            better = found.rescale * found.model.target_particle_px / found.median_network_px
            better = float(f"{min(max(better, least), most):.3g}")
            if not st.session_state.rescale_auto and abs(better / found.rescale - 1) > FITS:
                st.button(
                    f"Take the suggestion: {better:g}",
                    on_click=choices.take_factor,
                    args=(better, better),
                    key="rescale_suggestion",
                    help=f"brings the median outline to {found.model.target_particle_px:g} px, "
                    "which the network knows best",
                )
    scales_that_fit.button(image)
