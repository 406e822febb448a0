"""A person who puts a picture right, by the gestures of the page.

They have the truth in hand and always mend the largest error by the cheapest gesture:

==========  =============================================================  ===============
gesture     what is done                                                    clicks and keys
==========  =============================================================  ===============
seam        a click on the seam that glows, or on the next one              1, 2, 3
cut         a click inside the part that should be apart                    1
line        a line drawn across, where neither finds it                     1
merge       a click on the side that two share, for each two                1 each
keep        a click on one that was rejected, and K                         2
exclude     a click on one that is none, and X                              2
add         a click on what was missed, and Enter to what is shown          2
draw        its outline drawn, where nothing is shown there                 2
redraw      a click on one whose outline is wrong, and its outline drawn    3
==========  =============================================================  ===============

Outlines that are right by half (an IoU above 0.5) come last, until they match by 0.85.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from benchmarks.one_click import deep_inside
from semseg.editing.cutting import cut_at
from semseg.editing.places import outline_of, recorded_line, seam_lines
from semseg.editing.replay import replay
from semseg.editing.second_look import look_again
from semseg.editing.suggestions import candidate_at, seams
from semseg.errors import EditError
from semseg.inference.segmenter import Segmenter
from semseg.instances.confidence import apply_filter
from semseg.measure.shape import measure_shapes
from semseg.operations import Add, Decide, Merge, Operation, Redraw, Split
from semseg.stages import Prepared, Segmentation

RIGHT, GOOD = 0.5, 0.85  # IoU
MAX_SEAMS = 3

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Gesture:
    """What a person does in one go."""

    kind: str
    clicks: int
    operations: tuple[Operation, ...]


@dataclass
class User:
    """A picture, its truth, and what was done so far."""

    prepared: Prepared
    network: Segmenter
    first: Segmentation
    truth: Labels  # on the network's grid, -1 where it is not known
    touching: Labels  # the same, with the lines between neighbours given to them
    done: list[Gesture] = field(default_factory=list)
    curve: list[tuple[int, int, int]] = field(default_factory=list)  # right, found, true
    off: list[tuple[float, float]] = field(default_factory=list)  # of the median, by both
    given_up: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now, self.decisions = self.first, {}
        self.true_areas = np.bincount(self.truth[self.truth > 0])
        self.true_medians = [
            float(np.median(min_feret(np.maximum(each, 0)))) for each in (self.truth, self.touching)
        ]

    def accepted(self, labels: Labels | None = None) -> Labels:
        """The labels of those that are kept, 0 elsewhere, where the truth is known."""
        labels = self.now.network_labels if labels is None else labels
        return np.where(self.truth >= 0, _kept(self.now, self.decisions)[labels], 0)

    def work(self, most: int) -> None:
        """Mend the largest error, again and again."""
        self.note()
        while len(self.done) < most:
            gesture = self.next()
            if gesture is None:
                return
            self.done.append(gesture)
            self.note()

    def note(self) -> None:
        """Where things stand."""
        found = self.accepted()
        iou = ious(found, self.truth)
        right = sum(share > RIGHT for share in iou.values())
        count = len(np.unique(found[found > 0]))
        self.curve.append((right, count, int(np.count_nonzero(self.true_areas))))
        median = float(np.median(min_feret(found)))
        gaps, touching = (median / each - 1 for each in self.true_medians)
        self.off.append((gaps, touching))

    def next(self) -> Gesture | None:
        """The cheapest gesture that mends the largest error; it is done already."""
        found = self.accepted()
        iou = ious(found, self.truth)
        right_true = {true for (_, true), share in iou.items() if share > RIGHT}
        right_found = {label for (label, _), share in iou.items() if share > RIGHT}
        areas = np.bincount(found.ravel())
        wrong = [
            ("missed", int(true), int(self.true_areas[true]))
            for true in np.flatnonzero(self.true_areas)
            if true not in right_true
        ] + [
            ("false", int(label), int(areas[label]))
            for label in np.flatnonzero(areas)
            if label and label not in right_found
        ]
        wrong += [
            ("outline", true, int((1 - share) * self.true_areas[true]))
            for (_, true), share in iou.items()
            if RIGHT < share <= GOOD
        ]
        ways = {"missed": self.find, "false": self.refuse, "outline": self.redraw}
        wrong.sort(key=lambda each: (each[0] == "outline", -each[2], each[0], each[1]))
        for kind, number, _ in wrong:
            if (kind, number) in self.given_up:
                continue
            for gesture in ways[kind](number, found):
                if self.does(gesture):
                    return gesture
            self.given_up.add((kind, number))
        return None

    def does(self, gesture: Gesture) -> bool:
        """Do it, if more are right, or fewer are wrong, afterwards."""
        before = self.score()
        earlier = self.now, self.decisions
        replayed = replay(self.now, gesture.operations)
        by_hand = replayed.segmentation.corrections
        old = self.now.corrections
        if by_hand and len(by_hand.refused) > len(old.refused if old else ()):
            return False
        there = set(replayed.segmentation.particles["label"].tolist())
        changed = set(replayed.segmentation.outlines) - {
            label
            for label, line in replayed.segmentation.outlines.items()
            if line is self.now.outlines.get(label)
        }
        kept = {k: v for k, v in self.decisions.items() if k in there and k not in changed}
        self.now, self.decisions = replayed.segmentation, kept | replayed.decisions
        if self.score() > before:
            return True
        self.now, self.decisions = earlier
        return False

    def score(self) -> tuple[float, int]:
        """F1, and how many outlines are good."""
        found = self.accepted()
        shares = ious(found, self.truth).values()
        right, good = (sum(share > least for share in shares) for least in (RIGHT, GOOD))
        count = len(np.unique(found[found > 0]))
        return 2 * right / (count + np.count_nonzero(self.true_areas)), good

    def find(self, true: int, found: Labels) -> Iterator[Gesture]:
        """Ways to have a true particle that is missed, the cheapest first."""
        mask = self.truth == true
        area = int(mask.sum())
        now = self.now.network_labels
        labels, common = np.unique(now[mask], return_counts=True)
        over = {int(k): int(v) for k, v in zip(labels, common, strict=True) if k}
        sizes = {label: int((now == label).sum()) for label in over}
        kept = set(np.unique(found[mask]).tolist()) - {0}
        place = self.place(mask)
        hosts = [label for label in kept if over[label] > RIGHT * area]
        for label in hosts:
            yield from self.splits(label, mask, place)
        for label in sorted(set(over) - kept, key=lambda each: -over[each]):
            if over[label] > RIGHT * (sizes[label] + area - over[label]):
                yield Gesture("keep", 2, (Decide((label,), True),))
        parts = [label for label in over if over[label] > RIGHT * sizes[label]]
        if len(parts) > 1 and sum(over[label] for label in parts) > RIGHT * area:
            merge = Merge(tuple(sorted(parts)))
            yield Gesture("merge", len(parts) - 1, (merge, Decide((min(parts),), True)))
        rejected = tuple(sorted(set(over) - kept))
        yielding = (Decide(rejected, False),) if rejected else ()
        shown = candidate_at(self.now, place, rejected)
        again = look_again(self.now, self.prepared, self.network, place)
        for add in (shown, again):
            if add is not None:
                yield Gesture("add", 2, (*yielding, add))
        outline = self.outline(mask)
        if outline is not None:
            one = [label for label in parts if label in kept]
            if one:
                redrawn = Redraw(((max(one, key=lambda each: over[each]), outline),))
                yield Gesture("redraw", 3, (*yielding, redrawn))
            yield Gesture("draw", 2, (*yielding, Add(outline)))

    def splits(self, label: int, mask: Mask, place: tuple[float, float]) -> Iterator[Gesture]:
        """Ways to part a particle that holds another."""
        by_seams = self.by_seams(label)
        yield from islice(by_seams, 1)
        cut = cut_at(self.now, self.prepared, label, place)
        if cut is not None:
            yield Gesture("cut", 1, (cut,))
        yield from by_seams
        own = self.now.network_labels == label
        lines = seam_lines(own, mask, 1.0)
        if lines:
            whole = (slice(0, own.shape[0]), slice(0, own.shape[1]))
            drawn = tuple(recorded_line(line, whole, self.now.grid) for line in lines)
            yield Gesture("line", 1, (Split(label, drawn),))

    def by_seams(self, label: int) -> Iterator[Gesture]:
        """One seam that the merge tree knows, two, three."""
        operations: tuple[Operation, ...] = ()
        now = self.now
        for clicks in range(1, MAX_SEAMS + 1):
            suggested = seams(now, label, most=1)
            if not suggested:
                return
            operations = (*operations, suggested[0].split)
            yield Gesture("seam", clicks, operations)
            try:
                now = replay(self.now, operations).segmentation
            except EditError:
                return

    def refuse(self, label: int, found: Labels) -> Iterator[Gesture]:
        """Ways to be rid of what is no particle."""
        yield Gesture("exclude", 2, (Decide((label,), False),))

    def redraw(self, true: int, found: Labels) -> Iterator[Gesture]:
        """The way to a good outline of a particle that is found."""
        mask = self.truth == true
        labels, common = np.unique(found[mask], return_counts=True)
        label = int(labels[(common * (labels > 0)).argmax()])
        outline = self.outline(mask)
        if label and outline is not None:
            yield Gesture("redraw", 3, (Redraw(((label, outline),)),))

    def place(self, mask: Mask) -> tuple[float, float]:
        """Where a person would click."""
        return deep_inside(mask, (slice(0, mask.shape[0]), slice(0, mask.shape[1])), self.now.grid)

    def outline(self, mask: Mask):
        whole = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
        drawn = outline_of(mask, 1.0)
        return None if drawn is None else recorded_line(drawn, whole, self.now.grid)


def _kept(segmentation: Segmentation, decisions: dict[int, bool]) -> NDArray[np.int32]:
    """Each label, or 0 where it is rejected, by label."""
    table = segmentation.particles
    table = apply_filter(table, segmentation.model.filter_threshold, decisions)
    kept = table.loc[table["kept"], "label"].to_numpy(np.int32)
    names = np.zeros(int(segmentation.network_labels.max(initial=0)) + 1, np.int32)
    names[kept] = kept
    return names


def ious(found: Labels, truth: Labels) -> dict[tuple[int, int], float]:
    """IoU of all pairs that overlap by more than half of either."""
    both = (found > 0) & (truth > 0)
    pairs, common = np.unique(found[both].astype(np.int64) << 32 | truth[both], return_counts=True)
    area_found, area_true = np.bincount(found.ravel()), np.bincount(truth[truth > 0])
    shares = {}
    for pair, count in zip(pairs.tolist(), common.tolist(), strict=True):
        one, other = pair >> 32, pair & 0xFFFFFFFF
        shares[one, other] = count / (area_found[one] + area_true[other] - count)
    return shares


def min_feret(labels: Labels) -> NDArray[np.float64]:
    """Of whole particles, px of the network."""
    shapes = measure_shapes(labels)
    return shapes.loc[~shapes["touches_edge"], "min_feret"].to_numpy()
