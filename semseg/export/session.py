"""Replay: what was analysed, how, and what came out, in one small file.

``session.json`` holds the settings, what was decided by hand, and for every picture the hash of
its bytes and what was found in it. The pictures stay outside; they are known again by their hash.

>>> session = read_session(session_json([analysis]))
>>> session.settings == analysis.settings
True
>>> differences(session, [analysis])  # the same analysis again
[]
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from semseg.analysis import Analysis
from semseg.display import DEFAULT, Display
from semseg.errors import SettingsError
from semseg.export.tables import particles_csv
from semseg.measure.quantities import SIZES
from semseg.scale.bar_text import PrintedScale
from semseg.settings import PER_PICTURE, Settings, shared
from semseg.statistics.counting import Counts, counted, size_weights
from semseg.statistics.summary import summarise
from semseg.version import NUMBERS, __version__

__all__ = [
    "Session",
    "SessionPicture",
    "differences",
    "find_pictures",
    "is_session",
    "read_session",
    "session_json",
]

KIND = "semseg session"
FORMAT, EARLIER = 2, 1  # the earlier one has one set of settings for all pictures
COMPARED = (
    *("pixel_size_nm", "pixel_height_nm", "scale_source", "rescale"),
    *("found", "kept", "counted"),
)


@dataclass(frozen=True)
class SessionPicture:
    """One picture of a session.

    Attributes
    ----------
    name, sha256 : str
        Of the file; the hash is of all its bytes.
    sidecar : dict or None
        ``name`` and ``sha256`` of the text file that was read with it.
    printed : PrintedScale
        What was read in the picture; empty where nothing was, so that a replay reads nothing.
    settings : dict
        What was chosen for this picture other than for all (`semseg.settings.PER_PICTURE`).
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
    printed: PrintedScale = field(default_factory=PrintedScale)
    settings: dict[str, Any] = field(default_factory=dict)
    edits: dict[int, bool] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """What `session_json` wrote.

    ``software`` and ``numbers`` are the version and `semseg.version.NUMBERS` of the edition that
    wrote it; ``numbers`` is None in sessions from before 0.2.0, which did not record it.
    """

    software: str
    numbers: int | None
    model_sha256: str
    model_name: str
    provider: str
    settings: Settings
    display: Display
    pictures: tuple[SessionPicture, ...]

    def picture(self, sha256: str) -> SessionPicture | None:
        """The picture with these bytes, or None."""
        return next((each for each in self.pictures if each.sha256 == sha256), None)

    def settings_of(self, picture: SessionPicture | None) -> Settings:
        """With which a picture was analysed; those for all where it is not known."""
        return replace(self.settings, **picture.settings) if picture else self.settings


def session_json(analyses: Sequence[Analysis], display: Display = DEFAULT) -> bytes:
    """The session of one or more analyses with the same model, as UTF-8 JSON.

    Their settings are the same but for `semseg.settings.PER_PICTURE`.

    No clock: the same analyses give the same bytes.
    """
    first = analyses[0]
    for_all = shared([analysis.settings for analysis in analyses])
    own = [_plain(analysis.settings, for_all) for analysis in analyses]
    values = {
        "kind": KIND,
        # so that an earlier edition refuses what it would replay with other settings
        "format": FORMAT if any(own) else EARLIER,
        "software": __version__,
        "numbers": NUMBERS,
        "model": {"name": first.model.name, "sha256": first.model.sha256},
        "provider": first.provider,
        "settings": for_all.to_dict(),
        "display": display.to_dict(),
        "pictures": [
            {
                "name": analysis.micrograph.name,
                "sha256": analysis.micrograph.sha256,
                "sidecar": _sidecar(analysis),
                "printed": _printed(analysis),
                **({"settings": chosen} if chosen else {}),
                "edits": {str(label): keep for label, keep in sorted(analysis.manual.items())},
                "result": _result(analysis),
            }
            for analysis, chosen in zip(analyses, own, strict=True)
        ],
    }
    return f"{json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()


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
    if values.get("format") not in (EARLIER, FORMAT):
        raise SettingsError(
            f"The session has format {values.get('format')!r:.20}, but this version of semseg "
            f"reads format {FORMAT}; use the one that wrote it ({values.get('software')!r:.20})."
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


def find_pictures(session: Session, folder: Path) -> dict[str, Path]:
    """Where the session's pictures lie in `folder` (not below it), by the hash of their bytes.

    Files of the recorded names are looked at first; another name is no hindrance.
    """
    wanted = {picture.sha256 for picture in session.pictures}
    names = [picture.name for picture in session.pictures]
    files = sorted(
        (path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else (),
        key=lambda path: (path.name not in names, path.name),
    )
    found: dict[str, Path] = {}
    for path in files:
        if len(found) == len(wanted):
            break
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            continue
        if digest in wanted:
            found.setdefault(digest, path)
    return found


def is_session(values: Any) -> bool:
    """Whether parsed JSON calls itself a session."""
    return isinstance(values, Mapping) and values.get("kind") == KIND


def differences(session: Session, analyses: Sequence[Analysis]) -> list[str]:
    """What differs between a session and a replay of it, one sentence each; empty: nothing does.

    Identical means that every number of every particle is the same as ``particles.csv`` has it;
    other words for a reason, or a column that only one edition has, are no difference. Where it is
    not, the reasons that can be told come first (model, edition, settings), then a missing picture,
    or what changed in each. Another model is always said, and so are other ``NUMBERS``: what is
    computed from the tables may differ where no table does.
    """
    found = []
    there = {analysis.micrograph.sha256: analysis for analysis in analyses}
    for picture in session.pictures:
        analysis = there.get(picture.sha256)
        if analysis is None:
            same_name = [a for a in analyses if a.micrograph.name == picture.name]
            found.append(
                f"{picture.name}: the file of that name has other bytes than the one analysed."
                if same_name
                else f"{picture.name}: this picture is not here."
            )
        else:
            found += _different_result(picture, analysis)
    known = {picture.sha256 for picture in session.pictures}
    found += [
        f"{analysis.micrograph.name}: this picture was not part of the session."
        for analysis in analyses
        if analysis.micrograph.sha256 not in known
        and all(analysis.micrograph.name != picture.name for picture in session.pictures)
    ]
    return _different_means(session, analyses, numbers_differ=bool(found)) + found


def _different_means(
    session: Session, analyses: Sequence[Analysis], *, numbers_differ: bool
) -> list[str]:
    """What was other than then, as far as it may explain other numbers."""
    if not analyses:
        return []
    analysis, found = analyses[0], []
    if session.model_sha256 != analysis.model.sha256:
        found.append(
            f"The model is another one: {session.model_name} ({session.model_sha256[:12]}) then, "
            f"{analysis.model.name} ({analysis.model.sha256[:12]}) now."
        )
    if session.numbers not in (None, NUMBERS):
        found.append(
            "Counts or sizes may differ, since this version measures otherwise: numbers "
            f"{session.numbers} then (semseg {session.software}), {NUMBERS} now ({__version__})."
        )
    elif numbers_differ and session.software != __version__:
        found.append(f"semseg is another version: {session.software} then, {__version__} now.")
    if not numbers_differ:
        return found
    if session.provider != analysis.provider:
        found.append(f"The network ran on {session.provider} then, on {analysis.provider} now.")
    for name, other, now in _different_settings(session, analyses):
        found.append(f"The setting {name} was {other!r} then and is {now!r} now.")
    return found


def _different_settings(
    session: Session, analyses: Sequence[Analysis]
) -> list[tuple[str, Any, Any]]:
    """Each setting with which any picture was analysed otherwise; once, as in the first such."""
    found: dict[str, tuple[str, Any, Any]] = {}
    for analysis in analyses:
        picture = session.picture(analysis.micrograph.sha256)
        then, now = session.settings_of(picture).to_dict(), analysis.settings.to_dict()
        for name in then:
            if then[name] != now[name]:
                found.setdefault(name, (name, then[name], now[name]))
    return list(found.values())


def _plain(settings: Settings, for_all: Settings) -> dict[str, Any]:
    """What one picture has of its own, as JSON holds it."""
    plain = settings.to_dict()
    return {name: plain[name] for name in settings.own(for_all)}


def _different_result(picture: SessionPicture, analysis: Analysis) -> list[str]:
    then, now = picture.result, _result(analysis)
    name = picture.name
    columns = _different_columns(then, now)
    if not columns:
        return []
    found = []
    text = _sidecar(analysis)
    if picture.sidecar and not text:
        found.append(f"{name}: its text file {picture.sidecar['name']} is not beside it.")
    elif picture.sidecar != text:
        found.append(f"{name}: the text file beside it is another one.")
    if picture.edits != analysis.manual:
        found.append(f"{name}: the decisions by hand are other ones.")
    for key in COMPARED:
        if then.get(key) != now[key]:
            label = key.replace("_", " ")
            found.append(f"{name}: {label} was {then.get(key)!r} then and is {now[key]!r} now.")
    medians = then.get("median")
    for size, value in now["median"].items():
        before = medians.get(size) if isinstance(medians, Mapping) else None
        if before != value:
            found.append(
                f"{name}: the median of {SIZES[size].symbol} was {_told(before, then)} then and is "
                f"{_told(value, now)} now."
            )
    return found or [
        f"{name}: single values differ ({', '.join(columns)}), no count and no median does."
    ]


def _told(median: Any, result: Mapping[str, Any]) -> str:
    """A median with its unit, or what stands in its place in a session that was changed."""
    if isinstance(median, int | float):
        return f"{median:.6g} {result.get('unit', '')}".strip()
    return "unknown" if median is None else f"{median!r:.20}"


def _different_columns(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The columns of the table that hold other numbers."""
    if then.get("table_sha256") == now["table_sha256"]:
        return []
    if "columns" not in then:
        return ["words or numbers of the table"]
    before = then["columns"]
    return [name for name, digest in now["columns"].items() if before.get(name, digest) != digest]


def _sidecar(analysis: Analysis) -> dict[str, str] | None:
    found = analysis.micrograph.sidecar
    return found and {"name": found.name, "sha256": found.sha256}


def _printed(analysis: Analysis) -> dict[str, Any] | None:
    """What was read; None also where it was known from a session that nothing was."""
    read = analysis.printed
    return None if read in (None, PrintedScale()) else read.to_dict()


def _result(analysis: Analysis) -> dict[str, Any]:
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
    read = PrintedScale() if printed is None else PrintedScale.from_dict(printed)
    name, sha256 = str(values["name"]), str(values["sha256"])
    return SessionPicture(name, sha256, sidecar, read, own, edits, dict(values["result"]))
