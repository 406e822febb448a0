"""Outlines from elsewhere: what comes back as it was changes nothing, what was changed is taken."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from roifile import ROI_TYPE, ImagejRoi

from semseg.editing.imported import as_operations
from semseg.editing.outline_files import read_outlines
from semseg.editing.replay import replay
from semseg.errors import EditError
from semseg.export.files import labels_tiff
from semseg.export.rois import roiset_zip
from semseg.operations import Decide, Redraw
from tests.editing.test_replay import GRIDS, drawn_labels, segmented
from tests.support.fake_analysis import draw


def analysis_on(grid):
    found = segmented(grid)
    drawn = draw()
    particles = found.particles.assign(kept=True, reason="", counted=True, not_counted="")
    return replace(drawn, segmentation=found, particles=particles)


def tiff(labels):
    out = io.BytesIO()
    tifffile.imwrite(out, labels)
    return out.getvalue()


def png(labels):
    out = io.BytesIO()
    Image.fromarray(labels).save(out, "png")
    return out.getvalue()


def roi_set(*polygons, roitype=ROI_TYPE.POLYGON):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for number, polygon in enumerate(polygons):
            roi = ImagejRoi.frompoints(np.array(polygon, np.float32), name=str(number))
            roi.roitype = roitype
            container.writestr(f"{number}.roi", roi.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("export", [roiset_zip, labels_tiff])
def test_our_own_export_comes_back_as_no_change(export, grid):
    analysis = analysis_on(grid)
    drawn = read_outlines(export(analysis), "it", grid.recorded)
    assert as_operations(analysis.segmentation, drawn) == ()
    assert drawn.notes == ()


@pytest.mark.parametrize("save", [tiff, png])
def test_a_label_image_that_was_corrected_is_taken(save):
    before = segmented()
    labels = drawn_labels().astype(np.uint8)
    labels[labels == 4] = 0  # taken out
    labels[10:30, 24:30] = 2  # moved from one to its neighbour
    labels[4:8, 60:70] = 77  # added
    drawn = read_outlines(save(labels), "labels", before.grid.recorded)
    operations = as_operations(before, drawn)
    assert operations[0] == Decide((4,), False)
    assert isinstance(operations[1], Redraw)
    replayed = replay(before, operations)
    assert replayed.segmentation.corrections.refused == ()
    assert replayed.decisions == {4: False}
    after = replayed.segmentation.network_labels
    for drawn_label, label in ((1, 1), (2, 2), (3, 3), (77, 5)):
        assert np.array_equal(after == label, labels == drawn_label)
    assert replayed.segmentation.particles.set_index("label")["origin"][3] == "network"


def test_rois_that_were_corrected_are_taken():
    before = segmented()
    wider = [[10, 10], [34, 10], [34, 30], [10, 30]]  # over part of its neighbour
    narrower = [[34, 10], [44, 10], [44, 30], [34, 30]]
    same = [[20, 40], [36, 40], [36, 52], [20, 52]]
    drawn = read_outlines(roi_set(wider, narrower, same), "RoiSet.zip", (60, 80))
    replayed = replay(before, as_operations(before, drawn, {4: False}))
    areas = replayed.segmentation.particles.set_index("label")["area_px"].to_dict()
    assert areas == {1: 480, 2: 200, 3: 192, 4: 200}
    assert replayed.decisions == {}  # the fourth was excluded before


def test_overlaps_and_what_lies_outside_are_said():
    one, other = [[10, 10], [30, 10], [30, 30], [10, 30]], [[20, 10], [40, 10], [40, 30], [20, 30]]
    away = [[200, 10], [220, 10], [220, 30]]
    drawn = read_outlines(roi_set(one, other, away), "RoiSet.zip", (60, 80))
    assert np.bincount(drawn.labels.ravel()).tolist()[1:] == [400, 200]
    assert drawn.notes == (
        "RoiSet.zip: 1 outline outside the picture left out.",
        "RoiSet.zip: 1 outline overlapped others: what two share is the earlier one's.",
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "neither"),
        (b"PK\3\4 and no more", "damaged"),
        (b"Iout", "cannot be read"),
        (tiff(np.zeros((60, 80), np.uint16)), "no labels"),
        (tiff(np.ones((60, 80), np.uint16)), "no ground"),
        (tiff(np.ones((30, 40), np.uint16)), "40 x 30 px, but this picture is 80 x 60"),
        (png(np.zeros((60, 80, 3), np.uint8)), "neither"),
        (png(np.zeros((61, 80), np.uint8)), "80 x 61 px"),
        (tiff(np.full((60, 80), 0.5, np.float32)), "neither"),
        (roi_set([[0, 0], [9, 9]], roitype=ROI_TYPE.POLYLINE), "no outline of an area"),
        (roi_set([[200, 0], [209, 0], [209, 9]]), "belong to another"),
    ],
)
def test_other_files_are_refused_in_one_sentence(content, says):
    with pytest.raises(EditError, match=says) as caught:
        read_outlines(content, "file", (60, 80))
    assert str(caught.value).count("\n") == 0


def test_labels_of_fiji_are_floats():
    labels = drawn_labels().astype(np.float32)
    drawn = read_outlines(tiff(labels), "labels.tif", (60, 80))
    assert as_operations(segmented(), drawn) == ()


def test_what_lies_in_the_crop_only_is_refused():
    grid = GRIDS["cropped"]
    labels = np.zeros(grid.recorded, np.uint8)
    labels[:4] = 1
    drawn = read_outlines(tiff(labels), "labels.tif", grid.recorded)
    with pytest.raises(EditError, match="cropped"):
        as_operations(segmented(grid), drawn)
