"""The pictures of a command: analysed and written one after the other; what they make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from semseg.analysis import Analysis, analyze, lacks_reader, refilter, rescaled
from semseg.cli.outputs import OutputFolder
from semseg.cli.printed import notes_of, result_line, say, warn
from semseg.cli.progress import progress_bar
from semseg.details import NONE, Details
from semseg.errors import ModelError, SemsegError, sentence
from semseg.export.files import written_files
from semseg.export.interruption import postponed
from semseg.export.run import Run
from semseg.export.writing import write_files
from semseg.inference.segmenter import Segmenter
from semseg.io.micrograph import safe_name
from semseg.metrology.pooling import left_out_sentences
from semseg.metrology.uncertainty import usable_ratios
from semseg.operations import Operation
from semseg.scale.bar_text import PrintedScale
from semseg.settings import Settings

__all__ = ["Job", "Tally", "analyze_all", "write_run"]


@dataclass(frozen=True)
class Job:
    """One picture to analyse: where it lies, how, and what was put right and decided by hand and
    read in it before; and what a person says of the sample."""

    path: Path
    settings: Settings
    edits: Mapping[int, bool] = field(default_factory=dict)
    printed: PrintedScale | None = None
    operations: Sequence[Operation] = ()
    details: Details = NONE


@dataclass
class Tally:
    """How many pictures are finished, how many failed, and in how many writing was not read."""

    finished: int = 0
    failed: int = 0
    unread: int = 0


def analyze_all(
    jobs: Sequence[Job], segmenter: Segmenter, output: Path, run: Run | None = None
) -> Tally:
    """Analyse every picture, write its files and let it go; `run` keeps what it needs of each."""
    tally = Tally()
    folder = OutputFolder(output, [job.path for job in jobs])
    for job in jobs:
        name = job.path.name
        try:
            folder.check(job.path)
            _analyze_one(job, segmenter, folder, run, tally)
        except KeyboardInterrupt:
            warn(
                f"Interrupted: {tally.finished} of {len(jobs)} pictures are finished, each with "
                f"all its files; {name} was being analysed."
            )
            raise
        except ModelError:
            raise  # no picture is to blame, and none would succeed
        except Exception as error:
            tally.failed += 1
            warn(f"{name}: {_without_name(sentence(error), name)}")
    if tally.unread:
        warn(
            "What stands at scale bars was not read, since that is not installed: "
            "pip install 'semseg[ocr]', or rapidocr alone."
        )
    return tally


def _analyze_one(
    job: Job, segmenter: Segmenter, folder: OutputFolder, run: Run | None, tally: Tally
) -> None:
    """Analyse one picture and write its files; nothing of it stays but in `run`."""
    name = job.path.name
    with progress_bar(name) as show:
        analysis = analyze(
            job.path,
            job.settings,
            segmenter=segmenter,
            progress=show,
            printed=job.printed,
            operations=job.operations,
        )
    tally.unread += lacks_reader(analysis)
    if job.edits:
        analysis = refilter(analysis, job.settings.filter, job.edits)
    # matplotlib would swallow an interruption; and what is written is also told
    with postponed():
        folder.write(written_files(analysis, details=job.details), job.path)
        tally.finished += 1
        say(result_line(analysis))
        for note in notes_of(analysis):
            warn(f"{name}: {note}")
    if run is not None:
        run.add(analysis, _at_other_factors(analysis, segmenter, tally))


def _at_other_factors(
    analysis: Analysis, segmenter: Segmenter, tally: Tally
) -> dict[float, Analysis]:
    """The picture at the rescale factors that the uncertainty is found from, by their ratio to the
    one used. One that fails costs the uncertainty a part, and not the report."""
    found = {}
    for ratio in usable_ratios([analysis]):
        name = f"{analysis.micrograph.name}, at {ratio:g} of its rescale factor"
        try:
            with progress_bar(name) as show:
                found[ratio] = rescaled(analysis, segmenter, ratio, progress=show)
        except (SemsegError, MemoryError) as error:
            tally.failed += 1
            warn(f"{name}: {sentence(error)}")
    return found


def _without_name(text: str, name: str) -> str:
    """A sentence that may begin with the name of its file, without that."""
    for beginning in (f"{name}: ", f"{name} ", f"{safe_name(name)} "):
        text = text.removeprefix(beginning)
    return text


def write_run(run: Run, output: Path) -> int:
    """Write what all pictures make together; how much failed."""
    paths: list[Path] = []
    count = len(run.analyses)
    try:
        files = run.files()
        with postponed():
            paths = write_files(files, output)
            say(f"{count} picture{'s'[: count > 1]} together: {paths[0]}")
            for said in left_out_sentences(run.analyses):
                warn(said)
    except KeyboardInterrupt:
        report = "and the report are finished" if paths else "are finished, the report is not"
        warn(f"Interrupted: the pictures {report}.")
        raise
    except (SemsegError, MemoryError) as error:
        warn(sentence(error))
        return 1
    return 0
