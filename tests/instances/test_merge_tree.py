"""Of all ways to join superpixels, the one with the highest score is found, and each is used once;
and what is known of those joined is what would be known had they been one from the start."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from semseg.instances.adjacency import REGION_SUMS, SEAM_SUMS, Adjacency, Sums, tally
from semseg.instances.features import SEAM_FEATURES, seam_features
from semseg.instances.merge_tree import (
    CLIP_LOG_ODDS,
    MIN_LOG_ODDS,
    best_cut,
    grow_tree,
)

FEW = settings(max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


def graph_of(count, odds):
    """So many regions, and a seam of length 1 for each pair in `odds`, which holds its log odds."""
    pairs = sorted(odds)
    regions = np.zeros((count, len(REGION_SUMS)))
    regions[:, REGION_SUMS.index("area")] = 1 + np.arange(count)
    seams = np.zeros((len(pairs), len(SEAM_SUMS)))
    seams[:, SEAM_SUMS.index("length")] = 1
    seams[:, SEAM_SUMS.index("boundary")] = [odds[pair] for pair in pairs]
    first, second = np.array(pairs, int).reshape(-1, 2).T
    saddles = np.arange(len(pairs)) / 8
    return Adjacency(
        Sums(REGION_SUMS, regions),
        np.arange(count) / 4,
        first,
        second,
        Sums(SEAM_SUMS, seams),
        saddles,
        0.1,
    )


def mean_of_boundary(graph, chosen):
    seams = graph.seams.rows(chosen)
    return np.column_stack([seams.mean("boundary", "length"), seams["length"]])


def grown(count, odds):
    """A tree; where seams become one, their odds are the mean of both."""
    return grow_tree(graph_of(count, odds), mean_of_boundary, lambda features: features[:, 0])


def row(*odds):
    """Regions in a row, 0, 1, ..., with these odds between neighbours."""
    return grown(len(odds) + 1, {(place, place + 1): value for place, value in enumerate(odds)})


def random_tree(seed):
    """Up to 8 superpixels with random seams."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    pairs = [pair for pair in itertools.combinations(range(count), 2) if rng.random() < 0.5]
    return grown(count, dict(zip(pairs, rng.normal(0, 2.5, len(pairs)).tolist(), strict=True)))


def members(tree):
    """What each candidate holds."""
    held = tree.memberships()
    assert held.shape == (len(tree), tree.leaves)
    assert set(held.data.tolist()) <= {1}
    return [sorted(held[[index]].indices.tolist()) for index in range(len(tree))]


# The greatest sum of scores


def cuts(tree, index):
    """Every way to take a candidate: whole, or a cut of each of its parts."""
    yield [index]
    if index >= tree.leaves:
        for one, other in itertools.product(*(list(cuts(tree, p)) for p in tree.parts[index])):
            yield one + other


@pytest.mark.parametrize("seed", range(30))
def test_no_other_cut_has_a_higher_score(seed):
    tree = random_tree(seed)
    score = np.random.default_rng([seed, 1]).normal(0, 1, len(tree))
    chosen = best_cut(tree, score)
    assert chosen.tolist() == sorted(chosen.tolist())
    held = members(tree)
    assert sorted(m for index in chosen for m in held[index]) == list(range(tree.leaves))
    tops = np.flatnonzero(tree.whole < 0).tolist()
    most = sum(max(score[cut].sum() for cut in cuts(tree, top)) for top in tops)
    assert score[chosen].sum() == pytest.approx(most)


def test_a_candidate_with_the_score_of_its_parts_stays_whole():
    assert best_cut(row(0.0), np.array([0.5, 0.5, 1.0])).tolist() == [2]
    assert best_cut(row(0.0), np.array([0.5, 0.75, 1.0])).tolist() == [0, 1]


def test_scores_below_zero_are_no_reason_to_leave_anything_out():
    assert best_cut(row(0.0), np.array([-0.5, -0.5, -0.75])).tolist() == [2]
    assert best_cut(row(0.0), np.array([-0.25, -0.25, -0.75])).tolist() == [0, 1]


def test_a_good_part_deep_inside_is_found():
    # {0, 1}, {2, 3} and all of them
    tree = row(2.0, 0.0, 1.0)
    assert members(tree)[4:] == [[0, 1], [2, 3], [0, 1, 2, 3]]
    assert best_cut(tree, np.array([0, 0, 1, 1, 1, 0, 2.5])).tolist() == [2, 3, 4]


def test_nothing_has_no_candidates():
    tree = grown(0, {})
    assert len(tree) == tree.leaves == 0
    assert best_cut(tree, np.zeros(0)).tolist() == []
    assert tree.memberships().shape == (0, 0)


# What the candidates are


@pytest.mark.parametrize("seed", range(30))
def test_candidates_come_after_their_parts_and_hold_just_those(seed):
    tree = random_tree(seed)
    held = members(tree)
    assert tree.leaves <= len(tree) <= 2 * tree.leaves - 1
    assert held[: tree.leaves] == [[leaf] for leaf in range(tree.leaves)]
    assert (tree.parts[: tree.leaves] == -1).all()
    whole = np.full(len(tree), -1)
    for index in range(tree.leaves, len(tree)):
        one, other = tree.parts[index].tolist()
        assert 0 <= one < other < index
        assert sorted(held[one] + held[other]) == held[index]
        whole[[one, other]] = index
    assert tree.whole.tolist() == whole.tolist()
    at_top = [m for index in np.flatnonzero(whole < 0) for m in held[index]]
    assert sorted(at_top) == list(range(tree.leaves))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_known_of_a_candidate_is_the_sum_of_its_parts(seed):
    tree = random_tree(seed)
    graph = tree.graph
    for index, held in enumerate(members(tree)):
        np.testing.assert_allclose(
            tree.regions.values[index], graph.regions.values[held].sum(axis=0)
        )
        assert tree.peaks[index] == graph.peaks[held].max()
        within = np.isin(graph.first, held) & np.isin(graph.second, held)
        undone = graph.seams.values[within].sum(axis=0)
        np.testing.assert_allclose(tree.inside.values[index], undone, atol=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_a_whole_is_joined_where_its_parts_are_best_joined_further(seed):
    tree = random_tree(seed)
    assert (tree.joined[: tree.leaves] == CLIP_LOG_ODDS).all()
    assert (tree.seam_features[: tree.leaves] == 0).all()
    made = tree.joined[tree.leaves :]
    assert (made > MIN_LOG_ODDS).all()
    assert (made <= CLIP_LOG_ODDS).all()
    np.testing.assert_array_equal(
        np.clip(tree.seam_features[tree.leaves :, 0], -CLIP_LOG_ODDS, CLIP_LOG_ODDS), made
    )
    below = tree.whole >= 0
    np.testing.assert_array_equal(tree.further[below], tree.joined[tree.whole[below]])
    assert (tree.further[~below] <= MIN_LOG_ODDS).all()
    assert (tree.further >= -CLIP_LOG_ODDS).all()


def test_each_round_joins_those_that_are_best_for_each_other():
    tree = row(1.0, 2.0, 0.5, 3.0)
    # 1 with 2 and 3 with 4 in one round, then 0 with the first of them, then both
    assert tree.parts[5:].tolist() == [[1, 2], [3, 4], [0, 5], [6, 7]]
    assert tree.joined[5:].tolist() == [2, 3, 1, 0.5]
    assert tree.whole.tolist() == [7, 5, 5, 6, 6, 7, 8, 8, -1]
    assert tree.further.tolist() == [1, 2, 2, 3, 3, 1, 0.5, 0.5, -CLIP_LOG_ODDS]


def test_of_seams_as_good_as_each_other_the_first_is_taken():
    tree = row(1.0, 1.0, 1.0)
    assert tree.parts[4:].tolist() == [[0, 1], [2, 3], [4, 5]]
    tree = row(1.0, 1.0)
    assert tree.parts[3:].tolist() == [[0, 1], [2, 3]]


def test_two_seams_with_a_third_become_one():
    # 0 and 1 are joined; then with 2 along both their seams, -1 and 2 on average
    tree = grown(3, {(0, 1): 4.0, (0, 2): -1.0, (1, 2): 2.0})
    assert tree.parts[3:].tolist() == [[0, 1], [2, 3]]
    assert tree.joined[3:].tolist() == [4, 0.5]
    assert tree.seam_features[3:].tolist() == [[4, 1], [0.5, 2]]
    assert tree.inside["length"].tolist() == [0, 0, 0, 1, 3]
    assert tree.further.tolist() == [4, 4, 0.5, 0.5, -CLIP_LOG_ODDS]


def test_what_is_unlikely_is_no_candidate():
    tree = row(MIN_LOG_ODDS - 0.5, MIN_LOG_ODDS + 0.5)
    assert members(tree) == [[0], [1], [2], [1, 2]]
    assert tree.further.tolist() == [
        MIN_LOG_ODDS - 0.5,
        MIN_LOG_ODDS + 0.5,
        MIN_LOG_ODDS + 0.5,
        MIN_LOG_ODDS - 0.5,
    ]
    assert len(row(MIN_LOG_ODDS)) == 2  # that and no more is not enough


def test_log_odds_beyond_what_they_tell_are_cut():
    tree = row(40.0, -40.0)
    assert tree.joined.tolist() == [CLIP_LOG_ODDS] * 4
    assert tree.further.tolist() == [CLIP_LOG_ODDS] * 2 + [-CLIP_LOG_ODDS] * 2


def test_without_odds_nothing_is_joined():
    tree = row(-np.inf, -np.inf)
    assert len(tree) == 3
    assert tree.further.tolist() == [-CLIP_LOG_ODDS] * 3


def test_what_touches_nothing_stays_alone():
    tree = grown(4, {(1, 3): 1.0})
    assert members(tree) == [[0], [1], [2], [3], [1, 3]]
    assert tree.further.tolist() == [-CLIP_LOG_ODDS, 1, -CLIP_LOG_ODDS, 1, -CLIP_LOG_ODDS]


# Added up and counted anew


def drawn(seed):
    """Labels of random pieces, with maps and a picture."""
    rng = np.random.default_rng(seed)
    shape = 30, 36
    seeds = np.zeros(shape, int)
    seeds.ravel()[rng.choice(seeds.size, 14, replace=False)] = np.arange(1, 15)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_indices=True)[1]
    labels = seeds[tuple(nearest)].astype(np.int32)
    labels[ndimage.gaussian_filter(rng.standard_normal(shape), 3) > 0.08] = 0
    numbers = np.unique(labels, return_inverse=True)[1].reshape(shape)
    if labels.all():
        numbers += 1
    maps = rng.random((3, *shape)).astype(np.float16)
    image, edges = rng.random((2, *shape), np.float32)
    return numbers.astype(np.int32), maps, image, edges


def judged(seed, graph):
    """A logistic regression on all features, at random."""
    known = seam_features(graph, np.arange(len(graph.seams)))
    known = known if len(known) else np.zeros((1, len(SEAM_FEATURES)))
    mean, scale = known.mean(axis=0), known.std(axis=0) + 0.1
    weights = np.random.default_rng([seed, 1]).normal(0, 0.3, len(SEAM_FEATURES))
    return lambda features: np.clip((features - mean) / scale, -4, 4) @ weights - 0.2


def grown_anew(labels, maps, image, edges, log_odds):
    """The candidates made, where after each round everything is counted and judged anew.

    Returns parts, joined, further, and the features of the seam undone.
    """
    count = int(labels.max())
    parts, joined, undone = [], [], []
    further = [-CLIP_LOG_ODDS] * count
    while True:
        graph = tally(labels, maps, image, edges, 0.1)
        known = seam_features(graph, np.arange(len(graph.seams)))
        odds = log_odds(known)
        pairs = list(zip(graph.first.tolist(), graph.second.tolist(), strict=True))
        best = {
            region: max(o for pair, o in zip(pairs, odds, strict=True) if region in pair)
            for region in {each for pair in pairs for each in pair}
        }
        for region, value in best.items():
            further[region] = float(np.clip(value, -CLIP_LOG_ODDS, CLIP_LOG_ODDS))
        chosen = [
            seam
            for seam, ((one, other), o) in enumerate(zip(pairs, odds, strict=True))
            if o > MIN_LOG_ODDS and o == best[one] == best[other]
        ]
        if not chosen:
            return parts, joined, further, undone
        labels = labels.copy()
        for seam in chosen:
            one, other = pairs[seam]
            parts.append([one, other])
            joined.append(float(np.clip(odds[seam], -CLIP_LOG_ODDS, CLIP_LOG_ODDS)))
            undone.append(known[seam])
            further.append(-CLIP_LOG_ODDS)
            labels[np.isin(labels, [one + 1, other + 1])] = len(further)


@given(SEEDS)
@FEW
def test_what_is_added_up_is_what_counting_anew_gives(seed):
    labels, *pictures = drawn(seed)
    graph = tally(labels, *pictures, 0.1)
    log_odds = judged(seed, graph)
    tree = grow_tree(graph, seam_features, log_odds)
    parts, joined, further, undone = grown_anew(labels, *pictures, log_odds)
    assert tree.parts[tree.leaves :].tolist() == parts
    np.testing.assert_allclose(tree.joined[tree.leaves :], joined, atol=1e-6)
    np.testing.assert_allclose(tree.further, further, atol=1e-6)
    np.testing.assert_allclose(
        tree.seam_features[tree.leaves :], np.reshape(undone, (-1, len(SEAM_FEATURES))), atol=1e-6
    )


def test_only_seams_of_what_is_new_are_judged_anew():
    asked = []

    def features(graph, chosen):
        asked.append(len(chosen))
        return mean_of_boundary(graph, chosen)

    odds = {(place, place + 1): -4.0 for place in range(9)} | {(4, 5): 1.0}
    tree = grow_tree(graph_of(10, odds), features, lambda known: known[:, 0])
    assert len(tree) == 11
    assert asked == [9, 2]
