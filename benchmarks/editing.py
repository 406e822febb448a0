"""How many gestures put a picture right? Run: python -m benchmarks.editing

    python -m benchmarks.editing                     print the chapter
    python -m benchmarks.editing --write             put it into docs/validation.md
    python -m benchmarks.editing --only tio2 --pictures 2

Who puts them right is a simulated user (`benchmarks.simulated_user`), who has the truth in hand.

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
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.segmentation import expand_labels

from benchmarks.one_click import parted_by_one_click
from benchmarks.simulated_user import GOOD, User, ious
from semseg.analysis import prepare, segment
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import read_micrograph
from semseg.settings import Settings
from semseg.stages import Segmentation

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "validation.md"
BEGIN, END = "<!-- editing: begin -->", "<!-- editing: end -->"
DATA = ROOT.parent / "shared" / "data"
TIO2_ROWS, TIO2_MIN_AREA = 704, 9
EMPS_PICTURES = 16
BUDGETS = (0, 5, 10, 15, 20, 30, 40, 60)  # gestures per 100 true particles

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


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
    for (label, _), share in ious(user.accepted(), user.truth).items():
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
