"""What several pictures make together is the same when their images are let go on the way."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from semseg.analysis import without_images
from semseg.display import Display
from semseg.export.files import run_files
from semseg.export.run import Run
from semseg.metrology.assessment import assess
from tests.support.fake_analysis import draw


def images(analysis):
    """Every array of an analysis that has a value for each pixel."""
    found = analysis.segmentation
    return [analysis.micrograph.grey, analysis.prepared.image, found.network_labels]


@pytest.mark.slow
@pytest.mark.parametrize("pixels", [(7.3, 5.0), (7.3, None, 5.0), (None, None)])
def test_collected_pictures_make_the_files_that_they_make_at_once(pixels):
    """Those without a scale stand last in a report in nanometres, whatever their order."""
    analyses = [
        draw(pixel_size_nm=nm, name=f"{number}.tif", radius=7 + number)
        for number, nm in enumerate(pixels)
    ]
    others = {
        ratio: [draw(pixel_size_nm=nm, radius=8 * ratio, rows=5) for nm in pixels]
        for ratio in (0.9, 1.1)
    }
    display = Display("ecd", bins=12)
    run = Run(len(analyses), display)
    for number, analysis in enumerate(analyses):
        run.add(analysis, {ratio: each[number] for ratio, each in others.items()})
    at_once = run_files(analyses, assess(analyses, "ecd", others=others), display)
    assert run.files() == at_once
    assert list(run.files()) == list(at_once)


def test_a_factor_that_one_picture_lacks_is_left_out():
    a, b, other = draw(), draw(radius=9), draw(radius=7)
    run = Run(2)
    run.add(a, {0.9: other, 1.1: other})
    run.add(b, {1.1: other})
    others = {1.1: [other, other]}
    assert run.files() == run_files([a, b], assess([a, b], others=others))


def test_no_image_of_a_collected_picture_stays():
    analysis, other = draw(), draw()
    watched = [weakref.ref(each) for each in (analysis, other, *images(analysis), *images(other))]
    run = Run(1)
    run.add(analysis, {0.9: other})
    del analysis, other
    gc.collect()
    assert [each() for each in watched] == [None] * len(watched)
    assert "report.html" in run.files()


def test_what_is_let_go_is_no_picture_rather_than_a_wrong_one():
    analysis = draw()
    light = without_images(analysis)
    assert [each.size for each in images(light)] == [0] * 3
    assert light.grid == analysis.grid
    assert light.outlines is analysis.outlines
    assert without_images(analysis, outlines=False).outlines == {}
    assert light.particles.equals(analysis.particles)


def test_drawings_share_the_space_that_a_report_has():
    """Of 40 noisy pictures each has less than of one."""
    noisy = np.random.default_rng(0).uniform(0, 255, (1100, 1600)).astype(np.float32)
    analysis = draw(height=1084, width=1600)
    analysis = replace(analysis, micrograph=replace(analysis.micrograph, grey=noisy))
    sizes = []
    for pictures in (1, 40):
        run = Run(pictures)
        run.add(analysis)
        sizes.append(len(run.files()["report.html"]))
    assert sizes[1] < sizes[0] - 100_000
