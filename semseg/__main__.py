"""The command line: ``python -m semseg analyze IMAGE [IMAGE ...] --output DIR``, and ``report``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm import tqdm

from semseg.analysis import Analysis, analyze, refilter
from semseg.counting import EDGES, counted, size_weights
from semseg.display import DEFAULT, Display
from semseg.errors import SemsegError, SettingsError
from semseg.export import run_files, write_files, write_outputs
from semseg.metrology import assess
from semseg.preparation import Crop
from semseg.segmenter import PROVIDERS, Segmenter
from semseg.session import differences, find_pictures, read_session
from semseg.settings import Settings
from semseg.statistics import summarise
from semseg.uncertainty import RATIOS, rescaled
from semseg.version import __version__

_EXAMPLES = """\
examples:
  # width and label bar are found in the file; six files per picture are written to out/
  python -m semseg analyze semseg/data/sample.tif --output out

  # a picture whose file does not say how wide it is, and a stricter filter
  python -m semseg analyze picture.png --width-nm 7520 --filter 0.7 --output out

  # one sample in several pictures: report, workbook and session of all of them together
  python -m semseg analyze a.tif b.tif --edges weight --report --output out

  # the same again from the session, or what differs
  python -m semseg report out/session.json --images . --output again
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status: 0 all well, 1 some picture failed, 2 wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "report":
            return _report(options)
        settings = _settings(options)
        segmenter = Segmenter(provider=settings.provider)
    except SemsegError as error:
        parser.error(str(error))
    jobs = [Job(path, settings) for path in options.images]
    analyses, failed = _analyze_all(jobs, segmenter, options.output)
    if options.report and analyses:
        failed += _write_run(analyses, segmenter, options.output)
    return 1 if failed else 0


@dataclass(frozen=True)
class Job:
    """One picture to analyse: where it lies, how, and what was decided by hand before."""

    path: Path
    settings: Settings
    edits: Mapping[int, bool] = field(default_factory=dict)


def _analyze_all(
    jobs: Sequence[Job], segmenter: Segmenter, output: Path
) -> tuple[list[Analysis], int]:
    """Analyse and write every picture; the analyses, and how many pictures failed."""
    analyses, failed = [], 0
    stems: set[str] = set()
    for job in jobs:
        path = job.path
        try:
            if path.stem in stems:
                raise SettingsError(
                    f"{path.name}: another picture of this run has the same name, so its files "
                    "would be overwritten; analyse it into another folder."
                )
            analysis = _analyze(path, job.settings, segmenter)
            if job.edits:
                analysis = refilter(analysis, job.settings.filter, job.edits)
            write_outputs(analysis, output)
            stems.add(path.stem)
        except SemsegError as error:
            failed += 1
            print(f"{path.name}: {_without_name(str(error), path.name)}", file=sys.stderr)
        else:
            analyses.append(analysis)
            print(_line(analysis))
    return analyses, failed


def _write_run(
    analyses: Sequence[Analysis], segmenter: Segmenter, output: Path, display: Display = DEFAULT
) -> int:
    """Write what all pictures make together; how much failed."""
    try:
        others = {
            ratio: [rescaled(analysis, segmenter, ratio) for analysis in analyses]
            for ratio in RATIOS
        }
        assessment = assess(analyses, display.size, others=others)
        paths = write_files(run_files(analyses, assessment, display), output)
    except SemsegError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(analyses)} picture{'s'[: len(analyses) > 1]} together: {paths[0]}")
    return 0


def _report(options: argparse.Namespace) -> int:
    """Replay a session: find its pictures, analyse them again, say what differs."""
    try:
        session = read_session(options.session.read_bytes())
    except OSError as error:
        raise SettingsError(f"The session file {options.session} cannot be read.") from error
    segmenter = Segmenter(provider=session.settings.provider)
    folder = options.images or options.session.parent
    places = find_pictures(session, folder)
    jobs = [
        Job(places[picture.sha256], session.settings, picture.edits)
        for picture in session.pictures
        if picture.sha256 in places
    ]
    analyses, failed = _analyze_all(jobs, segmenter, options.output)
    if analyses:
        failed += _write_run(analyses, segmenter, options.output, session.display)
    different = differences(session, analyses)
    for sentence in different:
        print(sentence, file=sys.stderr)
    if not different:
        print("Identical to the session, particle by particle.")
    return 1 if failed or different else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m semseg",
        description="Particle sizes from electron micrographs.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"semseg {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "analyze",
        help="measure the particles of one or more pictures",
        description="Measure the particles of one or more pictures. For each picture, "
        "<stem>.particles.csv, .sizes.csv, .summary.json, .labels.tif, .figure.png and .rois.zip "
        "are written.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    command.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    command.add_argument("--output", required=True, type=Path, metavar="DIR")
    command.add_argument(
        "--width-nm",
        type=float,
        metavar="NM",
        help="width of the whole picture in nanometres (default: from the file)",
    )
    command.add_argument(
        "--rescale",
        type=_auto_or(float),
        metavar="auto|FACTOR",
        help="factor by which the picture is resized for the network (default: auto)",
    )
    command.add_argument(
        "--crop",
        type=_auto_or(_rows),
        metavar="auto|none|ROWS",
        help="rows of label bar to drop from the bottom (default: auto)",
    )
    command.add_argument(
        "--filter",
        type=float,
        metavar="0..1",
        help="confidence below which a particle is possibly wrong (default: the model's)",
    )
    command.add_argument(
        "--scale-bar-nm",
        type=float,
        metavar="NM",
        help="length that the scale bar in the picture stands for: the scale where the file gives "
        "none, else a check of it",
    )
    command.add_argument(
        "--scale-uncertainty",
        type=float,
        metavar="SHARE",
        help="relative standard uncertainty of the pixel size, such as 0.01 (default: as its "
        "source tells)",
    )
    command.add_argument(
        "--edges",
        choices=list(EDGES),
        help="particles cut by the edge of the frame: count them as they are, exclude them, or "
        "exclude them and weight the others (default: count)",
    )
    command.add_argument(
        "--visible-only",
        action="store_true",
        default=None,
        help="count fully visible particles only",
    )
    command.add_argument(
        "--report",
        action="store_true",
        help="also write report.html, session.json, particles.xlsx and coco.json of all pictures "
        "together; runs the network twice more, for the uncertainty",
    )
    command.add_argument(
        "--provider",
        choices=["auto", *PROVIDERS],
        help="where the network runs (default: auto)",
    )
    command.add_argument(
        "--settings",
        type=Path,
        metavar="FILE.json",
        help="settings of an earlier result; options given beside it win",
    )
    command = commands.add_parser(
        "report",
        help="replay a session.json: the same files again, or what differs",
        description="Analyse the pictures of a session again, with its settings and decisions by "
        "hand, and write all files. Pictures are known by the hash of their bytes. The exit status "
        "is 0 when every particle is identical.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("session", type=Path, metavar="SESSION.json")
    command.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="folder of the pictures (default: the session's own)",
    )
    command.add_argument("--output", required=True, type=Path, metavar="DIR")
    return parser


def _auto_or(kind):
    """A value of this kind, or the word ``auto``."""

    def convert(text: str):
        return text if text == "auto" else kind(text)

    convert.__name__ = "value"  # argparse names it in its error
    return convert


def _rows(text: str) -> int:
    rows = 0 if text == "none" else int(text)
    if rows < 0:
        raise ValueError
    return rows


def _settings(options: argparse.Namespace) -> Settings:
    """The settings file, overlaid with what was given on the command line."""
    settings = Settings()
    if options.settings:
        try:
            settings = Settings.from_json(options.settings.read_bytes())
        except OSError as error:
            raise SettingsError(f"The settings file {options.settings} cannot be read.") from error
    given = {
        "width_nm": options.width_nm,
        "rescale": options.rescale,
        "crop": options.crop if options.crop in (None, "auto") else Crop(bottom=options.crop),
        "filter": options.filter,
        "scale_bar_nm": options.scale_bar_nm,
        "scale_uncertainty": options.scale_uncertainty,
        "edges": options.edges,
        "visible_only": options.visible_only,
        "provider": options.provider,
    }
    changes = {
        name: None if value == "auto" and name != "provider" else value
        for name, value in given.items()
        if value is not None
    }
    return replace(settings, **changes)


def _analyze(path: Path, settings: Settings, segmenter: Segmenter) -> Analysis:
    """Analyse one picture, with a progress bar where a person is watching."""
    with tqdm(
        total=100,
        desc=path.name,
        leave=False,
        disable=not sys.stderr.isatty(),
        bar_format="{desc} |{bar}| {postfix}",
    ) as bar:

        def show(stage: str, fraction: float) -> None:
            bar.n = round(100 * fraction)
            bar.set_postfix_str(stage)

        return analyze(path, settings, segmenter=segmenter, progress=show)


def _line(analysis: Analysis) -> str:
    particles = analysis.particles
    kept, counts = particles[particles["kept"]], counted(particles)
    unit = "nm" if analysis.calibration else "px"
    size = summarise(counts[f"min_feret_{unit}"], size_weights(counts))
    width = ""
    if analysis.calibration:
        micrometres = analysis.calibration.pixel_size_nm * analysis.micrograph.width / 1000
        width = f", width {micrometres:.4g} µm ({analysis.calibration.source})"
    bar = f", label bar of {analysis.crop.bottom} rows cut" if analysis.crop.bottom else ""
    sizes = ""
    if size.count:
        sizes = f", min Feret mean {size.mean:.4g} {unit}, median {size.median:.4g} {unit}"
    return (
        f"{analysis.micrograph.name}: {len(kept)} of {len(particles)} particles kept{sizes}"
        f"{width}{bar}, rescale {analysis.rescale:.3g} ({analysis.rescale_source})"
    )


def _without_name(message: str, name: str) -> str:
    return message.removeprefix(f"{name}: ")


if __name__ == "__main__":
    sys.exit(main())
