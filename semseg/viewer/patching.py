"""What of a picture is other than it was when it was packed: a few kB beside what stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.measure.area import rings
from semseg.measure.quantities import SHAPES, SIZES
from semseg.viewer.packing import columns, digest, packed_array, packed_outlines

__all__ = ["patch"]


def patch(before: Analysis, packed: str, after: Analysis) -> dict[str, Any]:
    """What makes of one analysis of a picture another, for the view.

    Parameters
    ----------
    before : Analysis
        Of what was packed, with ``packed`` as its id.
    after : Analysis
        Of the same picture in the same scale; outlines that did not change are the same arrays.

    Returns
    -------
    dict
        ``id``: digest of both. ``for``: `packed`. ``gone``: labels, int32 in base64, of the rows
        that are not to be kept: particles that are not there any more, and those that changed.
        ``masks``: what was left out of the analysed area, each as closed lines of (x, y) in
        recorded px, and ``area``, the share of the frame that is left.
        Then the columns and outlines of those that are new or changed, as `pack` has them; all
        particles stand in the order of their labels.
    """
    was, now = (each.particles.set_index("label", drop=False) for each in (before, after))
    common = now.index.intersection(was.index)
    same = _same(was.loc[common], now.loc[common], after.unit)
    one, other = before.outlines, after.outlines
    same &= np.array([one.get(label) is other.get(label) for label in common.tolist()], bool)
    kept = common[same]
    changed = after.particles[~after.particles["label"].isin(kept)]
    gone = before.particles["label"][~before.particles["label"].isin(kept)]
    by_hand = after.segmentation.corrections
    masks = by_hand.masks if by_hand else ()
    made = {
        "for": packed,
        "gone": packed_array(gone, "<i4"),
        "masks": [[np.round(ring, 2).tolist() for ring in rings(mask)] for mask in masks],
        "area": after.segmentation.area.pixels / np.prod(after.grid.frame),
        **columns(changed, after.unit),
        "outlines": packed_outlines(after, changed["label"].tolist()),
    }
    return {"id": digest(made), **made}


def _same(one: pd.DataFrame, other: pd.DataFrame, unit: str) -> NDArray[np.bool_]:
    """Which rows are alike in all that the view is given."""
    names = {"touches_edge", "doubt", "reason", "not_counted", "weight", "confidence", "visibility"}
    names |= {"x_px", "y_px", *SHAPES, *(size.column(unit) for size in SIZES.values())}
    same = np.ones(len(one), bool)
    for name in sorted(names & set(one.columns) & set(other.columns)):
        a, b = one[name].to_numpy(), other[name].to_numpy()
        same &= (a == b) | (pd.isna(a) & pd.isna(b))
    return same
