"""The tables of a run: all particles, a row a picture, the pooled sizes.

The same results give the same bytes, in whatever order and on whatever computers they came.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from semseg.batch.pooling import FIGURES, Entry, Sample, particles_of
from semseg.batch.results import PARTICLES, SIZE
from semseg.errors import OutputError, printable
from semseg.export.values import is_like_formula
from semseg.measure.quantities import SIZES

__all__ = ["images_parquet", "images_table", "pooled_csv", "write_particles"]

ROWS = 500_000  # of a file of particles
FRONT = pa.schema(
    [*((name, pa.string()) for name in ("sample", "image", "id")), ("pooled", pa.bool_())]
)
MAX_NAME = 100  # characters of a folder's name that are taken from that of a sample
# of images.parquet; times and what is there for the page alone are left out
IMAGES = pa.schema(
    [
        *((name, pa.string()) for name in ("sample", "name", "address", "state", "id", "sha256")),
        *((name, pa.int32()) for name in ("page", "width_px", "height_px")),
        ("pixel_size_nm", pa.float64()),
        ("scale_source", pa.string()),
        ("scale_doubt", pa.string()),
        ("rescale", pa.float64()),
        ("rescale_source", pa.string()),
        *((name, pa.int64()) for name in ("found", "kept", "counted")),
        ("rejected_share", pa.float64()),
        *((f"{size}_{figure}_nm", pa.float64()) for size in SIZES for figure in FIGURES),
        (f"{SIZE}_d50_low_nm", pa.float64()),
        (f"{SIZE}_d50_high_nm", pa.float64()),
        ("by_hand", pa.bool_()),
        ("provider", pa.string()),
        ("pooled", pa.bool_()),
        ("why_not", pa.string()),
        ("unlike", pa.string()),
        ("unlike_score", pa.float64()),
    ]
)


def write_particles(found: Sequence[Sample], folder: Path) -> None:
    """Write all particles into ``particles/sample-.../part-N.parquet``, whole or not at all: the
    tables of the pictures, with ``sample``, ``image`` (the address), ``id`` and ``pooled``.

    Raises
    ------
    OutputError
        The disk refuses.
    """
    place, aside = folder / "particles", folder / f".part-{uuid.uuid4().hex}"
    try:
        aside.mkdir()
        for sample in found:
            _write_sample(sample, aside / _folder_name(sample.name))
        shutil.rmtree(place, ignore_errors=True)
        aside.rename(place)
    except OSError as error:
        raise OutputError(
            f"{place} could not be written ({error.strerror or error}): see that the folder of the "
            "run may be written to and has space."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def images_table(found: Sequence[Sample]) -> pa.Table:
    """A row a picture, in the order of samples and addresses: what the ledger says, whether it is
    ``pooled``, why not, and how unlike the others it is."""
    rows = [
        {
            **each.row,
            "address": each.address,
            "name": printable(each.row["name"]),
            "pooled": not each.why_not,
            "why_not": each.why_not,
            "unlike": "; ".join(reason.words for reason in odd.reasons),
            "unlike_score": odd.score,
        }
        for sample in found
        for each, odd in zip(sample.entries, sample.odd, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES)


def images_parquet(found: Sequence[Sample]) -> bytes:
    """`images_table` as Parquet."""
    out = io.BytesIO()
    pq.write_table(images_table(found), out, compression="zstd")
    return out.getvalue()


def pooled_csv(pooled: pd.DataFrame) -> bytes:
    """The pooled sizes as CSV: UTF-8 with a byte order mark, numbers to six digits."""
    names = [f"'{name}" if is_like_formula(name) else name for name in pooled["sample"]]
    text = pooled.assign(sample=names).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return text.encode("utf-8-sig")


def _folder_name(sample: str) -> str:
    """Of a sample, whatever it is called. No equals sign: a reader would take what follows for a
    column, but an empty name for none."""
    text = quote(sample, safe=" ")
    if len(text) > MAX_NAME:
        text = f"{text[:MAX_NAME]}-{hashlib.sha256(sample.encode()).hexdigest()[:16]}"
    return f"sample-{text}"


def _write_sample(sample: Sample, folder: Path) -> None:
    paths = [each.folder / PARTICLES for each in sample.entries if each.folder is not None]
    if not paths:
        return
    schema = pa.unify_schemas(
        [FRONT, *(pq.read_schema(path).remove_metadata() for path in paths)],
        promote_options="permissive",
    )
    folder.mkdir()
    with ExitStack() as stack:
        part, count, writer = 0, ROWS, None
        for each, particles in particles_of(sample.entries):
            if writer is None or count >= ROWS:
                stack.close()
                path = folder / f"part-{part:05d}.parquet"
                writer = stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
                part, count = part + 1, 0
            writer.write_table(_fitted(each, particles, schema))
            count += particles.num_rows


def _fitted(entry: Entry, particles: pa.Table, schema: pa.Schema) -> pa.Table:
    """The particles of a picture with the columns of all; what it does not have is empty."""
    count = particles.num_rows
    front = {
        "sample": entry.row["sample"],
        "image": entry.address,
        "id": entry.row["id"],
        "pooled": not entry.why_not,
    }
    columns = []
    for each in schema:
        if each.name in front:
            columns.append(pa.repeat(pa.scalar(front[each.name], each.type), count))
        elif each.name in particles.column_names:
            columns.append(particles[each.name].cast(each.type))
        else:
            columns.append(pa.nulls(count, each.type))
    return pa.Table.from_arrays(columns, schema=schema)
