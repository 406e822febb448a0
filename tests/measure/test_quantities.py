"""The table of sizes and shapes, and how it takes numbers from one unit to another."""

import numpy as np
import pandas as pd
import pytest

from semseg.measure.quantities import (
    QUANTITIES,
    SHAPES,
    SIZES,
    in_nanometres,
    in_recorded_pixels,
    of_column,
)
from semseg.measure.shape import measure_shapes

SQUARE = np.pad(np.ones((4, 4), np.int32), 3)


def test_every_row_describes_what_is_measured():
    measured = measure_shapes(SQUARE)
    for quantity in QUANTITIES:
        assert quantity.key in measured
        for text in (quantity.name, quantity.symbol, quantity.definition, quantity.source):
            assert text == text.strip() != ""
    keys = [quantity.key for quantity in QUANTITIES]
    assert len(set(keys)) == len(keys)


def test_what_may_be_chosen_stands_in_the_order_of_the_table():
    assert list(SIZES)[:3] == ["ecd", "min_feret", "max_feret"]
    shown = [quantity.key for quantity in QUANTITIES if quantity.shown]
    assert [*SIZES, *SHAPES] == shown
    assert {"aspect_ratio", "circularity", "solidity", "convexity"} <= set(SHAPES)
    assert {size.kind for size in SIZES.values()} == {"length"}
    assert {shape.kind for shape in SHAPES.values()} == {"ratio"}


@pytest.mark.parametrize(
    ("column", "key"),
    [
        *(("ecd_nm", "ecd"), ("max_feret_px", "max_feret")),
        *(("area_nm2", "area"), ("area_px", "area"), ("solidity", "solidity")),
    ],
)
def test_a_column_is_known_again(column, key):
    assert of_column(column).key == key


@pytest.mark.parametrize("column", ["x_px", "confidence", "area_nm", "ecd", "solidity_nm", ""])
def test_other_columns_are_no_quantities(column):
    assert of_column(column) is None


def test_lengths_areas_and_ratios_change_their_unit_each_in_its_way():
    """A square of 4 px where the network looks at twice the recorded size, 3 nm per pixel."""
    recorded = in_recorded_pixels(measure_shapes(SQUARE), 2.0)
    known = in_nanometres(recorded, 3.0).iloc[0]
    assert (known["min_feret_px"], known["min_feret_nm"]) == (2.0, 6.0)
    assert (known["area_px"], known["area_nm2"]) == (4.0, 36.0)
    assert (known["solidity"], known["touches_edge"]) == (1.0, False)
    assert known["ecd_nm"] == pytest.approx(6.0 * np.sqrt(4 / np.pi))
    assert "min_feret" not in known
    assert "solidity_nm" not in known


def test_what_is_not_measured_is_left_out():
    bare = pd.DataFrame({"label": [1], "ecd": [8.0]})
    recorded = in_recorded_pixels(bare, 4.0)
    assert list(in_nanometres(recorded, 10.0)) == ["label", "ecd_px", "ecd_nm"]
    assert list(bare) == ["label", "ecd"]
