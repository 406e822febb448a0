"""The labels of a segmentation while a hand works on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatchmethod

import numpy as np
from numpy.typing import NDArray

from semseg.editing.rasters import extended, largest_piece, parted, united
from semseg.errors import EditError
from semseg.measure.area import inside
from semseg.measure.label_image import LabelImage, Window
from semseg.measure.recorded import Labels
from semseg.measure.runs import runs_of
from semseg.operations import Add, Decide, Line, Mask, Merge, Operation, Redraw, Split
from semseg.stages import Segmentation

__all__ = ["Box", "Sheet"]

MIN_ADDED_PX = 4  # of the network
MASKED = 0.5  # share of a particle in a mask above which it is left out, not cut

Box = tuple[int, int, int, int]  # rows top <= r < bottom, columns left <= c < right


class Sheet:
    """The labels as they become, and what became of which.

    Attributes
    ----------
    labels : LabelImage
        On the network's grid.
    boxes : dict of int to Box
        Of every particle that is there.
    origins : dict of int to str
        Of labels whose pixels changed: ``split``, ``merge`` or ``hand``.
    gone : set of int
    touched : list of Box
        Where pixels changed.
    decisions : dict of int to bool
    masks : list of float64 (n, 2)
    done : list of Operation
    next_label : int
    """

    def __init__(self, segmentation: Segmentation) -> None:
        self.before = segmentation
        self.grid = segmentation.grid
        self.labels: LabelImage = segmentation.label_image
        before = segmentation.corrections
        self.boxes = _boxes(segmentation)
        used = segmentation.particles["label"].tolist()
        self.next_label: int = max([*used, before.last_label if before else 0]) + 1
        self.masks = list(before.masks) if before else []
        self.done = list(before.operations) if before else []
        self.decisions: dict[int, bool] = {}
        self.origins: dict[int, str] = {}  # of labels whose pixels changed
        self.gone: set[int] = set()
        self.touched: list[Box] = []  # where pixels changed

    # ---- operations

    def do(self, operation: Operation) -> None:
        """Do it, or raise `EditError` and change nothing."""
        self._do(operation)
        self.done.append(operation)

    @singledispatchmethod
    def _do(self, operation: Operation) -> None:
        raise TypeError(type(operation).__name__)

    @_do.register
    def _(self, operation: Decide) -> None:
        for label in operation.labels:
            if operation.keep is None:
                self.decisions.pop(label, None)
            elif label in self.boxes:
                self.decisions[label] = operation.keep

    @_do.register
    def _(self, operation: Split) -> None:
        window, own = self.particle(operation.label)
        lines = [self._on_network(line, window) for line in operation.lines]
        parts = parted(own, [extended(line, own) for line in lines])
        count = int(parts.max())
        if count < 2:
            raise EditError(
                f"The line does not part particle {operation.label}: draw it from edge to edge."
            )
        names = [0, operation.label, *(self._new_label() for _ in range(count - 1))]
        self._paint(window, own, np.array(names, np.int32)[parts], "split")

    @_do.register
    def _(self, operation: Merge) -> None:
        there = sorted(label for label in set(operation.labels) if label in self.boxes)
        if len(there) < len(set(operation.labels)):
            missing = sorted(set(operation.labels) - set(there))
            raise EditError(f"Particle {missing[0]} is not there any more.")
        window = self.around(there)
        own = np.isin(self.labels[window], there)
        joined = united(own, self.labels[window] == 0)
        if joined is None:
            raise EditError("These particles do not touch, so they cannot be one.")
        self._paint(window, own, np.where(joined, there[0], 0), "merge")

    @_do.register
    def _(self, operation: Add) -> None:
        self._draw([(0, operation.polygon)])

    @_do.register
    def _(self, operation: Redraw) -> None:
        for label, _ in operation.outlines:
            if label and label not in self.boxes:
                raise EditError(f"Particle {label} is not there any more.")
        self._draw(operation.outlines)

    @_do.register
    def _(self, operation: Mask) -> None:
        polygon = np.array(operation.polygon, np.float64)
        covered = self.rasterised(polygon)
        if covered is None:
            raise EditError("The area to leave out lies outside the picture.")
        self.masks.append(polygon)
        window, mask = covered
        within, areas = np.unique(self.labels[window][mask], return_counts=True)
        for label, area in zip(within.tolist(), areas.tolist(), strict=True):
            if label == 0:
                continue
            place, own = self.particle(label)
            if area > MASKED * own.sum():
                self._paint(place, own, np.zeros(own.shape, np.int32), "hand")

    # ---- places

    def particle(self, label: int) -> tuple[Window, NDArray[np.bool_]]:
        """Where a particle lies, and its pixels there."""
        if label not in self.boxes:
            raise EditError(f"Particle {label} is not there any more.")
        window = _index(self.boxes[label])
        return window, self.labels[window] == label

    def around(self, labels: Sequence[int]) -> Window:
        """Where some particles lie, one or more."""
        return _index(_around([self.boxes[label] for label in labels]))

    def _on_network(self, line: Line | NDArray[np.float64], window: Window) -> NDArray[np.float64]:
        """A line in px of the network from the corner of the window."""
        places = self.grid.to_network(np.asarray(line, np.float64) + 0.5)
        places -= np.array([window[1].start, window[0].start])
        return places

    def rasterised(
        self, polygon: Line | NDArray[np.float64]
    ) -> tuple[Window, NDArray[np.bool_]] | None:
        """The window of a polygon and the pixels in it; None where there are none."""
        places = self.grid.to_network(np.asarray(polygon, np.float64) + 0.5)
        height, width = self.labels.shape
        left, top = np.floor(places.min(axis=0)).astype(int)
        right, bottom = np.ceil(places.max(axis=0)).astype(int)
        box = (max(top, 0), max(left, 0), min(bottom, height), min(right, width))
        if box[0] >= box[2] or box[1] >= box[3]:
            return None
        mask = inside(places - np.array([box[1], box[0]]), (box[2] - box[0], box[3] - box[1]))
        return (_index(box), mask) if mask.any() else None

    def _draw(self, outlines: Sequence[tuple[int, Line]]) -> None:
        """Draw particles, all at once, or raise and draw none."""
        own = {label for label, _ in outlines if label}
        drawn = [(label, *self._found(polygon)) for label, polygon in outlines]
        boxes = [_box(window) for _, window, _ in drawn] + [self.boxes[label] for label in own]
        window = _index(_around(boxes))
        there = self.labels[window]
        excluded = [label for label, kept in self.decisions.items() if not kept]
        free = np.isin(there, [0, *own, *excluded])
        painted = np.zeros(there.shape, np.int32)
        yielding = set()
        for number, (label, place, mask) in enumerate(drawn, start=1):
            at = _within(place, window)
            usable = free[at] & (painted[at] == 0)
            taken = largest_piece(mask & usable) & usable
            if taken.sum() < MIN_ADDED_PX:
                which = f"for particle {label} " if label else ""
                raise EditError(
                    f"What was drawn {which}holds too few free pixels: it is too small, or other "
                    "particles lie there."
                )
            painted[at][taken] = number
            yielding |= set(np.unique(there[at][taken]).tolist()) - {0, *own}
        # those that give way go as a whole
        for label in yielding:
            around, pixels = self.particle(label)
            self._paint(around, pixels, np.zeros(pixels.shape, np.int32), "hand")
        names = [0, *(label or self._new_label() for label, _, _ in drawn)]
        painted = np.array(names, np.int32)[painted]
        self._paint(window, np.isin(self.labels[window], list(own)), painted, "hand")

    def _found(self, polygon: Line) -> tuple[Window, NDArray[np.bool_]]:
        found = self.rasterised(polygon)
        if found is None:
            raise EditError("What was drawn lies outside the analysed part of the picture.")
        return found

    # ---- changes

    def _new_label(self) -> int:
        self.next_label += 1
        return self.next_label - 1

    def _paint(
        self,
        window: Window,
        own: NDArray[np.bool_],
        painted: Labels,
        origin: str,
    ) -> None:
        """In place of the pixels `own` those of `painted`; the labels of both have changed."""
        labels = self.labels[window].copy()
        had = set(np.unique(labels[own]).tolist())
        labels[own] = 0
        labels[painted > 0] = painted[painted > 0]
        self.labels = self.labels.painted(window, labels)
        rows, columns = window
        self.touched.append(_box(window))
        runs = runs_of(painted)
        for label, box in zip(runs.labels.tolist(), runs.boxes().tolist(), strict=True):
            top, left, bottom, right = box
            self.boxes[label] = (
                *(top + rows.start, left + columns.start),
                *(bottom + rows.start, right + columns.start),
            )
            self.origins[label] = origin
            self.gone.discard(label)
        for label in had - set(runs.labels.tolist()):
            del self.boxes[label]
            self.origins.pop(label, None)
            self.gone.add(label)
        for label in had | set(runs.labels.tolist()):
            self.decisions.pop(label, None)  # it was made on another outline


def _boxes(segmentation: Segmentation) -> dict[int, Box]:
    """Of every particle, the rows and columns of the network that it lies in."""
    drawn = segmentation.outlines
    if not drawn:
        return {}
    if segmentation.corrections:
        known = segmentation.corrections.boxes.tolist()
        return dict(zip(drawn, map(tuple, known), strict=True))
    starts = np.cumsum([0, *map(len, drawn.values())])[:-1]
    corners = segmentation.grid.to_network(np.concatenate(list(drawn.values())) + 0.5)
    corners = np.rint(corners).astype(int)
    least, most = np.minimum.reduceat(corners, starts), np.maximum.reduceat(corners, starts)
    found = np.column_stack([least[:, ::-1], most[:, ::-1]]).tolist()
    return dict(zip(drawn, map(tuple, found), strict=True))


def _around(boxes: Sequence[Box]) -> Box:
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _box(window: Window) -> Box:
    rows, columns = window
    return rows.start, columns.start, rows.stop, columns.stop


def _within(window: Window, outer: Window) -> Window:
    """A window as an index into what an outer one shows."""
    rows, columns = (
        slice(inner.start - around.start, inner.stop - around.start)
        for inner, around in zip(window, outer, strict=True)
    )
    return rows, columns


def _index(box: Box) -> Window:
    top, left, bottom, right = box
    return slice(int(top), int(bottom)), slice(int(left), int(right))
