"""What a model file says about itself is checked before it is used."""

from __future__ import annotations

import json

import pytest

from semseg.errors import ModelError
from semseg.inference.description import from_stored, read_description, to_stored
from semseg.inference.segmenter import Segmenter
from semseg.instances import confidence, seams
from tests.support.model_files import described_model
from tests.support.nested import altered


@pytest.fixture(scope="module")
def stored(segmenter):
    """The description in the file of the shipped model."""
    return json.loads(segmenter._engine.metadata["semseg"])


def test_what_the_model_says_about_itself(segmenter):
    info = segmenter.info
    low, high = info.trained_particle_px
    assert 0 < low < info.target_particle_px < high
    assert info.divisor >= 1
    assert len(info.sha256) == 64
    assert all((info.name, info.version, info.licence, info.data, info.normalisation))


def test_the_description_is_read_by_the_names_of_the_code_and_written_as_it_was(segmenter, stored):
    assert {"judge", "worth", "look"} <= stored["thresholds"].keys()  # files keep their names
    described = from_stored(stored)
    assert described["thresholds"] == segmenter.info.thresholds
    assert described["confidence"] == segmenter.info.confidence
    assert described["confidence"]["features"] == list(confidence.FEATURES)
    assert described["thresholds"]["merge_classifier"]["features"] == list(seams.FEATURES)
    assert to_stored(described) == stored
    assert from_stored(described) == described  # a file with the new names is read as well


def test_a_described_model_is_taken(stored, segmenter, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(described_model(stored))
    info = Segmenter(path, sha256=None).info
    assert info.thresholds == segmenter.info.thresholds
    assert info.trained_particle_px == segmenter.info.trained_particle_px


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("version", None, "'version' is missing"),
        ("thresholds", None, "'thresholds' is missing"),
        ("colour", "red", "'colour' is unknown"),
        ("name", 3, "'name' is 3"),
        ("divisor", 0, "'divisor' is 0"),
        ("divisor", 32.0, "'divisor' is 32.0"),
        ("reduction", True, "'reduction' is True"),
        ("trained_particle_px", [140, 16], "'trained_particle_px' is [140, 16]"),
        ("trained_particle_px", 16, "'trained_particle_px' is 16"),
        ("target_particle_px", "64", "'target_particle_px' is '64'"),
        ("filter_threshold", 1.5, "'filter_threshold' is 1.5"),
        ("thresholds", [1, 2], "'thresholds' is [1, 2]"),
        ("confidence", "high", "'confidence' is 'high'"),
    ],
)
def test_a_part_that_does_not_fit_is_named(stored, path, value, said):
    metadata = {"semseg": json.dumps(altered(stored, path, value))}
    with pytest.raises(ModelError) as caught:
        read_description(metadata, "0" * 64)
    assert f"({said}); please use" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "3", '"semseg"', "[" * 100_000])
def test_what_is_no_description_is_refused(text):
    with pytest.raises(ModelError, match="does not fit this version"):
        read_description({"semseg": text}, "0" * 64)
    with pytest.raises(ModelError, match="there is none"):
        read_description({}, "0" * 64)
