"""What was found on the network's grid comes back to the recorded one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.measure.grid import Grid
from semseg.measure.recorded import measure_particles, on_recorded_grid, recorded_labels
from semseg.measure.shape import measure_shapes
from tests.support.discs import crowd

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


# Labels


def test_labels_on_the_recorded_grid_stay_as_they_are():
    labels = crowd(1, 10)
    assert np.array_equal(on_recorded_grid(labels, labels.shape), labels)


@given(SEEDS, st.integers(2, 5))
@FEW
def test_enlarging_by_a_whole_number_repeats_pixels(seed, factor):
    labels = crowd(seed, 8, grid=(2, 3))
    large = np.kron(labels, np.ones((factor, factor), np.int32))
    assert np.array_equal(on_recorded_grid(labels, large.shape), large)
    assert np.array_equal(on_recorded_grid(large, labels.shape), labels)


@given(SEEDS, st.floats(0.3, 3))
@FEW
def test_areas_scale_with_the_grid(seed, factor):
    labels = crowd(seed, 12)
    shape = tuple(round(side * factor) for side in labels.shape)
    result = on_recorded_grid(labels, shape)
    assert result.shape == shape
    expected = np.bincount(labels.ravel()) * (shape[0] * shape[1] / labels.size)
    # what falls on either side of the grid is of the order of the outline
    outline = 2 * np.pi * 12 * factor
    assert np.abs(np.bincount(result.ravel()) - expected)[1:].max() < outline


@given(SEEDS, st.integers(2, 12))
@FEW
def test_no_particle_is_lost_however_small_it_becomes(seed, ratio):
    """Specks of one pixel, each with a recorded pixel of its own."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((8 * ratio, 9 * ratio), np.int32)
    for label, (row, column) in enumerate(np.ndindex(8, 9), start=1):
        y, x = np.array([row, column]) * ratio + rng.integers(0, ratio, 2)
        labels[y, x] = label
    result = on_recorded_grid(labels, (8, 9))
    assert np.array_equal(result, np.arange(1, 73).reshape(8, 9))


def test_an_empty_picture_stays_empty():
    assert not on_recorded_grid(np.zeros((30, 40), np.int32), (61, 79)).any()


# Sizes in recorded pixels


@given(SEEDS, st.integers(1, 4))
@FEW
def test_sizes_do_not_depend_on_the_grid_of_the_network(seed, factor):
    """Each recorded pixel seen as factor x factor: the same figures, measured finer."""
    labels = crowd(seed, 9, grid=(2, 3))
    fine = np.kron(labels, np.ones((factor, factor), np.int32))
    plain = measure_shapes(labels)
    sizes = measure_particles(measure_shapes(fine), Grid.whole(labels.shape, fine.shape))
    for name in ("x", "y", "area", "ecd", "min_feret", "max_feret"):
        assert sizes[f"{name}_px"].to_numpy() == pytest.approx(plain[name].to_numpy(), abs=1e-9)
    assert sizes["label"].tolist() == plain["label"].tolist()
    assert np.allclose(sizes["aspect_ratio"], plain["aspect_ratio"])
    assert sizes["touches_edge"].tolist() == plain["touches_edge"].tolist()


def test_areas_and_places_stay_exact_where_the_two_scales_differ():
    """A file of 20 x 20 px, of which each row was seen twice and each column three times."""
    labels = np.zeros((40, 60), np.int32)
    labels[10:16, 18:30] = 1  # rows 5, 6 and 7, columns 6 to 9 of the file
    grid = Grid.whole((20, 20), labels.shape)
    (particle,) = measure_particles(measure_shapes(labels), grid).to_dict("records")
    assert (particle["x_px"], particle["y_px"]) == pytest.approx((7.5, 6))
    assert particle["area_px"] == pytest.approx(12)
    # the disc of 12 px
    assert particle["ecd_px"] == pytest.approx(3.9088201)


def test_lengths_carry_their_unit_and_boxes_are_left_out():
    sizes = measure_particles(measure_shapes(crowd(1, 9)), Grid.whole((50, 60), (100, 120)))
    assert {
        "x_px",
        "y_px",
        "area_px",
        "ecd_px",
        "min_feret_px",
        "max_feret_px",
        "perimeter_px",
    } <= (set(sizes))
    assert not [name for name in sizes if name.startswith("bbox")]
    assert not {"x", "y", "area", "ecd", "perimeter"} & set(sizes)


def test_no_particles_give_an_empty_table():
    sizes = measure_particles(
        measure_shapes(np.zeros((20, 20), np.int32)), Grid.whole((20, 20), (20, 20))
    )
    assert len(sizes) == 0
    assert "ecd_px" in sizes


def test_positions_count_from_the_first_pixel_of_the_file():
    labels = np.zeros((40, 60), np.int32)
    labels[10:14, 20:26] = 1  # at factor 2: rows 5 and 6, columns 10, 11 and 12 of the frame
    grid = Grid(recorded=(27, 35), frame=(20, 30), network=(40, 60), top=4, left=3)
    (particle,) = measure_particles(measure_shapes(labels), grid).to_dict("records")
    assert (particle["x_px"], particle["y_px"]) == (11 + 3, 5.5 + 4)
    assert particle["area_px"] == 6
    assert (particle["box_width_px"], particle["box_height_px"]) == (3, 2)
    expected = np.zeros((27, 35), np.int32)
    expected[9:11, 13:16] = 1
    assert np.array_equal(recorded_labels(labels, grid), expected)
