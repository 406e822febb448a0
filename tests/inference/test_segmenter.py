"""The model file is verified, a provider is found, and maps do not depend on the tiling."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from semseg.errors import ModelError
from semseg.inference import segmenter as module
from semseg.inference.segmenter import PROVIDERS, Segmenter, available_providers
from semseg.instances.quick import find_particles_by_seams
from semseg.instances.thresholds import Thresholds
from semseg.preprocessing.preparation import stretch_contrast
from tests.support.model_files import FOREIGN_MODEL
from training.metrics import compare


def refusal(*arguments, **options) -> str:
    """The sentence with which a model or provider is refused."""
    with pytest.raises(ModelError) as caught:
        Segmenter(*arguments, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def crisp(drawn):
    return stretch_contrast(drawn.grey.astype(np.float32))


# The model file


def test_a_missing_model_is_refused(tmp_path):
    assert "missing.onnx" in refusal(tmp_path / "missing.onnx")
    assert tmp_path.name in refusal(tmp_path)


def test_an_altered_model_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(FOREIGN_MODEL)
    assert "not the one" in refusal(path)
    assert "not the one" in refusal(path, sha256="0" * 64)


@pytest.mark.parametrize("content", [b"", b"not a model", FOREIGN_MODEL[:40]])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    refusal(path, sha256=None)


def test_a_model_of_something_else_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(FOREIGN_MODEL)
    assert "description does not fit" in refusal(path, sha256=None)


# Providers


def test_an_unknown_provider_is_refused_and_the_known_ones_are_listed(make_segmenter):
    with pytest.raises(ModelError, match=r"'tpu'.*auto.*cpu"):
        make_segmenter(provider="tpu")


def test_the_cpu_takes_over_where_a_provider_is_absent(make_segmenter, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    fallen_back = make_segmenter(provider="cuda")
    assert fallen_back.provider == "cpu"
    (note,) = fallen_back.notes
    assert "'cuda'" in note
    assert "'cpu'" in note
    for provider in ("auto", "cpu"):
        plain = make_segmenter(provider=provider)
        assert (plain.provider, plain.notes) == ("cpu", ())
    assert available_providers() == ["cpu"]


def test_the_cpu_is_always_there_and_the_last_choice():
    assert available_providers()[-1] == "cpu"
    assert list(PROVIDERS)[-1] == "cpu"


# Maps


@pytest.mark.parametrize("shape", [(64, 64), (65, 79), (97, 130), (1, 1), (5, 200), (16, 33)])
def test_maps_cover_the_picture(segmenter, shape):
    image = np.random.default_rng(0).random(shape, np.float32)
    maps = segmenter.predict(image)
    assert maps.shape == (3, *np.ceil(np.divide(shape, segmenter.info.reduction)))
    assert maps.dtype == np.float16
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_maps_show_the_particles(segmenter, drawn):
    foreground, distance, _ = segmenter.predict(crisp(drawn)).astype(np.float32)
    reduction = segmenter.info.reduction
    inside = drawn.labels[::reduction, ::reduction] > 0
    assert foreground[inside].mean() > 0.9
    assert foreground[~inside].mean() < 0.1
    assert distance[inside].mean() > 5 * distance[~inside].mean()


def test_the_same_picture_gives_the_same_maps(segmenter, make_segmenter, drawn):
    image = crisp(drawn)
    before = image.copy()
    maps = segmenter.predict(image)
    assert np.array_equal(maps, segmenter.predict(image))
    assert np.array_equal(maps, make_segmenter().predict(image))
    assert np.array_equal(image, before)


@pytest.mark.parametrize("tiled", [False, True])
def test_progress_goes_to_one(segmenter, drawn, tiled):
    told = []
    limits = {"at_once_px": 256 * 256, "overlap_px": 64} if tiled else {}
    segmenter.predict(crisp(drawn), told.append, **limits)
    assert len(told) == (4 if tiled else 1)
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.fixture(scope="module")
def large(draw, segmenter):
    """1400 x 1900 px, particles close to one another, and its maps predicted whole."""
    picture = draw((1400, 1900), 56.0, seed=2, gap=1.1)
    image = crisp(picture)
    return image, segmenter.predict(image)


# A tile sees less of what is around it, so single pixels at outlines may turn. The limits are about
# twice what was measured on pictures like this one.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("at_once_px", "overlap_px", "mean", "rare"),
    [(512**2, 128, 0.0009, 0.04), (1024**2, module.OVERLAP_PX, 0.0002, 0.014)],
)
def test_tiles_show_what_the_whole_shows(segmenter, large, at_once_px, overlap_px, mean, rare):
    image, whole = large
    tiled = segmenter.predict(image, at_once_px=at_once_px, overlap_px=overlap_px)
    difference = np.abs(tiled.astype(np.float32) - whole)
    assert difference.mean((1, 2)).max() < mean
    assert np.quantile(difference, 0.999) < rare
    print(difference.mean((1, 2)).max(), np.quantile(difference, 0.999))
    thresholds = Thresholds(**segmenter.info.thresholds)
    agreement = compare(
        find_particles_by_seams(whole, thresholds), find_particles_by_seams(tiled, thresholds)
    )
    assert agreement.best_of_true.size > 500
    assert agreement.f1(0.5) >= 0.99
    assert agreement.f1(0.9) >= 0.98
    assert agreement.image_iou > 0.985


def test_the_padding_does_not_show(segmenter, drawn):
    """A picture a little narrower, padded by the more: the same particles but at its edge."""
    image = crisp(drawn)[:320, :416]
    less = segmenter.info.reduction
    wide, narrow = segmenter.predict(image), segmenter.predict(image[:-less, :-less])
    thresholds = Thresholds(**segmenter.info.thresholds)
    agreement = compare(
        find_particles_by_seams(wide[:, :-1, :-1], thresholds),
        find_particles_by_seams(narrow, thresholds),
    )
    assert agreement.f1(0.8) > 0.97
