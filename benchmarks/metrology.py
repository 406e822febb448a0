"""How good the statistics of many particles are, on simulated samples whose truth is known.

    python -m benchmarks.metrology            print the chapter
    python -m benchmarks.metrology --write    put it into docs/measurement.md
    python -m benchmarks.metrology --quick    a tenth of the repetitions, to look at only

Measured are the correction for the edge, how often intervals hold the truth, the bias of the fit
and the false alarms of its test, the screening, the advice, and the speed. It runs on one core for
some four minutes. The seeds are fixed: from one machine to another only the speed changes.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterable
from pathlib import Path

# Before numpy is loaded, which reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.special import stdtrit

from benchmarks.simulated_samples import (
    FIGURES,
    FRAME,
    MEDIAN,
    SIGMA,
    Draw,
    Truth,
    discs,
    frame,
    images,
    inside,
    lognormal_truth,
    mixed_sizes,
    normal_sizes,
    particles,
    sampled_truth,
    visible_area,
)
from semseg.statistics.distribution import edge_weights, fit_lognormal, moment_mean
from semseg.statistics.intervals import bootstrap_intervals
from semseg.statistics.nanomaterial import MEETS, screen
from semseg.statistics.sample_size import particles_needed
from semseg.statistics.summary import summarise

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "measurement.md"
BEGIN, END = "<!-- metrology: begin -->", "<!-- metrology: end -->"
REPETITIONS = 2000


# -- the edge --------------------------------------------------------------------------------


def edge_chapter(quick: int) -> Iterable[str]:
    rng = np.random.default_rng(1)
    x, y, diameter = discs(rng, 1_000_000 // quick)
    whole = inside(x, y, diameter)
    cut = ~whole
    cut[cut] = visible_area(x[cut], y[cut], diameter[cut], lines=20) > 0
    area = visible_area(x[cut], y[cut], diameter[cut])
    seen = np.sqrt(4 * area[area > 0] / math.pi)
    weights = edge_weights(diameter[whole], diameter[whole], FRAME)
    truth = lognormal_truth(SIGMA, MEDIAN)
    everything = np.concatenate([diameter[whole], seen])
    rows = {
        "all, those cut by the edge measured as if they ended there": summarise(everything),
        "only those wholly inside": summarise(diameter[whole]),
        "only those wholly inside, weighted by 1/*P*": summarise(diameter[whole], weights),
    }
    yield "### Particles at the edge"
    yield (
        f"Discs at random, lognormal with a median of {MEDIAN:g} px and a standard deviation of "
        f"{SIGMA:g} of ln *d*, in a frame of {FRAME[1]:g} x {FRAME[0]:g} px; "
        f"{rows['only those wholly inside'].count:,} of them lie wholly inside."
    )
    yield table(
        ["counted", "bias of the mean", "bias of the median"],
        [
            [name, *(f"{100 * (getattr(found, f) / truth[f] - 1):+.1f} %" for f in ("mean", "d50"))]
            for name, found in rows.items()
        ],
    )


# -- intervals -------------------------------------------------------------------------------


def coverage(draw: Draw, truth: Truth, repetitions: int) -> list[str]:
    """Per figure, how often of 100 its 95 % interval held the truth, where it had limits."""
    rng = np.random.default_rng(2)
    given = dict.fromkeys(FIGURES, 0)
    held = dict.fromkeys(FIGURES, 0)
    for seed in range(repetitions):
        found = bootstrap_intervals(*draw(rng), seed=seed)
        for name in FIGURES:
            figure = getattr(found, name)
            given[name] += not math.isnan(figure.low)
            held[name] += figure.low <= truth[name] <= figure.high
    cells = []
    for name in FIGURES:
        often = given[name] / repetitions
        share = round(100 * held[name] / max(1, given[name]), 1)
        cell = (f"{share}" if share >= 93 else f"**{share}**") if often >= 0.1 else "-"
        cells.append(f"{cell} (in {100 * often:.0f} %)" if 0.1 <= often < 0.995 else cell)
    return cells


def plain_coverage(draw: Draw, truth: Truth, repetitions: int, by_image: bool) -> dict[str, float]:
    """How often of 100 the plain percentile bootstrap holds the mean, D50 and D[4,3]."""
    rng = np.random.default_rng(3)
    held = dict.fromkeys(("mean", "d50", "d43"), 0)
    for _ in range(repetitions):
        sizes, _, image = draw(rng)
        rows = sizes.reshape(image.max() + 1, -1) if by_image else sizes[:, None]
        picked = rng.integers(0, len(rows), (500, len(rows)))
        resamples = rows[picked].reshape(500, -1)
        estimates = {
            "mean": resamples.mean(axis=1),
            "d50": np.median(resamples, axis=1),
            "d43": (resamples**4).sum(axis=1) / (resamples**3).sum(axis=1),
        }
        for name, values in estimates.items():
            low, high = np.quantile(values, [0.025, 0.975])
            held[name] += low <= truth[name] <= high
    return {name: 100 * count / repetitions for name, count in held.items()}


def interval_chapter(quick: int) -> Iterable[str]:
    normal: Draw = lambda rng: (normal_sizes(rng, 200), None, None)  # noqa: E731
    mixed: Draw = lambda rng: (mixed_sizes(rng, 200), None, None)  # noqa: E731
    repetitions = REPETITIONS // quick
    cases = {
        f"{count} particles, GSD {gsd}": particles(count, gsd)
        for count, gsd in (
            *((20, 1.5), (50, 1.2), (50, 1.5), (50, 1.8)),
            *((200, 1.2), (200, 1.5), (200, 1.8), (1000, 1.5)),
        )
    }
    cases |= {
        f"{count} images of 40, GSD 1.5, 0.15 between": images(count, 40, 1.5, 0.15)
        for count in (5, 8, 15)
    }
    some = "8 images of some 40, uneven, GSD 1.5, 0.15 between"
    cases[some] = images(8, 40, 1.5, 0.15, uneven=True)
    cases["whole discs of one frame, weighted (as above, 100)"] = frame(120)
    cases["200 particles, normal, SD 25 %"] = normal, sampled_truth(normal)
    cases["200 particles, GSD 1.2, every tenth three times as large"] = mixed, sampled_truth(mixed)
    yield "### Intervals"
    yield (
        "How often of 100 the 95 % interval of `bootstrap_intervals` holds the truth, in "
        f"{repetitions:,} simulated samples each (± {196 * math.sqrt(0.0475 / repetitions):.1f}), "
        "with 1,000 resamples. Sizes are lognormal unless said. Images differ by a factor whose "
        "logarithm has the standard deviation given. A dash means that the sample is too small "
        "for limits, and *in x %* that only so many samples had them; bold is below 93."
    )
    yield table(
        ["sample", *FIGURES.values()],
        [[name, *coverage(*case, repetitions)] for name, case in cases.items()],
    )
    yield (
        "For comparison, the plain percentile bootstrap, 500 resamples, "
        f"{repetitions // 2:,} samples:"
    )
    half = repetitions // 2
    plain = {
        "50 particles, GSD 1.5": plain_coverage(*particles(50, 1.5), half, False),
        "200 particles, GSD 1.8": plain_coverage(*particles(200, 1.8), half, False),
        "5 images of 40, GSD 1.5, 0.15 between": plain_coverage(
            *images(5, 40, 1.5, 0.15), half, True
        ),
    }
    yield table(
        ["sample", *(FIGURES[name] for name in ("mean", "d50", "d43"))],
        [[name, *(f"{value:.1f}" for value in held.values())] for name, held in plain.items()],
    )
    draw, truth = images(4, 40, 1.5, 0.15)
    alone = coverage(lambda rng: (draw(rng)[0], None, None), truth, half)
    mean, median = (alone[list(FIGURES).index(name)].strip("*") for name in ("mean", "d50"))
    yield (
        "Fewer than five images are taken as independent particles. Where images differ that is "
        "wrong, and no statistics can mend it: with 4 images of 40, GSD 1.5, 0.15 between, the "
        f"interval of the mean holds the truth {mean} times of 100, that of D50 {median}."
    )


# -- the fit ---------------------------------------------------------------------------------


def fit_chapter(quick: int) -> Iterable[str]:
    rng = np.random.default_rng(4)
    rows = []
    for count in (20, 50, 200, 1000):
        repetitions = 4 * REPETITIONS // quick
        fits = [
            fit_lognormal(rng.lognormal(4, math.log(1.5), count), resamples=1)
            for _ in range(repetitions)
        ]
        mean = np.mean([fit.geometric_mean for fit in fits]) / math.exp(4) - 1
        spread = np.mean([fit.geometric_standard_deviation for fit in fits]) / 1.5 - 1
        rows.append([str(count), f"{100 * mean:+.2f} %", f"{100 * spread:+.2f} %"])
    yield "### The lognormal fit"
    yield f"Bias of the parameters, GSD 1.5, {repetitions:,} samples of each count:"
    yield table(["particles", "GM", "GSD"], rows)
    kinds = {
        "lognormal, GSD 1.5": lambda count: rng.lognormal(0, math.log(1.5), count),
        "normal, SD 25 %": lambda count: normal_sizes(rng, count),
        "GSD 1.2, every tenth three times as large": lambda count: mixed_sizes(rng, count),
    }
    counts = (20, 50, 200, 1000, 5000)
    rows = []
    for name, draw in kinds.items():
        times = REPETITIONS // quick if name.startswith("lognormal") else REPETITIONS // quick // 4
        alarms = (
            np.mean([fit_lognormal(draw(n), seed=i % 6).p_value <= 0.05 for i in range(times)])
            for n in counts
        )
        rows.append([name, *(f"{100 * share:.1f} %" for share in alarms)])
    yield (
        f"How often the goodness test rejects at 5 %. The first row are false alarms, of "
        f"{REPETITIONS // quick:,} samples each; the others, {REPETITIONS // quick // 4:,} each, "
        "are what it finds."
    )
    yield table(["sizes", *(f"n = {count:,}" for count in counts)], rows)


# -- screening, advice, speed ----------------------------------------------------------------


def screening_chapter(quick: int) -> Iterable[str]:
    repetitions = 2 * REPETITIONS // quick
    shares = (0.3, 0.5, 0.7)
    rng = np.random.default_rng(5)
    rows = []
    for held, pictures in ((50, 1), (400, 1), (40, 5), (40, 8), (40, 15)):
        cells, wrong = [], 0
        for share in shares:
            hits = 0
            for seed in range(repetitions):
                # Shares of images scatter as a beta distribution of correlation 0.05.
                each = rng.beta(19 * share, 19 * (1 - share), pictures) if pictures > 1 else share
                small = rng.random((held, pictures)) < each
                image = np.broadcast_to(np.arange(pictures), small.shape)
                least = np.where(small, 50.0, 200.0)
                found = screen(least, None, image, rule="all", resamples=500, seed=seed)
                hits += found.low <= share <= found.high
                wrong += share == 0.5 and found.outcome == MEETS
            cells.append(f"{100 * hits / repetitions:.1f}")
        name = f"{held} particles" if pictures == 1 else f"{pictures} images of {held}"
        rows.append([name, *cells, f"{100 * wrong / repetitions:.1f} %"])
    yield "### Screening"
    yield (
        f"How often of 100 the 95 % interval of the share holds the truth ({repetitions:,} samples "
        "each; the shares of images scatter with a correlation of 0.05 between particles of one "
        'image), and how often a share of exactly 50 % "meets the size criterion":'
    )
    yield table(["sample", *(f"share {share:g}" for share in shares), "meets at 0.5"], rows)


def advice_chapter(quick: int) -> Iterable[str]:
    rng = np.random.default_rng(6)
    sigma, repetitions = math.log(1.5), 400 // quick
    needed = [
        particles_needed(rng.lognormal(0, sigma, 100), seed=seed).needed
        for seed in range(repetitions)
    ]
    typical = int(np.median(needed))
    reached = [
        particles_needed(rng.lognormal(0, sigma, typical), seed=seed).half_width
        for seed in range(repetitions)
    ]
    low, high = np.quantile(needed, [0.1, 0.9])
    exact = (stdtrit(1e6, 0.975) * math.sqrt(math.pi / 2) * sigma / 0.05) ** 2
    yield "### Advice"
    yield (
        f"Asked with 100 particles of GSD 1.5 how many bring the median to ±5 %, it says {typical} "
        f"in the middle and {low:.0f} to {high:.0f} in 80 % of {repetitions} samples; theory says "
        f"{exact:.0f}. Samples of {typical} reach ±{100 * np.median(reached):.1f} %."
    )


def speed_chapter() -> Iterable[str]:
    sizes = np.random.default_rng(7).lognormal(0, 0.4, 5000)
    bootstrap_intervals(sizes)
    start = time.process_time()
    for seed in range(5):
        bootstrap_intervals(sizes, seed=seed)
    quick = (time.process_time() - start) / 5
    rng = np.random.default_rng(8)
    start = time.process_time()
    for _ in range(100):
        again = rng.choice(sizes, sizes.size)
        summarise(again)
        moment_mean(again, 3, 2)
        moment_mean(again, 4, 3)
    plain = (time.process_time() - start) * 10
    yield "### Speed"
    yield (
        "All intervals of 5,000 particles with 1,000 resamples take "
        f"1/{plain / quick:.0f} of the time of a loop that draws 1,000 resamples and summarises "
        f"each ({quick:.2f} s and {plain:.1f} s on one core of the machine this was measured on)."
    )


# -- the chapter -----------------------------------------------------------------------------


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def chapter(quick: int) -> str:
    """Everything, in Markdown."""
    parts = ["Simulated samples of known truth; made by `python -m benchmarks.metrology --write`."]
    for write in (edge_chapter, interval_chapter, fit_chapter, screening_chapter, advice_chapter):
        parts.extend(write(quick))
    return "\n\n".join([*parts, *speed_chapter()])


def main() -> None:
    """Print the chapter, or write it between its marks in the document."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions")
    parser.add_argument("--write", action="store_true", help=f"update {DOCUMENT.name}")
    arguments = parser.parse_args()
    if arguments.quick and arguments.write:
        parser.error("--quick is to look at only: its figures are too rough to write down")
    text = chapter(10 if arguments.quick else 1)
    if not arguments.write:
        print(text)
        return
    document = DOCUMENT.read_text(encoding="utf-8")
    before, after = document.split(BEGIN)[0], document.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
