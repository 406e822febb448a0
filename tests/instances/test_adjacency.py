"""What is known of superpixels and seams is what counting gives, however they are joined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.instances import adjacency as module
from semseg.instances.adjacency import REGION_SUMS, SEAM_SUMS, Sums, contracted, tally

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)
TURNED = {"x": "y", "y": "x", "xx": "yy", "yy": "xx", "dx": "dy", "dy": "dx"}


def tallied(labels, maps=None, image=None, edges=None):
    labels = np.asarray(labels, np.int32)
    zero = np.zeros(labels.shape, np.float32)
    maps = np.stack([zero] * 3) if maps is None else maps
    image, edges = (zero if each is None else each for each in (image, edges))
    return tally(labels, maps, image, edges, 0.1)


def anything(seed, shape=(6, 7)):
    """Random labels in blocks of some pixels, with gaps and background, and random pictures."""
    rng = np.random.default_rng(seed)
    high, wide = rng.integers(1, 5, 2)
    labels = rng.integers(0, 9, shape).repeat(high, 0).repeat(wide, 1).astype(np.int32)
    maps = rng.random((3, *labels.shape)).astype(np.float16)
    image, edges = rng.random((2, *labels.shape), np.float32)
    return labels, maps, image, edges


def assert_same(one, other):
    np.testing.assert_allclose(one.regions.values, other.regions.values, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(one.peaks, other.peaks)
    np.testing.assert_array_equal(one.first, other.first)
    np.testing.assert_array_equal(one.second, other.second)
    np.testing.assert_allclose(one.seams.values, other.seams.values, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(one.saddles, other.saddles)


# By hand


@pytest.fixture
def small():
    """Two regions side by side, 3 rows high, 2 and 4 columns wide; a third below the second."""
    labels = np.zeros((9, 10), np.int32)
    labels[2:5, 2:4] = 1
    labels[2:5, 4:8] = 2
    labels[5, 6:8] = 3
    return labels


def test_areas_and_moments(small):
    regions = tallied(small).regions
    assert len(regions) == 3
    assert regions["area"].tolist() == [6, 12, 2]
    assert regions["x"].tolist() == [3 * (2 + 3), 3 * (4 + 5 + 6 + 7), 13]
    assert regions["y"].tolist() == [2 * (2 + 3 + 4), 4 * (2 + 3 + 4), 10]
    assert regions["xx"].tolist() == [3 * (4 + 9), 3 * (16 + 25 + 36 + 49), 36 + 49]
    assert regions["yy"].tolist() == [2 * (4 + 9 + 16), 4 * (4 + 9 + 16), 50]
    assert regions["xy"].tolist() == [(2 + 3 + 4) * (2 + 3), 9 * (4 + 5 + 6 + 7), 5 * 13]


def test_what_maps_and_picture_say_is_added_up(small):
    y, x = np.indices(small.shape)
    maps = np.stack([0.5 + 0 * x, x / 8, y / 16]).astype(np.float16)
    graph = tallied(small, maps, np.float32(x / 4), np.float32(y / 2))
    third = {name: float(graph.regions[name][2]) for name in REGION_SUMS}
    assert third["foreground"] == 1
    assert third["distance"] == (6 + 7) / 8
    assert third["boundary"] == 2 * 5 / 16
    assert third["dx"] == (36 + 49) / 8
    assert third["dy"] == 5 * (6 + 7) / 8
    assert third["dr"] == (6 * (36 + 25) + 7 * (49 + 25)) / 8
    assert third["grey"] == (6 + 7) / 4
    assert third["grey_squared"] == (36 + 49) / 16
    assert third["edge"] == 5
    assert graph.peaks.tolist() == [3 / 8, 7 / 8, 7 / 8]
    assert graph.noise == 0.1


def test_the_rim_is_sides_on_the_background(small):
    regions = tallied(small).regions
    # 1: two above, two below, three on the left; 2: four, two and three; 3: one, two and one
    assert regions["rim"].tolist() == [7, 9, 4]
    assert regions["outer"].tolist() == [7, 9, 4]  # nothing lies on the other side of a gap


def test_the_rim_next_to_another_region_is_no_outer_one():
    labels = np.zeros((5, 12), np.int32)
    labels[:, 2:4], labels[:, 6:8] = 1, 2  # 2 px of background between them
    regions = tallied(labels).regions
    assert regions["rim"].tolist() == [10, 10]
    # of the sides that face each other, a pixel 3 px from the last inside is in the other
    assert regions["outer"].tolist() == [5, 5]


def test_steps_edges_and_contrast_at_the_rim():
    labels = np.zeros((1, 9), np.int32)
    labels[0, 3:6] = 1
    foreground = np.array([[0, 0.125, 0.25, 0.75, 1, 0.875, 0.5, 0, 0]])
    maps = np.stack([foreground, *[0 * foreground] * 2])
    grey = np.float32([[0.0625, 0, 0, 0.5, 0.75, 0.5, 0, 0, 0.25]])
    edges = np.float32([[0, 0, 0.5, 0.25, 0, 0.125, 1, 0, 0]])
    regions = tallied(labels, maps, grey, edges).regions
    assert regions["rim"][0] == 2
    assert regions["step"][0] == (0.75 - 0.25) + (0.875 - 0.5)
    assert regions["rim_edge"][0] == 0.5 + 1
    # the second pixel inside less the third outside
    assert regions["outer"][0] == 2
    assert regions["contrast"][0] == (0.75 - 0.0625) + (0.75 - 0.25)


def test_the_frame_is_the_edge_of_the_picture():
    labels = np.ones((4, 6), np.int32)
    labels[1:3, 1:5] = 2
    labels[3, :] = 3
    regions = tallied(labels).regions
    assert regions["area"].tolist() == [10, 8, 6]
    assert regions["frame"].tolist() == [10, 0, 6]
    assert regions["rim"].tolist() == [0, 0, 0]  # beyond the picture there is no background


def test_seams_are_sides_between_two(small):
    graph = tallied(small)
    assert graph.first.tolist() == [0, 1]
    assert graph.second.tolist() == [1, 2]
    assert graph.seams["length"].tolist() == [3, 2]
    # sides stand between the centres of pixels
    assert graph.seams["x"].tolist() == [3 * 3.5, 6 + 7]
    assert graph.seams["y"].tolist() == [2 + 3 + 4, 2 * 4.5]
    assert graph.seams["xx"].tolist() == [3 * 3.5**2, 36 + 49]
    assert graph.seams["yy"].tolist() == [4 + 9 + 16, 2 * 4.5**2]
    assert graph.seams["xy"].tolist() == [3.5 * 9, 4.5 * 13]


def test_what_stands_on_a_seam():
    labels = np.int32([[1, 1, 2, 2], [1, 1, 2, 2]])
    foreground = [[1, 0.75, 0.5, 1], [1, 0.25, 1, 1]]
    distance = [[1, 0.5, 0.25, 0.75], [0, 0.125, 0.5, 0]]
    boundary = [[1, 0, 0.125, 1], [1, 0.5, 0.75, 1]]
    edges = np.float32([[1, 0.125, 0, 1], [1, 0.5, 0.25, 1]])
    graph = tallied(labels, np.array([foreground, distance, boundary]), edges=edges)
    seam = {name: float(graph.seams[name][0]) for name in SEAM_SUMS}
    # the greater boundary and edge of both pixels, the lesser foreground and distance
    assert seam["length"] == 2
    assert seam["boundary"] == 0.125 + 0.75
    assert seam["boundary_squared"] == 0.125**2 + 0.75**2
    assert seam["edge"] == 0.125 + 0.5
    assert seam["foreground"] == 0.5 + 0.25
    assert seam["distance"] == 0.25 + 0.125
    assert seam["open"] == 1  # a boundary of 0.125 is none
    assert seam["plain"] == 1  # nor is an edge of 0.125
    assert graph.saddles.tolist() == [0.25]
    assert graph.peaks.tolist() == [1, 0.75]


@pytest.mark.parametrize(("left", "right", "sign"), [(1, 2, 1), (2, 1, -1)])
def test_grey_beside_a_seam(left, right, sign):
    labels = np.int32([[left] * 4 + [right] * 4])
    grey = np.float32([[0.0, 0.5, 0.25, 0.125, 0.375, 0.75, 1.0, 0.0]])
    seam = {name: float(tallied(labels, image=grey).seams[name][0]) for name in SEAM_SUMS}
    # at the seam 0.125 | 0.375; 2 px inside of those 0.5 and 1
    assert seam["difference"] == sign * (0.5 - 1)
    assert seam["roughness"] == 0.5
    assert seam["valley"] == (0.125 + 0.375) / 2 - (0.5 + 1) / 2


def test_differences_of_opposite_sign_cancel_but_roughness_does_not():
    labels = np.int32([[1] * 4 + [2] * 4] * 2)
    grey = np.zeros((2, 8), np.float32)
    grey[0, 1], grey[1, 6] = 0.5, 0.25
    seams = tallied(labels, image=grey).seams
    assert seams["difference"].tolist() == [0.25]
    assert seams["roughness"].tolist() == [0.75]


def test_near_the_edge_of_the_picture_the_last_pixel_is_read():
    labels = np.int32([[1], [2], [2]])
    grey = np.float32([[0.25], [0.5], [1]])
    (difference,) = tallied(labels, image=grey).seams["difference"]
    assert difference == 0.25 - 1


def test_corners_do_not_touch():
    graph = tallied([[1, 0], [0, 2]])
    assert len(graph.seams) == len(graph.first) == len(graph.saddles) == 0
    assert graph.regions["rim"].tolist() == [2, 2]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (4, 6)])
def test_nothing_has_no_regions(shape):
    graph = tallied(np.zeros(shape))
    assert graph.regions.values.shape == (0, len(REGION_SUMS))
    assert graph.seams.values.shape == (0, len(SEAM_SUMS))
    assert graph.peaks.shape == graph.first.shape == graph.second.shape == (0,)


# Anything


def counted(labels, maps, image, edges):
    """Region sums and seam lengths pixel by pixel."""
    height, width = labels.shape
    regions = np.zeros((labels.max() + 1, len(REGION_SUMS)))
    lengths, differences, peaks = {}, {}, np.zeros(labels.max() + 1)
    for y, x in np.ndindex(labels.shape):
        label = labels[y, x]
        if not label:
            continue
        f, d, b = (float(each) for each in maps[:, y, x])
        g, e = float(image[y, x]), float(edges[y, x])
        at_frame = y in (0, height - 1) or x in (0, width - 1)
        own = dict(area=1, x=x, y=y, xx=x * x, yy=y * y, xy=x * y)
        own |= dict(foreground=f, distance=d, boundary=b, dx=d * x, dy=d * y)
        own |= dict(dr=d * (x**2 + y**2), grey=g, grey_squared=g * g, edge=e, frame=at_frame)
        peaks[label] = max(peaks[label], d)
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):

            def at(picture, steps, y=y, x=x, dy=dy, dx=dx):
                return picture[
                    min(max(y + steps * dy, 0), height - 1), min(max(x + steps * dx, 0), width - 1)
                ]

            if not (0 <= y + dy < height and 0 <= x + dx < width):
                continue
            if at(labels, 1) == 0:
                own["rim"] = own.get("rim", 0) + 1
                own["step"] = own.get("step", 0) + f - float(at(maps[0], 1))
                own["rim_edge"] = own.get("rim_edge", 0) + max(e, float(at(edges, 1)))
                if at(labels, 3) == 0:
                    own["outer"] = own.get("outer", 0) + 1
                    contrast = float(at(image, -1)) - float(at(image, 3))
                    own["contrast"] = own.get("contrast", 0) + contrast
            elif label < at(labels, 1):
                pair = label - 1, at(labels, 1) - 1
                lengths[pair] = lengths.get(pair, 0) + 1
                difference = float(at(image, -2)) - float(at(image, 3))
                differences[pair] = differences.get(pair, 0) + difference
        for name, value in own.items():
            regions[label, REGION_SUMS.index(name)] += value
    return regions[1:], peaks[1:], lengths, differences


@given(SEEDS)
@FEW
def test_sums_are_what_counting_gives(seed):
    labels, maps, image, edges = anything(seed)
    graph = tally(labels, maps, image, edges, 0.1)
    regions, peaks, lengths, differences = counted(labels, maps, image, edges)
    np.testing.assert_allclose(graph.regions.values, regions, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(graph.peaks, peaks)
    pairs = list(zip(graph.first.tolist(), graph.second.tolist(), strict=True))
    assert pairs == sorted(lengths)
    assert graph.seams["length"].tolist() == [lengths[pair] for pair in pairs]
    expected = [differences[pair] for pair in pairs]
    np.testing.assert_allclose(graph.seams["difference"], expected, atol=1e-5)


@given(SEEDS, st.integers(1, 9))
@FEW
def test_bands_do_not_show(seed, rows):
    drawn = anything(seed)
    whole = tally(*drawn, 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BAND_ROWS", rows)
        assert_same(tally(*drawn, 0.1), whole)


@given(SEEDS)
@FEW
def test_a_turned_picture_has_the_same_sums(seed):
    labels, maps, image, edges = anything(seed)
    one = tally(labels, maps, image, edges, 0.1)
    other = tally(labels.T, maps.swapaxes(1, 2), image.T, edges.T, 0.1)
    for names, sums, turned in (
        (REGION_SUMS, one.regions, other.regions),
        (SEAM_SUMS, one.seams, other.seams),
    ):
        for name in names:
            there = turned[TURNED.get(name, name)]
            np.testing.assert_allclose(there, sums[name], atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(one.first, other.first)
    np.testing.assert_array_equal(one.saddles, other.saddles)


@given(SEEDS)
@FEW
def test_every_side_is_counted_once(seed):
    """All sides of a region's pixels: on the background, on others, within, or on the frame."""
    labels, maps, image, edges = anything(seed)
    graph = tally(labels, maps, image, edges, 0.1)
    beside = np.zeros(len(graph.regions))
    np.add.at(beside, graph.first, graph.seams["length"])
    np.add.at(beside, graph.second, graph.seams["length"])
    framed = np.pad(labels, 1, constant_values=-1)
    sides = np.zeros(labels.max() + 1)
    for axis in (0, 1):
        for step in (-1, 1):
            other = np.roll(framed, step, axis)[1:-1, 1:-1]
            np.add.at(sides, labels, (other != labels) & (other >= 0))
    np.testing.assert_array_equal(graph.regions["rim"] + beside, sides[1:])


# Joined


def joined_pairs(graph, rng):
    """Some pairs of regions that touch, none in two."""
    pairs, taken = [], set()
    for seam in rng.permutation(len(graph.seams)).tolist():
        pair = {int(graph.first[seam]), int(graph.second[seam])}
        if not pair & taken and rng.random() < 0.7:
            taken |= pair
            pairs.append(seam)
    return graph.first[pairs], graph.second[pairs]


@given(SEEDS)
@FEW
def test_joining_is_counting_of_what_was_joined(seed):
    labels, maps, image, edges = anything(seed)
    graph = tally(labels, maps, image, edges, 0.1)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        before = len(graph.regions)
        first, second = joined_pairs(graph, rng)
        numbers = before + np.arange(len(first))
        after, where = contracted(graph, first, second, numbers)
        new = np.arange(before + 1)
        new[first + 1] = new[second + 1] = numbers + 1
        relabelled = new.astype(np.int32)[labels]
        counted_anew = tally(relabelled, maps, image, edges, 0.1)
        # of those that were joined the sums are still known
        present = np.unique(relabelled[relabelled > 0]) - 1
        np.testing.assert_allclose(
            after.regions.values[present], counted_anew.regions.values[present], atol=1e-8
        )
        np.testing.assert_array_equal(after.peaks[present], counted_anew.peaks[present])
        np.testing.assert_array_equal(after.regions.values[:before], graph.regions.values)
        for name in ("first", "second", "saddles"):
            np.testing.assert_array_equal(getattr(after, name), getattr(counted_anew, name))
        np.testing.assert_allclose(after.seams.values, counted_anew.seams.values, atol=1e-8)
        assert after.noise == graph.noise
        # every old seam leads to the one that has both its sides, or nowhere
        ends = new[np.column_stack([graph.first, graph.second]) + 1] - 1
        for (one, other), place in zip(ends.tolist(), where.tolist(), strict=True):
            if one == other:
                assert place == -1
            else:
                assert {one, other} == {int(after.first[place]), int(after.second[place])}
        labels, graph = relabelled, after


def test_the_difference_turns_its_sign_where_sides_change_places():
    # 1 | 2 | 3: joined, 1 and 2 become 4, which is the second at its seam with 3
    labels = np.int32([[1] * 3 + [2] * 3 + [3] * 3])
    grey = np.float32([[0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1]])
    graph = tallied(labels, image=grey)
    assert graph.seams["difference"].tolist() == [-0.5, -0.5]
    joined, where = contracted(graph, np.array([0]), np.array([1]), np.array([3]))
    assert where.tolist() == [-1, 0]
    assert (joined.first.tolist(), joined.second.tolist()) == ([2], [3])
    assert joined.seams["difference"].tolist() == [0.5]
    assert joined.seams["roughness"].tolist() == [0.5]
    assert joined.regions["area"].tolist() == [3, 3, 3, 6]


def test_joining_nothing_changes_nothing():
    graph = tally(*anything(3), 0.1)
    none = np.zeros(0, np.int64)
    same, where = contracted(graph, none, none, none)
    assert_same(same, graph)
    np.testing.assert_array_equal(where, np.arange(len(graph.seams)))


# Tables of sums


def test_sums_are_known_by_name():
    sums = Sums(("area", "grey"), np.array([[2.0, 1.0], [0.0, 0.0], [4.0, 1.0]]))
    assert len(sums) == 3
    assert sums["grey"].tolist() == [1, 0, 1]
    assert sums.mean("grey").tolist() == [0.5, 0, 0.25]  # nothing has no mean
    assert (sums + sums)["area"].tolist() == [4, 0, 8]
    assert sums.rows(np.array([2, 0]))["area"].tolist() == [4, 2]
    assert sums.rows(np.array([True, False, True]))["area"].tolist() == [2, 4]
    assert sums.followed_by(sums.rows(slice(1)))["area"].tolist() == [2, 0, 4, 2]
    with pytest.raises(ValueError, match="tuple"):
        sums["colour"]
