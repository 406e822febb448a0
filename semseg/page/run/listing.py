"""The pictures of a run in rows: those that failed, then those unlike the others of their sample.

Read again when the ledger grows or somebody saves a decision; else kept for all visitors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from semseg.batch.by_hand import digests, folder_of_decisions, is_edited
from semseg.batch.ledger import name_of_row
from semseg.batch.run import RunFolder
from semseg.errors import printable

if TYPE_CHECKING:
    from semseg.batch.pooling import Entry
    from semseg.metrology.unlike import Unlike

__all__ = ["EDITED", "Listing", "Wanted", "listing"]

EDITED = "put right by hand since"
UNNAMED = "without a sample"


@dataclass(frozen=True)
class Wanted:
    """Which rows are shown: of these samples and states (none: of all), with this text."""

    samples: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, eq=False)
class Listing:
    """The pictures of a run.

    Attributes
    ----------
    rows : dict of str to dict
        Rows of the ledger, by `semseg.batch.ledger.name_of_row`.
    table : pandas.DataFrame
        A row a picture in the order in which they are to be looked at, the same names as index.
    """

    rows: dict[str, dict[str, Any]]
    table: pd.DataFrame

    def about(self, name: str) -> dict[str, Any]:
        """The row of a picture in the table."""
        return {str(key): value for key, value in self.table.loc[name].items()}

    def shown(self, wanted: Wanted) -> pd.DataFrame:
        """The rows that are wanted."""
        table = self.table
        if wanted.samples:
            table = table[table["sample"].isin(wanted.samples)]
        if wanted.states:
            table = table[table["state"].isin(wanted.states)]
        if text := wanted.text.strip().casefold():
            table = table[self._words[table.index].str.contains(text, regex=False)]
        return table

    @cached_property
    def _words(self) -> pd.Series[str]:
        """What can be found of each row."""
        columns = (self.table[name] for name in ("name", "sample", "state", "scale", "look_at"))
        words = ["\n".join(row).casefold() for row in zip(*columns, strict=True)]
        return pd.Series(words, self.table.index)


def listing(run: RunFolder) -> Listing:
    """The pictures of a run as they now stand.

    Raises
    ------
    SettingsError
        It holds none.
    """
    ledger = run.path / "ledger.jsonl"
    stamps = tuple(
        (state.st_mtime_ns, state.st_size)
        for path in (ledger, folder_of_decisions(run.path))
        if path.exists() and (state := path.stat())
    )
    return _read(run, stamps)


@st.cache_resource(max_entries=2, show_spinner="Reading the run", hash_funcs={RunFolder: str})
def _read(run: RunFolder, stamps: Sequence[tuple[int, int]]) -> Listing:
    from semseg.batch.pooling import outliers_first, samples

    decided = digests(run.path)
    found = outliers_first(samples([run]))
    names = [name_of_row(entry.row["address"]) for entry, _ in found]
    return Listing(
        {name: entry.row for name, (entry, _) in zip(names, found, strict=True)},
        pd.DataFrame([_row(entry, odd, decided) for entry, odd in found], index=names),
    )


def _row(entry: Entry, odd: Unlike, decided: Mapping[str, str]) -> dict[str, Any]:
    row = entry.row
    edited = is_edited(row, decided)
    rejected = row.get("rejected_share")
    said = [entry.why_not, *(f"{each.words[:1].upper()}{each.words[1:]}." for each in odd.reasons)]
    return {
        "name": printable(row["name"]),
        "sample": printable(row["sample"]) or UNNAMED,
        "state": EDITED if edited else row["state"],
        "counted": row.get("counted"),
        "d50_nm": row.get("min_feret_d50_nm"),
        "rejected": None if rejected is None else 100 * rejected,
        "scale": printable(row.get("scale_source") or ""),
        "by_hand": "yes" if row.get("by_hand") else "",
        "look_at": printable(" ".join(filter(None, said))),
    }
