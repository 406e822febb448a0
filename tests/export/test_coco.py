"""COCO JSON, read back with pycocotools."""

import contextlib
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from pycocotools.coco import COCO

from semseg.export.coco import coco_json
from semseg.preprocessing.preparation import Crop
from semseg.version import NUMBERS, __version__
from tests.support.fake_analysis import draw
from tests.support.seen_at import FACTORS, concluded, enclosed, seen_at

# what pycocotools 2.0 does to numpy 2
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def load(content, folder):
    """The file as pycocotools sees it."""
    path = folder / "a.coco.json"
    path.write_bytes(content)
    with contextlib.redirect_stdout(io.StringIO()):  # it talks
        return COCO(str(path))


def strict(content):
    """The file as a reader sees it that knows JSON only."""
    return json.loads(content, parse_constant=pytest.fail)


@pytest.mark.parametrize("factor", FACTORS)
def test_masks_are_the_particles_of_the_label_image(factor, tmp_path):
    analysis = seen_at(factor)
    coco = load(coco_json([analysis]), tmp_path)
    annotations = coco.loadAnns(coco.getAnnIds())
    assert len(annotations) == len(analysis.particles) > 8
    for annotation in annotations:
        mask = coco.annToMask(annotation)
        label = annotation["attributes"]["label"]
        np.testing.assert_array_equal(mask, analysis.labels == label)


@pytest.mark.parametrize("factor", FACTORS)
def test_area_and_box_are_those_of_the_polygon(factor):
    analysis = seen_at(factor)
    annotations = strict(coco_json([analysis]))["annotations"]
    areas = [annotation["area"] for annotation in annotations]
    assert areas == analysis.particles["area_px"].tolist()
    for annotation in annotations:
        (flat,) = annotation["segmentation"]
        polygon = np.reshape(flat, (-1, 2))
        assert enclosed(polygon) == pytest.approx(annotation["area"], rel=1e-4)
        left, top, width, height = annotation["bbox"]
        assert polygon.min(axis=0).tolist() == [left, top]
        assert polygon.max(axis=0) == pytest.approx([left + width, top + height])


def test_a_particle_by_hand():
    labels = np.zeros((64, 64), np.int32)
    labels[0:2, 0:3] = 1  # rows 0 and 1, columns 0, 1 and 2
    content = strict(coco_json([concluded(labels, (64, 64))]))
    (annotation,) = content["annotations"]
    assert annotation["segmentation"] == [[0, 0, 3, 0, 3, 2, 0, 2]]
    assert (annotation["area"], annotation["bbox"]) == (6, [0, 0, 3, 2])
    assert (annotation["id"], annotation["image_id"], annotation["category_id"]) == (1, 1, 1)
    assert (annotation["iscrowd"], annotation["score"]) == (0, 0.9)
    (image,) = content["images"]
    assert image["pixel_size_nm"] == 2
    assert (image["file_name"], image["height"], image["width"]) == ("a.tif", 64, 64)
    assert content["categories"] == [{"id": 1, "name": "particle", "supercategory": "particle"}]


def test_all_particles_are_there_with_all_that_is_known():
    analysis = draw(manual={1: False, 4: True})
    annotations = strict(coco_json([analysis]))["annotations"]
    attributes = [annotation["attributes"] for annotation in annotations]
    assert [each["kept"] for each in attributes] == analysis.particles["kept"].tolist()
    assert [each["reason"] for each in attributes] == analysis.particles["reason"].tolist()
    assert attributes[0]["reason"] == "manual"
    columns = set(analysis.particles) - {"confidence", "doubt"}
    assert all(set(each) == columns for each in attributes)
    nm = [each["min_feret_nm"] for each in attributes]
    assert nm == analysis.particles["min_feret_nm"].tolist()
    assert [a["score"] for a in annotations] == analysis.particles["confidence"].tolist()


def test_doubts_about_kept_particles_stay_inside():
    annotations = strict(coco_json([seen_at(1.0)]))["annotations"]
    assert all("doubt" not in annotation["attributes"] for annotation in annotations)


def test_several_pictures_share_one_file(tmp_path):
    first, plain = draw(name="=HYPERLINK(1).tif"), draw(pixel_size_nm=None, rows=1, name="b.png")
    assumed, nothing = draw(assumed=True, name="c.png"), draw(rows=0, name="d.png")
    analyses = [first, plain, assumed, nothing]
    coco = load(coco_json(analyses), tmp_path)
    assert coco.getImgIds() == [1, 2, 3, 4]
    assert [len(coco.getAnnIds(imgIds=i)) for i in coco.getImgIds()] == [20, 5, 20, 0]
    assert coco.getAnnIds() == list(range(1, 46))
    images = coco.loadImgs(coco.getImgIds())
    assert [image["file_name"] for image in images] == [a.micrograph.name for a in analyses]
    assert [image["pixel_size_nm"] for image in images] == [7.34375, None, 7.34375, 7.34375]
    assert [image["assumed"] for image in images] == [False, False, True, False]
    for annotation in coco.loadAnns(coco.getAnnIds()):
        analysis = analyses[annotation["image_id"] - 1]
        mask = coco.annToMask(annotation)
        np.testing.assert_array_equal(mask, analysis.labels == annotation["attributes"]["label"])


def test_what_is_not_known_is_null():
    analysis = draw(rows=1)
    unknown = analysis.particles.assign(confidence=math.nan, circularity=math.inf)
    analysis = replace(analysis, particles=unknown)
    annotation = strict(coco_json([analysis]))["annotations"][0]
    assert annotation["score"] is None
    assert annotation["attributes"]["circularity"] is None


def test_no_picture_and_no_particle_load_as_well(tmp_path):
    assert load(coco_json([]), tmp_path).getAnnIds() == []
    assert load(coco_json([draw(rows=0)]), tmp_path).getImgIds() == [1]


def test_the_file_names_software_and_models():
    info = strict(coco_json([draw(), draw()]))["info"]
    assert (info["version"], info["numbers"]) == (__version__, NUMBERS)
    assert info["models"] == [{"name": "network", "version": "1", "sha256": "f" * 64}]


def test_same_analyses_same_bytes():
    analyses = [seen_at(0.7317), seen_at(2.0, crop=Crop())]
    again = [seen_at(0.7317), seen_at(2.0, crop=Crop())]
    assert coco_json(analyses) == coco_json(again)
