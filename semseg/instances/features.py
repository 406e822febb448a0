"""Features of seams and of candidates, all of the sums that `semseg.instances.adjacency` keeps.

Of a seam between two regions: what the maps and the picture show along it, and the shapes of both
and of what they would be together. Of a candidate: what fills it and what bounds it, its shape, the
seam at which it was made (``made:``) and the one at which it would be joined further (``next:``).

Shapes come from moments. An ellipse fills the ellipse of its own second moments just so; anything
else less (`fill`). And where the distance map is that of one particle, it weighs its middle: its
own second moment is then some 0.6 of that of the area (`spread`), and its centre is that of the
area (`shift`); two particles taken as one, or half of one, show otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from semseg.instances.adjacency import Adjacency, Indices, Sums, Values
from semseg.instances.merge_tree import MergeTree

__all__ = ["CANDIDATE_FEATURES", "SEAM_FEATURES", "candidate_features", "seam_features"]

GREY_NOISE, CONTRAST_NOISE = 0.005, 0.01  # least noise that grey differences are measured by

SEAM_FEATURES = (
    *("boundary", "boundary_sd", "open", "edge", "plain", "foreground", "distance"),
    *("saddle", "lower_peak", "width", "size", "ratio"),
    *("difference", "roughness", "coherence", "valley", "relief", "contrast"),
    *("waviness", "reach"),
    *("fill_small", "fill_large", "fill_both", "fill_gain"),
    *("aspect_small", "aspect_large", "aspect_both"),
    *("spread_small", "spread_large", "spread_both"),
    *("shift_small", "shift_large", "shift_both"),
    *("middle_small", "middle_both", "bare_small", "inner_boundary", "noise"),
)
# of the two seams of a candidate
_OF_SEAMS = (
    *("boundary", "open", "edge", "plain", "saddle", "width", "ratio", "difference", "coherence"),
    *("valley", "contrast", "waviness", "fill_small", "fill_large", "fill_both", "fill_gain"),
    *("spread_both", "shift_both", "bare_small"),
)
_OWN = (
    *("certainty", "edge_contrast", "rim_edge", "peak", "middle", "spread", "shift", "fill"),
    *("aspect", "size", "roundness", "exposure"),
    *("separation", "outer_open", "outer_edge", "outer_plain", "outer_foreground"),
    *("outer_distance", "inner_boundary", "inner_edge", "undone_boundary", "undone_edge"),
    *("undone_length", "undone_wall", "contrast", "texture", "noise", "frame"),
    *("joined", "further", "single", "pieces", "share", "top"),
)
CANDIDATE_FEATURES = (
    *_OWN,
    *(f"made:{name}" for name in _OF_SEAMS),
    *(f"next:{name}" for name in _OF_SEAMS),
)


class _Shape(NamedTuple):
    """What moments tell of regions; all (n,).

    `fill`: area over that of the ellipse with the same second moments; `aspect`: ln of the ratio of
    its axes; `spread, shift`: see the module; `middle`: mean of the distance map.
    """

    fill: Values
    aspect: Values
    spread: Values
    shift: Values
    middle: Values


def _shape(regions: Sums) -> _Shape:
    area = np.maximum(regions["area"], 1)
    x, y = regions["x"] / area, regions["y"] / area
    # a pixel is a square, whose own second moment is 1/12
    xx = regions["xx"] / area - x * x + 1 / 12
    yy = regions["yy"] / area - y * y + 1 / 12
    xy = regions["xy"] / area - x * y
    determinant = np.maximum(xx * yy - xy**2, 1e-6)
    half = (xx + yy) / 2
    apart = np.sqrt(np.maximum(half**2 - determinant, 0))
    # where the distance map shows nothing, it weighs as the area does
    shown = regions["distance"] > 1e-6
    weight = np.where(shown, regions["distance"], 1)
    dx, dy = regions["dx"] / weight, regions["dy"] / weight
    moment = regions["dr"] - 2 * x * regions["dx"] - 2 * y * regions["dy"]
    moment = moment + (x * x + y * y) * regions["distance"]
    return _Shape(
        area / (4 * np.pi * np.sqrt(determinant)),
        np.log((half + apart) / np.maximum(half - apart, 1 / 12)) / 2,
        np.where(shown, moment / weight / (xx + yy), 1.0),
        np.where(shown, np.hypot(dx - x, dy - y) / np.sqrt(xx + yy), 0.0),
        regions["distance"] / area,
    )


def _diameter(regions: Sums) -> Values:
    diameter: Values = np.sqrt(4 * regions["area"] / np.pi)
    return diameter


def _grey_variance(regions: Sums) -> Values:
    variance: Values = np.maximum(regions.mean("grey_squared") - regions.mean("grey") ** 2, 0)
    return variance


def seam_features(graph: Adjacency, chosen: Indices) -> Values:
    """Features of some seams of a graph: (k, len(`SEAM_FEATURES`))."""
    seams, saddles = graph.seams.rows(chosen), graph.saddles[chosen]
    first, second = graph.first[chosen], graph.second[chosen]
    one, other = graph.regions.rows(first), graph.regions.rows(second)
    smaller = (one["area"] <= other["area"])[:, None]
    small = Sums(one.names, np.where(smaller, one.values, other.values))
    large = Sums(one.names, np.where(smaller, other.values, one.values))
    both = one + other
    of_small, of_large, of_both = _shape(small), _shape(large), _shape(both)
    length = np.maximum(seams["length"], 1)
    diameter, larger = _diameter(small), _diameter(large)
    lower_peak = np.minimum(graph.peaks[first], graph.peaks[second])
    grey_noise = graph.noise + GREY_NOISE
    boundary = seams["boundary"] / length
    valley = seams["valley"] / length
    x, y = seams["x"] / length, seams["y"] / length
    xx, yy = seams["xx"] / length - x * x, seams["yy"] / length - y * y
    xy = seams["xy"] / length - x * y
    half = (xx + yy) / 2
    apart = np.sqrt(np.maximum(half**2 - (xx * yy - xy**2), 0))
    along, across = np.sqrt(half + apart), np.sqrt(np.maximum(half - apart, 0))
    texture = np.sqrt((_grey_variance(one) + _grey_variance(other)) / 2) + 0.01
    columns = {
        "boundary": boundary,
        "boundary_sd": np.sqrt(np.maximum(seams["boundary_squared"] / length - boundary**2, 0)),
        "open": seams["open"] / length,
        "edge": seams["edge"] / length,
        "plain": seams["plain"] / length,
        "foreground": seams["foreground"] / length,
        "distance": seams["distance"] / length,
        "saddle": saddles / np.maximum(lower_peak, 1e-3),
        "lower_peak": lower_peak,
        "width": length / diameter,
        "size": np.log(diameter),
        "ratio": np.log(larger / diameter),
        "difference": np.log1p(np.abs(seams["difference"]) / length / grey_noise),
        "roughness": np.log1p(seams["roughness"] / length / grey_noise),
        "coherence": np.abs(seams["difference"]) / np.maximum(seams["roughness"], 1e-6),
        "valley": valley / (graph.noise + CONTRAST_NOISE),
        "relief": np.log1p(np.abs(valley) / grey_noise),
        "contrast": np.abs(one.mean("grey") - other.mean("grey")) / texture,
        "waviness": across / np.maximum(along, 0.5),
        "reach": along * np.sqrt(12) / diameter,
        "fill_small": of_small.fill,
        "fill_large": of_large.fill,
        "fill_both": of_both.fill,
        "fill_gain": of_both.fill - np.minimum(of_small.fill, of_large.fill),
        "aspect_small": of_small.aspect,
        "aspect_large": of_large.aspect,
        "aspect_both": of_both.aspect,
        "spread_small": of_small.spread,
        "spread_large": of_large.spread,
        "spread_both": of_both.spread,
        "shift_small": of_small.shift,
        "shift_large": of_large.shift,
        "shift_both": of_both.shift,
        "middle_small": of_small.middle,
        "middle_both": of_both.middle,
        "bare_small": small["rim"] / np.maximum(small["rim"] + length, 1),
        "inner_boundary": both.mean("boundary"),
        "noise": np.full(len(length), graph.noise),
    }
    return np.column_stack([columns[name] for name in SEAM_FEATURES])


def candidate_features(tree: MergeTree) -> Values:
    """Features of all candidates of a tree: (n, len(`CANDIDATE_FEATURES`))."""
    regions, noise = tree.regions, tree.graph.noise
    holds = tree.memberships()
    around, inside = _seams_around(tree, holds), tree.inside
    shape, area = _shape(regions), np.maximum(regions["area"], 1)
    rim, shared = regions["rim"], around["length"]
    certainty = regions.mean("foreground")
    pieces = np.asarray(holds.sum(axis=1)).ravel()
    below_top = tree.whole >= 0
    share = np.zeros(len(tree))
    share[below_top] = (area / area[tree.whole])[below_top]

    def where_shared(name: str, otherwise: float) -> Values:
        return np.where(shared > 0, around.mean(name, "length"), otherwise)

    columns = {
        "certainty": certainty,
        "edge_contrast": np.where(rim > 0, regions.mean("step", "rim"), certainty - 0.5),
        "rim_edge": np.where(rim > 0, regions.mean("rim_edge", "rim"), 0.5),
        "peak": tree.peaks,
        **shape._asdict(),
        "size": np.log(_diameter(regions)),
        # sides of pixels overstate a slanting outline by 4 / pi on average
        "roundness": 4 * np.pi * area / np.maximum((rim + shared) * np.pi / 4, 1) ** 2,
        "exposure": np.where(rim + shared > 0, rim / np.maximum(rim + shared, 1), 1.0),
        "separation": where_shared("boundary", 1.0),
        "outer_open": where_shared("open", 0.0),
        "outer_edge": where_shared("edge", 1.0),
        "outer_plain": where_shared("plain", 0.0),
        "outer_foreground": where_shared("foreground", 0.0),
        "outer_distance": where_shared("distance", 0.0),
        "inner_boundary": regions.mean("boundary"),
        "inner_edge": regions.mean("edge"),
        "undone_boundary": inside.mean("boundary", "length"),
        "undone_edge": inside.mean("edge", "length"),
        "undone_length": inside["length"] / np.sqrt(area),
        "undone_wall": inside["boundary"] / np.sqrt(area),
        "contrast": np.log1p(np.abs(regions.mean("contrast", "outer")) / (noise + CONTRAST_NOISE)),
        "texture": np.log(np.sqrt(_grey_variance(regions)) / (noise + CONTRAST_NOISE) + 0.1),
        "noise": np.full(len(tree), noise),
        "frame": regions["frame"] / np.sqrt(area),
        "joined": tree.joined,
        "further": tree.further,
        "single": (pieces == 1).astype(float),
        "pieces": np.log(pieces),
        "share": share,
        "top": (~below_top).astype(float),
    }
    own = np.column_stack([columns[name] for name in _OWN])
    made = tree.seam_features[:, [SEAM_FEATURES.index(name) for name in _OF_SEAMS]]
    following = np.zeros_like(made)
    following[below_top] = made[tree.whole[below_top]]
    return np.hstack([own, made, following])


def _seams_around(tree: MergeTree, holds: sparse.csr_array) -> Sums:
    """Of each candidate (rows of `holds`), the sums over its seams with others."""
    graph = tree.graph
    of_leaves = np.zeros((tree.leaves, len(graph.seams.names)))
    np.add.at(of_leaves, graph.first, graph.seams.values)
    np.add.at(of_leaves, graph.second, graph.seams.values)
    # a seam undone inside was counted from both its sides
    return Sums(graph.seams.names, holds @ of_leaves - 2 * tree.inside.values)
