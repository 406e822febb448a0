"""Maps to particles: one label per particle, one row per particle.

1. The foreground is divided into superpixels (`semseg.instances.superpixels`): first *propose*.
2. They are joined round by round, and every state on the way is a candidate
   (`semseg.instances.merge_tree`), with the features of `semseg.instances.features`.
3. Each candidate is scored by boosted trees (`semseg.instances.boosted`), and the cut through the
   merge trees with the greatest sum of scores is what is found: then *choose*.
4. Outlines are drawn on the finer grid of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.bands import Band, Picture, Progress, bands, by_bands, share
from semseg.halves import from_half
from semseg.instances import boosted
from semseg.instances.adjacency import Adjacency, Indices, Values, tally
from semseg.instances.features import (
    CANDIDATE_FEATURES,
    SEAM_FEATURES,
    candidate_features,
    seam_features,
)
from semseg.instances.labelling import around, drop_small, make_whole, numbered, replaced
from semseg.instances.merge_tree import MergeTree, best_cut, grow_tree
from semseg.instances.outlines import of_outlines
from semseg.instances.superpixels import edge_strengths, noise_level, superpixels
from semseg.instances.thresholds import Thresholds
from semseg.measure.recorded import Labels
from semseg.preprocessing.preparation import resize

__all__ = [
    "Found",
    "Proposals",
    "adjacency",
    "find_particles",
    "propose",
    "refine",
    "seam_log_odds",
]

REDUCED_ROWS = 128
FLOORS = (2.0, 1.0)  # times the noise: of edges that divide, and of those that are counted


@dataclass(frozen=True, eq=False)
class Proposals:
    """All that may be a particle, and how good each is.

    Attributes
    ----------
    superpixels : int32, H x W
        On the grid of the maps: 0 background, 1..n.
    tree : MergeTree
        The candidates made of them; candidate i < n is superpixel i + 1.
    features : (m, len(`CANDIDATE_FEATURES`)) float64
        Of each candidate.
    log_odds : (m,) float64
        That a candidate is a particle.
    boundary : float16, H x W, 0..1
        The map of touching boundaries, along which a hand may cut.
    """

    superpixels: Labels
    tree: MergeTree
    features: Values
    log_odds: Values
    boundary: NDArray[np.float16]

    @property
    def score(self) -> Values:
        """Probability that each candidate is a particle: (m,), 0..1."""
        probability: Values = 1 / (1 + np.exp(-self.log_odds))
        return probability


@dataclass(frozen=True, eq=False)
class Found:
    """The particles of an image, and what they were chosen from.

    Attributes
    ----------
    labels : int32, r H x r W
        On the grid of the image: 0 background, 1..n. Each particle is one 4-connected piece without
        holes; what lies wholly inside another particle belongs to that one.
    features : DataFrame
        One row per label, in order: `CANDIDATE_FEATURES` and what else
        `semseg.instances.confidence.FEATURES` names, before holes were filled.
    proposals : Proposals
    chosen : (n,) int64
        The candidate that each label was.
    """

    labels: Labels
    features: pd.DataFrame
    proposals: Proposals
    chosen: Indices


def find_particles(
    maps: NDArray[np.floating],
    image: Picture,
    thresholds: Thresholds,
    progress: Progress | None = None,
) -> Found:
    """Label every particle, and what is known of each.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance inside each particle, boundary of touching ones.
    image : float32, r H x r W, 0..1
        The image that the network saw, r times finer than its maps (1, 2, ...).
    thresholds : Thresholds
    progress : callable, optional
        Called with the share done, 0..1.

    Notes
    -----
    Deterministic.
    """
    proposals = propose(maps, image, thresholds, share(progress, 0, 0.6))
    tree = proposals.tree
    chosen = best_cut(tree, proposals.score - thresholds.penalty)
    names = np.zeros(tree.leaves + 1, np.int32)
    holds = tree.memberships()[chosen].tocoo()
    names[holds.col + 1] = holds.row + 1
    whole = replaced(proposals.superpixels.copy(), names)
    whole = drop_small(whole, thresholds.min_area_px)
    outlines = of_outlines(whole, maps, share(progress, 0.6, 0.75))
    fine = refine(whole, maps, image, thresholds, share(progress, 0.75, 0.95))
    labels, left = numbered(make_whole(fine))
    chosen = chosen[left - 1]
    features = pd.DataFrame(proposals.features[chosen], columns=list(CANDIDATE_FEATURES))
    features["score"] = proposals.log_odds[chosen]
    features = pd.concat([features, outlines.loc[left].reset_index(drop=True)], axis=1)
    medians = {f"median_{name}": features[name].median() for name in ("agreement", "score")}
    return Found(labels, features.assign(**medians), proposals, chosen)


def propose(
    maps: NDArray[np.floating],
    image: Picture,
    thresholds: Thresholds,
    progress: Progress | None = None,
) -> Proposals:
    """All candidates with their scores; arguments as `find_particles` takes them."""
    pieces, graph = adjacency(maps, image, thresholds, progress)

    def odds_of_seams(features: Values) -> Values:
        return seam_log_odds(features, thresholds.seam_model)

    tree = grow_tree(graph, seam_features, odds_of_seams)
    features = candidate_features(tree)
    model = thresholds.score_model
    odds = boosted.log_odds(features, CANDIDATE_FEATURES, model) if model else np.zeros(len(tree))
    return Proposals(pieces, tree, features, odds, np.array(maps[2], np.float16))


def adjacency(
    maps: NDArray[np.floating],
    image: Picture,
    thresholds: Thresholds,
    progress: Progress | None = None,
) -> tuple[Labels, Adjacency]:
    """The superpixels and their region adjacency graph; arguments as of `find_particles`."""
    grey = _reduced(image, image.shape[0] // maps.shape[1], share(progress, 0, 0.1))
    foreground = maps[0] > thresholds.foreground
    dividing, counted = edge_strengths(grey, foreground, FLOORS, share(progress, 0.1, 0.4))
    noise = noise_level(grey, foreground)
    pieces = superpixels(maps, dividing, foreground, share(progress, 0.4, 0.8))
    return pieces, tally(pieces, maps, grey, counted, noise, share(progress, 0.8, 1))


def _reduced(image: Picture, by: int, progress: Progress | None = None) -> NDArray[np.float32]:
    """The image, `by` times smaller: means of its pixels."""
    shape = image.shape[0] // by, image.shape[1] // by
    grey = np.empty(shape, np.float32)

    # one after the other, for an image that is made part by part has threads of its own
    for band in bands(shape, rows=REDUCED_ROWS):
        part = image[band.own.start * by : band.own.stop * by, : shape[1] * by]
        along = sum((part[:, k::by] for k in range(1, by)), start=part[:, ::by])
        total = sum((along[k::by] for k in range(1, by)), start=along[::by])
        np.divide(total, np.float32(by**2), out=grey[band.own])
        if progress:
            progress(band.own.stop / shape[0])
    return grey


def seam_log_odds(features: Values, model: Mapping[str, Any]) -> Values:
    """Log odds (n,) that both sides of each seam are one particle, from `seam_features` (n, f).

    `model` is a logistic regression: ``features`` (names), ``mean``, ``scale``, ``weights`` (one
    each) and ``intercept``; without one nothing is joined.
    """
    if not model:
        return np.full(len(features), -np.inf)
    columns = [SEAM_FEATURES.index(name) for name in model["features"]]
    standard = (features[:, columns] - np.asarray(model["mean"])) / np.asarray(model["scale"])
    odds: Values = np.clip(standard, -4, 4) @ np.asarray(model["weights"])
    return odds + float(model["intercept"])


def refine(
    labels: Labels,
    maps: NDArray[np.floating],
    image: Picture,
    thresholds: Thresholds,
    progress: Progress | None = None,
) -> Labels:
    """Labels on the finer grid of the image, int32, r H x r W: at the outlines the foreground,
    interpolated, decides; arguments as `find_particles` takes them."""
    times = image.shape[0] // labels.shape[0]
    if times == 1:
        return labels
    fine = np.empty((labels.shape[0], times, labels.shape[1], times), np.int32)

    def draw(band: Band) -> None:
        seen, own = labels[band.seen], band.inner
        # between the centres of its pixels the outline may run on either side of their edges
        near = np.where(seen > 0, seen, around(seen, np.maximum))[own]
        level = resize(from_half(maps[0][band.seen]), times)
        above = (level > thresholds.foreground).reshape(len(seen), times, -1, times)[own]
        for row, column in np.ndindex(times, times):
            np.multiply(near, above[:, row, :, column], out=fine[band.own, row, :, column])

    by_bands(draw, labels.shape, halo=2, progress=progress)
    return fine.reshape(image.shape)
