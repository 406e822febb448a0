"""What was drawn elsewhere, as operations on what is here.

An outline that came back as it was is no operation, so a round trip through another program changes
nothing but what was changed there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from semseg.editing.outline_files import DrawnOutlines
from semseg.errors import EditError
from semseg.measure.grid import Grid
from semseg.measure.recorded import Labels
from semseg.measure.shape import outlines
from semseg.operations import Decide, Line, Operation, Redraw
from semseg.stages import Segmentation

__all__ = ["as_operations"]

SAME = 0.5  # IoU above which an outline is a known particle, drawn otherwise


def as_operations(
    segmentation: Segmentation, drawn: DrawnOutlines, decisions: Mapping[int, bool] | None = None
) -> tuple[Operation, ...]:
    """What a hand would have to do here to get the outlines that were drawn.

    Outlines are compared pixel by pixel of the recorded image. Particles that are not among them
    are excluded; `decisions` says which are already.

    Raises
    ------
    EditError
        Nothing of what was drawn lies in the analysed part.
    """
    rows, columns = segmentation.grid.window
    new = np.zeros_like(drawn.labels)
    new[rows, columns] = drawn.labels[rows, columns]
    if not new.any():
        raise EditError("All that was drawn lies where the picture is cropped.")
    here = segmentation.labels
    known, unchanged = _matched(here, new)
    shown = np.unique(new)
    changed = [label for label in shown[shown > 0].tolist() if label not in unchanged]
    lines = _lines(drawn, new, changed, segmentation.grid)
    redrawn = tuple((known.get(label, 0), line) for label, line in lines.items())
    there = set(segmentation.outlines)
    gone = sorted(there - set(known.values()))
    gone = [label for label in gone if (decisions or {}).get(label) is not False]
    operations: list[Operation] = []
    if gone:
        operations.append(Decide(tuple(gone), False))
    if redrawn:
        operations.append(Redraw(redrawn))
    return tuple(operations)


def _matched(here: Labels, new: Labels) -> tuple[dict[int, int], set[int]]:
    """Of labels drawn, which particle each is (by the greatest IoU, if more than `SAME`), and which
    of them are just as they were."""
    area_here, area_new = np.bincount(here.ravel()), np.bincount(new.ravel())
    both = (here > 0) & (new > 0)
    pairs, common = np.unique(np.column_stack([new[both], here[both]]), axis=0, return_counts=True)
    drawn, there = pairs.T
    iou = common / (area_new[drawn] + area_here[there] - common)
    known: dict[int, int] = {}
    for row in np.argsort(-iou, kind="stable").tolist():
        one, other = int(drawn[row]), int(there[row])
        if iou[row] > SAME and one not in known:
            known[one] = other
    unchanged = {int(one) for one, share in zip(drawn, iou, strict=True) if share == 1}
    return known, unchanged


def _lines(drawn: DrawnOutlines, new: Labels, changed: list[int], grid: Grid) -> dict[int, Line]:
    """The outline of each changed label, in px from the centre of the first pixel."""
    if not changed:
        return {}
    lines: dict[int, NDArray[np.float64]]
    if drawn.polygons is None:
        there = np.isin(new, changed) * new
        lines = {label: line.astype(np.float64) for label, line in outlines(there).items()}
    else:
        lines = {label: drawn.polygons[label - 1] - 0.5 for label in changed}
    return {label: tuple(map(tuple, line.tolist())) for label, line in lines.items()}
