"""What was analysed, how, and what came out, in one small file.

``session.json`` holds the settings, what was decided by hand, and for every picture the hash of
its bytes and what was found in it. The pictures stay outside; they are known again by their hash.

>>> session = read_session(session_json([analysis]))
>>> session.settings == analysis.settings
True

`semseg.export.replay` compares one with a replay of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from semseg.analysis import Analysis, Segmentation
from semseg.details import NONE, Details
from semseg.display import DEFAULT, Display
from semseg.errors import SettingsError
from semseg.export.tables import particles_csv
from semseg.measure.quantities import SIZES
from semseg.operations import MAX_OPERATIONS, Operation, operation_from, to_plain
from semseg.scale.bar_text import PrintedScale
from semseg.settings import PER_PICTURE, Settings, shared
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.summary import summarise
from semseg.version import NUMBERS, __version__

__all__ = [
    "Session",
    "SessionPicture",
    "is_session",
    "operations_of",
    "read_session",
    "result_of",
    "session_json",
    "session_of",
    "sidecar_of",
]

KIND = "semseg session"
UNREAD = "not looked at"  # in place of what was read in a picture
# The first has one set of settings for all pictures, the second no corrections of outlines.
FORMATS = (1, 2, 3)


@dataclass(frozen=True)
class SessionPicture:
    """One picture of a session.

    Attributes
    ----------
    name, sha256 : str
        Of the file; the hash is of all its bytes.
    sidecar : dict or None
        ``name`` and ``sha256`` of the text file that was read with it.
    printed : PrintedScale or None
        What was read in the picture; empty where nothing was, so that a replay reads nothing. None:
        it was not looked at yet (never in a ``session.json``, but in what a browser keeps).
    settings : dict
        What was chosen for this picture other than for all (`semseg.settings.PER_PICTURE`).
    operations : tuple of Operation
        What a person did to outlines, in order.
    edits : dict of int to bool
        Labels on which a person decided, and whether they are kept.
    result : dict
        What was found: ``pixel_size_nm`` (None without a scale), ``pixel_height_nm`` (None
        where pixels are square), ``scale_source``, ``rescale``,
        the counts ``found``, ``kept`` and ``counted``, ``median`` by size in ``unit``,
        ``table_sha256``, the hash of its ``particles.csv``, and ``columns``, a hash of each of the
        table's columns of numbers (not in sessions from before 0.3.0).
    """

    name: str
    sha256: str
    sidecar: dict[str, str] | None = None
    printed: PrintedScale | None = field(default_factory=PrintedScale)
    settings: dict[str, Any] = field(default_factory=dict)
    operations: tuple[Operation, ...] = ()
    edits: dict[int, bool] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)

    def to_dict(self, for_all: Settings) -> dict[str, Any]:
        """Plain values, as JSON holds them."""
        plain = replace(for_all, **self.settings).to_dict()
        own = {name: plain[name] for name in self.settings}
        operations = [to_plain(each) for each in self.operations]
        return {
            "name": self.name,
            "sha256": self.sha256,
            "sidecar": self.sidecar,
            "printed": _printed(self.printed),
            **({"settings": own} if own else {}),
            **({"operations": operations} if operations else {}),
            "edits": {str(label): keep for label, keep in self.edits.items()},
            "result": self.result,
        }


@dataclass(frozen=True)
class Session:
    """What `session_json` wrote.

    ``software`` and ``numbers`` are the version and `semseg.version.NUMBERS` of the edition that
    wrote it; ``numbers`` is None in sessions from before 0.2.0, which did not record it. `details`
    are empty in those from before 0.3.0.
    """

    software: str
    numbers: int | None
    model_sha256: str
    model_name: str
    provider: str
    settings: Settings
    display: Display
    pictures: tuple[SessionPicture, ...]
    details: Details = NONE

    def picture(self, sha256: str) -> SessionPicture | None:
        """The picture with these bytes, or None."""
        return next((each for each in self.pictures if each.sha256 == sha256), None)

    def settings_of(self, picture: SessionPicture | None) -> Settings:
        """With which a picture was analysed; those for all where it is not known."""
        return replace(self.settings, **picture.settings) if picture else self.settings

    def to_json(self) -> bytes:
        """As UTF-8 JSON, which `read_session` reads."""
        corrected = any(each.operations for each in self.pictures)
        own = any(each.settings for each in self.pictures)
        values = {
            "kind": KIND,
            # so that an earlier edition refuses what it would replay otherwise
            "format": 3 if corrected else 2 if own else 1,
            "software": self.software,
            "numbers": self.numbers,
            "model": {"name": self.model_name, "sha256": self.model_sha256},
            "provider": self.provider,
            **({"details": self.details.to_dict()} if self.details != NONE else {}),
            "settings": self.settings.to_dict(),
            "display": self.display.to_dict(),
            "pictures": [each.to_dict(self.settings) for each in self.pictures],
        }
        return f"{json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()


def session_of(
    analyses: Sequence[Analysis], display: Display = DEFAULT, details: Details = NONE
) -> Session:
    """The session of one or more analyses with the same model.

    Their settings are the same but for `semseg.settings.PER_PICTURE`.
    """
    first = analyses[0]
    for_all = shared([analysis.settings for analysis in analyses])
    return Session(
        software=__version__,
        numbers=NUMBERS,
        model_sha256=first.model.sha256,
        model_name=first.model.name,
        provider=first.provider,
        settings=for_all,
        display=display,
        details=details,
        pictures=tuple(
            SessionPicture(
                name=analysis.micrograph.name,
                sha256=analysis.micrograph.sha256,
                sidecar=sidecar_of(analysis),
                printed=analysis.printed or PrintedScale(),
                settings=analysis.settings.own(for_all),
                operations=operations_of(analysis.segmentation),
                edits=dict(sorted(analysis.manual.items())),
                result=result_of(analysis),
            )
            for analysis in analyses
        ),
    )


def session_json(
    analyses: Sequence[Analysis], display: Display = DEFAULT, details: Details = NONE
) -> bytes:
    """`session_of` as UTF-8 JSON. No clock: the same analyses give the same bytes."""
    return session_of(analyses, display, details).to_json()


def read_session(content: bytes | str) -> Session:
    """The session of a file's text.

    Raises
    ------
    SettingsError
        No JSON, no session, one of a later format, or a damaged one; says which.
    """
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SettingsError("The session file is not valid JSON.") from error
    if not is_session(values):
        raise SettingsError("This file is not a session: choose a session.json that semseg wrote.")
    if values.get("format") not in FORMATS:
        raise SettingsError(
            f"The session has format {values.get('format')!r:.20}, but this version of semseg "
            f"reads format {FORMATS[-1]}; use the one that wrote it "
            f"({values.get('software')!r:.20})."
        )
    try:
        session = Session(
            software=str(values["software"]),
            numbers=_numbers(values),
            model_sha256=str(values["model"]["sha256"]),
            model_name=str(values["model"]["name"]),
            provider=str(values["provider"]),
            settings=Settings.from_dict(values["settings"]),
            display=Display.from_dict(values["display"]),
            details=Details.from_dict(values.get("details")),
            pictures=tuple(map(_picture, values["pictures"])),
        )
        for picture in session.pictures:
            session.settings_of(picture)  # whose values are checked as those for all
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(
            "The session file is damaged: a part of it is missing or of the wrong kind; save it "
            "again from semseg."
        ) from error
    return session


def is_session(values: Any) -> bool:
    """Whether parsed JSON calls itself a session."""
    return isinstance(values, Mapping) and values.get("kind") == KIND


def sidecar_of(analysis: Analysis) -> dict[str, str] | None:
    """Name and hash of the text file that was read with the picture."""
    found = analysis.micrograph.sidecar
    return found and {"name": found.name, "sha256": found.sha256}


def result_of(analysis: Analysis) -> dict[str, Any]:
    """What `SessionPicture.result` holds."""
    particles, calibration = analysis.particles, analysis.calibration
    unit = analysis.unit
    counts, sized = Counts.of(particles), counted(particles)
    medians = {}
    for size in SIZES.values():
        median = summarise(sized[size.column(unit)], size_weights(sized)).median
        medians[size.key] = median if median == median else None
    table = particles_csv(analysis)
    rows = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    numbers = set(particles.select_dtypes(["number", "bool"]))
    return {
        "pixel_size_nm": calibration and calibration.pixel_size_nm,
        "pixel_height_nm": calibration and calibration.pixel_height_nm,
        "scale_source": calibration and calibration.source,
        "rescale": float(analysis.rescale),
        "found": counts.found,
        "kept": counts.kept,
        "counted": counts.counted,
        "unit": unit,
        "median": medians,
        "table_sha256": hashlib.sha256(table).hexdigest(),
        "columns": {
            name: hashlib.sha256("\n".join(values).encode()).hexdigest()[:16]
            for name, *values in zip(*rows, strict=True)
            if name in numbers
        },
    }


def _printed(read: PrintedScale | None) -> dict[str, Any] | str | None:
    if read is None:
        return UNREAD
    return None if read == PrintedScale() else read.to_dict()


def operations_of(segmentation: Segmentation) -> tuple[Operation, ...]:
    """What a hand did to the outlines, in order."""
    by_hand = segmentation.corrections
    return by_hand.operations if by_hand else ()


def _numbers(values: Mapping[str, Any]) -> int | None:
    numbers = values.get("numbers")
    if type(numbers) not in (int, type(None)):
        raise TypeError("numbers")
    return numbers


def _picture(values: Mapping[str, Any]) -> SessionPicture:
    edits = {}
    for label, keep in values["edits"].items():
        if not isinstance(keep, bool):
            raise TypeError(label)
        edits[int(label)] = keep
    for each in (values["result"], values["result"].get("columns", {})):
        if not isinstance(each, Mapping):
            raise TypeError("result")
    own = Settings.values(values.get("settings", {}))
    if not set(own) <= set(PER_PICTURE):
        raise TypeError("settings")
    sidecar = values.get("sidecar")
    if sidecar is not None:
        sidecar = {key: str(sidecar[key]) for key in ("name", "sha256")}
    printed = values.get("printed")
    read = None
    if printed != UNREAD:
        read = PrintedScale() if printed is None else PrintedScale.from_dict(printed)
    name, sha256 = str(values["name"]), str(values["sha256"])
    done = values.get("operations", [])
    if not isinstance(done, list) or len(done) > MAX_OPERATIONS:
        raise TypeError("operations")
    operations = tuple(map(operation_from, done))
    result = dict(values["result"])
    return SessionPicture(name, sha256, sidecar, read, own, operations, edits, result)
