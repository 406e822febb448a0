"""Features say of shapes and seams what geometry says, and are finite for anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.instances.adjacency import tally
from semseg.instances.features import (
    CANDIDATE_FEATURES,
    SEAM_FEATURES,
    candidate_features,
    seam_features,
)
from semseg.instances.merge_tree import CLIP_LOG_ODDS, grow_tree
from tests.support.discs import disc
from tests.support.drawn_maps import depth_of

FEW = settings(max_examples=20)
SEEDS = st.integers(0, 2**32 - 1)
NOISE = 0.015  # which together with 0.005, or 0.01, that are added to it makes 0.02, or 0.025


def tree_of(labels, maps=None, image=None, edges=None, log_odds=None):
    """The merge tree of these superpixels; nothing is joined without `log_odds`."""
    labels = np.asarray(labels, np.int32)
    if maps is None:
        depth = depth_of(labels > 0)
        maps = np.stack([labels > 0, depth / max(depth.max(), 1), np.zeros(labels.shape)])
    image = np.where(labels > 0, 0.75, 0.25) if image is None else image
    edges = np.zeros(labels.shape) if edges is None else edges
    graph = tally(labels, maps, image.astype(np.float32), edges.astype(np.float32), NOISE)

    def odds(known):
        return np.full(len(known), -np.inf) if log_odds is None else log_odds(known)

    return grow_tree(graph, seam_features, odds)


def features_of(*arguments, **options):
    """One row per candidate."""
    values = candidate_features(tree_of(*arguments, **options))
    return pd.DataFrame(values, columns=list(CANDIDATE_FEATURES))


def always(known):
    """Log odds that join everything."""
    return np.ones(len(known))


def of_seams(labels, *arguments, **options):
    """One row per seam of the superpixels."""
    graph = tree_of(labels, *arguments, **options).graph
    values = seam_features(graph, np.arange(len(graph.seams)))
    return pd.DataFrame(values, columns=list(SEAM_FEATURES))


def cone(shape, y, x, radius):
    """The distance map of a disc: 1 in its middle, 0 at its outline."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.clip(1 - np.hypot(rows - y, columns - x) / radius, 0, 1)


def maps_of(inside, depth):
    return np.stack([inside, depth, np.zeros(inside.shape)])


# Shapes. Expected values from the moments of the shapes in the plane


SHAPE = (160, 260)


@pytest.mark.parametrize("ratio", [1, 2, 4])
@pytest.mark.parametrize("angle", [0, 30, 45, 90])
def test_an_ellipse_fills_the_ellipse_of_its_moments(ratio, angle):
    y, x = np.indices(SHAPE)
    turn = np.exp(1j * np.radians(angle))
    along = ((x - 130) + 1j * (y - 80)) * turn
    depth = 1 - np.hypot(along.real / 72, along.imag / (72 / ratio))
    (row,) = features_of(depth > 0, maps_of(depth > 0, np.clip(depth, 0, 1))).itertuples()
    assert row.fill == pytest.approx(1, abs=0.01)
    assert row.aspect == pytest.approx(np.log(ratio), abs=0.02)
    # a cone has 0.3 of its mass' radius squared, where the disc has 0.5
    assert row.spread == pytest.approx(0.6, abs=0.01)
    assert row.shift == pytest.approx(0, abs=0.01)
    assert row.middle == pytest.approx(1 / 3, abs=0.01)
    assert row.size == pytest.approx(np.log(2 * 72 / np.sqrt(ratio)), abs=0.01)


def test_a_disc_is_round_and_a_long_strip_is_not():
    (row,) = features_of(disc(SHAPE, 80, 130, 60)).itertuples()
    assert row.roundness == pytest.approx(1, abs=0.02)
    strip = np.zeros(SHAPE, int)
    strip[70:74, 20:220] = 1
    (row,) = features_of(strip).itertuples()
    # 4 pi 800 / (408 pi / 4)^2
    assert row.roundness == pytest.approx(0.0979, abs=0.001)
    assert row.aspect == pytest.approx(np.log(50), abs=0.01)
    assert row.fill == pytest.approx(3 / np.pi)  # as any rectangle


def test_half_a_disc_has_its_hill_at_one_side():
    inside = disc(SHAPE, 80, 130.5, 60)
    half = inside & (np.arange(SHAPE[1]) > 130)
    (row,) = features_of(half, maps_of(inside, cone(SHAPE, 80, 130.5, 60))).itertuples()
    # middle of the area at 4 / (3 pi) radii, that of the cone at 1 / pi
    apart = 4 / (3 * np.pi) - 1 / np.pi
    second = 1 / 2 - (4 / (3 * np.pi)) ** 2
    assert row.shift == pytest.approx(apart / np.sqrt(second), rel=0.02)
    across = 1 / 4 - (4 / (3 * np.pi)) ** 2
    assert row.fill == pytest.approx(1 / 8 / np.sqrt(across / 4), rel=0.01)
    assert row.fill == pytest.approx(0.9455, abs=0.005)
    # about the middle of the area
    assert row.spread == pytest.approx((0.3 - 1 / np.pi**2 + apart**2) / second, rel=0.02)


def test_two_discs_taken_as_one_have_two_hills():
    one, other = disc(SHAPE, 80, 90, 40), disc(SHAPE, 80, 170, 40)
    depth = cone(SHAPE, 80, 90, 40) + cone(SHAPE, 80, 170, 40)
    (row,) = features_of(one | other, maps_of(one | other, depth)).itertuples()
    # second moments 1/4 across and 1/4 + 1 along, in radii squared; of the cones 1.3 in all
    assert row.fill == pytest.approx(1 / (2 * np.sqrt(5 / 16)), rel=0.01)
    assert row.fill == pytest.approx(0.894, abs=0.01)
    assert row.spread == pytest.approx(1.3 / 1.5, rel=0.01)
    assert row.shift == pytest.approx(0, abs=1e-6)
    assert row.aspect == pytest.approx(np.log(5) / 2, rel=0.02)


def test_shapes_do_not_depend_on_where_they_lie():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 4, (6, 7)).repeat(3, 0).repeat(3, 1)
    pictures = rng.random((3, *labels.shape)), *rng.random((2, *labels.shape))
    around = ((40, 10), (300, 10))
    near, far = (
        features_of(
            np.pad(labels, [(a + 5, b + 5) for a, b in margin]),
            *(np.pad(each, [(0, 0)] * (each.ndim - 2) + [(a + 5, b + 5) for a, b in margin])
              for each in pictures),
            log_odds=always,
        )
        for margin in (((0, 0), (0, 0)), around)
    )  # fmt: skip
    np.testing.assert_allclose(far, near, atol=1e-6)


def test_a_piece_without_any_distance_is_the_same_anywhere():
    labels = np.zeros((60, 90), int)
    labels[5:9, 5:9], labels[40:44, 70:74] = 1, 2
    one, other = features_of(labels, maps_of(labels > 0, np.zeros(labels.shape))).to_numpy()
    np.testing.assert_allclose(other, one, atol=1e-6)


def test_a_turned_picture_has_the_same_features():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 9, (6, 7)).repeat(3, 0).repeat(3, 1)
    maps, (image, edges) = rng.random((3, *labels.shape)), rng.random((2, *labels.shape))

    def odds(known):
        return known[:, SEAM_FEATURES.index("boundary")]

    one = features_of(labels, maps, image, edges, odds)
    other = features_of(labels.T, maps.swapaxes(1, 2), image.T, edges.T, odds)
    np.testing.assert_allclose(other, one, atol=1e-6)


# Seams


@pytest.fixture
def two():
    """Two rectangles side by side, 4 rows high, 6 and 3 columns wide."""
    labels = np.zeros((12, 20), np.int32)
    labels[3:7, 4:10], labels[3:7, 10:13] = 1, 2
    return labels


def test_a_seam_by_hand(two):
    maps = np.stack([two > 0, two > 0, np.zeros(two.shape)])
    maps[1, 3:7, 4:10] = 0.5
    maps[1, 5, 5], maps[1, 4, 12] = 0.75, 1
    maps[2, 3:7, 9] = [1, 0.5, 0.25, 0.125]
    maps[0, 3, 10] = 0.5
    edges = np.zeros(two.shape)
    edges[3:7, 10] = [0.5, 0.25, 0.125, 0]
    seam = of_seams(two, maps, edges=edges).iloc[0]
    assert seam["boundary"] == pytest.approx(1.875 / 4)
    assert seam["boundary_sd"] == pytest.approx(np.std([1, 0.5, 0.25, 0.125]))
    assert seam["open"] == 0.25  # boundary of 0.125
    assert seam["edge"] == pytest.approx(0.875 / 4)
    assert seam["plain"] == 0.5  # edges of 0.125 and 0
    assert seam["foreground"] == pytest.approx(3.5 / 4)
    assert seam["distance"] == pytest.approx(0.5)
    assert seam["lower_peak"] == 0.75
    assert seam["saddle"] == pytest.approx(0.5 / 0.75)
    assert seam["inner_boundary"] == pytest.approx(1.875 / 36)
    assert seam["noise"] == pytest.approx(0.015)


def test_sizes_and_shapes_at_a_seam(two):
    seam = of_seams(two, np.stack([two > 0, two > 0, 0 * two])).iloc[0]
    diameter = np.sqrt(4 * 12 / np.pi)
    assert seam["width"] == pytest.approx(4 / diameter)
    assert seam["size"] == pytest.approx(np.log(diameter))
    assert seam["ratio"] == pytest.approx(np.log(2) / 2)
    for which in ("small", "large", "both"):
        assert seam[f"fill_{which}"] == pytest.approx(3 / np.pi)
        assert seam[f"shift_{which}"] == pytest.approx(0)
    assert seam["fill_gain"] == pytest.approx(0)
    assert seam["aspect_small"] == pytest.approx(np.log(4 / 3))
    assert seam["aspect_large"] == pytest.approx(np.log(6 / 4))
    assert seam["aspect_both"] == pytest.approx(np.log(9 / 4))
    # of the centres of pixels (4^2 + 3^2 - 2) / 12, of the area (4^2 + 3^2) / 12
    assert seam["spread_small"] == pytest.approx(23 / 25)
    assert seam["spread_large"] == pytest.approx((52 - 2) / 52)
    assert seam["spread_both"] == pytest.approx((97 - 2) / 97)
    assert seam["middle_small"] == seam["middle_both"] == 1
    assert seam["bare_small"] == pytest.approx(10 / 14)
    # a straight seam, 4 sides long: their centres have a variance of 15 / 12
    assert seam["waviness"] == pytest.approx(0)
    assert seam["reach"] == pytest.approx(np.sqrt(15) / diameter)


def test_grey_at_a_seam(two):
    image = np.where(two == 1, 0.5, np.where(two == 2, 0.75, 0.0))
    seam = of_seams(two, image=image).iloc[0]
    assert seam["difference"] == pytest.approx(np.log1p(0.25 / 0.02), rel=1e-5)
    assert seam["roughness"] == pytest.approx(np.log1p(0.25 / 0.02), rel=1e-5)
    assert seam["coherence"] == pytest.approx(1)
    assert seam["valley"] == pytest.approx(0)
    assert seam["relief"] == pytest.approx(0)
    assert seam["contrast"] == pytest.approx(0.25 / 0.01)
    image[3:5, 9:11] = 0.5  # as dark as the first, in the two upper ones of four rows
    seam = of_seams(two, image=image).iloc[0]
    # upper rows: 0.5 0.5 | 0.5 0.75: (0.5 + 0.5 - 0.5 - 0.75) / 2 below what is beside
    assert seam["valley"] == pytest.approx(-0.0625 / 0.025, rel=1e-5)
    assert seam["relief"] == pytest.approx(np.log1p(0.0625 / 0.02), rel=1e-5)


def test_a_seam_whose_two_sides_change_is_not_coherent(two):
    image = np.where(two > 0, 0.5, 0.0)
    image[3:5, 4:10], image[5:7, 10:13] = 0.75, 0.75
    seam = of_seams(two, image=image).iloc[0]
    assert seam["coherence"] == pytest.approx(0, abs=1e-6)
    assert seam["difference"] == pytest.approx(0, abs=1e-5)
    assert seam["roughness"] == pytest.approx(np.log1p(0.25 / 0.02), rel=1e-5)


def test_which_side_is_named_first_does_not_show(two):
    rng = np.random.default_rng(7)
    pictures = rng.random((3, *two.shape)), *rng.random((2, *two.shape))
    swapped = np.array([0, 2, 1])[two]
    np.testing.assert_allclose(
        of_seams(swapped, *pictures), of_seams(two, *pictures), rtol=1e-6, atol=1e-9
    )


def test_only_the_chosen_seams_are_worked_out():
    labels = np.arange(1, 13).reshape(3, 4).repeat(4, 0).repeat(4, 1)
    image = np.random.default_rng(2).random(labels.shape)
    graph = tree_of(labels, image=image).graph
    known = seam_features(graph, np.arange(len(graph.seams)))
    assert known.shape == (17, len(SEAM_FEATURES))
    np.testing.assert_array_equal(seam_features(graph, np.array([11, 3])), known[[11, 3]])
    assert seam_features(graph, np.zeros(0, int)).shape == (0, len(SEAM_FEATURES))


# Candidates


def two_discs():
    """One alone, two that touch."""
    labels = np.zeros((60, 120), np.int32)
    for label, x in enumerate((20, 68, 91), start=1):
        labels[disc(labels.shape, 30, x, 12)] = label
    return labels


def test_a_lone_particle_is_exposed_and_touching_ones_less():
    features = features_of(two_discs())
    assert features["exposure"][0] == 1
    assert (features["exposure"][1:] < 1).all()
    assert (features["exposure"][1:] > 0.5).all()
    assert features["separation"][0] == 1  # it has nothing to be separated from
    assert (features["separation"][1:] == 0).all()  # the map says nothing between the two
    assert features["outer_open"].tolist() == [0, 1, 1]
    assert features["outer_edge"].tolist() == [1, 0, 0]
    assert features["outer_plain"].tolist() == [0, 1, 1]
    assert features["outer_foreground"].tolist() == [0, 1, 1]


def test_features_rise_with_what_they_mean():
    labels = two_discs()[:, :45]
    inside = labels > 0
    depth = cone(inside.shape, 30, 20, 12)
    sound = features_of(labels, maps_of(inside, depth)).iloc[0]
    faint = features_of(labels, maps_of(0.6 * inside, depth)).iloc[0]
    merged = features_of(labels, np.stack([inside, 1 - depth, inside])).iloc[0]
    dim = features_of(labels, image=np.where(inside, 0.3, 0.25)).iloc[0]
    assert sound["certainty"] == 1
    assert faint["certainty"] == pytest.approx(0.6)
    assert sound["edge_contrast"] == 1
    assert faint["edge_contrast"] == pytest.approx(0.6)
    assert sound["peak"] == 1
    assert sound["spread"] == pytest.approx(0.6, abs=0.02)
    assert merged["spread"] > 1  # a hill around a hollow
    assert sound["inner_boundary"] == 0
    assert merged["inner_boundary"] == 1
    # 0.5 and 0.05 of grey over the noise, of which some is always there
    assert sound["contrast"] == pytest.approx(np.log1p(0.5 / 0.025), rel=1e-5)
    assert dim["contrast"] == pytest.approx(np.log1p(0.05 / 0.025), rel=1e-4)
    assert np.exp(sound["size"]) == pytest.approx(24, rel=0.02)
    assert sound["noise"] == pytest.approx(0.015)
    assert sound["frame"] == 0


def test_edges_and_texture_inside_and_at_the_rim():
    labels = np.zeros((12, 12), int)
    labels[2:10, 2:10] = 1
    edges = np.where(labels, 0.25, 0.75)
    image = np.where(labels, np.where(np.arange(12) % 2, 0.5, 0.75), 0)
    (row,) = features_of(labels, image=image, edges=edges).itertuples()
    assert row.inner_edge == 0.25
    assert row.rim_edge == 0.75
    # a standard deviation of 0.125 over the noise
    assert row.texture == pytest.approx(np.log(0.125 / 0.025 + 0.1), rel=1e-5)


def test_features_of_a_particle_know_nothing_of_what_lies_far_away():
    labels = two_discs()
    alone = np.where(labels == 1, labels, 0)
    np.testing.assert_allclose(
        features_of(labels, maps_of(labels > 0, cone(labels.shape, 30, 20, 12))).iloc[0],
        features_of(alone, maps_of(alone > 0, cone(labels.shape, 30, 20, 12))).iloc[0],
    )


def test_superpixels_together_look_like_the_particle_they_make():
    labels = two_discs()
    rng = np.random.default_rng(3)
    pictures = rng.random((3, *labels.shape)), *rng.random((2, *labels.shape))
    whole = features_of(labels, *pictures)
    y, x = np.indices(labels.shape)
    quarters = np.where(labels == 1, 3 + 2 * (x > 20) + (y > 30), np.maximum(labels - 1, 0))

    def odds(known):  # of sides about as large as each other
        return np.where(known[:, SEAM_FEATURES.index("ratio")] < 0.1, 1.0, -9.0)

    together = features_of(quarters, *pictures, log_odds=odds)
    holds = ["undone_boundary", "undone_edge", "undone_length", "undone_wall"]
    differ = {*holds, "joined", "further", "single", "pieces", "share", "top"}
    same = [name for name in CANDIDATE_FEATURES if ":" not in name and name not in differ]
    assert len(same) > 20
    (top,) = together.index[np.isclose(together["pieces"], np.log(4))]
    np.testing.assert_allclose(together.loc[top, same], whole.loc[0, same], atol=1e-9)
    assert together["single"].tolist()[:6] == [1] * 6
    assert (together["single"][6:] == 0).all()
    assert (together.loc[:5, holds] == 0).all(axis=None)


def test_what_a_candidate_was_made_of_and_becomes(two):
    maps = np.stack([two > 0, two > 0, np.zeros(two.shape)])
    maps[2, 3:7, 9] = 0.5
    edges = np.where(two, 0.25, 0.0)
    one, other, both = features_of(two, maps, edges=edges, log_odds=always).to_dict("records")
    seam = of_seams(two, maps, edges=edges).iloc[0]
    for name in ("boundary", "width", "ratio", "fill_both", "bare_small"):
        assert one[f"made:{name}"] == other[f"made:{name}"] == 0
        assert both[f"made:{name}"] == one[f"next:{name}"] == other[f"next:{name}"] == seam[name]
        assert both[f"next:{name}"] == 0
    assert [each["joined"] for each in (one, other, both)] == [CLIP_LOG_ODDS] * 2 + [1]
    assert [each["further"] for each in (one, other, both)] == [1, 1, -CLIP_LOG_ODDS]
    assert [each["share"] for each in (one, other, both)] == pytest.approx([2 / 3, 1 / 3, 0])
    assert [each["top"] for each in (one, other, both)] == [0, 0, 1]
    assert [each["single"] for each in (one, other, both)] == [1, 1, 0]
    assert both["pieces"] == pytest.approx(np.log(2))
    assert both["undone_boundary"] == 0.5
    assert both["undone_edge"] == 0.25
    assert both["undone_length"] == pytest.approx(4 / 6)  # sides over the root of 36 px
    assert both["undone_wall"] == pytest.approx(2 / 6)
    assert both["exposure"] == 1
    assert one["exposure"] == pytest.approx(16 / 20)


def test_particles_at_the_frame_and_without_any_background():
    labels = np.ones((8, 8), int)
    labels[:, 4:] = 2
    one, other, both = features_of(labels, log_odds=always).to_dict("records")
    assert one["frame"] == other["frame"] == pytest.approx((8 + 3 + 3) / np.sqrt(32))
    assert one["exposure"] == 0
    assert both["exposure"] == 1  # nothing covers it
    assert one["edge_contrast"] == one["certainty"] - 0.5
    assert one["contrast"] == 0


# Anything


def odd_labels():
    single, corner, line = (np.zeros((20, 24), np.int32) for _ in range(3))
    single[9, 11] = 1
    corner[:5, :6] = 1
    corner[-1, -1] = 2
    corner[10, 0] = 3
    line[7] = 1
    full = np.ones((20, 24), np.int32)
    tiles = np.arange(1, 21).reshape(4, 5).repeat(5, 0).repeat(5, 1)
    dots = np.arange(1, 481).reshape(20, 24)
    return {
        "1 px": single, "at the edge": corner, "line": line, "full": full, "crowded": tiles,
        "1 px each": dots,
    }  # fmt: skip


@pytest.mark.parametrize("labels", odd_labels().values(), ids=odd_labels().keys())
@pytest.mark.parametrize("value", [None, 0.0, 1.0])
@pytest.mark.parametrize("log_odds", [None, always])
def test_features_of_odd_particles_are_finite(labels, value, log_odds):
    maps = None if value is None else np.full((3, *labels.shape), value)
    image = None if value is None else np.full(labels.shape, value)
    features = features_of(labels, maps, image, log_odds=log_odds)
    assert len(features) >= labels.max()
    assert np.isfinite(features.to_numpy()).all()
    assert np.isfinite(of_seams(labels, maps, image).to_numpy()).all()


@given(SEEDS, st.floats(-2, 2))
@FEW
def test_features_of_anything_are_finite_and_in_range(seed, bias):
    rng = np.random.default_rng(seed)
    _, labels = np.unique(rng.integers(0, 9, (6, 8)), return_inverse=True)
    labels = labels.reshape(6, 8).repeat(3, 0).repeat(3, 1)
    pictures = rng.random((3, *labels.shape)).astype(np.float16), *rng.random((2, *labels.shape))

    def odds(known):
        return bias + np.sin(9 * known.sum(axis=1))

    features = features_of(labels, *pictures, log_odds=odds)
    assert features.shape == (len(features), len(CANDIDATE_FEATURES))
    assert np.isfinite(features.to_numpy()).all()
    shares = [
        *("certainty", "peak", "middle", "separation", "inner_boundary", "exposure"),
        *("outer_open", "outer_plain", "outer_foreground", "outer_distance", "inner_edge"),
        *("single", "share", "top", "undone_boundary", "undone_edge", "rim_edge"),
    ]
    assert features[shares].to_numpy().min() >= -1e-9
    assert features[shares].to_numpy().max() <= 1 + 1e-9
    assert features["edge_contrast"].between(-1, 1).all()
    assert (features["fill"] > 0).all()
    assert (features["fill"] <= 1.05).all()


def test_names_are_not_given_twice():
    assert len(set(SEAM_FEATURES)) == len(SEAM_FEATURES)
    assert len(set(CANDIDATE_FEATURES)) == len(CANDIDATE_FEATURES)


def test_without_candidates_there_are_no_features():
    features = features_of(np.zeros((20, 20), np.int32))
    assert features.shape == (0, len(CANDIDATE_FEATURES))
    assert of_seams(np.zeros((20, 20), np.int32)).shape == (0, len(SEAM_FEATURES))
