"""Analyses drawn by hand, as the program would make them."""

from __future__ import annotations

from dataclasses import replace

from semseg.analysis import Analysis
from semseg.scale.calibration import Calibration
from tests.support.fake_analysis import draw

DRAWN = {"height": 160, "width": 224, "columns": 9, "rows": 7, "radius": 7}


def real(drawn) -> Analysis:
    """The analysis drawn by hand as the program makes it."""
    source = drawn.calibration
    return Analysis(
        **{
            **vars(drawn),
            "calibration": source
            and Calibration(source.pixel_size_nm, source.source, source.assumed),
            "particles": drawn.particles.assign(doubt="blurred"),
            "scale_bar": None,
        }
    )


def drawn(**options) -> Analysis:
    """63 particles, 48 of them kept, unless `options` say more."""
    return real(draw(**{**DRAWN, **options}))


def without_particles(analysis: Analysis) -> Analysis:
    """Nothing found; the outlines went with the particles."""
    return replace(analysis, particles=analysis.particles.iloc[:0], outlines={})
