"""How well labels agree with the truth, instance by instance and pixel by pixel.

A predicted instance is right when its IoU with a true one exceeds a threshold of at
least 0.5; above 0.5 no two can claim the same, so matching needs no assignment.

    >>> truth = np.array([[1, 1, 0, 2]]); found = np.array([[1, 1, 0, 0]])
    >>> counts = compare(truth, found)
    >>> counts.f1(0.5)  # one right, one missed: 2 / (2 + 0 + 1)
    0.6666666666666666
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import rankdata

__all__ = ["Agreement", "Reliability", "compare", "pool", "reliability"]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Best IoU of every instance, and the pixel counts of foreground.

    Attributes
    ----------
    best_of_found, best_of_true : float arrays
        Greatest IoU of each predicted (true) instance with any true (predicted) one.
    pixels : (4,) int
        True positive, false positive, false negative, true negative pixels.
    """

    best_of_found: NDArray[np.float64]
    best_of_true: NDArray[np.float64]
    pixels: NDArray[np.int64]

    def f1(self, threshold: float) -> float:
        """F1 of instances: 2 TP / (2 TP + FP + FN) at this IoU."""
        both = self.best_of_found.size + self.best_of_true.size
        right = np.count_nonzero(self.best_of_true > threshold)
        return float(2 * right / both) if both else 1.0

    def precision(self, threshold: float = 0.5) -> float:
        return float(np.mean(self.best_of_found > threshold)) if self.best_of_found.size else 1.0

    def recall(self, threshold: float = 0.5) -> float:
        return float(np.mean(self.best_of_true > threshold)) if self.best_of_true.size else 1.0

    @property
    def panoptic_quality(self) -> float:
        """Sum of the IoU of matches over TP + FP/2 + FN/2 (Kirillov et al. 2019)."""
        both = self.best_of_found.size + self.best_of_true.size
        matched = self.best_of_true[self.best_of_true > 0.5]
        return 2 * float(matched.sum()) / both if both else 1.0

    @property
    def image_iou(self) -> float:
        """IoU of the foreground as a whole."""
        tp, fp, fn, _ = self.pixels
        return float(tp / max(tp + fp + fn, 1))

    @property
    def youden(self) -> float:
        """Sensitivity + specificity - 1 of the foreground's pixels."""
        tp, fp, fn, tn = self.pixels
        return float(tp / max(tp + fn, 1) + tn / max(tn + fp, 1) - 1)


def compare(truth: NDArray[np.integer], found: NDArray[np.integer]) -> Agreement:
    """Compare two label images of the same shape; ids must run 1..n without gaps."""
    true_count, found_count = int(truth.max(initial=0)), int(found.max(initial=0))
    shared = sparse.coo_matrix(
        (np.ones(truth.size, np.int64), (truth.ravel(), found.ravel())),
        shape=(true_count + 1, found_count + 1),
    ).toarray()
    true_area, found_area = shared.sum(1), shared.sum(0)
    overlap = shared[1:, 1:]
    iou = overlap / np.maximum(true_area[1:, None] + found_area[None, 1:] - overlap, 1)
    tp = int(overlap.sum())
    pixels = np.array([tp, shared[0, 1:].sum(), shared[1:, 0].sum(), shared[0, 0]])
    return Agreement(
        iou.max(0, initial=0.0) if true_count else np.zeros(found_count),
        iou.max(1, initial=0.0) if found_count else np.zeros(true_count),
        pixels,
    )


def pool(agreements: list[Agreement]) -> Agreement:
    """All pictures as if they were one."""
    return Agreement(
        np.concatenate([a.best_of_found for a in agreements]),
        np.concatenate([a.best_of_true for a in agreements]),
        np.sum([a.pixels for a in agreements], axis=0),
    )


@dataclass(frozen=True, eq=False)
class Reliability:
    """How far a confidence can be believed.

    Attributes
    ----------
    auroc : float
        Probability that a right particle has more of it than a wrong one; NaN without both.
    calibration_error : float
        Mean difference between what was said and what came true, over tenths of the confidence,
        weighted by count.
    said, was : float arrays
        Mean confidence, and share that was right, of each tenth that holds any.
    count : int array
    """

    auroc: float
    calibration_error: float
    said: NDArray[np.float64]
    was: NDArray[np.float64]
    count: NDArray[np.int64]


def reliability(confidence: NDArray[np.floating], right: NDArray[np.bool_]) -> Reliability:
    """Compare confidences (n,) in 0..1 with what turned out to be right."""
    tenth = np.minimum((10 * np.asarray(confidence, float)).astype(int), 9)
    count = np.bincount(tenth, minlength=10)
    there = count > 0
    said = np.bincount(tenth, confidence, 10)[there] / count[there]
    was = np.bincount(tenth, right, 10)[there] / count[there]
    error = np.average(np.abs(said - was), weights=count[there]) if there.any() else np.nan
    positive = int(np.count_nonzero(right))
    pairs = positive * (len(right) - positive)
    ranks = rankdata(confidence)[np.asarray(right, bool)].sum() - positive * (positive + 1) / 2
    auroc = float(ranks / pairs) if pairs else float("nan")
    return Reliability(auroc, float(error), said, was, count[there])
