"""The figures of an assessment, made from drawn analyses whose sizes are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semseg.display import Display
from semseg.figures import plot_style, plots, shape_plots
from semseg.measure.quantities import SHAPES
from semseg.metrology.assessment import assess
from semseg.metrology.uncertainty import Band
from semseg.statistics.summary import summarise
from tests.support.drawn_analysis import drawn, without_particles

ALL = {
    "distribution": plots.distribution_plot,
    "quantiles": plots.quantile_plot,
    "band": plots.band_plot,
    "shape": plots.shape_plot,
    "shapes": plots.shapes_plot,
}


@pytest.fixture(scope="module")
def assessment():
    return assess([drawn()])


@pytest.fixture(scope="module")
def weighted():
    return assess([drawn(edges="weight")])


@pytest.fixture(scope="module")
def assumed():
    return assess([drawn(assumed=True)])


@pytest.fixture(scope="module")
def empty():
    return assess([without_particles(drawn())])


def trace(figure, name):
    return next(each for each in figure.data if each.name == name)


def bars(figure):
    return next(each for each in figure.data if each.type == "bar")


def sizes_of(assessment):
    return assessment.particles["min_feret_nm"].to_numpy()


def words(figure):
    """Everything that can be read without pointing at anything."""
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    titles = [axis.title.text or "" for axis in axes] + [figure.layout.title.text or ""]
    return " ".join([*titles, *(each.text for each in figure.layout.annotations)])


# -- distribution ----------------------------------------------------------------------------


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("which", ["assessment", "weighted"])
def test_the_area_of_the_density_is_one(which, log, request):
    bar = bars(plots.distribution_plot(request.getfixturevalue(which), Display(log=log)))
    low, high = bar.customdata[:, 0], bar.customdata[:, 1]
    widths = np.log(high / low) if log else high - low
    assert (bar.y * widths).sum() == pytest.approx(1)


def test_counts_add_up_to_the_particles(assessment):
    figure = plots.distribution_plot(assessment, Display(bins=6), counts=True)
    assert len(bars(figure).y) == 6
    assert bars(figure).y.sum() == assessment.counts.counted == 48
    assert figure.layout.yaxis.title.text == "Particles"
    assert figure.layout.xaxis.title.text == "Minimum Feret diameter (nm)"


def test_weighted_counts_are_those_of_the_weights(weighted):
    figure = plots.distribution_plot(weighted, counts=True)
    total = weighted.particles["weight"].sum()
    assert total > len(weighted.particles)
    assert bars(figure).y.sum() == pytest.approx(total)
    assert "edge-corrected" in figure.layout.yaxis.title.text


@pytest.mark.parametrize("log", [False, True])
def test_the_fit_peaks_where_a_lognormal_distribution_does(assessment, log):
    curve = trace(plots.distribution_plot(assessment, Display(log=log)), "Lognormal fit")
    fit = assessment.lognormal
    spread = math.log(fit.geometric_standard_deviation)
    # per ln x: at GM, 1 / (ln GSD sqrt(2 pi)); per x: at GM exp(-ln^2 GSD)
    peak = fit.geometric_mean * (1 if log else math.exp(-(spread**2)))
    height = 1 / (spread * math.sqrt(2 * math.pi))
    if not log:
        height *= math.exp(-(spread**2) / 2) / peak
    assert curve.x[curve.y.argmax()] == pytest.approx(peak, rel=0.02)
    assert curve.y.max() == pytest.approx(height, rel=1e-3)


def test_the_fit_is_scaled_to_counts(assessment):
    density, counts = (
        plots.distribution_plot(assessment, Display(bins=8), counts=counts)
        for counts in (False, True)
    )
    width = np.ptp(sizes_of(assessment)) / 8
    scaled = trace(density, "Lognormal fit").y * 48 * width
    np.testing.assert_allclose(trace(counts, "Lognormal fit").y, scaled)


def test_percentiles_stand_where_the_cumulative_share_reaches_them(assessment):
    figure = plots.distribution_plot(assessment)
    share = trace(figure, "Cumulative share")
    for percent, value in ((10, "d10"), (50, "d50"), (90, "d90")):
        mark = next(each for each in figure.data if each.text and f"D{percent}" in each.text)
        assert mark.x[1] == getattr(assessment.summary, value)
        assert mark.y[1] == percent
        assert np.interp(percent, share.y, share.x) == pytest.approx(mark.x[1])
        assert "95 %" in mark.hovertemplate


def test_too_few_particles_have_no_fit_and_no_interval():
    few = assess([drawn(columns=4, rows=3)])
    figure = plots.distribution_plot(few)
    assert few.lognormal is None
    assert "Lognormal fit" not in [each.name for each in figure.data]
    assert not any("95 %" in (each.hovertemplate or "") for each in figure.data)


def test_equal_sizes_are_drawn_without_a_fit(assessment):
    same = assessment.particles.assign(min_feret_nm=50.0)
    figure = plots.distribution_plot(
        replace(assessment, particles=same, lognormal=None), Display(log=True)
    )
    assert bars(figure).customdata[:, 2].sum() == 48


def test_cumulative_by_hand():
    # ((k - 1) w_k + (n - 1) sum_{i<k} w_i) / ((n - 1) W), n = 3, W = 4:
    # 0; (1 * 2 + 2 * 1) / 8 = 0.5; (2 * 1 + 2 * 3) / 8 = 1
    sizes, shares = plots.cumulative([30.0, 10.0, 20.0], [1.0, 1.0, 2.0])
    assert sizes.tolist() == [10, 20, 30]
    assert shares.tolist() == [0, 0.5, 1]
    assert plots.cumulative([5.0], [2.0])[1].tolist() == [0, 1]


@given(st.lists(st.tuples(st.floats(1, 1e4), st.floats(0.5, 5)), min_size=2, max_size=40))
def test_cumulative_agrees_with_the_summary(pairs):
    values, weights = map(list, zip(*pairs, strict=True))
    sizes, shares = plots.cumulative(values, weights)
    summary = summarise(values, weights)
    assert (np.diff(shares) >= 0).all()
    assert shares[[0, -1]] == pytest.approx([0, 1])
    for share, value in ((0.1, summary.d10), (0.5, summary.d50), (0.9, summary.d90)):
        assert np.interp(share, shares, sizes) == pytest.approx(value)


# -- quantiles and band ----------------------------------------------------------------------


def test_lognormal_sizes_lie_on_the_line(assessment):
    normal = np.random.default_rng(1).standard_normal(48)
    table = assessment.particles.assign(min_feret_nm=100 * np.exp(0.3 * normal))
    figure = plots.quantile_plot(replace(assessment, particles=table))
    points, line = trace(figure, "Counted particles"), trace(figure, "Lognormal")
    assert len(points.x) == 48
    assert list(line.x) == list(line.y) == [points.x[0], points.x[-1]]
    inner = slice(5, -5)
    np.testing.assert_allclose(points.y[inner], points.x[inner], rtol=0.12)
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def banded(assessment, **medians):
    thresholds = np.array([0.0, 0.25, 0.5, 0.75])
    named = {float(name[1:]) / 10: np.array(values) for name, values in medians.items()}
    return replace(assessment, band=Band(thresholds, named, "nm"))


def test_the_band_spans_all_ratios_where_all_are_known(assessment):
    figure = plots.band_plot(
        banded(assessment, _10=[10, 11, 12, np.nan], _9=[9, 12, 13, 14], _11=[11, 10, 10, 10]), 0.3
    )
    shade = next(each for each in figure.data if each.fill == "toself")
    assert "0.9 and 1.1" in shade.name
    # up along the least of the three, back along the greatest
    assert shade.x.tolist() == [0, 0.25, 0.5, 0.5, 0.25, 0]
    assert shade.y.tolist() == [9, 10, 10, 13, 12, 11]
    assert "used: 0.3" in words(figure)
    reach = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert (reach.x0, reach.x1) == (pytest.approx(0.1), 0.5)


def test_the_reach_of_the_threshold_ends_at_nought(assessment):
    figure = plots.band_plot(assessment, 0.1)
    reach = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert reach.x0 == 0


def test_one_ratio_alone_has_no_band_and_no_mark_without_a_threshold(assessment):
    figure = plots.band_plot(banded(assessment, _10=[10, 11, 12, 13]))
    assert [each.name for each in figure.data] == ["Rescale factor used"]
    assert not figure.layout.shapes


def test_a_band_without_any_median_says_so(assessment):
    figure = plots.band_plot(banded(assessment, _10=[np.nan] * 4))
    assert not figure.data
    assert "too few particles" in words(figure)


# -- shapes ----------------------------------------------------------------------------------


def test_every_particle_stands_at_its_size_and_shape(assessment):
    figure = plots.shape_plot(assessment, "solidity")
    points, above, beside = figure.data
    np.testing.assert_array_equal(points.x, sizes_of(assessment))
    np.testing.assert_array_equal(points.y, assessment.particles["solidity"])
    assert points.customdata[0].tolist() == [assessment.particles["label"].iloc[0], 1]
    assert above.y.sum() == beside.x.sum() == 48
    assert beside.orientation == "h"
    assert "Solidity" in words(figure)
    assert "drawn" not in words(figure)


def test_too_many_particles_are_thinned_and_the_figure_says_so(assessment, monkeypatch):
    monkeypatch.setattr(shape_plots, "MAX_POINTS", 20)
    figure = plots.shape_plot(assessment)
    points, above, beside = figure.data
    assert len(points.x) == 20
    assert points.x[-1] == sizes_of(assessment)[-1]
    assert above.y.sum() == beside.x.sum() == 48
    assert "20 of 48 particles drawn" in words(figure)


def test_every_shape_with_their_medians(weighted):
    figure = plots.shapes_plot(weighted)
    assert all(shape.name in words(figure) for shape in SHAPES.values())
    histograms = [each for each in figure.data if each.type == "bar"]
    medians = [each.x[0] for each in figure.data if each.type == "scatter"]
    assert medians == weighted.shapes["median"].tolist()
    for histogram in histograms:
        assert histogram.y.sum() == pytest.approx(weighted.particles["weight"].sum())
    assert "Weighted number" in words(figure)


# -- all -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_an_assumed_scale_is_marked_in_every_plot(assumed, assessment, name):
    assert "scale assumed" in words(ALL[name](assumed))
    assert "scale assumed" not in words(ALL[name](assessment))


@pytest.mark.parametrize("name", ALL)
def test_without_particles_every_plot_says_so(empty, name):
    figure = ALL[name](empty)
    assert not figure.data
    assert "particles" in words(figure)


@pytest.mark.parametrize("name", ALL)
def test_plots_are_transparent_and_the_same_every_time(assessment, name):
    figure = ALL[name](assessment)
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.template.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.height >= 300
    assert figure.to_json() == ALL[name](assessment).to_json()


def test_sizes_without_a_scale_are_in_pixels():
    pixels = assess([drawn(pixel_size_nm=None)], "ecd")
    for plot in (plots.distribution_plot, plots.quantile_plot, plots.shape_plot):
        assert "Equivalent circular diameter (px)" in words(plot(pixels))
    assert "D50 (px)" in words(plots.band_plot(pixels))


def test_bars_and_fit_differ_in_grey_print():
    def lightness(colour):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bar, fit, grey = map(lightness, (plot_style.BARS, plot_style.FIT, plot_style.GREY))
    assert bar - fit > 0.25
    assert bar - grey > 0.15
    # each is seen on white and on black
    assert all(0.2 < each < 0.8 for each in (bar, fit, grey))


@pytest.mark.parametrize(("low", "high"), [(1, 1000), (40, 400), (90, 140), (101, 104), (0.2, 3)])
def test_ticks_are_round_and_enough(low, high):
    figure = plot_style.go.Figure()
    plot_style.size_axis(figure, [low, high], log=True, axis="xaxis")
    ticks = figure.layout.xaxis.tickvals
    assert 3 <= len(ticks) <= 10
    assert all(low * 0.8 < tick < high * 1.25 for tick in ticks)
    assert list(figure.layout.xaxis.ticktext) == [f"{tick:g}" for tick in ticks]
