"""What the network is to say of a labelled picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.dataset import UNKNOWN

__all__ = ["targets"]

SMALL = 14.0  # particles below count more, px of the maps


def targets(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """What the network is to say, and how much each pixel counts: (4, H, W) float32.

    0 foreground; 1 distance from the instance's own edge, scaled to 1 at its middle;
    2 boundary between touching instances, two pixels wide; 3 weight, up to 3 in
    instances smaller than `SMALL`, which are otherwise drowned by the large ones, and 0 where
    labels are `UNKNOWN` or a pixel away from there: whether a seam lies there, nobody knows.
    """
    unknown = cv2.dilate((labels == UNKNOWN).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels = np.maximum(labels, 0)
    count = int(labels.max(initial=0))
    foreground = labels > 0
    differs = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        ahead = np.diff(labels, axis=axis) != 0
        first = np.s_[:-1, :] if axis == 0 else np.s_[:, :-1]
        second = np.s_[1:, :] if axis == 0 else np.s_[:, 1:]
        touching = ahead & foreground[first] & foreground[second]
        differs[first] |= touching
        differs[second] |= touching
    interior = (foreground & ~differs).astype(np.uint8)
    distance = cv2.distanceTransform(interior, cv2.DIST_L2, 5)
    weight = np.ones(labels.shape, np.float32)
    if count:
        ids = np.arange(count + 1)
        peak = np.ones(count + 1, np.float32)
        peak[1:] = np.maximum(ndimage.maximum(distance, labels, ids[1:]), 1)
        distance = distance / peak[labels]
        areas = np.bincount(labels.ravel(), minlength=count + 1)
        ecd = np.sqrt(4 * np.maximum(areas, 1) / np.pi)
        per_instance = np.clip(SMALL / ecd, 1, 3).astype(np.float32)
        per_instance[0] = 1
        weight = per_instance[labels]
    weight[differs] *= 1.5
    weight[unknown] = 0
    return np.stack([foreground, distance, differs, weight]).astype(np.float32)
