"""How well does the visibility tell the fully visible from the covered?

    python -m training.visibility            print
    python -m training.visibility --write    put it into docs/measurement.md

Drawn agglomerates (`training.synthesize`), whose true visible share is known, and the hand-drawn
outlines of TiO2 in ``../shared/data`` with their classes, where they are at hand. Both through the
true outlines, so that nothing of the network is in the figures.
`semseg.measure.visibility.FULLY_VISIBLE` was chosen on the drawn ones alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from semseg.measure.visibility import FULLY_VISIBLE, visibility
from training.dataset import SHARED
from training.pictures import tio2_dev
from training.synthesize import Scene, draw_scene, gauge, random_scene

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "measurement.md"
BEGIN, END = "<!-- visibility: begin -->", "<!-- visibility: end -->"
PICTURES, SEED = 24, 5_000_000
TRULY_VISIBLE = 0.9  # share of its own area
MIN_AREA_PX = 12
LEVELS = (0.85, FULLY_VISIBLE, 0.95)


def auroc(visible: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Probability that a visible particle scores higher than a covered one; ties count half."""
    order = np.argsort(score, kind="stable")
    _, first, counts = np.unique(score[order], return_index=True, return_counts=True)
    ranks = np.empty(score.size)
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    n = int(visible.sum())
    return float((ranks[visible].sum() - n * (n + 1) / 2) / (n * (visible.size - n)))


def shares(scene: Scene, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """True visible share of every drawn particle: what shows of the part within the frame.

    Pieces that an occluder cut off count as covered.
    """
    seen = np.bincount(labels.ravel(), minlength=len(scene.particles) + 1)
    found = np.zeros(seen.size)
    height, width = labels.shape
    for label, particle in enumerate(scene.particles, start=1):
        top, left = int(particle.y - particle.reach), int(particle.x - particle.reach)
        side = int(2 * particle.reach) + 3
        y = np.arange(max(top, 0), min(top + side, height))[:, None]
        x = np.arange(max(left, 0), min(left + side, width))[None]
        if seen[label] and y.size and x.size:
            level, _ = gauge(
                particle, (x - particle.x).astype(np.float32), (y - particle.y).astype(np.float32)
            )
            found[label] = seen[label] / max(np.count_nonzero(level < 1), 1)
    return found


def drawn() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Whether each drawn particle is truly visible, and its estimated visibility."""
    truth, estimate = [], []
    for seed in range(PICTURES):
        rng = np.random.default_rng(SEED + seed)
        scene = random_scene(rng, (512, 512))
        _, labels = draw_scene(scene, rng)
        present = np.unique(labels)[1:]
        large = np.bincount(labels.ravel())[present] >= MIN_AREA_PX
        truth.append(shares(scene, labels)[present][large] >= TRULY_VISIBLE)
        estimate.append(visibility(labels)[large])
    return np.concatenate(truth), np.concatenate(estimate)


def tio2() -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """The same of the hand-drawn outlines: green is visible."""
    truth, estimate = [], []
    for picture in tio2_dev():
        # touching particles are drawn one pixel apart
        estimate.append(visibility(expand_labels(picture.labels, 1)))
        truth.append(picture.visibility == 0)
    return np.concatenate(truth), np.concatenate(estimate)


def table() -> str:
    """The rows, as Markdown."""
    sets = {"drawn": drawn()}
    if (SHARED / "data/tio2-dev").is_dir():
        sets["TiO2, outlines by hand"] = tio2()
    levels = " | ".join(f"at {level:g}: found / right" for level in LEVELS)
    rows = [
        f"| particles | n | truly visible | AUROC | {levels} |",
        "|---|---|---|---|" + "---|" * len(LEVELS),
    ]
    for name, (visible, score) in sets.items():
        cells = [
            f"{(score[visible] >= level).mean():.2f} / {visible[score >= level].mean():.2f}"
            for level in LEVELS
        ]
        rows.append(
            f"| {name} | {visible.size} | {visible.mean():.2f} | {auroc(visible, score):.3f} | "
            f"{' | '.join(cells)} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    made = table()
    print(made)
    if parser.parse_args().write:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
        DOCUMENT.write_text(f"{text[:before]}\n{made}\n{text[after:]}", encoding="utf-8")
