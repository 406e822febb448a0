"""Odd and hostile files of outlines: each gives corrections or one sentence, nothing is lost."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pytest
import tifffile

from semseg.editing.imported import as_operations
from semseg.editing.outline_files import read_outlines
from semseg.editing.replay import replay
from semseg.errors import SemsegError
from semseg.export.rois import roiset_zip
from tests.editing.test_imported import analysis_on, png, tiff
from tests.editing.test_replay import GRIDS, drawn_labels, segmented

GRID = GRIDS["as recorded"]
FILES = {
    "labels.tif": tiff(drawn_labels()),
    "labels.png": png(drawn_labels().astype(np.uint8)),
    "rois.zip": roiset_zip(analysis_on(GRID)),
}


def taken(content, name):
    """The number of corrections that come of a file; the sentence where none do."""
    found = segmented(GRID)
    labels, outlines = found.network_labels.copy(), dict(found.outlines)
    try:
        drawn = read_outlines(content, name, GRID.recorded)
        operations = as_operations(found, drawn)
        replayed = replay(found, operations)
    except SemsegError as error:
        said = str(error)
        assert said.endswith((".", "?"))
        assert "\n" not in said
        assert not re.search(r"Traceback|Error\(|0x[0-9a-f]{6}", said)
        return said
    finally:
        assert (found.network_labels == labels).all()
        assert found.outlines == outlines
    table = replayed.segmentation.particles
    assert table["label"].is_unique
    assert set(table["label"]) == set(replayed.segmentation.outlines)
    assert np.isfinite(table["area_px"]).all()
    return len(operations)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_is_read_or_refused_in_one_sentence(name, seed):
    rng = np.random.default_rng(seed)
    content = bytearray(FILES[name])
    if seed % 2:
        content = content[: rng.integers(0, len(content))]
    else:
        for at in rng.integers(0, len(content), 1 + seed // 4):
            content[at] = rng.integers(256)
    taken(bytes(content), name)


@pytest.mark.parametrize("name", FILES)
def test_a_rois_name_and_place_in_the_archive_do_no_harm(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for inner in ("../../etc/passwd", "/absolute.roi", "a" * 300 + ".roi", name):
            archive.writestr(inner, FILES[name])
    assert isinstance(taken(out.getvalue(), "rois.zip"), str)


def test_thousands_of_labels_are_taken():
    rows, columns = np.indices((60, 80))
    labels = (rows // 2 * 40 + columns // 2 + 1).astype(np.uint16)
    labels[::2] *= (columns[::2] % 2).astype(np.uint16)
    assert taken(tiff(labels), "labels.tif")


def test_a_label_with_a_hole_and_another_in_it_is_taken():
    labels = np.zeros((60, 80), np.uint16)
    labels[5:40, 5:40] = 7
    labels[15:30, 15:30] = 0
    labels[18:25, 18:25] = 9
    assert taken(tiff(labels), "labels.tif")


@pytest.mark.parametrize(
    "labels",
    [
        np.full((60, 80), np.nan, np.float32),
        np.full((60, 80), -3, np.int32),
        np.full((60, 80), 0.5, np.float64),
        np.full((60, 80), 2**40, np.float64),
        np.zeros((1, 1), np.uint8),
        np.full((60, 80), 1 + 1j, np.complex64),
    ],
    ids=["nan", "negative", "halves", "huge", "one pixel", "complex"],
)
def test_what_is_no_label_image_is_refused(labels):
    assert isinstance(taken(tiff(labels), "labels.tif"), str)


@pytest.mark.parametrize("shape", [(60, 80, 3), (3, 60, 80), (5, 60, 80)])
def test_colours_and_stacks_are_refused(shape):
    out = io.BytesIO()
    rgb = {"photometric": "rgb", "planarconfig": "contig"} if shape[-1] == 3 else {}
    pages = rgb or {"photometric": "minisblack"}
    colours = np.arange(np.prod(shape)).reshape(shape) % 251
    tifffile.imwrite(out, colours.astype(np.uint8), **pages)
    assert isinstance(taken(out.getvalue(), "labels.tif"), str)


def test_a_bomb_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.roi", bytes(50_000_000))
    assert isinstance(taken(out.getvalue(), "rois.zip"), str)
    out = io.BytesIO()
    tifffile.imwrite(
        out, np.zeros((60_000, 30_000), np.uint8), compression="zlib", tile=(4096, 4096)
    )
    assert isinstance(taken(out.getvalue(), "labels.tif"), str)
