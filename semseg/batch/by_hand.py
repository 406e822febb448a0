"""What a person decided on pictures of a run: a session of its own for each such picture.

They lie in ``RUN/by_hand/SHA256.session.json``, by the hash of the picture's bytes, so that a file
that is moved or given other settings keeps what was decided on it. A picture with such a session is
measured as it says: its settings, its corrected outlines, what was kept or not. Who saves one
changes nothing of the results that are there; ``semseg batch --retry-edited`` makes them anew.

>>> from semseg.analysis import refilter
>>> from semseg.export.session import session_of
>>> decided = refilter(analysis, analysis.settings.filter, {7: False})
>>> save(Path("run"), session_of([decided])).parent.as_posix()
'run/by_hand'
>>> decisions(Path("run"), analysis.micrograph.sha256).picture.edits
{7: False}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from semseg.batch.jobs import EDITION, Job
from semseg.errors import SettingsError
from semseg.export.session import Session, SessionPicture, read_session
from semseg.export.writing import write_files

__all__ = [
    "Decisions",
    "decisions",
    "digest",
    "digests",
    "folder_of_decisions",
    "is_edited",
    "place_of_decisions",
    "save",
]

FOLDER, ENDING = "by_hand", ".session.json"


@dataclass(frozen=True)
class Decisions:
    """What was decided on one picture; `digest` is another one after any change of its file."""

    digest: str
    session: Session
    picture: SessionPicture

    def applied(self, job: Job) -> Job:
        """The job as these decisions want it: with their settings, but run where it would be."""
        settings = replace(self.session.settings_of(self.picture), provider=job.settings.provider)
        return replace(job, settings=settings, by_hand=self.picture)


def folder_of_decisions(run: Path) -> Path:
    """Where all of a run lie; it changes whenever one is saved."""
    return run / FOLDER


def place_of_decisions(run: Path, sha256: str) -> Path:
    """Where the session of the picture with these bytes lies, or would."""
    return folder_of_decisions(run) / f"{sha256}{ENDING}"


def save(run: Path, session: Session) -> Path:
    """Keep what was decided on a picture, instead of what was before; whole or not at all.

    Parameters
    ----------
    run : Path
        The folder of the run.
    session : Session
        Of that one picture.

    Raises
    ------
    OutputError
        The disk refuses.
    """
    [picture] = session.pictures
    place = place_of_decisions(run, picture.sha256)
    write_files({place.name: session.to_json()}, place.parent)
    return place


def decisions(run: Path, sha256: str) -> Decisions | None:
    """What was decided on the picture with these bytes; None where nothing was.

    Raises
    ------
    SettingsError
        The session cannot be read, is of another picture, or its corrections are of another
        edition, whose particles may have other numbers.
    """
    place = place_of_decisions(run, sha256)
    try:
        content = place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(
            f"What was decided by hand on it ({place}) cannot be read: {error.strerror}."
        ) from error
    try:
        session = read_session(content)
    except SettingsError as error:
        raise SettingsError(
            f"What was decided by hand on it cannot be used: {error} It is {place}."
        ) from error
    picture = session.picture(sha256)
    if picture is None:
        raise SettingsError(f"What was decided by hand in {place} is of another picture.")
    corrected = picture.edits or picture.operations
    if corrected and (session.numbers, session.model_sha256) != EDITION:
        raise SettingsError(
            "What was decided by hand on it is of another edition of semseg, which may count its "
            f"particles otherwise: look at it on the page and save it again. It is {place}."
        )
    return Decisions(_digest(content), session, picture)


def digest(run: Path, sha256: str) -> str:
    """Of what was decided on the picture with these bytes; empty where nothing was."""
    try:
        return _digest(place_of_decisions(run, sha256).read_bytes())
    except OSError:
        return ""


def digests(run: Path) -> dict[str, str]:
    """`digest` of each picture that something was decided on, by the hash of its bytes."""
    names = sorted(path.name for path in folder_of_decisions(run).glob(f"*{ENDING}"))
    return {sha256: digest(run, sha256) for sha256 in (name[: -len(ENDING)] for name in names)}


def is_edited(row: Mapping[str, Any], decided: Mapping[str, str]) -> bool:
    """Whether something was decided on a picture since this row of the ledger was written;
    `decided` are the `digests` of now."""
    return "sha256" in row and decided.get(row["sha256"], "") != row.get("hand", "")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
