"""From fragments to particles: of all the ways to join fragments, the one with the highest score.

Fragments are joined one by one, the two first that most look like one particle, far beyond what is
likely. Every state on the way is a candidate: a fragment, or a pair of candidates made one. They
form watershed merge trees (Liu et al., ICPR 2012), and a particle is whatever a cut through its
tree leaves whole: each candidate is scored by itself, from its outline, shape and maps, and the cut
with the greatest sum of scores is found from the fragments upwards.

>>> found = pd.DataFrame({"first": [1, 2], "second": [2, 3]})
>>> tree = candidates([1, 2, 3], found, np.array([1.0, -1.0]))
>>> [each.members for each in tree]
[(1,), (2,), (3,), (1, 2), (1, 2, 3)]
>>> best_cut(tree, np.array([0.2, 0.3, 0.4, 0.6, 0.5]))
[3, 2]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.instances.seams import merge_order

__all__ = ["Candidate", "best_cut", "candidates"]

MIN_LOG_ODDS = -2.0  # of one particle; below it two candidates are not joined
CERTAIN_LOG_ODDS = 3.0  # above it fragments are joined for good
CLIP_LOG_ODDS = 6.0  # beyond plus or minus this they say no more
MAX_FRAGMENTS = 64  # larger candidates are not divided, which bounds the number of candidates


@dataclass(frozen=True)
class Candidate:
    """What may be one particle.

    Attributes
    ----------
    members : tuple of int
        Labels of its fragments.
    parts : (int, int) or None
        The two candidates it would fall into, as indices; None for what is not divided.
    joined : float
        Log odds of one particle along the last seam undone in it; `CLIP_LOG_ODDS` for a fragment.
    further : float
        The same for the next seam around it that would be undone; minus `CLIP_LOG_ODDS` where there
        is none.
    """

    members: tuple[int, ...]
    parts: tuple[int, int] | None
    joined: float
    further: float


def candidates(
    labels: Iterable[int], found: pd.DataFrame, odds: NDArray[np.floating]
) -> list[Candidate]:
    """All candidates, as merge trees: parts before what is made of them.

    Parameters
    ----------
    labels : iterable of int
        The fragments.
    found : DataFrame
        Their seams, as `semseg.instances.seams.seams` gives them.
    odds : (n,)
        Log odds that one particle lies on both sides of each seam.
    """
    members: list[tuple[int, ...]] = [(int(label),) for label in labels]
    parts: list[tuple[int, int] | None] = [None] * len(members)
    joined, further = [CLIP_LOG_ODDS] * len(members), [-CLIP_LOG_ODDS] * len(members)
    at = {label: index for index, (label,) in enumerate(members)}
    merges, remaining = merge_order(found, odds, MIN_LOG_ODDS)
    for one, other, value in merges:
        a, b = at[one], at.pop(other)
        sure = value > CERTAIN_LOG_ODDS and parts[a] is None and parts[b] is None
        crowd = len(members[a]) + len(members[b]) > MAX_FRAGMENTS
        parts.append(None if sure or crowd else (a, b))
        further[a] = further[b] = min(value, CLIP_LOG_ODDS)
        at[one] = len(members)
        members.append(members[a] + members[b])
        joined.append(min(value, CLIP_LOG_ODDS))
        further.append(-CLIP_LOG_ODDS)
    for label, value in remaining.items():
        further[at[label]] = max(value, -CLIP_LOG_ODDS)

    # what was joined for good leaves its parts behind
    stack, reached = list(at.values()), []
    while stack:
        reached.append(stack.pop())
        stack += parts[reached[-1]] or ()
    reached.sort()
    new = {index: position for position, index in enumerate(reached)}
    return [
        Candidate(
            tuple(sorted(members[index])),
            (pair := parts[index]) and (new[pair[0]], new[pair[1]]),
            joined[index],
            further[index],
        )
        for index in reached
    ]


def best_cut(tree: Sequence[Candidate], score: NDArray[np.floating]) -> list[int]:
    """Indices of candidates that hold every fragment once and whose scores have the greatest sum.

    Parameters
    ----------
    tree : sequence of Candidate
        As `candidates` gives it.
    score : (n,)
        Of each candidate taken whole; may be negative.

    Returns
    -------
    list of int
        In the order of their first fragments. A candidate stays whole where its score equals the
        sum of its parts.
    """
    total = np.asarray(score, float).tolist()
    divided = [False] * len(tree)
    roots = set(range(len(tree)))
    for index, candidate in enumerate(tree):
        if candidate.parts:
            roots.difference_update(candidate.parts)
            sum_of_parts = sum(total[part] for part in candidate.parts)
            if sum_of_parts > total[index]:
                total[index], divided[index] = sum_of_parts, True
    stack, chosen = list(roots), []
    while stack:
        index = stack.pop()
        parts = tree[index].parts
        if parts and divided[index]:
            stack += parts
        else:
            chosen.append(index)
    return sorted(chosen, key=lambda index: tree[index].members[0])
