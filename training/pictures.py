"""Labelled pictures for validation, read as files so that `analyze` sees what users have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from semseg.analysis import prepare
from semseg.io.micrograph import read_micrograph
from semseg.settings import Settings
from training.dataset import POWDER_VALIDATION, SHARED, SPHERES_VALIDATION, is_validation

__all__ = [
    "VISIBILITY",
    "Labelled",
    "Picture",
    "Seen",
    "emps_validation",
    "on_grid",
    "powder",
    "spheres",
    "tio2_dev",
    "without_gaps",
]

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
        Pictures of one kind are weighed together: ``EMPS``, ``drawn``, ``heaps``, ...
    image : float32, h x w, 0..1
        As `semseg.analysis.prepare` gives it.
    labels : int32, h x w
        The truth, 1..n; all 0 without particles.
    ignore : bool, h x w, or None
        Where the truth is not known.
    """

    name: str
    kind: str
    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    ignore: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as the network saw it: the view (r H, r W), float32, and its maps (3, H, W)."""

    picture: Picture
    view: NDArray[np.float32]
    maps: NDArray[np.float32]

    @property
    def truth(self) -> NDArray[np.int32]:
        """The true labels on the grid of the maps."""
        return on_grid(self.picture.labels, self.maps.shape[1:])

    @property
    def ignore(self) -> NDArray[np.bool_] | None:
        """Where the truth is not known, on the grid of the maps."""
        unknown = self.picture.ignore
        return None if unknown is None else on_grid(unknown, self.maps.shape[1:])


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


def powder(*, validation: bool) -> list[Picture]:
    """Dense metal powder, outlined by hand (AMPIS, MIT): the source's validation picture, or the
    others."""
    return [
        each
        for each in _prepared(SHARED / "data/ampis-powder", "AMPIS")
        if each.name.endswith(POWDER_VALIDATION) == validation
    ]


def spheres() -> list[Picture]:
    """Every fifth of the pictures of silica spheres (DLSilicaSpheres, MIT)."""
    return _prepared(SHARED / "data/silica-spheres", "silica", every=SPHERES_VALIDATION)


def _prepared(folder: Path, kind: str, every: int = 1) -> list[Picture]:
    """Pictures with their truth, as far as it goes, without label bars."""
    pictures = []
    for path in sorted((folder / "images").iterdir())[::every]:
        prepared = prepare(read_micrograph(path), Settings())
        crop = prepared.crop
        labels = crop.apply(np.asarray(Image.open(folder / f"labels/{path.stem}.png")))
        unknown = folder / f"ignore/{path.stem}.png"
        ignore = crop.apply(np.asarray(Image.open(unknown)) > 0) if unknown.exists() else None
        pictures.append(
            Picture(path.stem, kind, prepared.image, without_gaps(labels.astype(np.int32)), ignore)
        )
    return pictures


def on_grid(labels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Labels at another size, nearest neighbour."""
    rows, columns = (
        ((np.arange(size) + 0.5) * old / size).astype(int)
        for size, old in zip(shape, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


def without_gaps(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """The same labels renumbered 0, 1..n."""
    values, inverse = np.unique(labels, return_inverse=True)
    shift = 0 if values[0] == 0 else 1
    return (inverse.reshape(labels.shape) + shift).astype(np.int32)
