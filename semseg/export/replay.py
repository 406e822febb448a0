"""A session and a replay of it: where its pictures lie, and what came out otherwise.

>>> from semseg.export.session import read_session, session_json
>>> differences(read_session(session_json([analysis])), [analysis])  # the same analysis again
[]
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semseg.analysis import Analysis
from semseg.export.session import Session, SessionPicture, operations_of, result_of, sidecar_of
from semseg.measure.quantities import SIZES
from semseg.version import NUMBERS, __version__

__all__ = ["differences", "find_pictures"]

COMPARED = (
    *("pixel_size_nm", "pixel_height_nm", "scale_source", "rescale"),
    *("found", "kept", "counted"),
)


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


def _different_result(picture: SessionPicture, analysis: Analysis) -> list[str]:
    then, now = picture.result, result_of(analysis)
    name = picture.name
    columns = _different_columns(then, now)
    if not columns:
        return []
    found = []
    text = sidecar_of(analysis)
    if picture.sidecar and not text:
        found.append(f"{name}: its text file {picture.sidecar['name']} is not beside it.")
    elif picture.sidecar != text:
        found.append(f"{name}: the text file beside it is another one.")
    if picture.operations != operations_of(analysis.segmentation):
        found.append(f"{name}: the corrections of outlines by hand are other ones.")
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
