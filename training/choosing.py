"""Fit what joins superpixels and chooses among candidates; and measure what each step loses.

    seam_model = fit_seam_model(graphs)
    score_model, folds = fit_score_model(proposed)

Figures are of particles on the grid of the maps, IoU above 0.5 or 0.75, pooled by kind of picture.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from semseg.instances import boosted
from semseg.instances.adjacency import Adjacency
from semseg.instances.features import (
    CANDIDATE_FEATURES,
    SEAM_FEATURES,
    candidate_features,
    seam_features,
)
from semseg.instances.merge_tree import MergeTree, best_cut, grow_tree
from semseg.instances.particles import adjacency, seam_log_odds
from semseg.instances.thresholds import Thresholds
from training.boosting import boosted_trees
from training.pictures import Seen
from training.regression import even, regression

__all__ = [
    "PENALTY",
    "Graph",
    "Proposed",
    "fit_score_model",
    "fit_seam_model",
    "fold_of",
    "graph_of",
    "pooled_rows",
    "proposed",
    "score_of",
    "three_rows",
]

FOLDS = 4
RIGHT_IOU = 0.5  # of a candidate that is a particle
MAX_IGNORED = 0.3  # share of a candidate, or of a side of a seam, whose truth is not known
MIN_TRUE_PX = 12  # smaller true particles, px of the maps, nobody asks for
PASSES = 2  # of the seam model over trees grown with itself
# Low: what it leaves in, the filter takes out; what a higher one leaves out, nothing brings back,
# and sizes come out high.
PENALTY = 0.1
PENALTIES = np.round(np.arange(0.1, 0.55, 0.05), 2).tolist()


@dataclass(frozen=True, eq=False)
class Graph:
    """A picture's superpixels with their truth.

    Attributes
    ----------
    name, kind : str
    adjacency : Adjacency
    shared : (n, t + 1) sparse int
        Pixels that each superpixel shares with each true particle; column 0 with none.
    true_px : (t + 1,) int
        Pixels of each true particle, inside the superpixels or not.
    ignored : (n,) float
        Share of each superpixel whose truth is not known.
    """

    name: str
    kind: str
    adjacency: Adjacency
    shared: sparse.csr_array
    true_px: np.ndarray
    ignored: np.ndarray


@dataclass(frozen=True, eq=False)
class Proposed:
    """A picture's candidates with their truth: `iou` (m, t) with each true particle that counts."""

    graph: Graph
    tree: MergeTree
    features: np.ndarray
    iou: np.ndarray
    ignored: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Greatest IoU of each candidate: (m,)."""
        return self.iou.max(axis=1, initial=0.0)


def fold_of(name: str) -> int:
    """The fold, 0..`FOLDS` - 1, that a picture is left out of the fit of."""
    return zlib.crc32(name.encode()) % FOLDS


def graph_of(seen: Seen, thresholds: Thresholds) -> Graph:
    """Superpixels of what the network saw, with their truth."""
    labels, graph = adjacency(seen.maps, seen.view, thresholds)
    count, truth = len(graph.regions), seen.truth
    shared = sparse.coo_array(
        (np.ones(labels.size, int), (labels.ravel(), truth.ravel())),
        shape=(count + 1, int(truth.max(initial=0)) + 1),
    ).tocsr()
    ignored = np.zeros(count + 1)
    if seen.ignore is not None:
        ignored = np.bincount(labels.ravel(), seen.ignore.ravel().astype(float), count + 1)
    true_px = np.bincount(truth.ravel(), minlength=shared.shape[1])
    return Graph(
        seen.picture.name,
        seen.picture.kind,
        graph,
        shared[1:],
        true_px,
        ignored[1:] / np.maximum(graph.regions["area"], 1),
    )


def _whole(tree: MergeTree, graph: Graph) -> tuple[sparse.csr_array, np.ndarray]:
    """What `shared` and `ignored` are for every candidate."""
    holds = tree.memberships()
    area = graph.adjacency.regions["area"]
    return holds @ graph.shared, holds @ (graph.ignored * area) / np.maximum(holds @ area, 1)


def proposed(graph: Graph, seam_model: dict) -> Proposed:
    """The candidates of a picture, by trees grown with this model."""
    tree = grow_tree(
        graph.adjacency, seam_features, lambda features: seam_log_odds(features, seam_model)
    )
    shared, ignored = _whole(tree, graph)
    common = shared.toarray()[:, 1:].astype(np.float32)
    union = tree.regions["area"][:, None] + graph.true_px[None, 1:] - common
    counts = graph.true_px[1:] >= MIN_TRUE_PX
    return Proposed(graph, tree, candidate_features(tree), (common / union)[:, counts], ignored)


def _seams(graph: Graph, seam_model: dict | None) -> pd.DataFrame:
    """Seams that a tree meets while it grows, or those of superpixels where there is no model:
    features, whether each is ``false`` (one true particle on both sides), kind."""
    met: list[tuple[Adjacency, np.ndarray, np.ndarray]] = []

    def features(of: Adjacency, chosen: np.ndarray) -> np.ndarray:
        values = seam_features(of, chosen)
        met.append((of, chosen, values))
        return values

    def odds(values: np.ndarray) -> np.ndarray:
        if seam_model is None:
            return np.full(len(values), -np.inf)
        return seam_log_odds(values, seam_model)

    tree = grow_tree(graph.adjacency, features, odds)
    shared, ignored = _whole(tree, graph)
    owner = np.asarray(shared.argmax(axis=1)).ravel()
    frames = []
    for of, chosen, values in met:
        one, other = of.first[chosen], of.second[chosen]
        known = (owner[one] > 0) | (owner[other] > 0)
        known &= (ignored[one] < MAX_IGNORED) & (ignored[other] < MAX_IGNORED)
        false = (owner[one] == owner[other]) & (owner[one] > 0)
        table = pd.DataFrame(values[known], columns=list(SEAM_FEATURES))
        frames.append(table.assign(false=false[known], kind=graph.kind))
    return pd.concat(frames, ignore_index=True)


def fit_seam_model(graphs: Sequence[Graph]) -> dict:
    """Logistic regression on seams, each kind of picture with the same weight."""
    model = None
    for _ in range(PASSES + 1):
        table = pd.concat([_seams(graph, model) for graph in graphs], ignore_index=True)
        model = regression(SEAM_FEATURES, table, table["false"])
    return model


def _trees(pictures: Iterable[Proposed]) -> dict:
    rows = [(each, each.ignored < MAX_IGNORED) for each in pictures]
    values = np.concatenate([each.features[known] for each, known in rows])
    right = np.concatenate([each.best[known] > RIGHT_IOU for each, known in rows])
    kind = pd.Series(np.repeat([e.graph.kind for e, _ in rows], [k.sum() for _, k in rows]))
    return boosted_trees(CANDIDATE_FEATURES, values, right, even(kind))


def score_of(each: Proposed, model: dict) -> np.ndarray:
    """Probability that each candidate is a particle."""
    return 1 / (1 + np.exp(-boosted.log_odds(each.features, CANDIDATE_FEATURES, model)))


def fit_score_model(pictures: Sequence[Proposed]) -> tuple[dict, list[dict]]:
    """The score model, and for each fold a score model that has not seen it."""
    folds = [
        _trees(each for each in pictures if fold_of(each.graph.name) != fold)
        for fold in range(FOLDS)
    ]
    left_out = [score_of(each, folds[fold_of(each.graph.name)]) for each in pictures]
    table = {
        penalty: _mean_f1(
            [(each, best_cut(each.tree, score - penalty))
             for each, score in zip(pictures, left_out, strict=True)]
        )
        for penalty in PENALTIES
    }  # fmt: skip
    rated = pd.DataFrame(table)
    print(f"mean of F1 by penalty, pictures left out:\n{rated.round(4).to_string()}", flush=True)
    rows = [
        three_rows(each, best_cut(each.tree, score - PENALTY))
        for each, score in zip(pictures, left_out, strict=True)
    ]
    print(f"pictures left out:\n{pooled_rows(rows).round(3).to_string()}", flush=True)
    return _trees(pictures), folds


def _mean_f1(chosen: Sequence[tuple[Proposed, np.ndarray]]) -> pd.Series:
    """By kind, the mean of F1 at IoU 0.5 and 0.75."""
    rows = pooled_rows([three_rows(each, cut) for each, cut in chosen])
    return (rows["F1@0.5"] + rows["F1@0.75"]) / 2


def three_rows(each: Proposed, cut: np.ndarray) -> dict:
    """Counts of one picture: true particles, superpixels, candidates, how many of the true ones
    any joining of superpixels could give, a candidate gives, and what was chosen gives."""
    cut = cut[each.tree.regions["area"][cut] >= MIN_TRUE_PX]
    cut = cut[each.ignored[cut] < 0.5]
    best = each.iou.max(axis=0, initial=0.0)
    found = each.iou[cut].max(axis=0, initial=0.0)
    joined = any_joining(each.graph)
    return {
        "kind": each.graph.kind,
        "true": each.iou.shape[1],
        "superpixels": each.tree.leaves,
        "candidates": len(each.tree),
        "joining": int((joined > 0.5).sum()),
        "candidate": int((best > 0.5).sum()),
        "right": int((found > 0.5).sum()),
        "right at 0.75": int((found > 0.75).sum()),
        "chosen": len(cut),
    }


def pooled_rows(rows: Iterable[dict]) -> pd.DataFrame:
    """Figures by kind of picture, of the counts that `three_rows` gives."""
    total = pd.DataFrame(rows).groupby("kind", sort=False).sum()
    both = total["true"] + total["chosen"]
    return pd.DataFrame(
        {
            "superpixels each": total["superpixels"] / total["true"],
            "any joining": total["joining"] / total["true"],
            "best candidate": total["candidate"] / total["true"],
            "chosen": total["right"] / total["true"],
            "precision": total["right"] / total["chosen"],
            "F1@0.5": 2 * total["right"] / both,
            "F1@0.75": 2 * total["right at 0.75"] / both,
        }
    )


def any_joining(graph: Graph) -> np.ndarray:
    """Of every true particle that counts, the greatest IoU that a set of superpixels has with it.

    Such a set holds those of which the greatest shares lie inside: added in that order, the IoU
    rises to its maximum and falls.
    """
    shared = graph.shared.tocsc()
    area = graph.adjacency.regions["area"]
    best = np.zeros(len(graph.true_px))
    for true in range(1, len(best)):
        column = slice(shared.indptr[true], shared.indptr[true + 1])
        inside, pieces = shared.data[column], shared.indices[column]
        order = np.argsort(-inside / area[pieces], kind="stable")
        common = np.cumsum(inside[order])
        beyond = np.cumsum((area[pieces] - inside)[order])
        best[true] = (common / (graph.true_px[true] + beyond)).max(initial=0.0)
    return best[1:][graph.true_px[1:] >= MIN_TRUE_PX]
