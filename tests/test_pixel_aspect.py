"""Pixels that are not square are measured as they are: drawn discs, recorded with such pixels."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import roifile
import tifffile
from PIL import Image

from semseg.analysis import analyze
from semseg.export.coco import coco_json
from semseg.export.files import labels_tiff
from semseg.export.rois import roiset_zip
from semseg.export.summary_json import summary_dict
from semseg.export.tables import sizes_csv
from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.preparation import Crop, square_pixels
from semseg.settings import Settings
from tests.support.drawn_discs import RADIUS, png
from tests.support.picture_files import ini_block, text_tag, tiff
from tests.support.seen_at import enclosed

NM = 2.0  # width of a pixel
SHAPE = (350, 430)
PLACES = [(x, y) for x in range(55, 400, 80) for y in range(55, 320, 80)]
ASPECTS = (1.1, 1 / 1.1, 1.5)
FOUND = Settings(crop=Crop(), rescale=1.0)


def grey(aspect: float) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png(PLACES, SHAPE, aspect))))


def recorded(aspect: float) -> bytes:
    """The discs in a file of FEI, which gives width and height of a pixel."""
    sides = {"PixelWidth": NM * 1e-9, "PixelHeight": NM * aspect * 1e-9}
    return tiff(grey(aspect), extratags=[text_tag(34682, ini_block({"Scan": sides}))])


@pytest.fixture(scope="module")
def at(segmenter):
    """The discs recorded with pixels of this aspect, analysed; each once."""
    done = {}

    def analysed(aspect, settings=FOUND):
        if (aspect, settings) not in done:
            data = recorded(aspect)
            done[aspect, settings] = analyze(data, settings, name="a.tif", segmenter=segmenter)
        return done[aspect, settings]

    return analysed


def table(analysis):
    """The particles in the order of the discs."""
    places = analysis.particles[["x_px", "y_px"]].to_numpy() + 0.5
    places[:, 1] *= analysis.calibration.pixel_aspect
    centres = np.array(PLACES) + 0.5
    nearest = np.hypot(*(places[:, None] - centres).transpose(2, 0, 1)).argmin(axis=0)
    assert sorted(nearest) == list(range(len(PLACES)))
    return analysis.particles.iloc[nearest].reset_index(drop=True)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_sizes_in_nm_are_those_of_square_pixels(at, aspect):
    square, other = table(at(1.0)), table(at(aspect))
    # the drawing's own noise is that of another grid: 0.1 % of a diameter, 0.8 % of a perimeter
    for size, near in (
        ("ecd", 2e-3),
        ("min_feret", 5e-3),
        ("max_feret", 5e-3),
        ("perimeter", 1e-2),
    ):
        ratio = other[f"{size}_nm"] / square[f"{size}_nm"]
        assert ratio.mean() == pytest.approx(1, abs=near), size
        assert ratio.std() < 0.02, size
    np.testing.assert_allclose(other["ecd_nm"], 2 * RADIUS * NM, rtol=0.05)
    # discs stay discs
    assert other["aspect_ratio"].mean() > 0.95
    assert other["ellipse_ratio"].mean() > 0.96


@pytest.mark.parametrize("aspect", ASPECTS)
def test_areas_of_rois_times_both_sides_of_a_pixel_are_areas_in_nm(at, aspect):
    analysis = at(aspect)
    calibration = analysis.calibration
    assert calibration.pixel_size_nm == pytest.approx(NM)
    assert calibration.pixel_height_nm == pytest.approx(NM * aspect)
    areas = analysis.particles.set_index("label")["area_nm2"]
    with zipfile.ZipFile(io.BytesIO(roiset_zip(analysis))) as container:
        rois = [roifile.ImagejRoi.frombytes(container.read(n)) for n in container.namelist()]
    assert len(rois) == len(areas)
    for roi in rois:
        area = enclosed(roi.coordinates()) * calibration.pixel_size_nm * calibration.pixel_height_nm
        assert area == pytest.approx(areas[int(roi.name)], rel=1e-5)
    # and so are those of the label image, which is on the recorded grid, to its pixels
    assert analysis.labels.shape == grey(aspect).shape
    counted = np.bincount(analysis.labels.ravel())[1:] * NM * NM * aspect
    np.testing.assert_allclose(counted, areas, rtol=0.02)


def test_columns_in_px_are_in_the_square_that_covers_as_much(at):
    analysis = at(1.1)
    particles, side = analysis.particles, NM * np.sqrt(1.1)
    np.testing.assert_allclose(particles["ecd_nm"], particles["ecd_px"] * side, rtol=1e-12)
    np.testing.assert_allclose(particles["area_nm2"], particles["area_px"] * side**2, rtol=1e-12)
    # bounding boxes are in recorded columns and rows, as frame and counting rule are
    ratio = particles["box_width_px"] / particles["box_height_px"]
    assert ratio.mean() == pytest.approx(1.1, rel=0.02)
    height, width = grey(1.1).shape
    assert analysis.frame_area("nm") == pytest.approx(height * width * NM * NM * 1.1)


def test_what_is_typed_is_the_width_and_the_file_s_aspect_stays(at):
    typed = at(1.1, Settings(crop=Crop(), rescale=1.0, width_nm=SHAPE[1] * 4.0))
    assert typed.calibration.pixel_size_nm == pytest.approx(4)
    assert typed.calibration.pixel_height_nm == pytest.approx(4.4)
    np.testing.assert_allclose(typed.particles["ecd_nm"], 2 * at(1.1).particles["ecd_nm"])


def test_the_aspect_can_be_given(at, segmenter):
    settings = Settings(crop=Crop(), rescale=1.0, pixel_size_nm=NM, pixel_aspect=1.1)
    bare = analyze(png(PLACES, SHAPE, 1.1), settings, name="a.png", segmenter=segmenter)
    known = at(1.1)
    np.testing.assert_allclose(bare.particles["ecd_nm"], known.particles["ecd_nm"], rtol=1e-6)
    assert bare.notes == ()
    # against what the file says it is used too, and said
    square = at(1.1, Settings(crop=Crop(), rescale=1.0, pixel_aspect=1.0))
    assert square.calibration.pixel_height_nm is None
    assert table(square)["aspect_ratio"].mean() < 0.93
    assert any("given as 1, but the FEI metadata give 1.1" in note for note in square.notes)


def test_without_a_scale_pixels_are_square(segmenter):
    bare = analyze(png(PLACES, SHAPE, 1.1), FOUND, name="a.png", segmenter=segmenter)
    assert bare.calibration is None
    assert bare.particles["aspect_ratio"].mean() < 0.93


def test_the_crop_is_in_recorded_pixels(at):
    crop = Crop(top=20, bottom=30, left=11, right=0)
    whole, cut = at(1.1), at(1.1, Settings(crop=crop, rescale=1.0))
    assert cut.grid.frame == (grey(1.1).shape[0] - 50, SHAPE[1] - 11)
    whole, cut = table(whole), table(cut)
    inside = ~(whole["touches_edge"] | cut["touches_edge"])
    for column, near in (("x_px", 0.5), ("y_px", 0.5), ("ecd_nm", 2)):
        np.testing.assert_allclose(whole[column][inside], cut[column][inside], atol=near)


def test_the_automatic_factor_is_that_of_the_square_picture(at):
    automatic = Settings(crop=Crop())
    square, other = at(1.0, automatic), at(1.1, automatic)
    assert other.rescale == pytest.approx(square.rescale, rel=0.4)
    low, high = other.model.trained_particle_px
    assert low < other.median_network_px < high


def test_every_file_says_both_sides(at):

    analysis = at(1.1)
    assert b"2 x 2.2 nm per pixel (FEI metadata)" in sizes_csv(analysis)
    assert summary_dict(analysis)["calibration"]["pixel_height_nm"] == pytest.approx(2.2)
    assert b'"pixel_height_nm": 2.2' in coco_json([analysis]).replace(b'":2.2', b'": 2.2')
    with tifffile.TiffFile(io.BytesIO(labels_tiff(analysis))) as file:
        tags = file.pages.first.tags
        across, down = (tags[name].value for name in ("XResolution", "YResolution"))
    assert across[1] / across[0] == pytest.approx(2, rel=1e-6)
    assert down[1] / down[0] == pytest.approx(2.2, rel=1e-6)
    # read again as a picture, it has the same pixels
    again = read_micrograph(labels_tiff(analysis)).calibration
    assert again.pixel_height_nm == pytest.approx(2.2, rel=1e-6)


def test_square_pixels_takes_the_finer_side():
    image = np.linspace(0, 1, 6000, dtype=np.float32).reshape(60, 100)
    assert square_pixels(image, 1.0) is image
    assert square_pixels(image, 1.5).shape == (90, 100)
    assert square_pixels(image, 0.5).shape == (60, 200)
