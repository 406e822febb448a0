"""The text of docs/validation.md, chosen by the figures of the run."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import numpy as np
import onnxruntime
import pandas as pd

from semseg.inference.description import ModelInfo
from training.timing import NETWORK_SHAPE
from training.validation_result import Result

LOG = Path(__file__).resolve().parent / "README.md"
NAMES = {"tio2": "TiO2-dev", "emps": "EMPS validation fifth", "drawn": "drawn pictures"}
SCALE_MARKS = "<!-- scale: begin -->", "<!-- scale: end -->"  # as `benchmarks.scale` has them
FREE_SEEDS = range(0, 3)  # of the pictures without particles
THREADS, TURNS = 2, 12  # of the network, for its run time
Figure = Callable[[Result], tuple[float, ...]]


@dataclass(frozen=True)
class Row:
    """A figure of the table: where it comes from, what is wanted of it, and how it is written."""

    name: str
    of: str
    figure: Figure
    reach: float
    aim: float
    error: str = ""  # how an error is written, the smaller the better; other figures have none

    def shown(self, values: tuple[float, ...]) -> str:
        return ", ".join(f"{v:{self.error or '.3f'}}" for v in values)

    def wanted(self, value: float) -> str:
        return f"within {value:.0%}" if self.error else f"{value:.2f}"

    def holds(self, values: tuple[float, ...], limit: float) -> bool:
        if self.error:
            return max(abs(v) for v in values) <= limit
        return min(values) >= limit


def _kept(*names: str) -> Figure:
    return lambda result: tuple(result.pooled["kept"][name] for name in names)


TABLE = (
    Row("F1 at IoU 0.5", "tio2", _kept("F1@0.5"), 0.84, 0.90),
    Row("F1 at IoU 0.75", "tio2", _kept("F1@0.75"), 0.68, 0.76),
    Row("panoptic quality", "tio2", _kept("PQ"), 0.70, 0.77),
    Row("image IoU", "tio2", _kept("image IoU"), 0.91, 0.94),
    Row("recall of fully visible particles", "tio2", _kept("recall visible"), 0.93, 0.97),
    Row(
        "mean, median min Feret, off the edge",
        "tio2", _kept("mean min_feret", "median min_feret"), 0.06, 0.03, "+.1%",
    ),
    Row("F1 at IoU 0.5", "emps", _kept("F1@0.5"), 0.76, 0.85),
    Row(
        "error of a picture's median min Feret (median over pictures)",
        "emps", lambda result: (result.median_size_error,), 0.07, 0.04, ".1%",
    ),
    *(
        Row("confidence, AUROC right against wrong", of, lambda r: (r.confidence.auroc,), 0.8, 0.9)
        for of in NAMES
    ),
)  # fmt: skip
SECONDS_REACH, SECONDS_AIM = 35, 20  # GFLOP-equivalents


def document(
    info: ModelInfo,
    results: dict[str, dict[str, Result]],
    times: dict[str, tuple[float, float]],
    free: pd.DataFrame,
    bounds: pd.DataFrame | None,
    ablation: pd.DataFrame | None,
    folder: str,
    scale: str = "",
) -> str:
    """The page as Markdown; `results` and `times` by model, the rated one first.

    `bounds` is what `training.bounds.bounds` gives, where the pictures are at hand; `ablation`
    the table of `training.ablation`, where it was run; `scale` the chapter that
    `python -m benchmarks.scale --write` put on the page before (`scale_chapter`).
    """
    own = next(iter(results.values()))
    parts = [
        "# Validation",
        f"Written by `python -m training.validation` (see [training/README.md](../training/"
        f"README.md)); nothing here is typed by hand. Model: {info.name}, version {info.version}, "
        f"sha256 `{info.sha256[:12]}`; ONNX Runtime {onnxruntime.__version__}. Everything goes "
        "through `semseg.analyze` with default settings, and particles are those kept by the "
        f"default filter ({info.filter_threshold:g}), unless it says otherwise.",
        _missing(own),
        "## The table",
        *_table(results, times),
        *(["## What bounds them", _bounds(bounds)] if bounds is not None else []),
        "## More figures",
        _more(own),
        "## Confidence",
        _confidence(own, folder),
        "## Sizes",
        _sizes(own, folder),
        "## Drawn pictures",
        "The best, the typical (median) and the worst of the drawn pictures, by F1 at IoU 0.5, "
        "where their particles are. Blue: truth; green: kept; red: possibly wrong. Real pictures "
        "do not come into the repository; their overlays are written to "
        "`training/cache/validation/`.",
        f"![Best, typical and worst of the drawn pictures]({folder}/drawn.png)",
        "## Pictures without particles",
        _out_of_domain(own, free),
        "## Scale",
        "How often the scale bar in a picture is found, and read. No network is part of it.",
        scale or "\n\n".join(SCALE_MARKS),
        "## Run time",
        _time(times),
        "## Ablations",
        _ablations(results, ablation),
        "## Limits",
        _limits(own, free),
    ]
    return "\n\n".join(map(_wrapped, filter(None, parts))) + "\n"


def scale_chapter(page: str) -> str:
    """What stands between the marks of `benchmarks.scale` on an earlier page, marks included."""
    begin, end = SCALE_MARKS
    if begin not in page or end not in page:
        return ""
    return begin + page.split(begin)[1].split(end)[0] + end


def _wrapped(part: str) -> str:
    """Paragraphs and points of a list at the width of the other pages; tables as they are."""
    blocks = []
    for block in part.split("\n\n"):
        if block.startswith("* "):
            points = block.split("\n")
            blocks.append("\n".join(fill(each, 100, subsequent_indent="  ") for each in points))
        else:
            blocks.append(block if block.startswith(("|", "#", "!")) else fill(block, 100))
    return "\n\n".join(blocks)


def _missing(own: dict[str, Result]) -> str:
    absent = [NAMES[of] for of in NAMES if of not in own]
    if not absent:
        counts = ", ".join(f"{NAMES[of]} {len(r.pictures)}" for of, r in own.items())
        return (
            f"Pictures: {counts}. No TiO2 picture was trained on and nothing was fitted to "
            "them, but their figures were seen whenever ways were compared (training/README.md). "
            "EMPS-train but for the validation fifth was trained on; thresholds, confidence, "
            "filter and in-domain probability were fitted to that fifth and to drawn pictures of "
            "other seeds, so that its own figures flatter a little."
        )
    return (
        f"**Not measured in this run: {' and '.join(absent)}**, since `../shared` is not at hand; "
        "what stands here of the rest is of drawn pictures."
    )


def _standing(row: Row, values: tuple[float, ...]) -> str:
    if row.holds(values, row.aim):
        return "aim"
    return "reach" if row.holds(values, row.reach) else "**below**"


def _table(results: dict[str, dict[str, Result]], times: dict[str, tuple[float, float]]):
    names = list(results)
    lines = [
        f"| figure | reach | aim | {' | '.join(names)} | stands at |",
        f"|---|---:|---:|{'---:|' * len(names)}---|",
    ]
    for row in TABLE:
        cells = [
            row.shown(row.figure(sets[row.of])) if row.of in sets else "not at hand"
            for sets in results.values()
        ]
        own = results[names[0]].get(row.of)
        stands = _standing(row, row.figure(own)) if own else ""
        lines.append(
            f"| {NAMES[row.of]}, {row.name} | {row.wanted(row.reach)} | {row.wanted(row.aim)} | "
            f"{' | '.join(cells)} | {stands} |"
        )
    spent = [seconds * rate for seconds, rate in times.values()]
    stands = (
        "aim" if spent[0] <= SECONDS_AIM else "reach" if spent[0] <= SECONDS_REACH else "**below**"
    )
    lines.append(
        f"| network, {NETWORK_SHAPE[1]} x {NETWORK_SHAPE[0]}, two threads, GFLOP-equivalents | "
        f"{SECONDS_REACH} | {SECONDS_AIM} | {' | '.join(f'{x:.0f}' for x in spent)} | {stands} |"
    )
    rated = f"The last column rates `{names[0]}`." if len(names) > 1 else ""
    return ["\n".join(lines), rated]


def _bounds(bounds: pd.DataFrame) -> str:
    """The three rows as a table."""
    lines = [f"| | {' | '.join(bounds.columns)} |", f"|---|{'---:|' * len(bounds.columns)}"]
    for row, values in bounds.iterrows():
        lines.append(f"| {row} | {' | '.join(f'{value:.3f}' for value in values)} |")
    return (
        "Before the filter, on the grid of the maps (`python -m training.bounds tio2 powder emps "
        "drawn heaps`): of the true particles, how many could be had at IoU 0.5 by any joining of "
        "the superpixels, how many are among the candidates, how many are chosen, and how many of "
        "those chosen are right. Where the first is low, nothing that follows can help; where "
        "*chosen* is far below *best candidate*, it is the choice that bounds. TiO2 is seen at the "
        "factor that is found, all others at the one that the truth asks for.\n\n"
        + "\n".join(lines)
    )


def _more(own: dict[str, Result]) -> str:
    """Figures of all sets, found and kept."""
    heads = [f"{NAMES[of]}, {key}" for of in own for key in ("found", "kept")]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    wanted = ["F1@0.5", "F1@0.75", "PQ", "image IoU", "precision", "recall", "recall visible",
              "recall covered", "recall fragment", "mean min_feret", "median min_feret", "mean ecd",
              "median ecd"]  # fmt: skip
    for name in wanted:
        cells = []
        for result in own.values():
            for key in ("found", "kept"):
                value = result.pooled[key].get(name)
                signed = name.startswith(("mean ", "median "))
                cells.append("" if value is None else f"{value:+.1%}" if signed else f"{value:.3f}")
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    for name, figure in (
        ("error of a picture's median min Feret, median over pictures", "median_size_error"),
        (
            "rescale factor within 25 % of what the truth asks for, share of pictures",
            "right_factor",
        ),
    ):
        cells = [cell for r in own.values() for cell in ("", f"{getattr(r, figure):.1%}")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + (
        "\n\nAll pictures of a set are pooled as if they were one, but for the last two rows. "
        "Pooled sizes mix pictures of different scales, so on EMPS and on drawn pictures the last "
        "rows say more."
    )


def _confidence(own: dict[str, Result], folder: str) -> str:
    lines = ["| | particles found | AUROC | expected calibration error |", "|---|---:|---:|---:|"]
    lines += [
        f"| {NAMES[of]} | {r.confidence.count.sum()} | {r.confidence.auroc:.3f} | "
        f"{r.confidence.calibration_error:.3f} |"
        for of, r in own.items()
    ]
    return (
        "A particle is right when its IoU with a true one is at least 0.5. On EMPS and drawn "
        "pictures the coefficients were fitted to the same kind of picture (EMPS: to these).\n\n"
        + "\n".join(lines)
        + f"\n\n![Reliability of the confidence]({folder}/reliability.png)"
    )


def _sizes(own: dict[str, Result], folder: str) -> str:
    said = []
    for of, result in own.items():
        errors = result.kept["median min_feret"].abs().fillna(1.0)
        said.append(
            f"{NAMES[of]}: within 10 % for {np.mean(errors <= 0.1):.0%} of pictures, "
            f"within 25 % for {np.mean(errors <= 0.25):.0%}"
        )
    return (
        "Median min Feret of each picture, of the particles off the edge, found against true, in "
        f"pixels of the file. {'; '.join(said)}.\n\n"
        f"![Median min Feret, found against true]({folder}/sizes.png)"
    )


def _out_of_domain(own: dict[str, Result], free: pd.DataFrame) -> str:
    total = free.sum()
    wrongly = ", ".join(
        f"{NAMES[of]} {r.out_of_domain} of {len(r.pictures)}" for of, r in own.items()
    )
    lines = ["| kind | megapixels | found | kept | out of domain | refused |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {row.Index} | {row.megapixels:.1f} | {row.found} | {row.kept} | {row.out_of_domain} | "
        f"{row.refused} |"
        for row in free.itertuples()
    ]
    return (
        f"{len(FREE_SEEDS)} pictures of each kind, drawn by `training/particle_free.py`: "
        f"{total['kept'] / total['megapixels']:.2f} false particles kept per megapixel "
        f"({total['kept']:.0f} on {total['megapixels']:.0f} megapixels; reach: fewer than one). "
        "*Out of domain*: all that was found is possibly wrong, and a note says that this does "
        "not look like particles the model knows. *Refused*: too small, or blank. Pictures of "
        f"particles taken for out of domain by mistake: {wrongly}.\n\n" + "\n".join(lines)
    )


def _time(times: dict[str, tuple[float, float]]) -> str:
    lines = [
        f"| | ms, {NETWORK_SHAPE[1]} x {NETWORK_SHAPE[0]} | sustained GFLOP/s | "
        "GFLOP-equivalents |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    lines += [f"| {n} | {1000 * s:.0f} | {r:.0f} | {s * r:.0f} |" for n, (s, r) in times.items()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"The network alone, {THREADS} threads of a machine with {cores} usable cores, best of "
        f"{TURNS}. Milliseconds mean little elsewhere: GFLOP-equivalents are seconds times the "
        "best rate of large convolutions, measured by turns with the network "
        "(`python -m training.timing`). All stages: `python -m benchmarks.analyze`."
        "\n\n" + "\n".join(lines)
    )


def _ablations(results: dict[str, dict[str, Result]], ablation: pd.DataFrame | None) -> str:
    short = ""
    if ablation is not None:
        columns = [name for name in ablation if name != "steps"]
        lines = [
            f"| trained on | {' | '.join(columns)} |",
            "|---|" + "---:|" * len(columns),
            *(
                f"| {variant} | {' | '.join(f'{value:.3f}' for value in row)} |"
                for variant, *row in ablation[columns].itertuples()
            ),
        ]
        short = (
            f"Short runs of {int(ablation['steps'].iloc[0])} steps from nothing, which differ in "
            "one thing (`python -m training.ablation`), of networks laid out as in "
            "the second edition; the shipped model had some seventy thousand. All particles found, "
            "at the rescale factor that the truth asks for; merge classifier "
            "and score model are fitted to EMPS and drawn pictures for each.\n\n"
            + "\n".join(lines)
            + "\n\n"
        )
    log = LOG.read_text(encoding="utf-8").split("## Log", 1)[-1]
    table = re.search(r"(?:^\|.*\n)+", log, re.MULTILINE)
    beside = (
        f"Models measured beside the first in the table above: {', '.join(list(results)[1:])}."
        if len(results) > 1
        else "No other model was measured in this run; `--compare NAME=path.onnx` puts some beside "
        "it in the table above."
    )
    runs = f"Runs as the log of [training/README.md](../training/README.md) has them:\n\n{table[0]}"
    return short + beside + ("\n\n" + runs.rstrip() if table else "")


def _limits(own: dict[str, Result], free: pd.DataFrame) -> str:
    said = []
    if "tio2" in own:
        kept = own["tio2"].pooled["kept"]
        said.append(
            "Of hand-drawn TiO2 particles the model misses "
            + ", ".join(
                f"{1 - kept[f'recall {name}']:.0%} of the {words}"
                for name, words in (("visible", "fully visible"), ("covered", "partly covered"),
                                    ("fragment", "fragments"))
            )
            + f"; the mean min Feret there comes out at {kept['mean min_feret']:+.0%}. TiO2 "
            "is eight pictures of one material from one instrument."
        )  # fmt: skip
    for of, result in own.items():
        failed = result.kept[result.kept["F1@0.5"] < 0.5]
        said.append(
            f"On {NAMES[of]} F1 at IoU 0.5 is below 0.5 in {len(failed)} of {len(result.pictures)} "
            f"pictures; the rescale factor is off by more than 25 % in "
            f"{1 - result.right_factor:.0%} of them, and could not be decided in "
            f"{(result.kept['rescale from'] == 'could not decide').sum()}."
        )
    keeping = free[free["kept"] > 0]
    if len(keeping):
        said.append(
            "Kinds of picture without particles in which something is kept: "
            + ", ".join(f"{kind} ({n})" for kind, n in keeping["kept"].items())
            + "."
        )
    said.append(
        "Drawings are recognised by their flat greys, so a mask of particles counts as one: lower "
        "the filter for it. A photograph of a board of squares is not, and its squares are taken "
        "for particles."
    )
    said.append(
        "Drawn pictures are drawn by the renderer that trained the model, with other seeds: they "
        "show that it learned, not that it travels."
    )
    return "\n".join(f"* {each}" for each in said)
