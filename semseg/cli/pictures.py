"""The pictures of a command: analysed and written one after the other; what they make together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from semseg.analysis import Analysis, analyze, refilter, rescaled
from semseg.cli.printed import result_line, say, warn
from semseg.cli.progress import progress_bar
from semseg.display import DEFAULT, Display
from semseg.errors import (
    ModelError,
    SemsegError,
    SettingsError,
    UnreadableImageError,
    sentence,
)
from semseg.export.files import output_paths, run_files, written_files
from semseg.export.interruption import postponed
from semseg.export.writing import check_folder, write_files
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import safe_name
from semseg.metrology.assessment import assess
from semseg.metrology.uncertainty import usable_ratios
from semseg.scale.sidecar import is_sidecar_name, text_file_sentence
from semseg.settings import Settings

__all__ = ["Job", "analyze_all", "identity", "write_run"]

Identity = tuple[int, int]


@dataclass(frozen=True)
class Job:
    """One picture to analyse: where it lies, how, and what was decided by hand before."""

    path: Path
    settings: Settings
    edits: Mapping[int, bool] = field(default_factory=dict)


def analyze_all(
    jobs: Sequence[Job], segmenter: Segmenter, output: Path
) -> tuple[list[Analysis], int]:
    """Analyse and write every picture; the analyses, and how many pictures failed."""
    analyses, failed = [], 0
    inputs = {identity(job.path) for job in jobs}
    written: dict[Identity | None, Path] = {}
    for job in jobs:
        name = job.path.name
        try:
            _spare(job.path, output, inputs, written)
            check_folder(output)
            with progress_bar(name) as show:
                analysis = analyze(job.path, job.settings, segmenter=segmenter, progress=show)
            if job.edits:
                analysis = refilter(analysis, job.settings.filter, job.edits)
            # matplotlib would swallow an interruption; and what is written is also told
            with postponed():
                paths = write_files(written_files(analysis), output)
                written |= dict.fromkeys(map(identity, paths), job.path)
                analyses.append(analysis)
                say(result_line(analysis))
                for note in analysis.notes:
                    warn(f"{name}: {note}")
        except KeyboardInterrupt:
            warn(
                f"Interrupted: {len(analyses)} of {len(jobs)} pictures are finished, each with all "
                f"its files; {name} was being analysed."
            )
            raise
        except ModelError:
            raise  # no picture is to blame, and none would succeed
        except Exception as error:
            failed += 1
            warn(f"{name}: {_without_name(sentence(error), name)}")
    return analyses, failed


def _without_name(text: str, name: str) -> str:
    """A sentence that may begin with the name of its file, without that."""
    for beginning in (f"{name}: ", f"{name} ", f"{safe_name(name)} "):
        text = text.removeprefix(beginning)
    return text


def write_run(
    analyses: Sequence[Analysis], segmenter: Segmenter, output: Path, display: Display = DEFAULT
) -> int:
    """Write what all pictures make together; how much failed."""
    paths: list[Path] = []
    try:
        others = {
            ratio: [rescaled(analysis, segmenter, ratio) for analysis in analyses]
            for ratio in usable_ratios(analyses)
        }
        assessment = assess(analyses, display.size, others=others)
        with postponed():
            paths = write_files(run_files(analyses, assessment, display), output)
            say(f"{len(analyses)} picture{'s'[: len(analyses) > 1]} together: {paths[0]}")
    except KeyboardInterrupt:
        report = "and the report are finished" if paths else "are finished, the report is not"
        warn(f"Interrupted: the pictures {report}.")
        raise
    except (SemsegError, MemoryError) as error:
        warn(sentence(error))
        return 1
    return 0


def identity(path: Path) -> Identity | None:
    """What tells a file from every other, whatever it is called; None where there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _spare(
    picture: Path,
    output: Path,
    inputs: Collection[Identity | None],
    written: Mapping[Identity | None, Path],
) -> None:
    """Refuse to write over a picture of this run, or over what was `written` of another one."""
    for path in output_paths(picture.name, output):
        found = identity(path)
        if found is None:
            continue
        if found in written:
            if is_sidecar_name(picture.name):
                raise UnreadableImageError(text_file_sentence(picture.name))
            raise SettingsError(
                f"Another picture of this run has the same name ({written[found]}), so its files "
                "would be overwritten; analyse the two into different folders."
            )
        if found in inputs:
            raise SettingsError(
                f"Its {path.name} would overwrite a picture of this run; "
                "choose another folder with --output."
            )
