"""Crops to train on: picture and truth must stay together whatever is done to them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy import ndimage

if os.environ.get("SEMSEG_NEED_TRAINING") != "1":
    for name in ("torch", "cv2"):
        pytest.importorskip(name, reason="making a model needs requirements-train.txt")

import torch

from training import crops
from training.average import mean
from training.dataset import Sample
from training.network import REDUCTION


def discs(grey: float, *, seed: int = 0) -> Sample:
    """Discs of one grey on black, some across the edge, each its own label."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((400, 500), np.int32)
    y, x = np.ogrid[:400, :500]
    for index, (row, column) in enumerate(np.ndindex(4, 5), start=1):
        middle = np.array([50 + 100 * row, 50 + 100 * column]) + rng.uniform(-8, 8, 2)
        labels[np.hypot(y - middle[0], x - middle[1]) < 40] = index
    return Sample("discs", np.where(labels > 0, np.float32(grey), np.float32(0)), labels, 80.0)


def enlarged(maps):
    return np.kron(maps, np.ones((REDUCTION, REDUCTION), maps.dtype))


@pytest.mark.parametrize("seed", range(8))
def test_the_truth_lies_where_the_picture_shows_it(seed):
    rng = np.random.default_rng(seed)
    image, labels = crops.crop(discs(1.0), float(np.exp(rng.uniform(-0.7, 0.7))), rng)
    assert image.shape == (crops.CROP, crops.CROP)
    truth, seen = enlarged(labels) > 0, image > 0.5
    assert (truth & seen).sum() > 0.95 * (truth | seen).sum()
    # nor is it shifted: what is white beyond the truth is nearly as much on every side
    shift = np.array(ndimage.center_of_mass(seen)) - ndimage.center_of_mass(truth)
    assert np.abs(shift).max() < 0.6


def test_warps_move_shapes_but_never_fold_them():
    warps = [crops._warps(np.random.default_rng(seed)) for seed in range(60)]
    assert np.median([np.abs(warp).max() for warp in warps]) > 1  # px of the crop
    assert max(np.abs(np.diff(warp, axis=axis)).max() for warp in warps for axis in (1, 2)) < 1


@pytest.mark.parametrize("seed", range(6))
def test_pasted_particles_lie_on_top_in_picture_and_truth(seed):
    image, labels = crops.crop(discs(0.4), 1.0, np.random.default_rng(3))
    onto, truth = crops.paste(image, labels, discs(1.0, seed=1), 1.0, np.random.default_rng(seed))
    new = ndimage.binary_erosion(enlarged((truth > 0) & (labels == 0)), iterations=4)
    assert new.any()
    assert onto[new].min() > 0.3  # as bright as what lay there, or as it was; the ground was 0
    for index in np.unique(truth[truth > 0]):
        assert ndimage.label(truth == index)[1] == 1
        assert (truth == index).sum() >= crops.MIN_PIECE_PX


def test_what_is_cut_in_two_by_a_pasted_particle_is_two():
    row = np.array([[1, 1, 1, 1, 2, 1, 1, 1, 1]])
    pieces = crops._pieces(np.repeat(row, 3, axis=0))
    assert pieces[0, 0] != pieces[0, -1]
    assert pieces[0, 4] == 0  # three pixels are a sliver


def test_the_mean_of_runs_is_that_of_their_weights():
    first = {"w": torch.tensor([1.0, 3.0]), "batches": torch.tensor(7)}
    second = {"w": torch.tensor([2.0, 5.0]), "batches": torch.tensor(9)}
    both = mean([first, second])
    assert both["w"].tolist() == [1.5, 4.0]
    assert both["batches"] == 7
    with pytest.raises(ValueError, match="layouts"):
        mean([first, {"w": torch.zeros(3), "batches": torch.tensor(1)}])
