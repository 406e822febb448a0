"""Pictures of the preparation: what is cut off, and what the network sees."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from semseg.page.text import plain
from semseg.page.work import Progress, SegmentedImage, store
from semseg.preprocessing.preparation import Crop, resize, stretch_contrast

__all__ = ["cropped_picture", "network_picture", "show", "show_waiting"]

MAX_SIDE_PX = 1200
SHOWN_PX = 350  # wide on the page: two beside each other, or one above the other
WAITING_PX = 700
DIMMED = 0.35
LINE = (255, 190, 0)


def show(image: SegmentedImage) -> None:
    """Both pictures, side by side."""
    prepared, factor = image.prepared, image.segmentation.rescale
    grey = image.micrograph.grey
    cut = store().get(("cut", image.key), lambda: cropped_picture(grey, prepared.crop))
    seen = store().get(
        ("seen", image.key), lambda: network_picture(resize(prepared.square, factor))
    )
    with st.container(horizontal=True, gap="small"):
        st.image(
            cut,
            caption="As recorded; what lies behind the yellow line is cut off.",
            width=SHOWN_PX,
        )
        st.image(
            seen,
            caption=f"What the network sees: contrast stretched, rescaled by {factor:.3g}.",
            width=SHOWN_PX,
        )


def show_waiting(picture: Progress) -> None:
    """The recorded picture, while its outlines are not there."""
    micrograph = picture.micrograph
    key = ("waiting", micrograph.sha256, micrograph.page)
    seen = store().get(key, lambda: network_picture(stretch_contrast(micrograph.grey)))
    said = "is being analysed" if picture.under_way else "has no outlines"
    st.image(seen, caption=f"{plain(micrograph.name)} {said}.", width=min(seen.width, WAITING_PX))


def cropped_picture(grey: NDArray[np.float32], crop: Crop) -> Image.Image:
    """The recorded picture, with what `crop` cuts off dimmed behind a line.

    Parameters
    ----------
    grey : float32, H x W, any scale
    crop : Crop
        In pixels of `grey`.

    Returns
    -------
    RGB picture, the longer side at most 1200 px.
    """
    height, width = grey.shape
    factor = min(1.0, MAX_SIDE_PX / max(grey.shape))
    inside = stretch_contrast(crop.apply(grey))
    # the bar's black and white must not set the contrast of what matters
    whole = np.clip(stretch_contrast(grey), 0, 1) * DIMMED
    crop.apply(whole)[:] = inside
    picture = _shrunk(whole, factor).convert("RGB")
    pen = ImageDraw.Draw(picture)
    right, bottom = picture.width - 1, picture.height - 1
    for rows, side in ((crop.top, "top"), (crop.bottom, "bottom")):
        if rows:
            y = factor * (rows if side == "top" else height - rows)
            pen.line([0, y, right, y], fill=LINE, width=3)
    for columns, side in ((crop.left, "left"), (crop.right, "right")):
        if columns:
            x = factor * (columns if side == "left" else width - columns)
            pen.line([x, 0, x, bottom], fill=LINE, width=3)
    return picture


def network_picture(image: NDArray[np.float32]) -> Image.Image:
    """What the network sees (0..1), as it is; only pictures above 1200 px are shrunk."""
    return _shrunk(image, min(1.0, MAX_SIDE_PX / max(image.shape)))


def _shrunk(image: NDArray[np.float32], factor: float) -> Image.Image:
    picture = Image.fromarray(np.round(255 * np.clip(image, 0, 1)).astype(np.uint8))
    if factor < 1:
        size = [max(1, round(factor * side)) for side in picture.size]
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return picture
