"""Nothing is accepted in an image that is out of domain, and a note says why; others stay."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from semseg.analysis import analyze, refilter
from semseg.errors import UnsuitableImageError
from semseg.export.summary_json import summary_dict
from semseg.instances.out_of_domain import (
    DEFAULT_MODEL,
    FEATURES,
    REASON,
    image_features,
    in_domain_probability,
    is_drawing,
    lower_confidence,
    note,
    why_out_of_domain,
)
from semseg.settings import Settings
from training.particle_free import KINDS, draw

SAID = "particles the model knows"


def png(grey):
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "png")
    return out.getvalue()


@pytest.fixture(scope="module")
def of_nothing(segmenter):
    """Analyses of one picture of each kind, default settings; None where the file is refused."""
    analyses = {}
    for kind in KINDS:
        try:
            analyses[kind] = analyze(png(draw(kind, 0)), segmenter=segmenter, name=f"{kind}.png")
        except UnsuitableImageError:  # a blank picture, a bar too low to be one
            analyses[kind] = None
    return analyses


@pytest.fixture(scope="module")
def discs(segmenter):
    """Flat discs, a drawing, of which the network is sure all the same."""
    row, column = np.mgrid[:320, :480] % 80 - 40
    grey = np.where(np.hypot(row, column) < 26, 200, 60).astype(np.uint8)
    return analyze(png(grey), segmenter=segmenter, name="discs.png")


# Pictures, through `analyze`


@pytest.mark.slow
def test_fewer_than_one_false_particle_per_megapixel(of_nothing):
    seen = {kind: analysis for kind, analysis in of_nothing.items() if analysis}
    kept = {kind: int(analysis.particles["kept"].sum()) for kind, analysis in seen.items()}
    megapixels = sum(analysis.labels.size for analysis in seen.values()) / 1e6
    assert sum(kept.values()) < megapixels, {kind: n for kind, n in kept.items() if n}
    assert len(seen) > len(KINDS) - 3


@pytest.mark.slow
def test_every_out_of_domain_image_has_a_note(of_nothing):
    for kind, analysis in of_nothing.items():
        if analysis is not None:
            rejected = bool((analysis.particles["reason"] == REASON).any())
            assert rejected == any(SAID in note for note in analysis.notes), kind
            assert not (rejected and analysis.particles["kept"].any()), kind


def test_particles_are_in_the_domain(drawn, segmenter):
    analysis = analyze(drawn.png(), segmenter=segmenter, name="drawn.png")
    assert analysis.particles["kept"].mean() > 0.9
    assert not any(SAID in said for said in analysis.notes)


@pytest.mark.parametrize("kind", ["texture", "scratches", "captions"])
def test_a_few_particles_on_a_busy_ground_are_kept(kind, segmenter):
    ground = draw(kind, 1)[:320, :320].astype(float)
    y, x = np.ogrid[: ground.shape[0], : ground.shape[1]]
    for centre in ((60, 70), (150, 220), (240, 110)):
        depth = 22 - np.hypot(y - centre[0], x - centre[1])
        body = min(ground.mean() + 110, 235) + 12 * np.clip(depth, 0, 6)
        ground += np.clip(depth + 0.5, 0, 1) * (body - ground)
    rng = np.random.default_rng(0)
    grey = np.clip(ground + 4 * rng.standard_normal(ground.shape), 0, 255).astype(np.uint8)
    analysis = analyze(png(grey), segmenter=segmenter, name=f"{kind}.png")
    assert analysis.particles["kept"].sum() >= 3


def test_what_was_found_is_listed_as_possibly_wrong_with_the_reason(discs):
    assert len(discs.particles) > 20
    assert not discs.particles["kept"].any()
    assert (discs.particles["reason"] == REASON).all()
    (said,) = (each for each in discs.notes if SAID in each)
    assert f"the {len(discs.particles)} outlines found" in said
    assert said in str(summary_dict(discs))


def test_a_person_can_overrule_with_the_filter(discs):
    default = discs.model.filter_threshold
    some = refilter(discs, lower_confidence(default, default))
    assert some.particles["kept"].any()
    assert refilter(discs, 0.0).particles["kept"].all()
    by_hand = refilter(discs, None, {1: True})
    assert by_hand.particles.set_index("label").loc[1, "kept"]


def test_a_factor_given_by_hand_changes_nothing(segmenter):
    for kind in ("checkers", "cracks"):
        by_hand = Settings(rescale=1.0)
        analysis = analyze(png(draw(kind, 0)), by_hand, segmenter=segmenter, name="picture.png")
        assert not analysis.particles["kept"].any()


# The criterion


def maps_of(foreground):
    return np.stack([foreground, foreground, 0 * foreground]).astype(np.float16)


def test_features_by_hand():
    foreground = np.zeros((600, 40))  # more rows than are looked at together
    foreground[:300, :20], foreground[500:, :] = 1.0, 0.5
    features = image_features(maps_of(foreground), np.array([0.9, 0.3]))
    assert tuple(features) == FEATURES
    # 6,000 px of 1 and 4,000 px of 0.5
    assert features["foreground"] == pytest.approx((6000 + 1000) / (6000 + 2000), abs=1e-3)
    assert features["confidence"] == pytest.approx((0.81 + 0.09) / 1.2, abs=1e-6)


def test_of_an_empty_map_and_no_particles_the_features_are_nought():
    features = image_features(maps_of(np.zeros((5, 5))), np.zeros(0))
    assert features == {"confidence": 0.0, "foreground": 0.0}


@pytest.mark.parametrize("name", FEATURES)
def test_in_domain_probability_rises_with_each_feature(name):
    others = dict.fromkeys(FEATURES, 0.7)
    values = [
        in_domain_probability({**others, name: value}, DEFAULT_MODEL)
        for value in (0.0, 0.4, 0.8, 1.0)
    ]
    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)
    assert values[0] < 0.5 < values[-1]


def test_the_shipped_coefficients_can_be_used(segmenter):
    model = segmenter.info.confidence.get("in_domain", DEFAULT_MODEL)
    assert in_domain_probability(dict.fromkeys(FEATURES, 1.0), model) > 0.5
    assert in_domain_probability(dict.fromkeys(FEATURES, 0.2), model) < 0.5


def test_without_particles_there_is_nothing_to_reject():
    empty = np.zeros((8, 8), np.float32)
    assert why_out_of_domain(empty, maps_of(empty), np.zeros(0), DEFAULT_MODEL) == ""


def test_a_drawing_is_flat_and_of_few_greys_and_a_micrograph_is_not(drawn):
    flat = np.where(drawn.labels > 0, 0.8, 0.2).astype(np.float32)
    assert is_drawing(flat)
    assert not is_drawing(drawn.grey.astype(np.float32) / 255)
    rng = np.random.default_rng(0)
    # noise of half a grey level of a dull picture: few greys, but not flat
    dull = np.round(8 * flat + 0.6 * rng.standard_normal(flat.shape)) / 8
    assert not is_drawing(np.clip(dull, 0, 1).astype(np.float32))
    ramp = np.linspace(0, 1, flat.size, dtype=np.float32).reshape(flat.shape)
    assert not is_drawing(ramp)  # flat, but of all greys


def test_lowered_confidences_are_below_the_filter_and_in_the_same_order():
    confidence = np.linspace(0, 0.999, 50)
    values = lower_confidence(confidence, 0.3)
    assert (values < 0.3).all()
    assert (np.diff(values) > 0).all()


def test_the_note_counts_and_tells_how_to_overrule():
    assert note("So", np.array([0.8]), 0.3) == (
        "So: the outline found is possibly wrong. If it is right, lower the filter to 0.09."
    )
    assert note("So", np.full(1200, 0.8), 0.3) == (
        "So: the 1,200 outlines found are possibly wrong. "
        "If they are right, lower the filter to 0.09."
    )
    assert note("So", np.array([0.1, 0.3, 0.2]), 0.3).endswith("lower the filter to 0.09.")


def test_half_the_factor_is_named_where_it_may_find_more():
    said = note("So", np.full(275, 0.2), 0.3, half_factor=2.296)
    assert "lower the filter to 0. If the picture shows many small particles in noise" in said
    assert said.endswith("try half the rescale factor, 2.3.")


def test_the_filter_that_the_note_names_keeps_something():
    assert note("So", np.array([0.1, 0.29]), 0.3).endswith("lower the filter to 0.")
