"""From superpixels to particles: of all the ways to join them, the one with the highest score.

Neighbours are joined that most look like one particle, far beyond what is likely, and every state
on the way is a candidate: a superpixel, or a pair of candidates made one. They form merge trees
(Liu et al., ICPR 2012). In each round all those are joined of which each is the other's best
neighbour (Boruvka, 1926), and what is known of them and their seams is added up, so the seams of
what was joined are judged anew, as seams of larger regions. A particle is whatever a cut through
its tree leaves whole: each candidate is scored by itself, and the cut with the greatest sum of
scores is found from the superpixels upwards.

n superpixels have at most 2 n - 1 candidates, however crowded the picture is, and the rounds are
bounded (`MAX_ROUNDS`; pictures of particles take 4 to 40).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from semseg.instances.adjacency import Adjacency, Indices, Sums, Values, contracted

__all__ = ["MergeTree", "best_cut", "grow_tree"]

MIN_LOG_ODDS = -3.0  # of one particle; below it two candidates are not joined
CLIP_LOG_ODDS = 6.0  # beyond plus or minus this they say no more
MAX_ROUNDS = 256  # a region with thousands of neighbours would take a round for each of them


@dataclass(frozen=True, eq=False)
class MergeTree:
    """All candidates: first the superpixels, then what is made of them, parts before the whole.

    Attributes
    ----------
    graph : Adjacency
        Of the superpixels.
    regions : Sums, n rows
        Of all candidates.
    peaks : (n,) float64
    inside : Sums, n rows
        Of all the seams undone inside each.
    parts : (n, 2) int64
        The two candidates that it was made of; -1 for superpixels.
    whole : (n,) int64
        The candidate that it became part of; -1 for those at the top.
    seam_features : (n, f) float64
        Of the seam between its parts, when they were joined; zero for superpixels.
    joined : (n,) float64
        Log odds of one particle along that seam; `CLIP_LOG_ODDS` for a superpixel.
    further : (n,) float64
        The greatest log odds of one particle with a neighbour; minus `CLIP_LOG_ODDS` where there is
        none.
    """

    graph: Adjacency
    regions: Sums
    peaks: Values
    inside: Sums
    parts: Indices
    whole: Indices
    seam_features: Values
    joined: Values
    further: Values

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def leaves(self) -> int:
        """How many of the candidates are superpixels."""
        return len(self.graph.regions)

    def memberships(self) -> sparse.csr_array:
        """Which superpixels (columns, n) each candidate (rows) holds: 1 or nothing."""
        members: list[list[int]] = [[leaf] for leaf in range(self.leaves)]
        for one, other in self.parts[self.leaves :].tolist():
            members.append(members[one] + members[other])
        starts = np.cumsum([0, *map(len, members)])
        columns = np.array([leaf for each in members for leaf in each], int)
        return sparse.csr_array(
            (np.ones(columns.size), columns, starts), (len(members), self.leaves)
        )


def grow_tree(
    graph: Adjacency,
    features: Callable[[Adjacency, Indices], Values],
    log_odds: Callable[[Values], Values],
) -> MergeTree:
    """Join regions round by round.

    Parameters
    ----------
    graph : Adjacency
        Of the superpixels.
    features : callable
        Of some seams of a graph, (k,) indices, their features (k, f).
    log_odds : callable
        Of such features, the log odds (k,) that one particle lies on both sides.
    """
    leaves = len(graph.regions)
    start = graph
    inside = Sums(graph.seams.names, np.zeros((leaves, len(graph.seams.names))))
    known = features(graph, np.arange(len(graph.seams)))
    odds = log_odds(known)
    parts = [np.full((leaves, 2), -1)]
    joined, undone = [np.full(leaves, CLIP_LOG_ODDS)], [np.zeros((leaves, known.shape[1]))]
    whole, further = np.full(leaves, -1), np.full(leaves, -CLIP_LOG_ODDS)
    for _ in range(MAX_ROUNDS):
        if not len(odds):
            break
        best = np.full(len(graph.regions), -np.inf)
        np.maximum.at(best, graph.first, odds)
        np.maximum.at(best, graph.second, odds)
        beside = np.isfinite(best)
        further[beside] = np.clip(best[beside], -CLIP_LOG_ODDS, CLIP_LOG_ODDS)
        seam = _mutual(graph, odds, best)
        if not seam.size:
            break
        first, second = graph.first[seam], graph.second[seam]
        numbers = len(graph.regions) + np.arange(len(seam))
        whole[first] = whole[second] = numbers
        whole = np.concatenate([whole, np.full(len(seam), -1)])
        further = np.concatenate([further, np.full(len(seam), -CLIP_LOG_ODDS)])
        parts.append(np.column_stack([first, second]))
        joined.append(np.clip(odds[seam], -CLIP_LOG_ODDS, CLIP_LOG_ODDS))
        undone.append(known[seam])
        inside = inside.followed_by(
            inside.rows(first) + inside.rows(second) + graph.seams.rows(seam)
        )
        graph, where = contracted(graph, first, second, numbers)
        known, odds = _carried(graph, known, odds, where, numbers[0], features, log_odds)
    return MergeTree(
        graph=start,
        regions=graph.regions,
        peaks=graph.peaks,
        inside=inside,
        parts=np.concatenate(parts),
        whole=whole,
        seam_features=np.concatenate(undone),
        joined=np.concatenate(joined),
        further=further,
    )


def _mutual(graph: Adjacency, odds: Values, best: Values) -> Indices:
    """The seams that are the best of both their sides and likely enough, each region in one."""
    both = (odds == best[graph.first]) & (odds == best[graph.second]) & (odds > MIN_LOG_ODDS)
    chosen: list[int] = []
    taken: set[int] = set()
    for seam in np.flatnonzero(both).tolist():
        pair = {int(graph.first[seam]), int(graph.second[seam])}
        if not pair & taken:  # where several are as good, the first
            taken |= pair
            chosen.append(seam)
    return np.array(chosen, int)


def _carried(
    graph: Adjacency,
    known: Values,
    odds: Values,
    where: Indices,
    first_new: int,
    features: Callable[[Adjacency, Indices], Values],
    log_odds: Callable[[Values], Values],
) -> tuple[Values, Values]:
    """Features and log odds of the seams of a contracted graph: only those of the new regions
    are worked out, the others are as they were."""
    count = len(graph.seams)
    new_known, new_odds = np.empty((count, known.shape[1])), np.empty(count)
    there = where >= 0
    new_known[where[there]], new_odds[where[there]] = known[there], odds[there]
    changed = np.flatnonzero(graph.second >= first_new)
    new_known[changed] = features(graph, changed)
    new_odds[changed] = log_odds(new_known[changed])
    return new_known, new_odds


def best_cut(tree: MergeTree, score: NDArray[np.floating]) -> Indices:
    """Indices of candidates that hold every superpixel once and whose scores have the greatest sum.

    Parameters
    ----------
    tree : MergeTree
    score : (n,)
        Of each candidate taken whole; may be negative.

    Returns
    -------
    (k,) int64
        Ascending. A candidate stays whole where its score equals the sum of its parts.
    """
    total = np.asarray(score, float).tolist()
    divided = [False] * len(tree)
    for index, (one, other) in enumerate(tree.parts[tree.leaves :].tolist(), start=tree.leaves):
        if (sum_of_parts := total[one] + total[other]) > total[index]:
            total[index], divided[index] = sum_of_parts, True
    stack, chosen = np.flatnonzero(tree.whole < 0).tolist(), []
    while stack:
        index = stack.pop()
        if divided[index]:
            stack += tree.parts[index].tolist()
        else:
            chosen.append(index)
    return np.array(sorted(chosen), int)
