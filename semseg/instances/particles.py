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
from scipy import ndimage
from skimage.transform import downscale_local_mean

from semseg.instances import boosted
from semseg.instances.adjacency import Adjacency, Indices, Values, tally
from semseg.instances.features import (
    CANDIDATE_FEATURES,
    SEAM_FEATURES,
    candidate_features,
    seam_features,
)
from semseg.instances.labelling import drop_small, make_whole, numbered
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

BAND_ROWS = 512  # looked at together where whole pictures would take too much memory
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
    """

    superpixels: Labels
    tree: MergeTree
    features: Values
    log_odds: Values

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
    maps: NDArray[np.floating], image: NDArray[np.float32], thresholds: Thresholds
) -> Found:
    """Label every particle, and what is known of each.

    Parameters
    ----------
    maps : (3, H, W) in 0..1
        Foreground, distance inside each particle, boundary of touching ones.
    image : float32, r H x r W, 0..1
        The image that the network saw, r times finer than its maps (1, 2, ...).
    thresholds : Thresholds

    Notes
    -----
    Deterministic.
    """
    proposals = propose(maps, image, thresholds)
    tree = proposals.tree
    chosen = best_cut(tree, proposals.score - thresholds.penalty)
    names = np.zeros(tree.leaves + 1, np.int32)
    holds = tree.memberships()[chosen].tocoo()
    names[holds.col + 1] = holds.row + 1
    whole = drop_small(names[proposals.superpixels], thresholds.min_area_px)
    outlines = of_outlines(whole, maps)
    labels, left = numbered(make_whole(refine(whole, maps, image, thresholds)))
    chosen = chosen[left - 1]
    features = pd.DataFrame(proposals.features[chosen], columns=list(CANDIDATE_FEATURES))
    features["score"] = proposals.log_odds[chosen]
    features = pd.concat([features, outlines.loc[left].reset_index(drop=True)], axis=1)
    medians = {f"median_{name}": features[name].median() for name in ("agreement", "score")}
    return Found(labels, features.assign(**medians), proposals, chosen)


def propose(
    maps: NDArray[np.floating], image: NDArray[np.float32], thresholds: Thresholds
) -> Proposals:
    """All candidates with their scores; arguments as `find_particles` takes them."""
    pieces, graph = adjacency(maps, image, thresholds)

    def odds_of_seams(features: Values) -> Values:
        return seam_log_odds(features, thresholds.seam_model)

    tree = grow_tree(graph, seam_features, odds_of_seams)
    features = candidate_features(tree)
    model = thresholds.score_model
    odds = boosted.log_odds(features, CANDIDATE_FEATURES, model) if model else np.zeros(len(tree))
    return Proposals(pieces, tree, features, odds)


def adjacency(
    maps: NDArray[np.floating], image: NDArray[np.float32], thresholds: Thresholds
) -> tuple[Labels, Adjacency]:
    """The superpixels and their region adjacency graph; arguments as of `find_particles`."""
    reduction = image.shape[0] // maps.shape[1]
    grey = downscale_local_mean(image, (reduction, reduction)) if reduction > 1 else image
    foreground = maps[0] > thresholds.foreground
    dividing, counted = edge_strengths(grey, foreground, FLOORS)
    pieces = superpixels(maps, dividing, foreground)
    return pieces, tally(pieces, maps, grey, counted, noise_level(grey, foreground))


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
