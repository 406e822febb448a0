"""The work on one picture, in whatever process and on whatever computer it is done.

A worker loads the network once for its process. It writes the picture's files itself and returns a
small row; what is wrong with a picture is a row, too. Only what no other picture would survive
either (the model, the disk, another edition of semseg) is raised.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket
import threading
import time
from pathlib import Path

from semseg.analysis import Analysis, analyze, lacks_reader, refilter
from semseg.bands import limit_threads
from semseg.batch.by_hand import decisions, digest
from semseg.batch.jobs import EDITION, Job, identity
from semseg.batch.pictures import read_bytes
from semseg.batch.results import (
    PARTICLES,
    THUMBNAIL,
    Row,
    keep,
    kept_row,
    particles_parquet,
    row_of,
)
from semseg.batch.run import place_of
from semseg.errors import ModelError, OutputError, printable, sentence
from semseg.export.files import written_files
from semseg.export.session import session_json
from semseg.figures.thumbnail import thumbnail_jpeg
from semseg.inference.segmenter import Segmenter

__all__ = ["measure", "without_name"]

_loading = threading.Lock()


def measure(job: Job, run: str, threads: int, edition: tuple[int, str]) -> Row:
    """Measure one picture into the folder of the run, unless it was done before.

    Parameters
    ----------
    job : Job
    run : str
        The folder of the run, as this computer sees it.
    threads : int
        For this picture.
    edition : (int, str)
        `semseg.batch.jobs.EDITION` of whoever shares out the work.

    Returns
    -------
    Row
        That of `semseg.batch.results.row_of`, or ``state`` ``failed`` and a ``sentence``; with the
        result's ``id``, ``seconds`` and ``worker``, and with ``hand``, the digest of what a person
        decided on the picture.

    Raises
    ------
    ModelError
        This worker has another edition of semseg, or a model that cannot be used.
    OutputError
        The disk refuses.
    """
    began = time.perf_counter()
    if edition != EDITION:
        raise ModelError(
            f"The worker on {socket.gethostname()} has another edition of semseg, which measures "
            "otherwise; install the same one everywhere."
        )
    known: Row = {}
    try:
        content, sidecar = read_bytes(job.picture)
        known["sha256"] = hashlib.sha256(content).hexdigest()
        known["hand"] = digest(Path(run), known["sha256"])
        decided = decisions(Path(run), known["sha256"])
        wanted = decided.applied(job) if decided else job
        row = _measured(wanted, content, sidecar, known["sha256"], Path(run), threads)
    except (ModelError, OutputError):
        raise
    except Exception as error:
        row = failed(job, sentence(error))
    return {
        **known,
        **row,
        "seconds": round(time.perf_counter() - began, 3),
        "worker": f"{socket.gethostname()}:{os.getpid()}",
    }


def failed(job: Job, said: str) -> Row:
    """The row of a picture that could not be measured, and why."""
    return {"state": "failed", "sentence": without_name(printable(said), job.picture.name)}


def without_name(text: str, name: str) -> str:
    """A sentence that may begin with the name of its file, without that.

    >>> without_name("a.tif is empty.", "a.tif"), without_name("a.tif: no picture.", "a.tif")
    ('It is empty.', 'No picture.')
    """
    if text.startswith(f"{name} "):
        text = f"it {text.removeprefix(f'{name} ')}"
    text = text.removeprefix(f"{name}: ")
    return text[:1].upper() + text[1:]


def _measured(
    job: Job,
    content: bytes,
    sidecar: tuple[str, bytes] | None,
    sha256: str,
    run: Path,
    threads: int,
) -> Row:
    text_hash = hashlib.sha256(sidecar[1]).hexdigest() if sidecar else None
    known = identity(job, sha256, text_hash)
    folder = place_of(run, known)
    row = kept_row(folder)
    if row is not None:
        return {**row, "id": known}
    segmenter = _segmenter(job.settings.provider, threads)
    hand = job.by_hand
    analysis = analyze(
        content,
        job.settings,
        name=job.picture.name,
        sidecar=sidecar,
        segmenter=segmenter,
        printed=hand.printed if hand else None,
        operations=hand.operations if hand else (),
    )
    if hand and hand.edits:
        analysis = refilter(analysis, job.settings.filter, hand.edits)
    found = {**row_of(analysis), "unread": lacks_reader(analysis)}
    return {**keep(folder, files_of(analysis, job), found), "id": known}


def files_of(analysis: Analysis, job: Job) -> dict[str, bytes]:
    """Name and content of what is kept of a picture beside its row."""
    return {
        **written_files(analysis, details=job.details),
        "session.json": session_json([analysis], details=job.details),
        PARTICLES: particles_parquet(analysis),
        THUMBNAIL: thumbnail_jpeg(analysis),
    }


def _segmenter(provider: str, threads: int) -> Segmenter:
    """The network of this process, loaded once."""
    with _loading:
        return _loaded(provider, threads)


@functools.cache
def _loaded(provider: str, threads: int) -> Segmenter:
    limit_threads(threads)
    return Segmenter(provider=provider, threads=threads)
