"""Sizes and outlines of drawn particles whose truth is known."""

import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import perimeter_crofton, regionprops

from semseg.measure.shape import measure_shapes, outlines
from tests.support.paths import ROOT

POSITIONS = ["label", "x", "y", "bbox_top", "bbox_left", "bbox_bottom", "bbox_right"]


def shoelace(outline):
    x, y = outline.astype(np.float64).T
    return ((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


@st.composite
def blobs(draw):
    """A label image of random 8-connected pieces without holes, many of them touching."""
    height, width = draw(st.tuples(st.integers(1, 18), st.integers(1, 18)))
    seed, density = draw(st.integers(0, 2**32 - 1)), draw(st.floats(0.1, 0.95))
    noise = np.random.default_rng(seed).random((height, width))
    pieces, count = ndimage.label(noise < density, structure=np.ones((3, 3)))
    labels = np.zeros((height, width), np.int32)
    for label in range(1, count + 1):
        labels[ndimage.binary_fill_holes(pieces == label)] = label
    # Cut in two along a line: the halves touch, and may fall into several pieces.
    right = np.arange(width) >= draw(st.integers(0, width))
    parts = np.zeros_like(labels)
    for half in (labels * right, labels * ~right):
        for label in np.unique(half[half > 0]):
            split, n = ndimage.label(half == label, structure=np.ones((3, 3)))
            parts = np.where(split > 0, split + parts.max() if n else 0, parts)
    return parts.astype(np.int32)


# -- cases computed by hand ------------------------------------------------------------------


def test_rectangle():
    labels = np.zeros((10, 12), int)
    labels[2:5, 3:7] = 4
    row = measure_shapes(labels).iloc[0]
    assert row.label == 4
    assert (row.x, row.y, row.area) == (4.5, 3.0, 12)
    assert row.ecd == pytest.approx(np.sqrt(48 / np.pi))
    assert (row.min_feret, row.max_feret, row.aspect_ratio) == (3, 5, 0.6)
    assert (row.bbox_top, row.bbox_left, row.bbox_bottom, row.bbox_right) == (2, 3, 5, 7)
    assert row.solidity == 1
    assert row.ellipse_ratio == pytest.approx(3 / 4)
    # Two crossings on each of 3 rows, 4 columns and 2 x 6 diagonals.
    assert row.perimeter == pytest.approx(np.pi / 8 * 2 * (3 + 4 + 12 / np.sqrt(2)))
    assert not row.touches_edge


def test_triangle_of_three_pixels():
    labels = np.array([[1, 0], [1, 1]])
    row = measure_shapes(labels).iloc[0]
    # Hull (0,0) (1,0) (2,1) (2,2) (0,2): area 3.5; across the slanted side it is 3/sqrt(2) wide.
    assert row.solidity == pytest.approx(3 / 3.5)
    # Second moments about the centroid, 1/12 of each pixel's own among them: 11/36 along rows and
    # columns, 4/36 between them; so 7/36 and 15/36 along the diagonals.
    assert row.ellipse_ratio == pytest.approx(np.sqrt(7 / 15))
    assert row.min_feret == 2
    assert row.max_feret == pytest.approx(np.sqrt(8))
    assert outlines(labels)[1].tolist() == [
        [-0.5, -0.5],
        [0.5, -0.5],
        [0.5, 0.5],
        [1.5, 0.5],
        [1.5, 1.5],
        [-0.5, 1.5],
    ]


def test_one_pixel():
    labels = np.zeros((3, 3), int)
    labels[1, 1] = 1
    row = measure_shapes(labels).iloc[0]
    assert (row.area, row.min_feret, row.solidity, row.ellipse_ratio) == (1, 1, 1, 1)
    assert row.max_feret == pytest.approx(np.sqrt(2))
    assert row.circularity == row.form_factor == 1
    assert outlines(labels)[1].tolist() == [[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [0.5, 1.5]]


@pytest.mark.parametrize("transpose", [False, True])
def test_line_of_one_pixel_width(transpose):
    labels = np.ones((1, 9), int)
    row = measure_shapes(labels.T if transpose else labels).iloc[0]
    assert (row.area, row.min_feret) == (9, 1)
    assert row.max_feret == pytest.approx(np.sqrt(82))
    assert row.ellipse_ratio == pytest.approx(1 / 9)
    assert row.touches_edge


def test_diagonal_line_is_one_outline_through_its_corners():
    labels = np.eye(4, dtype=int)
    row = measure_shapes(labels).iloc[0]
    assert row.min_feret == pytest.approx(np.sqrt(2))
    assert row.max_feret == pytest.approx(np.sqrt(32))
    assert row.solidity == pytest.approx(4 / 7)
    # 5/4 + 1/12 along rows and columns, 5/4 between them: 1/12 and 31/12 along the diagonals
    assert row.ellipse_ratio == pytest.approx(np.sqrt(1 / 31))
    assert shoelace(outlines(labels)[1]) == 4
    assert shoelace(outlines(labels[::-1])[1]) == 4


def test_touching_particles_are_measured_apart():
    labels = np.zeros((8, 20), int)
    labels[2:6, 2:10] = 7
    labels[2:6, 10:18] = 3
    apart = np.where(labels == 3, 3, 0)
    pd.testing.assert_series_equal(measure_shapes(labels).iloc[0], measure_shapes(apart).iloc[0])
    assert measure_shapes(labels).label.tolist() == [3, 7]
    assert list(outlines(labels)) == [3, 7]


def test_touches_edge_on_each_side():
    labels = np.zeros((9, 9), int)
    labels[0, 4], labels[8, 4], labels[4, 0], labels[4, 8], labels[4, 4] = 1, 2, 3, 4, 5
    assert measure_shapes(labels).touches_edge.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize("shape", [(0, 0), (5, 7)])
def test_nothing_gives_an_empty_table_with_every_column(shape):
    empty, full = measure_shapes(np.zeros(shape, int)), measure_shapes(np.ones((3, 3), int))
    assert len(empty) == 0
    assert (empty.dtypes == full.dtypes).all()
    assert outlines(np.zeros(shape, int)) == {}


@pytest.mark.parametrize("function", [measure_shapes, outlines])
def test_what_is_not_a_label_image_is_refused(function):
    with pytest.raises(ValueError, match="two-dimensional"):
        function(np.zeros((2, 2, 2), int))
    with pytest.raises(TypeError, match="integers"):
        function(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="between"):
        function(np.full((2, 2), -1))


# -- anything that can be drawn --------------------------------------------------------------


@given(blobs())
def test_outlines_enclose_exactly_the_pixels(labels):
    found = outlines(labels)
    areas = np.bincount(labels.ravel(), minlength=1)
    assert list(found) == np.unique(labels[labels > 0]).tolist()
    for label, outline in found.items():
        filled = ndimage.binary_fill_holes(labels == label)
        assert shoelace(outline) == filled.sum() >= areas[label]
        steps = np.roll(outline, -1, axis=0) - outline
        assert ((steps == 0).sum(axis=1) == 1).all()
        assert ((steps != 0) != (np.roll(steps, -1, axis=0) != 0)).all()
        assert outline.dtype == np.float32


@given(blobs(), st.integers(0, 3), st.booleans())
def test_turning_and_mirroring_change_positions_only(labels, turns, mirrored):
    moved = np.rot90(labels[:, ::-1] if mirrored else labels, turns)
    before, after = measure_shapes(labels), measure_shapes(moved)
    exact = ["area", "ecd", "min_feret", "max_feret", "aspect_ratio", "solidity", "touches_edge"]
    pd.testing.assert_frame_equal(before[exact], after[exact], check_exact=True)
    pd.testing.assert_frame_equal(before.drop(columns=POSITIONS), after.drop(columns=POSITIONS))


@given(blobs(), st.integers(2, 4))
def test_scaling_scales_lengths(labels, k):
    before, after = measure_shapes(labels), measure_shapes(np.kron(labels, np.ones((k, k), int)))
    assert (after.area == k**2 * before.area).all()
    for size in ("ecd", "min_feret", "max_feret"):
        np.testing.assert_allclose(after[size], k * before[size], rtol=1e-12)
    np.testing.assert_allclose(after.solidity, before.solidity)


@given(blobs())
def test_perimeter_agrees_with_scikit_image(labels):
    for row in measure_shapes(labels).itertuples():
        expected = perimeter_crofton(labels == row.label, directions=4)
        assert row.perimeter == pytest.approx(expected)


@given(blobs())
def test_feret_agrees_with_a_slow_scan_over_directions(labels):
    angles = np.deg2rad(np.arange(0, 180, 0.25))
    for row in measure_shapes(labels).itertuples():
        y, x = np.nonzero(labels == row.label)
        # A pixel reaches (|cos| + |sin|) / 2 beyond its centre.
        spread = np.ptp(x[:, None] * np.cos(angles) + y[:, None] * np.sin(angles), axis=0)
        widths = spread + abs(np.cos(angles)) + abs(np.sin(angles))
        assert row.min_feret <= widths.min() + 1e-9
        assert row.min_feret == pytest.approx(widths.min(), rel=5e-3, abs=0.05)
        assert row.max_feret == pytest.approx(widths.max(), rel=1e-4)


@given(blobs())
def test_ellipses_are_those_of_scikit_image(labels):
    """Which takes pixels as points: the second moments of their own extent are added."""
    measured = measure_shapes(labels).set_index("label")
    for region in regionprops(labels):
        greater, less = np.asarray(region.inertia_tensor_eigvals) + 1 / 12
        assert measured.ellipse_ratio[region.label] == pytest.approx(np.sqrt(less / greater))


# -- shapes of known truth -------------------------------------------------------------------

# |bias| and spread allowed: a little above what docs/measurement.md reports for r = 3 to 60 px.
# Perimeters of shapes with straight sides spread in proportion to their size: 6 % of P at most.
LIMITS = {
    "disc": {
        "ecd": (0.08, 0.2),
        "min_feret": (0.25, 0.45),
        "max_feret": (1.5, 0.35),
        "perimeter": (0.5, 0.8),
        "circularity": (0.012, 0.025),
        "solidity": (0.12, 0.03),
        "convexity": (0.002, 0.005),
        "aspect_ratio": (0.18, 0.06),
        "ellipse_ratio": (0.08, 0.06),
    },
    "square": {
        "ecd": (0.08, 0.2),
        "min_feret": (1.4, 0.55),
        "max_feret": (0.3, 0.5),
        "circularity": (0.08, 0.04),
        "solidity": (0.16, 0.08),
        "convexity": (0.015, 0.015),
        "aspect_ratio": (0.12, 0.08),
        "ellipse_ratio": (0.09, 0.06),
    },
    "ellipse": {
        "ecd": (0.08, 0.2),
        "min_feret": (1.3, 0.6),
        "max_feret": (1.2, 0.45),
        "perimeter": (0.5, 1.0),
        "circularity": (0.012, 0.025),
        "solidity": (0.13, 0.035),
        "convexity": (0.002, 0.005),
        "aspect_ratio": (0.05, 0.05),
        "ellipse_ratio": (0.02, 0.025),
    },
    "rod": {
        "ecd": (0.08, 0.2),
        "min_feret": (1.5, 0.45),
        "max_feret": (1.3, 0.4),
        "circularity": (0.012, 0.022),
        "solidity": (0.14, 0.05),
        "convexity": (0.01, 0.012),
        "aspect_ratio": (0.06, 0.03),
        "ellipse_ratio": (0.012, 0.012),
    },
}


@pytest.fixture(scope="module")
def drawn_shapes():
    """What the benchmark finds: true value, bias and spread by shape, radius and size."""
    command = [sys.executable, "-m", "benchmarks.sizes", "--draws=40", "--seed=1", "--csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return pd.read_csv(io.StringIO(done.stdout), index_col=[0, 1, 2]).sort_index()


@pytest.mark.slow
@pytest.mark.parametrize("radius", [3, 5, 10, 20, 40, 60])
@pytest.mark.parametrize("name", LIMITS)
def test_bias_and_spread(drawn_shapes, name, radius):
    found = drawn_shapes.loc[name, radius]
    for size, (bias, spread) in LIMITS[name].items():
        assert abs(found.bias[size]) <= bias, f"{size}: bias {found.bias[size]:+.3f}"
        assert found.spread[size] <= spread, f"{size}: spread {found.spread[size]:.3f}"
    perimeter = found.loc["perimeter"]
    assert abs(perimeter.bias) <= 0.07 * perimeter.true
    assert perimeter.spread <= 0.06 * perimeter.true


@given(blobs())
def test_same_labels_same_numbers(labels):
    pd.testing.assert_frame_equal(measure_shapes(labels), measure_shapes(labels), check_exact=True)
