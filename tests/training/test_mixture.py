"""What is trained on: kinds by their shares, nothing that validates, nothing that nobody knows."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

if os.environ.get("SEMSEG_NEED_TRAINING") != "1":
    for name in ("torch", "cv2", "sklearn"):
        pytest.importorskip(name, reason="making a model needs requirements-train.txt")

import torch

from training import crops, dataset, mixture, pictures
from training.dataset import UNKNOWN, Sample, median_ecd
from training.mixture import Mix
from training.targets import targets
from training.train import loss_parts

SETS = ("emps-train", "silica-spheres", "ampis-powder", "pebbles", "nuclei")
SIDE = 64


def discs(name: str = "discs") -> Sample:
    """Four discs, 28 px wide, two of which touch."""
    y, x = np.ogrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), np.int32)
    for index, (row, column) in enumerate([(16, 16), (16, 44), (48, 15), (48, 49)], start=1):
        labels[np.hypot(y - row, x - column) < 14] = index
    return Sample(name, (labels > 0).astype(np.float32), labels, median_ecd(labels))


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """The labelled sets as they lie in `../shared`, with pictures of discs in them."""
    names = {
        "emps-train": [f"emps-{i}" for i in range(30)],
        "silica-spheres": [f"A{i:02d}" for i in range(12)],
        "ampis-powder": ["Sc1_001-001", "Sc2_001-001", f"ampis_{dataset.POWDER_VALIDATION}"],
        "pebbles": ["pebbles"],
        "nuclei": ["nuclei"],
    }
    sample = discs()
    for kind in SETS:
        for part in ("images", "labels", "ignore"):
            (tmp_path / "data" / kind / part).mkdir(parents=True)
        for name in names[kind]:
            _save(tmp_path / "data" / kind, name, sample, ignored=kind == "silica-spheres")
    rows = [f"{name},{sample.median_ecd}" for name in names["emps-train"]]
    index = tmp_path / "data/emps-train/index.csv"
    index.write_text("\n".join(["name,median_ecd_px", *rows]))
    for module in (dataset, mixture, pictures):
        monkeypatch.setattr(module, "SHARED", tmp_path)
    monkeypatch.setattr(dataset, "WORK", tmp_path)
    return names


def _save(folder, name: str, sample: Sample, *, ignored: bool) -> None:
    Image.fromarray((200 * sample.image).astype(np.uint8)).save(folder / f"images/{name}.png")
    Image.fromarray(sample.labels.astype(np.uint16)).save(folder / f"labels/{name}.png")
    if ignored:
        unknown = np.zeros((SIDE, SIDE), np.uint8)
        unknown[28:36] = 255
        Image.fromarray(unknown).save(folder / f"ignore/{name}.png")


def test_no_picture_that_validates_is_trained_on(shared):
    mixes = mixture.mixture(real=True, touching=True, drawn=0, heaps=0)
    trained = {sample.name for mix in mixes for sample in mix.samples}
    validating = {each.path.stem for each in pictures.emps_validation()}
    validating |= {each.name for each in pictures.powder(validation=True) + pictures.spheres()}
    assert len(validating) > 5
    assert not trained & validating
    assert trained | validating == {name for kind in SETS for name in shared[kind]}


def test_the_heaps_that_are_fitted_on_are_not_trained_on(shared, monkeypatch):
    from training import fit

    small = fit.draw_heap
    for module in (dataset, fit):
        monkeypatch.setattr(module, "draw_heap", lambda rng, **kind: small(rng, (96, 96), **kind))
    mixes = mixture.mixture(real=False, touching=False, drawn=0, heaps=12)
    assert [mix.name for mix in mixes] == list(dataset.HEAPS)
    assert [len(mix.samples) for mix in mixes] == [6, 3, 3]
    trained = [sample.labels for mix in mixes for sample in mix.samples]
    heaps = [each for each in fit.validation_pictures(2, real=False) if each.kind == "heaps"]
    assert len(heaps) == 3
    for heap in heaps:
        assert not any(np.array_equal(heap.labels, labels) for labels in trained)


def test_drawn_heaps_are_kept_as_files_of_their_renderer(shared, monkeypatch):
    first = dataset.heap_samples(1, "dark field")
    monkeypatch.setattr(dataset, "draw_heap", None)
    (again,) = dataset.heap_samples(1, "dark field")
    assert np.array_equal(first[0].labels, again.labels)
    assert np.array_equal(first[0].image, again.image)


def test_kinds_come_as_often_as_their_shares_say():
    shares = {"often": 3.0, "seldom": 1.0, "never": 0.0}
    mixes = [Mix(name, [discs()], share) for name, share in shares.items()]
    rng = np.random.default_rng(5)
    drawn = [crops.random_mix(mixes, rng).name for _ in range(4000)]
    assert drawn.count("often") / 4000 == pytest.approx(0.75, abs=0.03)
    assert drawn.count("never") == 0


def test_shares_of_all_kinds_make_a_whole(shared, monkeypatch):
    monkeypatch.setattr(mixture, "drawn_samples", lambda count: [discs()] * count)
    monkeypatch.setattr(mixture, "heap_samples", lambda count, detector: [discs()] * count)
    mixes = mixture.mixture(real=True, touching=True, drawn=4, heaps=4)
    assert len(mixes) == 9
    assert sum(mix.share for mix in mixes) == pytest.approx(1)


def test_real_pictures_are_brought_to_a_size_and_drawn_ones_enlarged():
    rng, sample = np.random.default_rng(2), discs()
    real, drawn = Mix("real", [sample], 1), Mix("drawn", [sample], 1, sizes=None)
    px = [sample.median_ecd * real.random_enlargement(sample, rng) for _ in range(300)]
    low, high = mixture.SIZES
    assert low - 1e-6 <= min(px) < 1.1 * low
    assert max(px) == pytest.approx(3 * sample.median_ecd)  # no more than is sensible
    assert max(px) < high
    scales = [drawn.random_enlargement(sample, rng) for _ in range(300)]
    assert mixture.ENLARGED[0] <= min(scales) < max(scales) <= mixture.ENLARGED[1]


def test_what_nobody_knows_is_read_with_the_labels(shared):
    sample = dataset.sphere_samples(dataset.SHARED / "data/silica-spheres")[0]
    unknown = sample.labels == UNKNOWN
    truth = discs().labels
    assert unknown[28:36][truth[28:36] == 0].all()
    assert not unknown[:28].any()
    assert np.array_equal(np.where(unknown, 0, sample.labels), truth)
    assert sample.median_ecd == discs().median_ecd


def test_what_nobody_knows_has_no_weight():
    labels = discs().labels
    labels[:, 40:] = np.where(labels[:, 40:] > 0, labels[:, 40:], UNKNOWN)
    said = targets(labels)
    unknown = labels == UNKNOWN
    assert (said[3][unknown] == 0).all()
    assert (said[:3, unknown] == 0).all()
    assert (said[3][:, :38] > 0).all()
    known = targets(discs().labels)
    assert np.array_equal(said[:3], known[:3])


def test_the_loss_does_not_heed_what_nobody_knows():
    labels = discs().labels
    labels[40:] = UNKNOWN
    target = torch.from_numpy(targets(labels))[None]
    logits = torch.randn((1, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(1))
    logits.requires_grad_()
    sum(loss_parts(logits, target).values()).backward()
    assert (logits.grad[..., 40:, :] == 0).all()
    assert (logits.grad[..., :38, :] != 0).all()


def test_pasting_keeps_what_nobody_knows():
    labels = np.zeros((40, 40), np.int32)
    labels[:20] = UNKNOWN
    labels[25:35, 5:15] = 1
    pieces = crops._pieces(labels)
    assert (pieces[:20] == UNKNOWN).all()
    assert np.unique(pieces[20:]).tolist() == [0, 1]
