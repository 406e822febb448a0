"""Maps to particles: one label per particle, one row per particle.

A watershed floods the foreground from every peak of the smoothed distance map, lowered on touching
boundaries; basins whose peaks hardly stand out are joined to their neighbours. What is left are
fragments (superpixels): `find_particles` chooses among all the ways to join them by merge tree
(`semseg.instances.merge_tree`); `find_particles_by_seams` goes by the edges of their region
adjacency graph alone (`semseg.instances.seams`), which is quick and enough to find the scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed
from skimage.transform import downscale_local_mean

from semseg.instances.confidence import confidence
from semseg.instances.features import candidate_features
from semseg.instances.merge_tree import Candidate, best_cut, candidates
from semseg.instances.seams import join, join_by_prominence, merge_log_odds, seams
from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of
from semseg.preprocessing.preparation import resize

__all__ = [
    "Thresholds",
    "candidates_with_features",
    "find_particles",
    "find_particles_by_seams",
    "fragments",
    "refine",
]

BAND_ROWS = 512  # looked at together where whole pictures would take too much memory
Window = tuple[slice, slice]  # rows and columns
PART_PX, HALO_PX = 2048, 256  # of a crowded piece that is flooded at a time


@dataclass(frozen=True)
class Thresholds:
    """Where maps become particles; fixed on validation images, stored with the model.

    Attributes
    ----------
    foreground : float
        Least value of the foreground map inside a particle.
    min_peak : float
        Lower peaks of the distance map are no markers of the watershed.
    boundary_weight : float
        How much the boundary map lowers the distance map, 0..1.
    smoothing_px : float
        Standard deviation of the Gaussian on the distance map.
    min_prominence : float
        Fragments whose peak stands out less above the saddle to a neighbour are joined to it.
    min_merge_probability : float
        By seams alone fragments are joined where one particle is more probable than this, 0..1
        exclusive.
    merge_classifier : mapping
        Of seams, see `semseg.instances.seams.merge_log_odds`; empty joins none.
    score_model : mapping
        Scores a candidate by its features, 0..1: a regression as
        `semseg.instances.confidence.confidence` takes it; empty joins no fragments.
    penalty : float
        Taken off the score of each candidate: the greater, the fewer particles the same fragments
        make.
    min_area_px : float
        Smaller particles, in px of the maps, are dropped.
    scale_model : mapping
        Of a candidate rescale factor, a regression likewise; see `semseg.instances.autoscale`.
    """

    foreground: float = 0.6
    min_peak: float = 0.1
    boundary_weight: float = 1.0
    smoothing_px: float = 1.0
    min_prominence: float = 0.04
    min_merge_probability: float = 0.5
    merge_classifier: Mapping[str, Any] = field(default_factory=dict, hash=False)
    score_model: Mapping[str, Any] = field(default_factory=dict, hash=False)
    penalty: float = 0.1
    min_area_px: float = 10.0
    scale_model: Mapping[str, Any] = field(default_factory=dict, hash=False)


def find_particles_by_seams(maps: NDArray[np.floating], thresholds: Thresholds) -> Labels:
    """Label every particle, by seams alone: int32, H x W, 0 background, 1..n in order of markers.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance inside each particle, boundary of touching ones.

    Notes
    -----
    Each particle is one 4-connected piece without holes; what lies wholly inside another
    particle belongs to that one. Deterministic.
    """
    labels, elevation = fragments(maps, thresholds)
    if thresholds.merge_classifier:
        found = seams(labels, elevation, maps)
        probability = thresholds.min_merge_probability
        min_log_odds = np.log(probability / (1 - probability))
        odds = merge_log_odds(found, thresholds.merge_classifier)
        labels = join(labels, found, odds - min_log_odds)
    return _numbered(_make_whole(_drop_small(labels, thresholds.min_area_px)))[0]


def find_particles(
    maps: NDArray[np.floating], image: NDArray[np.float32], thresholds: Thresholds
) -> tuple[Labels, pd.DataFrame]:
    """Label every particle, and what is known of each.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance inside each particle, boundary of touching ones.
    image : (r H, r W) float32, 0..1
        The image that the network saw, r times finer than its maps (1, 2, ...).
    thresholds : Thresholds

    Returns
    -------
    labels : int32, r H x r W
        0 background, 1..n; as by `find_particles_by_seams`, outlined on the grid of the image.
    features : DataFrame
        One row per label, in order; `semseg.instances.confidence.FEATURES`, before holes were
        filled.
    """
    labels, elevation = fragments(maps, thresholds)
    tree, features = candidates_with_features(labels, elevation, maps, image, thresholds)
    model = thresholds.score_model
    score = confidence(features, model) if model else np.ones(len(tree))
    chosen = best_cut(tree, score - thresholds.penalty)
    names = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    for name, index in enumerate(chosen, start=1):
        names[list(tree[index].members)] = name
    labels = _drop_small(names[labels], thresholds.min_area_px)
    labels = _make_whole(refine(labels, maps, image, thresholds))
    labels, left = _numbered(labels)
    features = features.iloc[[chosen[name - 1] for name in left.tolist()]].reset_index(drop=True)
    return labels, features.assign(median_agreement=features["agreement"].median())


def candidates_with_features(
    labels: Labels,
    elevation: NDArray[np.float32],
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    thresholds: Thresholds,
) -> tuple[list[Candidate], pd.DataFrame]:
    """The merge trees of the fragments, and one row of `candidate_features` per candidate.

    The first two arguments as `fragments` gives them, the others as `find_particles` takes them.
    """
    reduction = image.shape[0] // labels.shape[0]
    if reduction > 1:
        image = downscale_local_mean(image, (reduction, reduction))
    found = seams(labels, elevation, maps)
    classifier = thresholds.merge_classifier
    odds = merge_log_odds(found, classifier) if classifier else np.full(len(found), -9.0)
    tree = candidates((np.flatnonzero(_areas(labels)[1:]) + 1).tolist(), found, odds)
    return tree, candidate_features(labels, found, maps, image, tree)


def refine(
    labels: Labels,
    maps: NDArray[np.floating],
    image: NDArray[np.float32],
    thresholds: Thresholds,
) -> Labels:
    """Labels on the finer grid of the image, int32, r H x r W: at the outlines the foreground,
    interpolated, decides; arguments as `find_particles` takes them."""
    times = image.shape[0] // labels.shape[0]
    if times == 1:
        return labels
    fine = np.zeros(image.shape, np.int32)
    halo = 2
    for top in range(0, labels.shape[0], BAND_ROWS):
        start, rows = max(top - halo, 0), min(BAND_ROWS, labels.shape[0] - top)
        band = np.s_[start : top + rows + halo]
        # between the centres of its pixels the outline may run on either side of their edges
        near = np.where(labels[band] > 0, labels[band], ndimage.maximum_filter(labels[band], 3))
        level = resize(maps[0][band].astype(np.float32), times)
        inner = np.s_[(top - start) * times : (top - start + rows) * times]
        spread = near.repeat(times, 0).repeat(times, 1)[inner]
        np.multiply(spread, level[inner] > thresholds.foreground, out=spread)
        fine[top * times : (top + rows) * times] = spread
    return fine


def fragments(
    maps: NDArray[np.floating], thresholds: Thresholds
) -> tuple[Labels, NDArray[np.float32]]:
    """The over-segmented foreground: labels 1..n, int32, H x W, and the elevation that was flooded,
    float32, H x W, at most 1."""
    foreground = maps[0] > thresholds.foreground
    elevation = np.multiply(maps[1], 1 - thresholds.boundary_weight * maps[2], dtype=np.float32)
    ndimage.gaussian_filter(elevation, thresholds.smoothing_px, output=elevation)
    peaks = elevation == ndimage.maximum_filter(elevation, 3)
    peaks &= foreground & (elevation > thresholds.min_peak)
    markers, _ = _pieces(peaks, np.ones((3, 3), bool))
    labels, _ = _numbered(_grow(elevation, markers, foreground))
    found = seams(labels, elevation, maps)
    return join_by_prominence(labels, elevation, found, thresholds.min_prominence), elevation


def _grow(elevation: NDArray[np.float32], markers: Labels, foreground: NDArray[np.bool_]) -> Labels:
    """Grow the markers over the foreground: int32, H x W.

    A piece of foreground with one marker, or none, is one particle. Only pieces with several
    need a watershed, each in its own window: the flood of one never reaches another, so
    the result is that of one watershed over everything, in less time and memory.
    """
    pieces, count = _pieces(foreground)
    windows = ndimage.find_objects(pieces)
    crowded = _crowded(pieces, markers, count)
    labels = pieces.copy()
    for piece in crowded:
        for halo, core in _parts(*windows[piece - 1]):
            inside = pieces[halo] == piece
            grown = watershed(-elevation[halo], markers[halo] * inside, mask=inside)
            # pieces keep their own numbers; those of markers follow behind
            grown[grown > 0] += count
            part = inside[core]
            labels[halo][core][part] = grown[core][part]
    return labels


def _pieces(
    mask: NDArray[np.bool_], structure: NDArray[np.bool_] | None = None
) -> tuple[Labels, int]:
    """The connected pieces of a mask, 1..n, int32, H x W; and n."""
    pieces, count = ndimage.label(mask, structure)
    return pieces.astype(np.int32, copy=False), count


def _crowded(pieces: Labels, markers: Labels, count: int) -> list[int]:
    """The pieces that hold more than one marker."""
    one_of_them = np.zeros(count + 1, np.int32)
    several = np.zeros(count + 1, bool)
    for top in range(0, pieces.shape[0], BAND_ROWS):
        band = np.s_[top : top + BAND_ROWS]
        at_markers = markers[band] > 0
        piece_of, marker_of = pieces[band][at_markers], markers[band][at_markers]
        unknown = one_of_them[piece_of] == 0
        one_of_them[piece_of[unknown]] = marker_of[unknown]
        several[piece_of[marker_of != one_of_them[piece_of]]] = True
    return np.flatnonzero(several).tolist()


def _parts(rows: slice, columns: slice) -> Iterator[tuple[Window, Window]]:
    """The window itself, or where it is too large for the memory, parts of it with a halo.

    Yields (part with its halo in the picture, the part within that). Markers have their
    numbers already, so parts agree wherever a particle is smaller than the halo.
    """
    for top in range(rows.start, rows.stop, PART_PX):
        for left in range(columns.start, columns.stop, PART_PX):
            (own_rows, in_rows), (own_columns, in_columns) = (
                _with_halo(first, whole) for first, whole in ((top, rows), (left, columns))
            )
            yield (own_rows, own_columns), (in_rows, in_columns)


def _with_halo(first: int, whole: slice) -> tuple[slice, slice]:
    """Along one axis, the part that begins at `first` with its halo, and that part within it."""
    stop = min(first + PART_PX, whole.stop)
    start, end = max(first - HALO_PX, whole.start), min(stop + HALO_PX, whole.stop)
    return slice(start, end), slice(first - start, stop - start)


def _areas(labels: Labels) -> NDArray[np.int64]:
    """Pixels of each label, 0 included; by bands, as numpy counts in 64 bits per pixel."""
    count = int(labels.max(initial=0)) + 1
    areas = np.zeros(count, np.int64)
    for top in range(0, labels.shape[0], BAND_ROWS):
        areas += np.bincount(labels[top : top + BAND_ROWS].ravel(), minlength=count)
    return areas


def _drop_small(labels: Labels, min_area: float) -> Labels:
    """The labels, changed in place: those of fewer px are 0."""
    is_small = _areas(labels) < min_area
    is_small[0] = True
    labels[is_small[labels]] = 0
    return labels


def _make_whole(labels: Labels) -> Labels:
    """Keep the largest piece of every particle, and give it what it encloses."""
    runs = runs_of(labels)
    boxes = dict(zip(runs.labels.tolist(), runs.boxes().tolist(), strict=True))
    for label in runs.doubtful().tolist():
        top, left, bottom, right = boxes[label]
        window = labels[top:bottom, left:right]
        inside = window == label
        pieces, count = ndimage.label(inside)
        if count == 0:  # a host has swallowed it
            continue
        if count > 1:
            largest = np.bincount(pieces.ravel())[1:].argmax() + 1
            window[inside & (pieces != largest)] = 0
            inside = pieces == largest
        window[ndimage.binary_fill_holes(inside)] = label
    return labels


def _numbered(labels: Labels) -> tuple[Labels, NDArray[np.int64]]:
    """Renumber 1..n without gaps, keeping the order; and the labels before."""
    present = _areas(labels) > 0
    present[0] = False
    left = np.flatnonzero(present)
    if len(left) == len(present) - 1:
        return labels, left
    numbers = np.cumsum(present, dtype=np.int32) * present
    return numbers.astype(np.int32)[labels], left
