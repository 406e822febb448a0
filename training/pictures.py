"""Labelled pictures for validation, read as files so that `analyze` sees what users have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from training.dataset import SHARED, is_validation

__all__ = ["VISIBILITY", "Labelled", "Picture", "emps_validation", "tio2_dev", "without_gaps"]

VISIBILITY = ("visible", "covered", "fragment")
TIO2_ROWS = 704  # the hand-drawn masks end here; some have residue in the label bar below
TIO2_MIN_AREA = 9  # smaller specks are residue of drawing


@dataclass(frozen=True, eq=False)
class Labelled:
    """A picture's file and its truth: labels 1..n; rows below those of the truth do not count.

    `visibility` holds an index into `VISIBILITY` for each label, or None.
    """

    path: Path
    labels: NDArray[np.int32]
    visibility: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """A prepared picture with its truth, as things are fitted on it.

    Attributes
    ----------
    name : str
    kind : str
        Pictures of one kind are weighed together: ``EMPS``, ``drawn``.
    image : float32, h x w, 0..1
        As `semseg.analysis.prepare` gives it.
    labels : int32, h x w
        The truth, 1..n; all 0 without particles.
    """

    name: str
    kind: str
    image: NDArray[np.float32]
    labels: NDArray[np.int32]


def emps_validation(limit: int | None = None) -> list[Labelled]:
    """The fixed fifth of EMPS-train that training never sees."""
    folder = SHARED / "data/emps-train"
    names = [n for n in pd.read_csv(folder / "index.csv")["name"] if is_validation(n)]
    return [_emps(folder, name) for name in sorted(names)[:limit]]


def _emps(folder: Path, name: str) -> Labelled:
    labels = np.asarray(Image.open(folder / f"labels/{name}.png")).astype(np.int32)
    return Labelled(folder / f"images/{name}.png", without_gaps(labels))


def tio2_dev() -> list[Labelled]:
    """The TiO2 pictures with hand-drawn masks (BAM, CC BY-NC-ND): validation only."""
    folder = SHARED / "data/tio2-dev"
    return [_tio2(folder, path.stem) for path in sorted((folder / "images").glob("*.tif"))]


def _tio2(folder: Path, name: str) -> Labelled:
    white = np.asarray(Image.open(folder / f"masks/{name}.png"))[:TIO2_ROWS] > 127
    labels, _ = ndimage.label(white)  # 4-connected: touching ones are one black pixel apart
    areas = np.bincount(labels.ravel())
    labels = without_gaps(np.where(areas[labels] >= TIO2_MIN_AREA, labels, 0))
    colours = np.asarray(Image.open(folder / f"classes/{name}.png").convert("RGB"))[:TIO2_ROWS]
    # green: fully visible, blue: partly covered, red: fragment
    votes = np.stack(
        [
            np.bincount(labels[colours[..., channel] > 127], minlength=labels.max() + 1)
            for channel in (1, 2, 0)
        ]
    )
    return Labelled(folder / f"images/{name}.tif", labels, votes[:, 1:].argmax(0))


def without_gaps(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """The same labels renumbered 0, 1..n."""
    values, inverse = np.unique(labels, return_inverse=True)
    shift = 0 if values[0] == 0 else 1
    return (inverse.reshape(labels.shape) + shift).astype(np.int32)
