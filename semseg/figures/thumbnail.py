"""A small picture with its outlines, as JPEG: one of very many on a page.

>>> thumbnail_jpeg(analysis)[:2]
b'\\xff\\xd8'
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from semseg.analysis import Analysis
from semseg.figures.contrast import display_range
from semseg.figures.states import ACCEPTED, NOT_COUNTED, REJECTED

__all__ = ["SIDE_PX", "thumbnail_jpeg"]

SIDE_PX = 320
FINER = 2  # outlines are drawn so many times larger, and shrunk with the picture
QUALITY = 80


def thumbnail_jpeg(analysis: Analysis, side_px: int = SIDE_PX) -> bytes:
    """The recorded picture, its longer side at most `side_px`, with the outlines of particles in
    the colours of their states."""
    grey = analysis.micrograph.grey
    low, high = display_range(grey[analysis.grid.window])
    recorded = Image.fromarray(np.ascontiguousarray(grey, np.float32))
    ratio = min(1.0, FINER * side_px / max(recorded.size))
    width, height = (max(1, round(side * ratio)) for side in recorded.size)
    shown = np.asarray(recorded.resize((width, height), Image.Resampling.BOX))
    shown = np.clip((shown - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    picture = Image.fromarray(shown).convert("RGB")
    draw = ImageDraw.Draw(picture)
    table = analysis.particles
    kept, counts = table["kept"].to_numpy(bool), table["counted"].to_numpy(bool)
    for state, chosen in ((ACCEPTED, counts), (NOT_COUNTED, kept & ~counts), (REJECTED, ~kept)):
        for label in table["label"][chosen].tolist():
            outline = analysis.outlines.get(label)
            if outline is not None and len(outline) > 1:
                points = ((outline + 0.5) * (width / grey.shape[1])).ravel().tolist()
                draw.line([*points, *points[:2]], fill=state.outline, width=FINER)
    small = max(1, round(width / FINER)), max(1, round(height / FINER))
    if max(width, height) > side_px:
        picture = picture.resize(small, Image.Resampling.BOX)
    out = io.BytesIO()
    picture.save(out, "jpeg", quality=QUALITY)
    return out.getvalue()
