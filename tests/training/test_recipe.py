"""A model can be made: draw, train, export, fit, describe, evaluate, in a minute or two.

A seeded run of a few steps on drawn pictures, with nothing but the repository. Its network is no
good; that it finds particles at all shows that every stage hands the next what it needs.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from semseg.inference.segmenter import Segmenter
from semseg.instances.coefficients import thresholds_of
from semseg.settings import Settings

if os.environ.get("SEMSEG_NEED_TRAINING") != "1":
    for name in ("torch", "onnxscript", "cv2", "sklearn"):
        pytest.importorskip(name, reason="making a model needs requirements-train.txt")

# warnings of PyTorch and of its exporter are not ours to heed
pytestmark = pytest.mark.filterwarnings("default")

STEPS, DRAWN, CROP = 160, 12, 128
HELD_OUT = range(5_000_000, 5_000_006)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def trained(cache):
    """Checkpoint and log of the run, which was interrupted in the middle and went on."""
    import torch

    from training import crops, dataset, recipe
    from training.train import Plan

    torch.set_num_threads(1)  # several wait for each other where the machine has other work
    plan = Plan(
        *("tiny", 0, STEPS), emps=False, touching=False, drawn=DRAWN, heaps=0, batch=4, workers=0
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "WORK", cache)
        patch.setattr(recipe, "WORK", cache)
        patch.setattr(crops, "CROP", CROP)
        recipe.trained(replace(plan, steps=STEPS // 2), resume=False)
        recipe.trained(plan, resume=True)
    return cache / "runs/tiny"


@pytest.fixture(scope="module")
def pictures(cache):
    """Drawn micrographs that the run did not see, as files and as what `training.fit` takes."""
    from training.pictures import Labelled, without_gaps
    from training.synthesize import draw_micrograph

    labelled = []
    for seed in HELD_OUT:
        image, labels = draw_micrograph(np.random.default_rng(seed), (256, 320))
        path = cache / f"drawn {seed}.png"
        Image.fromarray(np.round(255 * image).astype(np.uint8)).save(path)
        labelled.append(Labelled(path, without_gaps(labels)))
    return labelled


@pytest.fixture(scope="module")
def prepared(pictures):
    """The same as things are fitted on them."""
    from training.pictures import Picture

    return [
        Picture(
            each.path.stem,
            "drawn",
            np.asarray(Image.open(each.path), np.float32) / 255,
            each.labels,
        )
        for each in pictures
    ]


@pytest.fixture(scope="module")
def model(trained, prepared, cache):
    """The exported, fitted and described model file."""
    from training import export, fit

    plain = cache / "tiny.onnx"
    seen = fit.seen_at_target(prepared, fit.provisional(plain, fit.Thresholds()))
    thresholds = fit.fit_quick(plain, seen, prepared)
    thresholds, folds = fit.fit_choice(seen, thresholds)
    table, count = fit.collect(fit.provisional(plain, thresholds), folds, prepared)
    assert count == {"drawn": sum(int(each.labels.max()) for each in prepared)}
    confidence = fit.fit_confidence(table)
    level = fit.best_filter(table, confidence, count)
    target = cache / "model.onnx"
    fitted = fit._fitted(thresholds, confidence, level)
    export.describe(plain, target, export.description("tiny", fitted))
    return target


def test_an_exported_model_can_be_trained_on(model):
    import torch

    from training.network import MultiResUNet
    from training.unfold import unfold

    pictures = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    network = MultiResUNet()
    unfold(network, model, pictures)
    expected = Segmenter(model, sha256=None, provider="cpu").predict(pictures[0, 0].numpy())
    # in training each normalisation uses the statistics of its batch: the same pictures
    for mode in (network.eval(), network.train()):
        with torch.no_grad():
            said = mode.maps(pictures)[0].numpy()
        np.testing.assert_allclose(said, expected, atol=2e-3)  # float16 of the maps


def test_a_larger_network_starts_by_saying_what_a_smaller_one_says():
    import torch
    from torch.nn import functional

    from training.grow import SECOND, grow
    from training.network import MultiResUNet

    torch.manual_seed(1)
    small, large = MultiResUNet(SECOND).eval(), MultiResUNet().eval()
    for norm in (each for each in small.modules() if isinstance(each, torch.nn.BatchNorm2d)):
        for name in ("weight", "bias", "running_mean", "running_var"):
            torch.nn.init.uniform_(getattr(norm, name), 0.5, 1.5)
    picture = torch.rand(1, 1, 64, 96)
    with torch.no_grad():
        expected = small(functional.avg_pool2d(picture, 2))
        grow(small, large)
        found = large(picture)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_networks_are_rated_beside_each_other(trained, prepared, cache):
    from training.ablation import rated

    shown = [replace(each, kind="shown") for each in prepared[:2]]
    found = rated(cache / "tiny.onnx", prepared, shown)
    assert list(found) == [
        f"{kind}, F1@{iou}" for kind in ("drawn", "shown") for iou in (0.5, 0.75)
    ]
    for kind in ("drawn", "shown"):
        assert 1 >= found[f"{kind}, F1@0.5"] >= found[f"{kind}, F1@0.75"]
    assert found["drawn, F1@0.5"] > 0


def test_the_loss_falls(trained):
    rows = [line.split(",") for line in (trained / "log.csv").read_text().splitlines()]
    assert [int(row[0]) for row in rows] == [STEPS // 2, STEPS]
    assert json.loads((trained / "plan.json").read_text())["steps"] == STEPS
    first, last = (float(row[3]) for row in rows)
    assert 0 < last < first
    assert last < 1.6  # untrained it is above 2


def test_the_model_says_what_it_is(model):
    info = Segmenter(model, sha256=None, provider="cpu").info
    assert info.version == "tiny"
    assert info.confidence["features"]
    assert info.thresholds["merge_classifier"]["weights"]


def test_the_model_finds_particles_in_drawn_pictures(model, pictures):
    from training.evaluate import evaluate

    segmenter = Segmenter(model, sha256=None, provider="cpu")
    pooled, table, analyses = evaluate(pictures, segmenter, Settings())
    assert len(table) == 2 * len(pictures)
    assert all(len(analysis.outlines) == len(analysis.particles) for analysis in analyses)
    assert pooled["found"]["image IoU"] > 0.3
    assert pooled["found"]["F1@0.5"] > 0.02


def test_what_bounds_a_model_is_told_step_by_step(model, prepared):
    from training.bounds import bounds
    from training.fit import seen_at_target

    segmenter = Segmenter(model, sha256=None, provider="cpu")
    table = bounds(seen_at_target(prepared, segmenter), thresholds_of(segmenter.info))
    assert list(table.columns) == ["drawn (fitted to)"]
    of_steps = table["drawn (fitted to)"]
    assert 1 >= of_steps["any joining"] >= of_steps["best candidate"] >= of_steps["chosen"] > 0
    assert 0 < of_steps["precision"] <= 1
    assert of_steps["F1@0.5"] >= of_steps["F1@0.75"]


def test_overlays_on_the_validation_page_show_where_the_particles_are(tmp_path):
    from training.validation_figures import draw_overlays

    labels = np.zeros((700, 1000), np.int32)
    labels[:40, -60:] = 1
    panel = Image.fromarray(np.where(labels, 255, 60).astype(np.uint8)).convert("RGB")
    result = SimpleNamespace(
        kept=pd.DataFrame({"F1@0.5": [0.2, 0.9, 0.5]}),
        pictures=[SimpleNamespace(labels=labels)] * 3,
        analyses=[None] * 3,
    )
    draw_overlays(result, tmp_path / "set.png", lambda picture, analysis: panel)
    sheet = np.asarray(Image.open(tmp_path / "set.png").convert("L"))
    for part in np.split(sheet[30:], 3, axis=1):
        assert (part[:, :-6] > 200).sum() > 1500  # but for the white line between two panels
