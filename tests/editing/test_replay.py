"""Operations on drawn particles, whose truth is known before and after."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from semseg.editing.places import outside
from semseg.editing.replay import apply, replay
from semseg.editing.suggestions import neighbour
from semseg.errors import EditError
from semseg.instances.labelling import numbered
from semseg.measure.area import rings
from semseg.measure.grid import Grid
from semseg.measure.label_image import LabelImage
from semseg.measure.recorded import measure_particles, recorded_outlines
from semseg.measure.shape import measure_shapes
from semseg.measure.visibility import visibility
from semseg.operations import Add, Decide, Mask, Merge, Redraw, Split
from tests.support.fake_analysis import draw

GRIDS = {
    "as recorded": Grid((60, 80), (60, 80), (60, 80)),
    "cropped": Grid((75, 90), (60, 80), (60, 80), top=5, left=7),
    "twice as fine": Grid((40, 60), (30, 40), (60, 80), top=5, left=3),
    "not whole": Grid((50, 70), (44, 59), (60, 80), top=2, left=4),
}


def drawn_labels():
    """Two squares that touch, one by itself, and one at the edge."""
    labels = np.zeros((60, 80), np.int32)
    labels[10:30, 10:30] = 1
    labels[10:30, 30:44] = 2
    labels[40:52, 20:36] = 3
    labels[20:40, 70:80] = 4
    return labels


def segmented(grid=GRIDS["as recorded"], labels=None):
    labels = drawn_labels() if labels is None else labels
    particles = measure_particles(measure_shapes(labels), grid)
    return replace(
        draw().segmentation,
        grid=grid,
        label_image=LabelImage(labels),
        outlines=recorded_outlines(labels, grid),
        particles=particles.assign(
            confidence=0.4, doubt="blurred", visibility=visibility(labels), origin="network"
        ),
    )


def test_the_neighbour_of_the_longest_side_is_the_likeliest_rest():
    labels = drawn_labels()
    labels[31:38, 10:30] = 5  # longer than the side of 2, across a gap
    labels[10:30, 44:46] = 6
    found = segmented(labels=labels)
    assert neighbour(found, 1, {2, 3, 4}) == 2
    assert neighbour(found, 2, {1, 4, 6}) == 1  # of sides as long
    assert neighbour(found, 2, {4, 6}) == 6
    assert neighbour(found, 3, {1, 2, 4, 6}) is None
    assert neighbour(found, 9, {1, 2}) is None


def recorded(grid, points):
    """Places on the network's grid, from the corner of its first pixel, as operations have them."""
    return tuple(map(tuple, (grid.corners(np.array(points, float)) - 0.5).tolist()))


def measured_from_scratch(labels, grid):
    """What the whole pipeline would say of these labels, whatever their numbers."""
    plain, before = numbered(labels.copy())
    table = measure_particles(measure_shapes(plain), grid).assign(visibility=visibility(plain))
    outlines = recorded_outlines(plain, grid)
    return table.assign(label=before), {
        int(old): outlines[new] for new, old in enumerate(before.tolist(), start=1)
    }


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_every_particle_is_measured_as_if_it_had_been_found_so(grid):
    square = recorded(grid, [[50, 4], [62, 4], [62, 14], [50, 14]])
    replayed = replay(
        segmented(grid),
        [
            Split(1, (recorded(grid, [[20, 5], [20, 35]]),)),
            Merge((5, 2)),
            Add(square),
            Redraw(((3, recorded(grid, [[18, 38], [36, 38], [36, 56], [18, 56]])),)),
        ],
    )
    assert not replayed.segmentation.corrections.refused
    found = replayed.segmentation
    # the left half keeps its label, being the first of two alike, so the right one is new
    assert found.particles["label"].tolist() == [1, 2, 3, 4, 6]
    table, outlines = measured_from_scratch(found.network_labels, grid)
    columns = [name for name in table if name in found.particles]
    assert set(table) <= set(found.particles)
    pd.testing.assert_frame_equal(found.particles[columns], table[columns], check_dtype=False)
    assert list(found.outlines) == found.particles["label"].tolist()
    for label, outline in outlines.items():
        np.testing.assert_allclose(found.outlines[label], outline, atol=1e-9)


def test_a_split_keeps_the_label_of_the_largest_part():
    before = segmented()
    grid = before.grid
    found = apply(before, Split(1, (recorded(grid, [[16, 5], [16, 35]]),)))
    areas = found.particles.set_index("label")["area_px"]
    assert areas.to_dict() == {1: 280, 2: 280, 3: 192, 4: 200, 5: 120}
    assert (found.network_labels[10:30, 10:16] == 5).all()
    origins = found.particles.set_index("label")["origin"].to_dict()
    assert origins == {1: "split", 2: "network", 3: "network", 4: "network", 5: "split"}
    assert found.particles.set_index("label")["confidence"].to_dict() == {
        **{1: 1.0, 2: 0.4, 3: 0.4},
        **{4: 0.4, 5: 1.0},
    }
    assert before.network_labels.max() == 4  # as it was
    assert found.unedited is before


def test_a_short_line_parts_and_one_beside_it_does_not():
    before = segmented()
    inside = recorded(before.grid, [[20, 15], [20, 22]])
    assert len(apply(before, Split(1, (inside,))).particles) == 5
    beside = recorded(before.grid, [[5, 5], [5, 35]])
    with pytest.raises(EditError, match="does not part particle 1"):
        apply(before, Split(1, (beside,)))


def test_merged_particles_are_one_with_the_least_label():
    found = apply(segmented(), Merge((2, 1)))
    assert found.particles["label"].tolist() == [1, 3, 4]
    assert found.particles["area_px"].iat[0] == 680
    assert found.particles["origin"].tolist() == ["merge", "network", "network"]
    with pytest.raises(EditError, match="do not touch"):
        apply(segmented(), Merge((1, 3)))


def test_a_narrow_gap_is_closed_where_particles_are_merged():
    labels = drawn_labels()
    labels[10:30, 28:30] = 0
    found = apply(segmented(labels=labels), Merge((1, 2)))
    assert found.particles["area_px"].iat[0] == 680
    labels[10:30, 22:30] = 0
    with pytest.raises(EditError, match="do not touch"):
        apply(segmented(labels=labels), Merge((1, 2)))
    labels[10:30, 28:30] = 3  # what lies between belongs to another one
    labels[10:30, 22:28] = 1
    with pytest.raises(EditError, match="do not touch"):
        apply(segmented(labels=labels), Merge((1, 2)))


def test_a_particle_that_is_gone_cannot_be_merged():
    with pytest.raises(EditError, match="Particle 9 is not there"):
        apply(segmented(), Merge((1, 9)))


def test_what_is_added_takes_ground_only():
    before = segmented()
    over = recorded(before.grid, [[40, 10], [52, 10], [52, 30], [40, 30]])
    found = apply(before, Add(over))
    areas = found.particles.set_index("label")["area_px"].to_dict()
    assert areas == {1: 400, 2: 280, 3: 192, 4: 200, 5: 160}
    covered = recorded(before.grid, [[12, 12], [20, 12], [20, 20], [12, 20]])
    with pytest.raises(EditError, match="other particles lie there"):
        apply(before, Add(covered))
    outside = recorded(before.grid, [[112, 12], [120, 12], [120, 20]])
    with pytest.raises(EditError, match="outside"):
        apply(before, Add(outside))


def test_a_redrawn_particle_lies_where_it_was_drawn():
    before = segmented()
    there = recorded(before.grid, [[4, 38], [10, 38], [10, 48], [4, 48]])
    found = apply(before, Redraw(((3, there),)))
    assert (found.network_labels[38:48, 4:10] == 3).all()
    assert np.count_nonzero(found.network_labels == 3) == 60
    assert found.particles.set_index("label")["origin"][3] == "hand"


def test_neighbours_exchange_pixels():
    before = segmented()
    grid = before.grid
    wider = recorded(grid, [[10, 10], [36, 10], [36, 30], [10, 30]])
    narrower = recorded(grid, [[30, 10], [44, 10], [44, 30], [30, 30]])
    new = recorded(grid, [[44, 10], [54, 10], [54, 30], [44, 30]])
    found = apply(before, Redraw(((1, wider), (2, narrower), (0, new))))
    areas = found.particles.set_index("label")["area_px"].to_dict()
    assert areas == {1: 520, 2: 160, 3: 192, 4: 200, 5: 200}
    with pytest.raises(EditError, match="Particle 9 is not there"):
        apply(before, Redraw(((1, wider), (9, new))))


def test_an_excluded_particle_gives_way_and_another_does_not():
    before = segmented()
    grid = before.grid
    over = Add(recorded(grid, [[10, 10], [36, 10], [36, 30], [10, 30]]))
    replayed = replay(before, [Decide((1,), False), over])
    areas = replayed.segmentation.particles.set_index("label")["area_px"].to_dict()
    assert areas == {2: 280, 3: 192, 4: 200, 5: 400}
    assert replayed.decisions == {}
    assert replayed.segmentation.corrections.operations == (Decide((1,), False), over)
    with pytest.raises(EditError, match="other particles lie there"):
        apply(before, over)


def test_decisions_alone_change_no_outline():
    before = segmented()
    replayed = replay(before, [Decide((1,), False)])
    assert replayed.segmentation is before


def test_neighbours_are_seen_anew():
    labels = drawn_labels()
    labels[10:30, 10:44] = 1
    labels[16:24, 28:44] = 2  # lies in the first, which is seen in part
    before = segmented(labels=labels)
    assert before.particles["visibility"].iat[0] < 0.9
    grid = before.grid
    away = Redraw(((2, recorded(grid, [[50, 10], [60, 10], [60, 20], [50, 20]])),))
    found = apply(before, away)
    table, _ = measured_from_scratch(found.network_labels, grid)
    assert found.particles["visibility"].tolist() == table["visibility"].tolist()
    assert found.particles["visibility"].iat[0] > before.particles["visibility"].iat[0]


def test_a_mask_leaves_out_what_lies_in_it_and_cuts_what_it_touches():
    before = segmented()
    mask = Mask(recorded(before.grid, [[15, 5], [60, 5], [60, 35], [15, 35]]))
    found = apply(before, mask)
    assert found.particles["label"].tolist() == [3, 4]  # three quarters of the first lay in it
    assert len(found.corrections.masks) == 1
    at_corner = Mask(recorded(before.grid, [[5, 5], [15, 5], [15, 15], [5, 15]]))
    found = apply(before, at_corner)
    cut = found.particles.set_index("label")["touches_edge"].to_dict()
    assert cut == {1: True, 2: False, 3: False, 4: True}
    assert found.particles["area_px"].iat[0] == 400
    with pytest.raises(EditError, match="outside the picture"):
        apply(before, Mask(((-9.0, -9.0), (-5.0, -9.0), (-5.0, -5.0))))


def test_decisions_stay_with_outlines_that_stay():
    before = segmented()
    across = Split(1, (recorded(before.grid, [[20, 5], [20, 35]]),))
    replayed = replay(
        before, [Decide((1, 2, 3), False), Decide((3,), None), across, Decide((5, 99), True)]
    )
    assert replayed.decisions == {2: False, 5: True}


def test_what_cannot_be_done_is_left_out_and_said():
    before = segmented()
    replayed = replay(before, [Merge((1, 3)), Merge((1, 2)), Decide((2,), True)])
    corrections = replayed.segmentation.corrections
    assert corrections.refused == (
        "A correction by hand could not be made: These particles do not touch, so they cannot be "
        "one.",
    )
    assert corrections.operations == (Merge((1, 2)), Decide((2,), True))
    assert replayed.segmentation.particles["label"].tolist() == [1, 3, 4]
    assert replayed.decisions == {}


def test_no_label_is_given_twice():
    before = segmented()
    square = recorded(before.grid, [[50, 4], [62, 4], [62, 14], [50, 14]])
    mask = Mask(recorded(before.grid, [[48, 2], [64, 2], [64, 16], [48, 16]]))
    other = recorded(before.grid, [[50, 44], [62, 44], [62, 54], [50, 54]])
    once = apply(apply(before, Add(square)), mask)
    assert once.particles["label"].tolist() == [1, 2, 3, 4]
    assert apply(once, Add(other)).particles["label"].tolist() == [1, 2, 3, 4, 6]


def test_one_by_one_is_the_same_as_all_at_once():
    before = segmented(GRIDS["not whole"])
    grid = before.grid
    operations = [
        Split(1, (recorded(grid, [[13, 5], [24, 35]]),)),
        Mask(recorded(grid, [[0, 0], [14, 0], [14, 14], [0, 14]])),
        Merge((1, 2)),
        Add(recorded(grid, [[50, 4], [62, 4], [58, 14], [50, 14]])),
    ]
    step = before
    for operation in operations:
        step = apply(step, operation)
    whole = replay(before, operations).segmentation
    pd.testing.assert_frame_equal(step.particles, whole.particles)
    assert np.array_equal(step.network_labels, whole.network_labels)
    assert step.corrections.last_label == whole.corrections.last_label
    assert step.corrections.operations == tuple(operations)
    assert step.unedited is whole.unedited is before


def test_without_particles_one_can_be_added():
    before = segmented(labels=np.zeros((60, 80), np.int32))
    found = apply(before, Add(recorded(before.grid, [[50, 4], [62, 4], [62, 14], [50, 14]])))
    assert found.particles["label"].tolist() == [1]
    assert found.particles["area_px"].tolist() == [120]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_going_on_from_a_replay_is_the_same_as_all_of_it_at_once(grid):
    operations = [
        Decide((3,), False),
        Split(1, (recorded(grid, [[20, 5], [20, 35]]),)),
        Decide((2,), True),
        Add(recorded(grid, [[18, 38], [36, 38], [36, 56], [18, 56]])),  # over an excluded one
        Merge((5, 2)),
        Split(99, (recorded(grid, [[20, 5], [20, 35]]),)),  # is refused
        Mask(recorded(grid, [[60, 10], [80, 10], [80, 50], [60, 50]])),
        Redraw(((1, recorded(grid, [[8, 8], [20, 8], [20, 30], [8, 30]])),)),
    ]
    found = segmented(grid)
    whole = replay(found, operations)
    for first in range(2, len(operations)):
        part = replay(found, operations[:first])
        went_on = replay(part.segmentation, operations[first:], part.decisions)
        assert went_on.decisions == whole.decisions
        one, other = went_on.segmentation, whole.segmentation
        pd.testing.assert_frame_equal(one.particles, other.particles)
        np.testing.assert_array_equal(one.network_labels, other.network_labels)
        assert one.outlines.keys() == other.outlines.keys()
        assert all(np.array_equal(one.outlines[key], other.outlines[key]) for key in one.outlines)
        assert one.corrections.operations == other.corrections.operations
        assert one.corrections.refused == other.corrections.refused
        assert one.corrections.last_label == other.corrections.last_label


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("turned", [False, True])
def test_all_but_an_area_is_left_out(grid, turned):
    corners = recorded(grid, [[0, 0], [50, 0], [50, 34], [0, 34]])
    inside = Mask(corners[::-1] if turned else corners)
    found = apply(segmented(grid), outside(grid, inside))
    assert found.particles["label"].tolist() == [1, 2]  # as drawn, and whole
    assert not found.particles["touches_edge"].any()
    (mask,) = found.corrections.masks
    hole, frame = rings(mask)  # the way from one to the other is not drawn
    assert sorted(map(tuple, hole.tolist())) == sorted(corners)
    assert len(frame) == 5
    left, other = found.area.pixels, apply(segmented(grid), inside).area.pixels
    height, width = grid.frame
    assert left + other == height * width
    assert left == pytest.approx(50 / 80 * 34 / 60 * height * width, rel=0.05)
