"""The whole pipeline, on drawn pictures whose truth is known."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import roifile
from PIL import Image

import semseg.analysis
from semseg.analysis import (
    analyze,
    conclude,
    prepare,
    refilter,
    rescaled,
    scales_to_try,
    segment,
    without_hand,
    without_images,
)
from semseg.data import sample_path
from semseg.errors import SettingsError, UnreadableImageError
from semseg.export.coco import coco_json
from semseg.export.rois import roiset_zip
from semseg.export.summary_json import summary_dict
from semseg.instances.autoscale import RescaleEstimate
from semseg.instances.scales import Scale
from semseg.io.micrograph import read_micrograph
from semseg.operations import Decide, Split
from semseg.preprocessing.preparation import Crop
from semseg.scale.bar_text import PrintedScale
from semseg.scale.printed_lengths import PrintedLength
from semseg.settings import Settings
from training.metrics import compare

CONTRACT = [
    *("label", "x_px", "y_px", "area_px", "ecd_px", "ecd_nm", "min_feret_nm", "max_feret_nm"),
    *("perimeter_nm", "circularity", "solidity", "aspect_ratio", "confidence", "touches_edge"),
    *("kept", "reason"),
]
STAGES = ["read", "prepare", "rescale", "network", "measure", "conclude"]
SHAPE = (352, 448)
WIDTH_NM = 896.0
FIXED = Settings(width_nm=WIDTH_NM, rescale=1.0, crop=Crop())


def png(grey) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(grey)).save(out, "png")
    return out.getvalue()


@pytest.fixture(scope="module")
def run(drawn, segmenter):
    """Analyse the drawn picture, or these bytes, with these settings."""

    def analyse(settings=FIXED, source=None, **options):
        name = options.pop("name", "drawn.png")
        return analyze(source or drawn.png(), settings, name=name, segmenter=segmenter, **options)

    return analyse


@pytest.fixture(scope="module")
def plain(run):
    return run()


def lengths(particles, unit):
    return particles[[name for name in particles if name.endswith(f"_{unit}")]]


# What is found


def test_every_drawn_particle_is_found_and_measured(plain, drawn):
    agreement = compare(drawn.labels, plain.labels)
    assert agreement.f1(0.5) >= 0.97
    assert agreement.image_iou > 0.9
    assert plain.particles["ecd_px"].median() == pytest.approx(drawn.median_px, rel=0.05)


def test_found_as_well_when_everything_is_automatic(run, drawn):
    found = run(Settings())
    assert found.rescale_source == "automatic"
    assert found.crop == Crop()
    assert compare(drawn.labels, found.labels).f1(0.5) >= 0.97
    assert found.particles["ecd_px"].median() == pytest.approx(drawn.median_px, rel=0.05)


def test_the_scale_of_the_particles_is_among_those_to_try(run, plain, drawn, segmenter):
    """Whatever factor was given; where it is the right one, nothing else fits."""
    coarse = run(replace(FIXED, rescale=0.15))
    wanted = segmenter.info.target_particle_px / drawn.median_px
    tried = scales_to_try(coarse.prepared, coarse.segmentation, segmenter)
    assert min(abs(np.log(each.factor / wanted)) for each in tried) < np.log(1.25)
    assert all(max(each.factor / 0.15, 0.15 / each.factor) > 2 for each in tried)
    right = scales_to_try(plain.prepared, plain.segmentation, segmenter)
    assert not any(each.fits for each in right)


def test_another_scale_that_fits_is_kept_and_said(run, monkeypatch):
    others = Scale(0.7, 90.0, 0.2, 30.0), Scale(4.0, 15.0, 0.6, 9000.0)
    estimate = RescaleEstimate(0.5, 128.0, True, others)
    monkeypatch.setattr(semseg.analysis, "estimate_rescale", lambda *_: estimate)
    found = run(replace(FIXED, rescale=None))
    # 0.7 is as good as the same, and half of 0.5 is offered where enough particles were found
    kept = {each.factor: each.fits for each in found.segmentation.other_scales}
    assert kept == {4.0: True} | ({0.25: False} if len(found.particles) >= 20 else {})
    assert any("at a rescale factor of 4 particles some 15 px wide" in said for said in found.notes)
    scales = summary_dict(found)["rescale"]["other_scales"]
    assert {each["factor"]: each["fits"] for each in scales} == kept
    given = run(replace(FIXED, rescale=0.5))
    assert given.segmentation.other_scales == ()
    assert not any("More than one scale" in said for said in given.notes)
    # what was found does not depend on who chose the factor
    same = found.segmentation.as_given()
    for name in ("rescale", "rescale_source", "other_scales", "search_notes", "notes"):
        assert getattr(same, name) == getattr(given.segmentation, name)
    pd.testing.assert_frame_equal(given.particles, found.particles)
    assert np.array_equal(given.labels, found.labels)


def test_the_table_has_the_columns_of_the_contract(plain):
    assert set(CONTRACT) <= set(plain.particles)
    assert plain.particles["kept"].dtype == bool
    assert plain.particles["touches_edge"].dtype == bool
    assert plain.particles["confidence"].between(0, 1).all()
    sizes = lengths(plain.particles, "nm").to_numpy()
    assert np.isfinite(sizes).all()
    assert (sizes > 0).all()


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_ids_are_the_same_in_table_label_image_and_outlines(run, factor):
    found = run(replace(FIXED, rescale=factor))
    ids = found.particles["label"].tolist()
    assert ids == list(range(1, len(ids) + 1))
    assert np.unique(found.labels[found.labels > 0]).tolist() == ids
    assert list(found.outlines) == ids
    assert found.labels.shape == SHAPE
    areas = np.bincount(found.labels.ravel())[1:]
    assert areas == pytest.approx(found.particles["area_px"], rel=0.05)
    rows, columns = np.indices(SHAPE)
    for weights, name in ((rows, "y_px"), (columns, "x_px")):
        centres = np.bincount(found.labels.ravel(), weights.ravel())[1:] / areas
        assert centres == pytest.approx(found.particles[name], abs=0.5)


@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_outlines_enclose_their_particles_on_the_recorded_grid(run, factor):
    found = run(replace(FIXED, rescale=factor))
    for row in found.particles.itertuples():
        x, y = found.outlines[row.label].astype(float).T
        area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
        assert area == pytest.approx(row.area_px, rel=1e-3)
        assert x.min() < row.x_px < x.max()
        assert y.min() < row.y_px < y.max()
        assert min(x.min(), y.min()) >= -0.5001


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_sizes_depend_little_on_the_rescale_factor(run, plain, factor):
    other = run(replace(FIXED, rescale=factor))
    assert len(other.particles) == pytest.approx(len(plain.particles), abs=1)
    for name in ("ecd_nm", "min_feret_nm"):
        median = plain.particles[name].median()
        assert other.particles[name].median() == pytest.approx(median, rel=0.05)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_picture_changes_little(run, plain, drawn, turns):
    settings = FIXED if turns == 2 else replace(FIXED, width_nm=WIDTH_NM * SHAPE[0] / SHAPE[1])
    turned = run(settings, png(np.rot90(drawn.grey, turns)))
    assert turned.labels.shape == (SHAPE if turns == 2 else SHAPE[::-1])
    assert len(turned.particles) == pytest.approx(len(plain.particles), abs=1)
    for name in ("ecd_nm", "min_feret_nm", "max_feret_nm"):
        median = plain.particles[name].median()
        assert turned.particles[name].median() == pytest.approx(median, rel=0.05)


@pytest.mark.parametrize("rescale", [1.0, None])
def test_the_same_input_gives_the_same_numbers(run, rescale):
    first, second = (run(replace(FIXED, rescale=rescale)) for _ in range(2))
    pd.testing.assert_frame_equal(first.particles, second.particles, check_exact=True)
    assert np.array_equal(first.labels, second.labels)
    assert first.rescale == second.rescale


def test_a_picture_without_particles_gives_an_empty_table_and_says_so(run):
    noise = np.random.default_rng(0).normal(128, 20, (160, 200)).astype(np.uint8)
    empty = run(source=png(noise))
    assert len(empty.particles) == 0
    assert set(CONTRACT) <= set(empty.particles)
    assert not empty.labels.any()
    assert empty.outlines == {}
    assert empty.median_network_px is None
    assert any("No particles" in note for note in empty.notes)


# Scale


def test_twice_the_width_doubles_every_length_and_no_pixel(run, plain):
    double = run(replace(FIXED, width_nm=2 * WIDTH_NM))
    ours, theirs = plain.particles, double.particles
    pd.testing.assert_frame_equal(lengths(ours, "px"), lengths(theirs, "px"), check_exact=True)
    pd.testing.assert_frame_equal(2 * lengths(ours, "nm"), lengths(theirs, "nm"), check_exact=True)
    assert np.array_equal(4 * ours["area_nm2"], theirs["area_nm2"])
    assert np.array_equal(plain.labels, double.labels)


def test_nanometres_are_pixels_times_the_pixel_size(plain):
    assert plain.calibration.pixel_size_nm == WIDTH_NM / SHAPE[1] == 2
    for name in ("ecd", "min_feret", "max_feret", "perimeter"):
        px, nm = plain.particles[f"{name}_px"], plain.particles[f"{name}_nm"]
        assert np.array_equal(nm, 2 * px)


def test_without_a_calibration_there_are_no_nanometres(run, plain):
    bare = run(replace(FIXED, width_nm=None))
    assert bare.calibration is None
    assert not bare.scale_doubt
    assert not [name for name in bare.particles if "_nm" in name]
    assert any("width" in note and "nanometres" in note for note in bare.notes)
    assert len(bare.particles) == len(plain.particles)


def test_the_scale_of_the_file_is_used(run, drawn, tmp_path):
    path = drawn.write(tmp_path / "drawn.tif", pixel_size_nm=2.0)
    found = run(replace(FIXED, width_nm=None), path.read_bytes(), name="drawn.tif")
    assert found.calibration.pixel_size_nm == pytest.approx(2, rel=1e-4)
    assert "ImageJ" in found.calibration.source
    assert found.notes == ()


def test_an_assumed_width_is_marked_and_only_where_nothing_better_is_known(run, drawn, tmp_path):
    assuming = replace(FIXED, width_nm=None, assumed_width_nm=WIDTH_NM)
    bare = run(assuming)
    assert bare.calibration.assumed
    assert bare.scale_doubt == "assumed"
    assert "check" in bare.calibration.source
    assert bare.calibration.pixel_size_nm == pytest.approx(WIDTH_NM / SHAPE[1])
    assert any("assumed" in note for note in bare.notes)
    path = drawn.write(tmp_path / "drawn.tif", pixel_size_nm=3.0)
    known = run(assuming, path.read_bytes(), name="drawn.tif")
    assert not known.calibration.assumed
    assert not known.scale_doubt
    assert known.calibration.pixel_size_nm == pytest.approx(3, rel=1e-4)
    typed = run(replace(assuming, width_nm=WIDTH_NM))
    assert not typed.calibration.assumed


def test_a_pixel_size_does_as_well_as_the_width(run, plain):
    by_pixel = run(replace(FIXED, width_nm=None, pixel_size_nm=WIDTH_NM / SHAPE[1]))
    pd.testing.assert_frame_equal(by_pixel.particles, plain.particles)
    assert "pixel size" in by_pixel.calibration.source


@pytest.mark.parametrize(("factor", "noted"), [(1.005, False), (1.05, True), (0.9, True)])
def test_a_typed_width_that_contradicts_the_file_wins_and_is_noted(
    run, drawn, tmp_path, factor, noted
):
    path = drawn.write(tmp_path / "drawn.tif", pixel_size_nm=2.0)
    settings = replace(FIXED, width_nm=factor * WIDTH_NM)
    found = run(settings, path.read_bytes(), name="drawn.tif")
    assert found.calibration.pixel_size_nm == pytest.approx(2 * factor)
    assert len(found.notes) == noted


# Crop


def test_cropped_pixels_hold_no_particle_and_positions_count_from_the_whole(run, drawn):
    """As if the picture had been cut before, and moved."""
    crop = Crop(top=20, bottom=60, left=31, right=8)
    cropped = run(replace(FIXED, crop=crop))
    cut = run(replace(FIXED, width_nm=2.0 * (SHAPE[1] - 39)), png(drawn.grey[20:-60, 31:-8]))
    assert cropped.labels.shape == SHAPE
    inside = np.zeros(SHAPE, bool)
    inside[20:-60, 31:-8] = True
    assert not cropped.labels[~inside].any()
    assert np.array_equal(cropped.labels[20:-60, 31:-8], cut.labels)
    moved = cut.particles.assign(x_px=cut.particles["x_px"] + 31, y_px=cut.particles["y_px"] + 20)
    pd.testing.assert_frame_equal(cropped.particles, moved)
    assert cropped.particles["touches_edge"].any()
    for label, outline in cropped.outlines.items():
        assert np.allclose(outline, cut.outlines[label] + (31, 20), atol=1e-3)


def test_a_crop_that_leaves_nothing_is_refused(run):
    with pytest.raises(SettingsError, match="remain"):
        run(replace(FIXED, crop=Crop(bottom=SHAPE[0] - 10)))


# Filter


def test_a_filter_of_zero_keeps_everything(run):
    found = run(replace(FIXED, filter=0.0)).particles
    assert found["kept"].all()
    assert (found["reason"] == "").all()


def test_the_filter_marks_and_never_removes(run, plain):
    middle = float(plain.particles["confidence"].median())
    marked = ["kept", "reason", "counted"]
    for threshold in (0.0, middle, 1.0):
        found = run(replace(FIXED, filter=threshold))
        kept = found.particles["kept"]
        assert found.filter_threshold == threshold
        assert kept.equals(found.particles["confidence"] >= threshold)
        assert ((found.particles["reason"] == "") == kept).all()
        pd.testing.assert_frame_equal(
            found.particles.drop(columns=marked), plain.particles.drop(columns=marked)
        )
        assert np.array_equal(found.labels, plain.labels)


def test_the_model_gives_the_filter_unless_it_is_chosen(plain, segmenter):
    assert plain.filter_threshold == segmenter.info.filter_threshold


# Rescale


@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_absurd_factors_are_refused_with_the_sensible_ones(run, factor):
    with pytest.raises(SettingsError, match="between"):
        run(replace(FIXED, rescale=factor))


def test_particles_too_small_or_large_for_the_network_are_noted(run, segmenter, drawn):
    low, high = segmenter.info.trained_particle_px
    factor = 0.75 * low / drawn.median_px
    found = run(replace(FIXED, rescale=factor))
    assert found.median_network_px is None or found.median_network_px < low
    assert found.notes
    assert run().notes == ()
    assert low < run().median_network_px < high


# Stage by stage


def test_the_stretches_one_by_one_are_the_whole(plain, drawn, segmenter):
    micrograph = read_micrograph(drawn.png(), "drawn.png")
    prepared = prepare(micrograph, FIXED)
    found = segment(prepared, FIXED, segmenter)
    by_hand = conclude(micrograph, prepared, found, FIXED)
    pd.testing.assert_frame_equal(by_hand.particles, plain.particles, check_exact=True)
    assert np.array_equal(by_hand.labels, plain.labels)
    assert by_hand.notes == plain.notes
    for label, outline in plain.outlines.items():
        assert np.array_equal(by_hand.outlines[label], outline)


@pytest.mark.parametrize(("row", "cut"), [(63, 0), (64, 33)])
def test_a_label_bar_is_not_cut_off_where_too_little_would_remain(row, cut):
    grey = np.random.default_rng(1).integers(0, 256, (97, 80), dtype=np.uint8)
    micrograph = replace(read_micrograph(png(grey), "small.png"), label_bar_row=row)
    prepared = prepare(micrograph, Settings())
    assert prepared.crop == Crop(bottom=cut)
    assert prepared.image.shape == (97 - cut, 80)
    assert any("too little would remain" in note for note in prepared.notes) == (cut == 0)


def test_where_reading_was_asked_for_and_nothing_read_a_note_says_so(monkeypatch):
    grey = np.random.default_rng(1).integers(0, 256, (97, 80), dtype=np.uint8)
    micrograph = read_micrograph(png(grey), "small.png")
    monkeypatch.setattr(semseg.analysis.ocr, "is_installed", lambda: True)
    monkeypatch.setattr(semseg.analysis, "read_printed_scale", lambda *_: PrintedScale())
    notes = prepare(micrograph, Settings(read_scale="always")).notes
    assert "No length could be read in the picture, nor was a scale bar found." in notes
    assert not [note for note in prepare(micrograph, Settings()).notes if "could be read" in note]
    length = PrintedLength("200 nm", (200.0,))
    monkeypatch.setattr(semseg.analysis, "read_printed_scale", lambda *_: PrintedScale(length))
    notes = prepare(micrograph, Settings(read_scale="always")).notes
    assert not [note for note in notes if "could be read" in note]


def test_what_a_person_decided_stands_above_the_filter(drawn, segmenter, run):
    micrograph = read_micrograph(drawn.png(), "drawn.png")
    prepared = prepare(micrograph, FIXED)
    found = segment(prepared, FIXED, segmenter)
    strict = replace(FIXED, filter=float(found.particles["confidence"].median()))
    plain = conclude(micrograph, prepared, found, strict)
    out = int(plain.particles["label"][plain.particles["kept"]].iloc[0])
    back = int(plain.particles["label"][~plain.particles["kept"]].iloc[0])
    edited = conclude(micrograph, prepared, found, strict, {out: False, back: True, 10**6: False})
    table, before = edited.particles.set_index("label"), plain.particles.set_index("label")
    assert not table["kept"][out]
    assert table["kept"][back]
    assert table["reason"][[out, back]].tolist() == ["manual", "manual"]
    pd.testing.assert_frame_equal(table.drop([out, back]), before.drop([out, back]))
    assert edited.manual == {out: False, back: True}
    again = refilter(plain, strict.filter, edited.manual)
    pd.testing.assert_frame_equal(again.particles, edited.particles)
    assert refilter(edited, None).filter_threshold == segmenter.info.filter_threshold


def test_concluding_again_needs_and_changes_nothing_before(drawn, segmenter, run):
    micrograph = read_micrograph(drawn.png(), "drawn.png")
    prepared = prepare(micrograph, FIXED)
    found = segment(prepared, FIXED, segmenter)
    before = found.particles.copy()
    for settings in (replace(FIXED, width_nm=5000.0), replace(FIXED, filter=1.0)):
        again = conclude(micrograph, prepared, found, settings)
        pd.testing.assert_frame_equal(again.particles, run(settings).particles, check_exact=True)
    pd.testing.assert_frame_equal(found.particles, before, check_exact=True)


def test_progress_goes_through_the_stages_in_order(run):
    told = []
    found = run(Settings(), progress=lambda stage, share: told.append((stage, share)))
    assert list(dict.fromkeys(stage for stage, _ in told)) == STAGES
    assert [STAGES.index(stage) for stage, _ in told] == sorted(
        STAGES.index(stage) for stage, _ in told
    )
    for stage in STAGES:
        shares = [share for name, share in told if name == stage]
        assert shares[0] == 0
        assert shares[-1] == 1
        assert shares == sorted(shares)
    assert len([share for name, share in told if name == "measure"]) > 10
    assert list(found.seconds) == STAGES
    assert all(seconds >= 0 for seconds in found.seconds.values())


def test_a_path_is_read_as_its_bytes_are(plain, drawn, segmenter, tmp_path):
    path = drawn.write(tmp_path / "drawn.png")
    found = analyze(path, FIXED, segmenter=segmenter)
    assert found.micrograph.name == "drawn.png"
    pd.testing.assert_frame_equal(found.particles, plain.particles, check_exact=True)


def test_what_is_no_picture_is_refused(run):
    with pytest.raises(UnreadableImageError):
        run(source=b"not a picture")


# The grid of the network


def enclosed(polygon):
    """Area of a polygon by the shoelace formula."""
    x, y = np.asarray(polygon, np.float64).T
    return abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2


@pytest.mark.parametrize("factor", [2.099, 1.37, 2.0, 1.0, 0.777])
def test_exported_outlines_enclose_the_area_of_the_table(run, factor):
    """The network's sides are rounded to what its maps need, whatever the factor."""
    found = run(replace(FIXED, rescale=factor, crop=Crop(top=7, right=5)))
    areas = found.particles.set_index("label")["area_px"]
    with zipfile.ZipFile(io.BytesIO(roiset_zip(found))) as container:
        rois = [roifile.ImagejRoi.frombytes(container.read(name)) for name in container.namelist()]
    in_rois = {int(roi.name): enclosed(roi.coordinates()) for roi in rois}
    annotations = json.loads(coco_json([found]))["annotations"]
    in_coco = {
        each["attributes"]["label"]: enclosed(np.reshape(each["segmentation"][0], (-1, 2)))
        for each in annotations
    }
    for exported in (in_rois, in_coco):
        assert list(exported) == areas.index.tolist()
        np.testing.assert_allclose(list(exported.values()), areas, rtol=1e-5)


def test_concluding_makes_outlines_no_second_time(drawn, segmenter):
    micrograph = read_micrograph(drawn.png(), "drawn.png")
    prepared = prepare(micrograph, FIXED)
    found = segment(prepared, FIXED, segmenter)
    before = found.particles.copy()
    for settings in (FIXED, replace(FIXED, width_nm=2 * WIDTH_NM, edges="weight")):
        analysis = conclude(micrograph, prepared, found, settings)
        assert analysis.outlines is found.outlines
    pd.testing.assert_frame_equal(found.particles, before)


def test_without_a_hand_it_is_as_the_network_found_it(drawn, segmenter):
    plain = analyze(drawn.png(), FIXED, name="drawn.png", segmenter=segmenter)
    row = plain.particles.loc[plain.particles["area_px"].idxmax()]
    across = ((row.x_px, row.y_px - 300.0), (row.x_px, row.y_px + 300.0))
    done = [Split(int(row.label), (across,)), Decide((2,), False)]
    hand = analyze(drawn.png(), FIXED, name="drawn.png", segmenter=segmenter, operations=done)
    assert len(hand.particles) == len(plain.particles) + 1
    assert hand.manual == {2: False}
    assert set(hand.particles["origin"]) == {"network", "split"}
    pd.testing.assert_frame_equal(without_hand(hand).particles, plain.particles)
    assert without_hand(plain).manual == {}


def test_another_factor_keeps_the_scale_of_the_bar(segmenter):
    """What was prepared is looked at again as a whole, its scale bar included."""
    grey = read_micrograph(sample_path()).grey.astype(np.uint8)  # no metadata in a PNG
    settings = Settings(scale_bar_nm=200.0, rescale=0.9)
    found = analyze(png(grey), settings, name="bare.png", segmenter=segmenter)
    assert found.calibration.source == "scale bar"
    other = rescaled(found, segmenter, 1.1)
    assert other.rescale == pytest.approx(0.99)
    assert other.calibration == found.calibration
    assert other.prepared is found.prepared


def test_without_a_hand_needs_no_images(drawn, segmenter):
    """A report over many pictures asks for it when their images are gone; the width is typed."""
    settings = replace(FIXED, width_nm=WIDTH_NM)
    analysis = analyze(drawn.png(), settings, name="drawn.png", segmenter=segmenter)
    light = without_hand(without_images(analysis))
    pd.testing.assert_frame_equal(light.particles, analysis.particles)
    assert light.calibration == analysis.calibration
