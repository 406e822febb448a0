"""The sample: it reads as a microscope's file does, and its truth is that of what was drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from semseg.analysis import analyze
from semseg.data import sample_path, sample_truth
from semseg.io.micrograph import read_micrograph
from semseg.measure.shape import measure_shapes
from semseg.preprocessing.label_bar import find_label_bar
from semseg.scale.calibration import agreement_note, calibration_from_width
from training import make_sample
from training.synthesize import Particle, Scene, draw_scene

FRAME_ROWS = 712


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return tifffile.imread(sample_path().with_name("sample.truth.tif"))


def test_it_reads_like_a_zeiss_file():
    micrograph = read_micrograph(sample_path())
    assert micrograph.grey.shape == (768, 1024)
    assert micrograph.bit_depth == 8
    assert micrograph.notes == ()
    assert micrograph.calibration.source == "Zeiss metadata"
    assert micrograph.calibration.pixel_size_nm == pytest.approx(7.344, rel=1e-3)
    assert agreement_note(calibration_from_width(7520, 1024), micrograph.calibration) is None
    assert find_label_bar(micrograph.grey) == pytest.approx(FRAME_ROWS, abs=1)


def test_the_files_are_small():
    assert sample_path().stat().st_size < 700_000
    assert sample_path().with_name("sample.truth.tif").stat().st_size < 60_000


def test_the_scale_bar_is_as_long_as_it_says():
    # the horizontal stroke is the longest run of white at the right
    bar = read_micrograph(sample_path()).grey[FRAME_ROWS:, 870:] == 255
    rows = bar.sum(axis=1)
    columns = np.flatnonzero(bar[rows.argmax()])
    assert np.ptp(columns) * 7.34375 == pytest.approx(200, rel=0.02)


def test_the_table_is_that_of_the_labels(labels):
    truth = sample_truth()
    assert labels.shape == (FRAME_ROWS, 1024)
    assert truth["label"].tolist() == list(range(1, len(truth) + 1))
    assert np.unique(labels).tolist() == [0, *truth["label"]]
    pd.testing.assert_frame_equal(truth, make_sample.truth_table(labels), rtol=1e-12)
    assert truth["ecd_nm"].to_numpy() == pytest.approx(
        measure_shapes(labels)["ecd"].to_numpy() * 7520 / 1024, abs=0.006
    )


def test_the_population_is_the_one_described():
    truth = sample_truth()
    assert 150 <= len(truth) <= 220
    assert 220 <= truth["ecd_nm"].median() <= 290
    whole = truth[~truth["touches_edge"]]
    assert np.log(whole["ecd_nm"]).std() == pytest.approx(0.25, abs=0.03)


@pytest.mark.slow
def test_the_generator_draws_it_again(labels):
    picture, truth = make_sample.draw_sample()
    stored = tifffile.imread(sample_path())
    assert picture.shape == stored.shape
    assert truth.max() == labels.max()
    # other processors round differently in the last digit, and other font engines write
    # differently; the specimen must be the same all the same
    assert (truth != labels).mean() < 1e-3
    difference = np.abs(picture[:FRAME_ROWS].astype(int) - stored[:FRAME_ROWS])
    assert (difference > 1).mean() < 1e-3


def test_placing_leaves_most_of_each_particle_to_be_seen():
    placed = make_sample.place_particles(np.random.default_rng(5), (240, 320), 24)
    plain = Scene((240, 320), tuple(placed), blur=0.0)
    together = draw_scene(plain, np.random.default_rng(0))[1]
    for index, particle in enumerate(placed, start=1):
        alone = Scene((240, 320), (particle,), blur=0.0)
        whole = (draw_scene(alone, np.random.default_rng(0))[1] > 0).sum()
        assert (together == index).sum() >= 0.85 * whole


def test_a_footprint_is_what_is_painted():
    particle = Particle(3.3, 50.8, (0.2, 1.9, 3.1, 4.6), (20.0, 14.0, 22.0, 16.0), 6.0)
    drawn = draw_scene(Scene((64, 64), (particle,)), np.random.default_rng(0))[1]
    footprint = make_sample.footprint(particle, (64, 64))
    assert (footprint != (drawn > 0)).sum() <= 2


@pytest.mark.slow
def test_the_sizes_measured_on_it_are_the_true_ones(segmenter):
    analysis = analyze(sample_path(), segmenter=segmenter)
    kept = analysis.particles[analysis.particles["kept"]]
    truth = sample_truth()
    for statistic in ("mean", "median"):
        measured = getattr(kept["min_feret_nm"], statistic)()
        assert measured == pytest.approx(getattr(truth["min_feret_nm"], statistic)(), rel=0.03)
    assert len(kept) == pytest.approx(len(truth), rel=0.05)
