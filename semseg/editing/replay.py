"""Operations on a segmentation, replayed in order: a new segmentation, measured like any other.

Only what changed is measured again, by the code that measures all particles, so an operation on a
picture of thousands costs what its particle costs. Labels stay: a new particle takes the next
number that was never used, the largest part of a particle that was split keeps its own, and
particles that were merged become the one with the least.

>>> from semseg.operations import Split
>>> x, y = analysis.outlines[3].mean(axis=0).tolist()
>>> across = Split(3, (((x, y - 99), (x, y + 99)),))
>>> replayed = replay(analysis.segmentation, (across, Decide((7,), False)))
>>> replayed.segmentation.particles["origin"].value_counts().to_dict()
{'network': 181, 'split': 2}
>>> replayed.decisions
{7: False}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from semseg.editing.sheet import Sheet
from semseg.errors import EditError
from semseg.measure.recorded import measure_particles
from semseg.measure.runs import runs_of
from semseg.measure.shape import measure_shapes, outlines
from semseg.measure.visibility import visibility
from semseg.operations import Decide, Operation
from semseg.stages import Corrections, Segmentation

__all__ = ["BY_HAND", "Replayed", "apply", "replay"]

BY_HAND = 1.0  # confidence of an outline that a hand made: it is not the network's to judge


@dataclass(frozen=True, eq=False)
class Replayed:
    """What came of operations.

    Attributes
    ----------
    segmentation : Segmentation
        Its ``particles`` say their ``origin``: ``network``, ``split``, ``merge`` or ``hand``.
    decisions : dict of int to bool
        Labels on which a person decided, and whether they are kept.
    """

    segmentation: Segmentation
    decisions: dict[int, bool]


def replay(
    segmentation: Segmentation,
    operations: Iterable[Operation],
    decisions: Mapping[int, bool] | None = None,
) -> Replayed:
    """Do all operations in order; one that cannot be done is left out, and said in
    `Corrections.refused`.

    `decisions` are those that operations before have come to: what was replayed of a segmentation
    and is replayed further with them is the same as all of it at once.
    """
    operations, decisions = list(operations), dict(decisions or {})
    if not operations:
        return Replayed(segmentation, decisions)
    sheet = Sheet(segmentation)
    sheet.decisions.update(decisions)
    refused = []
    for operation in operations:
        try:
            sheet.do(operation)
        except EditError as error:
            refused.append(f"A correction by hand could not be made: {error}")
    return Replayed(_finished(segmentation, sheet, refused), sheet.decisions)


def apply(segmentation: Segmentation, operation: Operation) -> Segmentation:
    """One operation done.

    Raises
    ------
    EditError
        It cannot be: the particle is gone, a line does not part it, ...
    """
    sheet = Sheet(segmentation)
    sheet.do(operation)
    return _finished(segmentation, sheet)


def _finished(before: Segmentation, sheet: Sheet, refused: Sequence[str] = ()) -> Segmentation:
    """The segmentation with what was done to it on the sheet."""
    earlier = before.corrections
    refused = (*(earlier.refused if earlier else ()), *refused)
    if not refused and all(isinstance(each, Decide) for each in sheet.done):
        return before  # outlines are as they were
    particles = before.particles
    drawn = dict(before.outlines)
    for label in sheet.gone:
        drawn.pop(label, None)
    table = particles[~particles["label"].isin([*sheet.gone, *sheet.origins])]
    if sheet.origins:
        shapes, lines = _measured(sheet)
        drawn |= lines
        made = measure_particles(shapes, before.grid)
        origins = [sheet.origins[label] for label in made["label"].tolist()]
        made = made.assign(confidence=BY_HAND, doubt="", visibility=1.0, origin=origins)
        table = pd.concat([table, made]) if len(table) else made
    table = table.sort_values("label", ignore_index=True)[list(particles.columns)]
    drawn = dict(sorted(drawn.items()))
    return replace(
        before,
        label_image=sheet.labels,
        outlines=drawn,
        particles=_seen_anew(table, sheet),
        corrections=Corrections(
            before.unedited,
            tuple(sheet.done),
            tuple(sheet.masks),
            sheet.next_label - 1,
            np.array([sheet.boxes[label] for label in drawn], np.int32).reshape(-1, 4),
            tuple(refused),
        ),
    )


def _measured(sheet: Sheet) -> tuple[pd.DataFrame, dict[int, NDArray[np.float64]]]:
    """The shapes of the particles that changed, in px of the network, and their outlines."""
    changed = sorted(sheet.origins)
    window = sheet.around(changed)
    top, left = window[0].start, window[1].start
    there = sheet.labels[window]
    alone = np.where(np.isin(there, changed), there, 0)
    shapes = measure_shapes(alone)
    shapes[["x", "bbox_left", "bbox_right"]] += left
    shapes[["y", "bbox_top", "bbox_bottom"]] += top
    height, width = sheet.labels.shape
    shapes["touches_edge"] = (
        (shapes["bbox_top"] == 0)
        | (shapes["bbox_left"] == 0)
        | (shapes["bbox_bottom"] == height)
        | (shapes["bbox_right"] == width)
    )
    corner = np.array([left, top]) + 0.5
    lines = {
        label: sheet.grid.corners(line + corner) - 0.5 for label, line in outlines(alone).items()
    }
    return shapes, lines


def _seen_anew(table: pd.DataFrame, sheet: Sheet) -> pd.DataFrame:
    """The table with the visibility, and who touches a mask, of all whom a change can reach."""
    labels = table["label"].tolist()
    boxes = np.array([sheet.boxes[label] for label in labels]).reshape(-1, 4)
    near = np.zeros(len(boxes), bool)
    for top, left, bottom, right in sheet.touched:
        near |= (
            (boxes[:, 0] < bottom)
            & (boxes[:, 2] > top)
            & (boxes[:, 1] < right)
            & (boxes[:, 3] > left)
        )
    seen = table["visibility"].to_numpy(np.float64, copy=True)
    for row in np.flatnonzero(near).tolist():
        window, own = sheet.particle(labels[row])
        alone = runs_of(own.astype(np.int32))
        seen[row] = visibility(sheet.labels[window], alone)[0]
    return table.assign(visibility=seen, touches_edge=_cut(table, sheet))


def _cut(table: pd.DataFrame, sheet: Sheet) -> NDArray[np.bool_]:
    """Who is cut by the edge of the analysed area, masks included."""
    cut = table["touches_edge"].to_numpy(bool, copy=True)
    at_mask: set[int] = set()
    for polygon in sheet.masks:
        found = sheet.rasterised(polygon)
        if found is not None:
            window, mask = found
            at_mask.update(np.unique(sheet.labels[window][mask]).tolist())
    return cut | table["label"].isin(at_mask).to_numpy(bool)
