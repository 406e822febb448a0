"""The command line: ``python -m semseg analyze IMAGE [IMAGE ...] --output DIR``, and ``report``.

The exit status is 0 when all is well, 1 when some picture failed (the others are written), 2 for
wrong usage or a model that cannot be used, and 128 + the signal when the run was asked to end
(130 after Ctrl-C).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from semseg.analysis import Analysis, analyze, refilter
from semseg.cli.arguments import parser, settings_of
from semseg.display import DEFAULT, Display
from semseg.errors import ModelError, SemsegError, SettingsError, printable, sentence
from semseg.export.files import output_paths, run_files, written_files
from semseg.export.interruption import postponed, terminable
from semseg.export.session import differences, find_pictures, read_session
from semseg.export.writing import check_folder, write_files
from semseg.inference.segmenter import Segmenter
from semseg.metrology.assessment import assess
from semseg.metrology.uncertainty import RATIOS, rescaled
from semseg.settings import Settings
from semseg.statistics.counting import counted, size_weights
from semseg.statistics.summary import summarise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status, as the head of this room lists it."""
    command = parser()
    options = command.parse_args(arguments)
    try:
        with terminable():
            return _report(options) if options.command == "report" else _measure(options)
    except ModelError as error:
        command.exit(2, f"{command.prog}: error: {printable(str(error))}\n")
    except SemsegError as error:
        command.error(printable(str(error)))
    except KeyboardInterrupt as stop:
        return 128 + getattr(stop, "number", signal.SIGINT)


@dataclass(frozen=True)
class Job:
    """One picture to analyse: where it lies, how, and what was decided by hand before."""

    path: Path
    settings: Settings
    edits: Mapping[int, bool] = field(default_factory=dict)


def _measure(options: argparse.Namespace) -> int:
    """Measure every picture and, where it was asked for, write what they make together."""
    settings = settings_of(options)
    segmenter = Segmenter(provider=settings.provider)
    jobs = [Job(path, settings) for path in options.images]
    analyses, failed = _analyze_all(jobs, segmenter, options.output)
    if options.report and analyses:
        failed += _write_run(analyses, segmenter, options.output)
    return 1 if failed else 0


def _report(options: argparse.Namespace) -> int:
    """Replay a session: find its pictures, analyse them again, say what differs."""
    try:
        session = read_session(options.session.read_bytes())
    except OSError as error:
        raise SettingsError(f"The session file {options.session} cannot be read.") from error
    if _identity(options.session) == _identity(options.output / "session.json"):
        raise SettingsError(
            f"The replay would overwrite {options.session}; choose another folder with --output."
        )
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
    for difference in different:
        _warn(difference)
    if not different:
        _say("Identical to the session, particle by particle.")
    return 1 if failed or different else 0


def _analyze_all(
    jobs: Sequence[Job], segmenter: Segmenter, output: Path
) -> tuple[list[Analysis], int]:
    """Analyse and write every picture; the analyses, and how many pictures failed."""
    analyses, failed = [], 0
    inputs = {_identity(job.path) for job in jobs}
    written: set[tuple[int, int] | None] = set()
    for job in jobs:
        name = job.path.name
        try:
            _spare(output_paths(name, output), inputs, written)
            check_folder(output)
            analysis = _analyze(job.path, job.settings, segmenter)
            if job.edits:
                analysis = refilter(analysis, job.settings.filter, job.edits)
            # matplotlib would swallow an interruption; and what is written is also told
            with postponed():
                paths = write_files(written_files(analysis), output)
                written.update(map(_identity, paths))
                analyses.append(analysis)
                _say(_line(analysis))
        except KeyboardInterrupt:
            _warn(
                f"Interrupted: {len(analyses)} of {len(jobs)} pictures are finished, each with all "
                f"its files; {name} was the one at hand."
            )
            raise
        except Exception as error:
            failed += 1
            _warn(f"{name}: {sentence(error).removeprefix(f'{name}: ')}")
    return analyses, failed


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other, whatever it is called; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _spare(paths: Sequence[Path], inputs: set, written: set) -> None:
    """Refuse to write over a picture of this run, or over what it has written."""
    for path in paths:
        identity = _identity(path)
        if identity is None:
            continue
        if identity in written:
            raise SettingsError(
                "Another picture of this run has the same name, so its files would be "
                "overwritten; analyse it into another folder."
            )
        if identity in inputs:
            raise SettingsError(
                f"Its {path.name} would overwrite a picture of this run; "
                "choose another folder with --output."
            )


def _write_run(
    analyses: Sequence[Analysis], segmenter: Segmenter, output: Path, display: Display = DEFAULT
) -> int:
    """Write what all pictures make together; how much failed."""
    paths: list[Path] = []
    try:
        others = {
            ratio: [rescaled(analysis, segmenter, ratio) for analysis in analyses]
            for ratio in RATIOS
        }
        assessment = assess(analyses, display.size, others=others)
        with postponed():
            paths = write_files(run_files(analyses, assessment, display), output)
            _say(f"{len(analyses)} picture{'s'[: len(analyses) > 1]} together: {paths[0]}")
    except KeyboardInterrupt:
        report = "and the report are finished" if paths else "are finished, the report is not"
        _warn(f"Interrupted: the pictures {report}.")
        raise
    except (SemsegError, MemoryError) as error:
        _warn(sentence(error))
        return 1
    return 0


def _say(line: str) -> None:
    """One line on stdout, at once. Where nobody listens or the disk is full, the files matter
    more."""
    try:
        print(printable(line), flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the rest of the run
        _warn(f"Standard output could not be written ({error.strerror}); the files are.")


def _warn(line: str) -> None:
    """One line on stderr; it may quote what a file or a name holds."""
    print(printable(line), file=sys.stderr)


def _analyze(path: Path, settings: Settings, segmenter: Segmenter) -> Analysis:
    """Analyse one picture, with a progress bar where a person is watching."""
    with tqdm(
        total=100,
        desc=printable(path.name),
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


if __name__ == "__main__":
    sys.exit(main())
