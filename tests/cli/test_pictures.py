"""Pictures are written and let go one by one: no image of one stays while the next is analysed."""

from __future__ import annotations

import gc
import weakref

import pytest

from semseg.__main__ import main
from semseg.cli import pictures
from semseg.errors import OutOfMemoryError
from tests.support.command import FIXED

pytestmark = pytest.mark.slow  # runs over several pictures, with their reports


@pytest.fixture(scope="module")
def three(draw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    return [
        str(draw((220, 300), 36.0, seed=seed).write(folder / f"{seed}.tif", pixel_size_nm=2.0))
        for seed in range(3)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--report",)])
def test_no_analysis_and_no_image_stays(options, three, tmp_path, monkeypatch):
    watched = []

    def watching(make):
        def made(*arguments, **named):
            gc.collect()
            watched[:] = [each for each in watched if each() is not None]
            alive.append([type(each()).__name__ for each in watched])
            analysis = make(*arguments, **named)
            found = analysis.segmentation
            for each in (analysis, analysis.micrograph.grey, found.network_labels):
                watched.append(weakref.ref(each))
            return analysis

        return made

    alive = []
    monkeypatch.setattr(pictures, "analyze", watching(pictures.analyze))
    assert main(["analyze", *three, *FIXED, *options, "--output", str(tmp_path)]) == 0
    gc.collect()
    assert alive == [[], [], []]
    assert [each() for each in watched] == [None] * 3


def test_a_factor_that_fails_costs_the_uncertainty_a_part_and_not_the_report(
    three, tmp_path, monkeypatch, capsys
):
    rescaled = pictures.rescaled

    def short_of_memory(analysis, segmenter, ratio, **named):
        if ratio > 1:
            raise OutOfMemoryError
        return rescaled(analysis, segmenter, ratio, **named)

    monkeypatch.setattr(pictures, "rescaled", short_of_memory)
    arguments = ["analyze", three[0], *FIXED, "--report", "--output", str(tmp_path)]
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith("0.tif, at 1.1 of its rescale factor: There is not enough memory")
    assert "1 picture together" in said.out
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "network at 0.9, 1 of the factor" in text
