"""How many gestures put a picture right? Run: python -m benchmarks.editing

    python -m benchmarks.editing                     print the chapter
    python -m benchmarks.editing --write             put it into docs/validation.md
    python -m benchmarks.editing --only tio2 --pictures 2

A simulated user has the truth in hand and always mends the largest error by the cheapest gesture:

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

The TiO2 masks are white on black, so a line of a pixel had to be left between particles that touch,
which makes each smaller than it is. The median's error is given against the masks as they are, and
against masks in which the nearest particle has such pixels.

Pictures: the eight TiO2 pictures of BAM, and the EMPS pictures that no training saw, those with the
most touching particles. They lie in ``../shared/data`` and are not part of this repository.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.segmentation import expand_labels

from benchmarks.one_click import parted_by_one_click
from semseg.analysis import prepare, segment
from semseg.editing.cutting import cut_at
from semseg.editing.places import outline_of, recorded_line, seam_lines
from semseg.editing.replay import replay
from semseg.editing.second_look import look_again
from semseg.editing.suggestions import candidate_at, seams
from semseg.errors import EditError
from semseg.inference.segmenter import Segmenter
from semseg.instances.confidence import apply_filter
from semseg.io.micrograph import read_micrograph
from semseg.measure.shape import measure_shapes
from semseg.operations import Add, Decide, Merge, Operation, Redraw, Split
from semseg.settings import Settings
from semseg.stages import Prepared, Segmentation

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "validation.md"
BEGIN, END = "<!-- editing: begin -->", "<!-- editing: end -->"
DATA = ROOT.parent / "shared" / "data"
TIO2_ROWS, TIO2_MIN_AREA = 704, 9
EMPS_PICTURES = 16
RIGHT, GOOD = 0.5, 0.85  # IoU
BUDGETS = (0, 5, 10, 15, 20, 30, 40, 60)  # gestures per 100 true particles
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
            float(np.median(_min_feret(np.maximum(each, 0))))
            for each in (self.truth, self.touching)
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
        iou = _ious(found, self.truth)
        right = sum(share > RIGHT for share in iou.values())
        count = len(np.unique(found[found > 0]))
        self.curve.append((right, count, int(np.count_nonzero(self.true_areas))))
        median = float(np.median(_min_feret(found)))
        gaps, touching = (median / each - 1 for each in self.true_medians)
        self.off.append((gaps, touching))

    def next(self) -> Gesture | None:
        """The cheapest gesture that mends the largest error; it is done already."""
        found = self.accepted()
        iou = _ious(found, self.truth)
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
        shares = _ious(found, self.truth).values()
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
        """Where a person would click: deep inside."""
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        ((x, y),) = self.now.grid.centres([[column, row]])
        return float(x), float(y)

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


def _ious(found: Labels, truth: Labels) -> dict[tuple[int, int], float]:
    """IoU of all pairs that overlap by more than half of either."""
    both = (found > 0) & (truth > 0)
    pairs, common = np.unique(found[both].astype(np.int64) << 32 | truth[both], return_counts=True)
    area_found, area_true = np.bincount(found.ravel()), np.bincount(truth[truth > 0])
    shares = {}
    for pair, count in zip(pairs.tolist(), common.tolist(), strict=True):
        one, other = pair >> 32, pair & 0xFFFFFFFF
        shares[one, other] = count / (area_found[one] + area_true[other] - count)
    return shares


def _min_feret(labels: Labels) -> NDArray[np.float64]:
    """Of whole particles, px of the network."""
    shapes = measure_shapes(labels)
    return shapes.loc[~shapes["touches_edge"], "min_feret"].to_numpy()


# The pictures


def tio2() -> Iterator[tuple[Path, Labels]]:
    """The TiO2 pictures and their truth; 0 rows below it are not known."""
    for path in sorted((DATA / "tio2-dev/images").glob("*.tif")):
        white = np.asarray(Image.open(DATA / f"tio2-dev/masks/{path.stem}.png"))[:TIO2_ROWS] > 127
        labels, _ = ndimage.label(white)
        areas = np.bincount(labels.ravel())
        yield path, np.where(areas[labels] >= TIO2_MIN_AREA, labels, 0).astype(np.int32)


def emps() -> Iterator[tuple[Path, Labels]]:
    """EMPS pictures of the fifth that no training saw, the most crowded first."""
    pictures = []
    for path in sorted((DATA / "emps-train/images").glob("*.png")):
        if zlib.crc32(path.stem.encode()) % 5 == 0:
            labels = np.asarray(Image.open(DATA / f"emps-train/labels/{path.stem}.png"))
            labels = labels.astype(np.int32)
            touching = (labels[1:] != labels[:-1]) & (labels[1:] > 0) & (labels[:-1] > 0)
            pictures.append((-int(touching.sum()), path, labels))
    pictures.sort(key=lambda each: each[:2])
    yield from ((path, labels) for _, path, labels in pictures[:EMPS_PICTURES])


def without_lines(truth: Labels) -> Labels:
    """Pixels that have more than one particle around them given to the nearest."""
    highest = ndimage.maximum_filter(truth, 3)
    lowest = ndimage.minimum_filter(np.where(truth > 0, truth, np.iinfo(np.int32).max), 3)
    line = (truth == 0) & (highest > 0) & (highest != lowest)
    return np.where(line, expand_labels(truth, 1.5), truth)


SETS = {"TiO2": tio2, "EMPS": emps}


def on_network(truth: Labels, found: Segmentation) -> Labels:
    """The truth on the network's grid; -1 where it ends."""
    grid = found.grid
    height, width = grid.network
    rows = ((np.arange(height) + 0.5) * grid.frame[0] / height).astype(int) + grid.top
    columns = ((np.arange(width) + 0.5) * grid.frame[1] / width).astype(int) + grid.left
    padded = np.full(grid.recorded, -1, np.int32)
    padded[: truth.shape[0]] = truth
    return padded[rows[:, None], columns]


def worked(path: Path, truth: Labels, network: Segmenter, most: float) -> User:
    """A picture after the user is done with it, or has made `most` gestures per 100 particles."""
    prepared = prepare(read_micrograph(path), Settings())
    found = segment(prepared, Settings(), network)
    touching = on_network(without_lines(truth), found)
    user = User(prepared, network, found, on_network(truth, found), touching)
    user.work(round(most * np.count_nonzero(user.true_areas) / 100))
    print(
        f"{path.stem}: F1 {_f1([user.curve[0]]):.3f} -> {_f1([user.curve[-1]]):.3f} by "
        f"{len(user.done)} gestures, {dict(Counter(each.kind for each in user.done))}",
        file=sys.stderr,
    )
    return user


def _f1(states: Sequence[tuple[int, int, int]]) -> float:
    right, found, true = np.sum(states, axis=0)
    return float(2 * right / (found + true))


def chapter(name: str, users: Sequence[User]) -> str:
    """The curve of a set, and what the gestures were."""
    rows = []
    for budget in BUDGETS:
        at = [min(round(budget * state.curve[0][2] / 100), len(state.done)) for state in users]
        f1 = _f1([user.curve[k] for user, k in zip(users, at, strict=True)])
        off = np.array([user.off[k] for user, k in zip(users, at, strict=True)])
        by_masks, by_touching = np.median(off, axis=0)
        clicks = sum(g.clicks for user, k in zip(users, at, strict=True) for g in user.done[:k])
        true = sum(user.curve[0][2] for user in users)
        rows.append(
            f"| {budget} | {f1:.3f} | {by_masks:+.1%} | {by_touching:+.1%} | "
            f"{np.median(np.abs(off[:, 1])):.1%} | {100 * clicks / true:.0f} |"
        )
    kinds = Counter(each.kind for user in users for each in user.done)
    splits = [each for user in users for each in user.done if each.kind in ("seam", "cut", "line")]
    by_click = sum(each.kind != "line" and each.clicks == 1 for each in splits)
    clicks_apart = [
        each
        for user in users
        for each in parted_by_one_click(user.prepared, user.first, user.truth)
    ]
    touched = [share for user in users for share in _touched(user)]
    said = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return (
        f"### {name}: {len(users)} pictures, {sum(u.curve[0][2] for u in users):,} particles\n\n"
        "| gestures per 100 particles | F1 at IoU 0.5 | median min Feret by the masks "
        "| without lines between neighbours | off by | clicks and keys per 100 |\n"
        "|---:|---:|---:|---:|---:|---:|\n" + "\n".join(rows) + "\n\n"
        f"Gestures: {said}. Of {len(splits)} splits {by_click} "
        f"({by_click / max(1, len(splits)):.0%}) took one click. Of the outlines that a hand "
        f"made, {np.mean(np.array(touched) > GOOD) if touched else 1:.0%} match the truth with an "
        f"IoU above {GOOD}.\n\n"
        f"Of {len(clicks_apart)} touching pairs, each taken for one whether or not it had been, "
        f"{np.mean(clicks_apart):.0%} came apart into both by one click of *Cut*."
    )


def _touched(user: User) -> list[float]:
    """The best IoU of each accepted outline that a hand made."""
    table = user.now.particles
    made = set(table.loc[table["origin"] != "network", "label"].tolist())
    best: dict[int, float] = {}
    for (label, _), share in _ious(user.accepted(), user.truth).items():
        if label in made:
            best[label] = max(best.get(label, 0.0), share)
    return list(best.values())


def main() -> int:
    """Print the chapter, or write it between its marks in the document; 1 without pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"update {DOCUMENT.name}")
    parser.add_argument("--only", choices=[name.lower() for name in SETS])
    parser.add_argument("--pictures", type=int, default=1000, metavar="N")
    options = parser.parse_args()
    if not (DATA / "tio2-dev").is_dir():
        print(f"The pictures are missing: nothing in {DATA}.", file=sys.stderr)
        return 1
    network = Segmenter()
    parts = ["Made by `python -m benchmarks.editing --write`."]
    for name, pictures in SETS.items():
        if options.only in (None, name.lower()):
            chosen = list(pictures())[: options.pictures]
            users = [worked(path, truth, network, BUDGETS[-1]) for path, truth in chosen]
            parts.append(chapter(name, users))
    text = "\n\n".join(parts)
    if not options.write:
        print(text)
        return 0
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
