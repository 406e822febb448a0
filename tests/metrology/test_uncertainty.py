"""The uncertainty budget, on tables whose figures can be worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

import semseg
from semseg.analysis import refilter, rescale_limits, rescaled
from semseg.data import sample_path
from semseg.metrology import uncertainty
from semseg.metrology.uncertainty import Band, budget, threshold_band, usable_ratios
from semseg.scale.calibration import Calibration
from semseg.settings import Settings
from semseg.statistics.intervals import Interval
from tests.support.fake_analysis import draw, redrawn

MEDIAN = Interval(100.0, 95.0, 105.0, 0.95)


def analysis(**values):
    """Twenty particles of 100 nm with a typed scale."""
    made = draw()
    made = replace(made, particles=made.particles.assign(ecd_nm=100.0))
    calibration = values.pop("calibration", Calibration(7.34375, "typed width"))
    settings = replace(made.settings, **values)
    return replace(made, calibration=calibration, settings=settings)


def band(*medians, others=None):
    values = np.array(medians, float)
    levels = np.linspace(0, 1, values.size)
    return Band(levels, {1.0: values, **(others or {})}, "nm")


def parts(made):
    return {part.name: part.relative for part in made.components}


def test_the_parts_add_in_squares():
    one = analysis(scale_uncertainty=0.03)
    made = budget([one], "ecd", "nm", band(*[100.0] * 5), MEDIAN)
    assert made.value == 100
    assert parts(made)["scale"] == 0.03
    assert parts(made)["filter"] == 0
    # an interval of +- 5 nm is 1.96 standard uncertainties wide to either side
    assert parts(made)["sampling"] == pytest.approx(0.0255102, abs=1e-7)
    # 0.0009 + 0.00065077 = 0.00155077
    assert made.combined == pytest.approx(0.0393798, abs=1e-7)
    assert made.expanded == pytest.approx(0.0787596, abs=2e-7)


def test_the_filter_counts_within_its_reach_as_a_rectangle():
    # levels 0, 0.25, 0.5, 0.75, 1 around the threshold 0.5, reach 0.2: only the middle one
    made = budget([analysis()], "ecd", "nm", band(90, 95, 100, 130, 180), MEDIAN)
    assert parts(made)["filter"] == 0
    # eleven levels: 0.3 to 0.7 are within, D50 from 103 to 107
    made = budget([analysis()], "ecd", "nm", band(*range(100, 111)), MEDIAN)
    # a rectangle of +- 2 % has a standard uncertainty of 2 / 1.7320508 %
    assert parts(made)["filter"] == pytest.approx(0.0115470, abs=1e-7)


def test_the_rescale_factor_counts_where_it_was_tried():
    one = analysis()
    made = budget([one], "ecd", "nm", band(*[100.0] * 5), MEDIAN)
    assert "rescale" not in parts(made)
    assert any("one factor" in text for text in made.missing)
    others = {0.9: np.full(5, 96.0), 1.1: np.full(5, 101.0)}
    made = budget([one], "ecd", "nm", band(*[100.0] * 5, others=others), MEDIAN)
    # from 96 to 101 nm: +- 2.5 % over 1.7320508
    assert parts(made)["rescale"] == pytest.approx(0.0144338, abs=1e-7)


@pytest.mark.parametrize(
    ("calibration", "expected"),
    [
        (Calibration(7.3, "Zeiss metadata"), uncertainty.DEFAULT_SCALE_UNCERTAINTY),
        (Calibration(7.3, "scale bar", relative_uncertainty=0.05), 0.05),
        (Calibration(7.3, "JEOL sidecar", relative_uncertainty=0.002), 0.002),
    ],
)
def test_the_scale_tells_its_uncertainty_or_a_usual_one_is_taken(calibration, expected):
    made = budget([analysis(calibration=calibration)], "ecd", "nm", band(*[100.0] * 5), MEDIAN)
    assert parts(made)["scale"] == expected
    assert calibration.source in made.components[0].how


def test_the_least_certain_scale_counts():
    pictures = [
        analysis(calibration=Calibration(7.3, "bar", relative_uncertainty=0.001)),
        analysis(calibration=Calibration(7.3, "Zeiss metadata")),
    ]
    made = budget(pictures, "ecd", "nm", band(*[100.0] * 5), MEDIAN)
    assert parts(made)["scale"] == uncertainty.DEFAULT_SCALE_UNCERTAINTY


def test_an_assumed_or_missing_scale_is_named_as_missing():
    assumed = analysis(calibration=Calibration(7.3, "assumed", assumed=True))
    made = budget([assumed], "ecd", "nm", band(*[100.0] * 5), MEDIAN)
    assert "scale" not in parts(made)
    assert any(text.startswith("scale") for text in made.missing)
    made = budget([analysis(calibration=None)], "ecd", "px", band(*[100.0] * 5), MEDIAN)
    assert any(text.startswith("scale") for text in made.missing)


def test_without_particles_there_is_no_budget():
    nothing = draw(rows=0)
    assert budget([nothing], "ecd", "nm", band(*[math.nan] * 5), None) is None


def test_too_few_particles_for_an_interval_are_named():
    made = budget([analysis()], "ecd", "nm", band(*[100.0] * 5), None)
    assert "sampling" not in parts(made)
    assert "sampling: too few particles" in made.missing


@pytest.fixture(scope="module")
def sample():
    return semseg.analyze(sample_path(), Settings(rescale=0.9))


def test_the_band_is_what_the_filter_gives(sample):
    found = threshold_band([sample], "ecd", "nm")
    for level in (0.0, 0.95):
        kept = refilter(sample, level).particles.query("counted")
        index = int(np.flatnonzero(found.thresholds == level)[0])
        assert found.medians[1.0][index] == pytest.approx(kept["ecd_nm"].median())
    # decisions by hand do not hide what the filter does
    edited = refilter(sample, None, {label: False for label in sample.particles["label"]})
    assert np.array_equal(threshold_band([edited], "ecd", "nm").medians[1.0], found.medians[1.0])


def test_another_factor_is_another_look(sample, segmenter):
    other = rescaled(sample, segmenter, 1.1)
    assert other.rescale == pytest.approx(0.99)
    assert other.calibration == sample.calibration
    assert other.labels.shape == sample.labels.shape
    assert other.particles["ecd_nm"].median() == pytest.approx(
        sample.particles["ecd_nm"].median(), rel=0.1
    )


def test_factors_at_which_the_network_cannot_look_are_left_out():
    made = draw()
    assert usable_ratios([made]) == uncertainty.RATIOS
    _, most = rescale_limits(made.grid.frame)
    at_the_limit = redrawn(made, rescale=most)
    assert usable_ratios([made, at_the_limit]) == (0.9,)
