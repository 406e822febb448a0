"""The analysed area and what masks do to it, against areas and chances that are known."""

import numpy as np
import pytest

from semseg.measure.area import Area

FRAME = (400, 600)


def rectangle(left, top, right, bottom):
    """From the centre of the first pixel, as masks are."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float) - 0.5


def test_without_masks_it_is_the_frame():
    area = Area.of(FRAME)
    assert area.pixels == 240_000
    assert area.room([10.0, 300.0], [20.0, 300.0]).tolist() == [1, 1]


def test_masks_are_counted_once_and_only_inside_the_frame():
    masks = [rectangle(0, 0, 100, 100), rectangle(50, 50, 150, 150), rectangle(500, 0, 900, 400)]
    assert Area.of(FRAME, masks).pixels == 240_000 - 17_500 - 40_000


@pytest.mark.parametrize(("width", "height"), [(20.0, 20.0), (100.0, 40.0), (150.0, 200.0)])
def test_a_mask_along_an_edge_is_a_smaller_frame(width, height):
    area = Area.of(FRAME, [rectangle(300, 0, 600, 400)])
    inside = (1 - width / 600) * (1 - height / 400) * area.room([width], [height])[0]
    assert inside == pytest.approx((1 - width / 300) * (1 - height / 400), rel=0.02)


def test_a_box_as_large_as_the_area_lies_somewhere():
    area = Area.of(FRAME, [rectangle(0, 100, 600, 400)])
    assert (area.room([590.0], [99.0]) > 0).all()


def test_weights_undo_what_a_mask_in_the_middle_does():
    """Boxes dropped at random: those wholly inside the area, weighted, are as wide as all."""
    rng = np.random.default_rng(5)
    mask = rectangle(200, 120, 420, 260)
    area = Area.of(FRAME, [mask])
    side = rng.choice([10.0, 40.0, 100.0], 400_000)
    x, y = rng.uniform(-60, 660, side.size), rng.uniform(-60, 460, side.size)
    left, top, right, bottom = x - side / 2, y - side / 2, x + side / 2, y + side / 2
    within = (left > 0) & (top > 0) & (right < 600) & (bottom < 400)
    apart = (left > 420) | (right < 200) | (top > 260) | (bottom < 120)
    whole = side[within & apart]
    chance = (1 - whole / 600) * (1 - whole / 400) * area.room(whole, whole)
    assert whole.mean() < 0.8 * 50
    assert np.average(whole, weights=1 / chance) == pytest.approx(50, rel=0.02)
