"""Of all ways to join fragments, the one with the highest score is found, and each is used once."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from semseg.instances import merge_tree
from semseg.instances.merge_tree import (
    CERTAIN_LOG_ODDS,
    CLIP_LOG_ODDS,
    MIN_LOG_ODDS,
    best_cut,
    candidates,
)


def random_tree(seed):
    """Up to 8 fragments with random seams."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.choice(np.arange(1, 20), rng.integers(1, 9), replace=False)).tolist()
    pairs = [pair for pair in itertools.combinations(labels, 2) if rng.random() < 0.5]
    found = pd.DataFrame(pairs, columns=["first", "second"], dtype=int)
    return labels, candidates(labels, found, rng.normal(0, 2.5, len(pairs)))


def cuts(tree, index):
    """Every way to take a candidate: whole, or a cut of each of its parts."""
    yield [index]
    if tree[index].parts:
        for one, other in itertools.product(*(list(cuts(tree, p)) for p in tree[index].parts)):
            yield one + other


@pytest.mark.parametrize("seed", range(30))
def test_no_other_cut_has_a_higher_score(seed):
    labels, tree = random_tree(seed)
    score = np.random.default_rng([seed, 1]).normal(0, 1, len(tree))
    chosen = best_cut(tree, score)
    assert sorted(m for index in chosen for m in tree[index].members) == labels
    parts = {part for each in tree if each.parts for part in each.parts}
    most = sum(
        max(score[cut].sum() for cut in cuts(tree, root)) for root in set(range(len(tree))) - parts
    )
    assert score[chosen].sum() == pytest.approx(most)
    firsts = [min(tree[index].members) for index in chosen]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("seed", range(30))
def test_candidates_come_after_their_parts_and_hold_just_those(seed):
    labels, tree = random_tree(seed)
    for index, each in enumerate(tree):
        assert MIN_LOG_ODDS < each.joined <= CLIP_LOG_ODDS
        assert -CLIP_LOG_ODDS <= each.further <= CLIP_LOG_ODDS
        if each.parts:
            assert max(each.parts) < index
            held = [m for part in each.parts for m in tree[part].members]
            assert sorted(held) == list(each.members)
            # the seam undone between two parts is the next one around either
            assert {tree[part].further for part in each.parts} == {each.joined}
    assert {m for each in tree for m in each.members} == set(labels)


def row(*odds):
    """Fragments in a row, 1, 2, ..., with these odds between neighbours."""
    first = list(range(1, len(odds) + 1))
    found = pd.DataFrame({"first": first, "second": [label + 1 for label in first]})
    return candidates(range(1, len(odds) + 2), found, np.array(odds))


def test_what_is_certain_has_no_alternative():
    tree = row(CERTAIN_LOG_ODDS + 1, 0.5, MIN_LOG_ODDS - 1)
    assert [each.members for each in tree] == [(3,), (4,), (1, 2), (1, 2, 3)]
    assert [each.parts for each in tree] == [None, None, None, (2, 0)]
    assert [each.joined for each in tree] == [
        CLIP_LOG_ODDS,
        CLIP_LOG_ODDS,
        CERTAIN_LOG_ODDS + 1,
        0.5,
    ]
    assert [each.further for each in tree] == [0.5, MIN_LOG_ODDS - 1, 0.5, MIN_LOG_ODDS - 1]


def test_what_is_unlikely_is_no_candidate():
    assert [each.members for each in row(MIN_LOG_ODDS - 0.1, MIN_LOG_ODDS + 0.1)] == [
        (1,),
        (2,),
        (3,),
        (2, 3),
    ]


def test_crowds_are_taken_whole(monkeypatch):
    monkeypatch.setattr(merge_tree, "MAX_FRAGMENTS", 3)
    tree = row(2.5, 2.4, 2.3, 2.2)
    assert max(len(each.members) for each in tree) == 5
    assert [each.members for each in tree if each.parts is None] == [(1, 2, 3, 4, 5)]


def test_a_candidate_with_the_score_of_its_parts_stays_whole():
    assert best_cut(row(0.0), np.array([0.5, 0.5, 1.0])) == [2]
    assert best_cut(row(0.0), np.array([0.5, 0.6, 1.0])) == [0, 1]


def test_nothing_has_no_candidates():
    nothing = pd.DataFrame({"first": [], "second": []}, dtype=int)
    assert candidates([], nothing, np.zeros(0)) == []
    assert best_cut([], np.zeros(0)) == []
