"""Pictures of one or several runs, by sample: who is unlike the others, what all make together.

Pooled are pictures whose scale is certain and that the model knows; a picture that comes twice into
a sample counts once. The others are listed with the reason. Everything comes from the ledgers and
from the tables of particles that workers left, so nothing is analysed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from semseg.batch.by_hand import digests, is_edited
from semseg.batch.results import PARTICLES, Row, facts_from
from semseg.batch.run import RunFolder
from semseg.errors import SettingsError, printable
from semseg.measure.quantities import SIZES
from semseg.metrology.unlike import Unlike, unlike
from semseg.statistics.counting import counted, size_weights
from semseg.statistics.intervals import Intervals, bootstrap_intervals

__all__ = [
    "FIGURES",
    "Entry",
    "Sample",
    "intervals_of",
    "outliers_first",
    "particles_of",
    "pooled_table",
    "samples",
]

FIGURES = ("mean", "standard_deviation", "d10", "d50", "d90")
EDITED = "It was put right by hand since: semseg batch --retry-edited measures it again."
TWICE = "It is the same picture as another one of its sample, which counts."


@dataclass(frozen=True, eq=False)
class Entry:
    """One picture of a run: its row in the ledger, where its files lie, and whether it counts.

    Attributes
    ----------
    row : Row
    run : RunFolder
    why_not : str
        Why it is no part of the pooled sizes, in a sentence; empty where it is.
    """

    row: Row
    run: RunFolder
    why_not: str = ""

    @property
    def address(self) -> str:
        """Of the picture, as it can be written anywhere."""
        return printable(self.row["address"])

    @property
    def folder(self) -> Path | None:
        """Where its files lie; None where it failed."""
        return self.run.place(self.row["id"]) if "id" in self.row else None


@dataclass(frozen=True, eq=False)
class Sample:
    """The pictures of one sample, by address; `odd` says of each how unlike the others it is."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def used(self) -> list[Entry]:
        """Those that are pooled."""
        return [each for each in self.entries if not each.why_not]

    @cached_property
    def odd(self) -> list[Unlike]:
        """Of each of `entries`; a picture that failed is like nothing, and has no reasons."""
        there = [each for each in self.entries if "facts" in each.row]
        facts = [facts_from(each.row, comparable=not each.why_not) for each in there]
        found = {id(each): how for each, how in zip(there, unlike(facts), strict=True)}
        return [found.get(id(each), Unlike(0.0, ())) for each in self.entries]

    def outliers_first(self) -> list[tuple[Entry, Unlike]]:
        """`outliers_first` of this sample alone."""
        return outliers_first([self])


def outliers_first(found: Sequence[Sample]) -> list[tuple[Entry, Unlike]]:
    """The pictures of these samples: those that failed, then those most unlike the others of their
    sample; among equals by address."""
    pairs = [pair for each in found for pair in zip(each.entries, each.odd, strict=True)]
    return sorted(
        pairs,
        key=lambda pair: (
            pair[0].row["state"] != "failed",
            tuple(-part for part in pair[1].order),
            pair[0].row["address"],
        ),
    )


def samples(runs: Sequence[RunFolder]) -> list[Sample]:
    """The pictures of these runs by sample, in the order of names.

    Of two results of one picture (its address, content and page) that of the run named last is
    taken; that a picture failed matters only where no run could measure it.

    Raises
    ------
    SettingsError
        The runs hold no picture.
    """
    found: dict[tuple[str, str, int], tuple[Row, RunFolder]] = {}
    decided = {run.path: digests(run.path) for run in runs}
    for run in runs:
        for address, row in run.ledger().rows.items():
            content = row["sha256"] if "id" in row else ""
            found[address, content, row.get("page") or 0] = row, run
    if not found:
        raise SettingsError(f"{runs[0].path} holds no picture yet; run semseg batch first.")
    measured = {address for address, content, _ in found if content}
    rows = [found[key] for key in sorted(found) if key[1] or key[0] not in measured]
    by_sample: dict[str, list[Entry]] = {}
    seen: set[tuple[str, str, int]] = set()
    for row, run in rows:
        why = str(row["sentence"])
        if "id" in row and is_edited(row, decided[run.path]):
            why = EDITED
        # whatever it is called, and however it was measured
        known = row["sample"], str(row.get("sha256")), row.get("page") or 0
        if not why and known in seen:
            why = TWICE
        elif not why:
            seen.add(known)
        by_sample.setdefault(row["sample"], []).append(Entry(row, run, why))
    return [Sample(name, tuple(entries)) for name, entries in sorted(by_sample.items())]


def particles_of(entries: Iterable[Entry]) -> Iterator[tuple[Entry, pa.Table]]:
    """Of each picture that was measured, the table of its particles, one after the other.

    Raises
    ------
    SettingsError
        A table is missing.
    """
    for each in entries:
        if each.folder is None:
            continue
        try:
            yield each, pq.read_table(each.folder / PARTICLES)
        except (OSError, pa.ArrowException) as error:
            raise SettingsError(
                f"The table of {each.row['name']} in {each.folder} is missing or damaged: remove "
                "that folder, and the same semseg batch makes it again."
            ) from error


def intervals_of(sample: Sample) -> dict[str, Intervals]:
    """By size, what the pooled pictures of a sample say together; empty where none is."""
    columns: dict[str, list[Any]] = {size: [] for size in SIZES}
    weights, groups = [], []
    for number, (_, particles) in enumerate(particles_of(sample.used)):
        rows = counted(particles.to_pandas())
        weight = size_weights(rows)
        weights.append(np.ones(len(rows)) if weight is None else weight)
        groups.append(np.full(len(rows), number, np.int32))
        for size, about in SIZES.items():
            columns[size].append(rows[about.column("nm")].to_numpy(np.float64))
    if not groups:
        return {}
    weight = np.concatenate(weights)
    group = np.concatenate(groups)
    return {
        size: bootstrap_intervals(
            np.concatenate(parts), None if (weight == 1).all() else weight, group
        )
        for size, parts in columns.items()
    }


def pooled_table(
    found: Mapping[str, Mapping[str, Intervals]], of: Sequence[Sample]
) -> pd.DataFrame:
    """A row for each sample and size: how many pictures and particles, and of each figure its value
    and the limits of its 95 % interval, in nm; `resampled` says by what these were found."""
    rows = []
    for sample in of:
        for size, intervals in found[sample.name].items():
            row = {
                "sample": sample.name,
                "size": size,
                "pictures": len(sample.used),
                "left_out": len(sample.entries) - len(sample.used),
                "particles": intervals.particles,
                "resampled": intervals.resampled,
            }
            for figure in FIGURES:
                interval = getattr(intervals, figure)
                row |= {
                    f"{figure}_nm": interval.value,
                    f"{figure}_low_nm": interval.low,
                    f"{figure}_high_nm": interval.high,
                }
            rows.append(row)
    limits = [f"{figure}{end}_nm" for figure in FIGURES for end in ("", "_low", "_high")]
    first = ["sample", "size", "pictures", "left_out", "particles", "resampled"]
    return pd.DataFrame(rows, columns=[*first, *limits])
