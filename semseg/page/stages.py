"""How far an analysis is, and what happens now, in words."""

from __future__ import annotations

from semseg.page.queue import Standing

__all__ = ["STAGES", "share", "words"]

# Share of the time after which a stage begins, and what it is called. As in large pictures, of
# which one wants to know: the search for the scale, which takes a quarter of a small one, is short
# there.
STAGES = {
    "prepare": (0.0, "preparing"),
    "rescale": (0.07, "finding the scale"),
    "network": (0.15, "outlining particles"),
    "measure": (0.65, "measuring"),
    "conclude": (1.0, "measuring"),
}


def share(standing: Standing) -> float:
    """The share of its time that is over.

    >>> share(Standing(0, "rescale", 0.5))
    0.11
    """
    if standing.position:
        return 0.0
    begin, _ = STAGES.get(standing.stage, STAGES["prepare"])
    later = [share for share, _ in STAGES.values() if share > begin]
    return begin + standing.fraction * (min(later, default=1.0) - begin)


def words(standing: Standing) -> str:
    """What happens now.

    >>> words(Standing(1)), words(Standing(3)), words(Standing(0, "measure"))
    ('next in line', 'number 3 in line', 'measuring')
    """
    if standing.position == 1:
        return "next in line"
    if standing.position:
        return f"number {standing.position} in line"
    return STAGES.get(standing.stage, STAGES["prepare"])[1]
