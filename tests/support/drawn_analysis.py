"""Analyses of more particles than `fake_analysis.draw` gives, and of none."""

from __future__ import annotations

from dataclasses import replace

from semseg.analysis import Analysis
from tests.support.fake_analysis import draw, redrawn

DRAWN = {"height": 160, "width": 224, "columns": 9, "rows": 7, "radius": 7}


def drawn(**options) -> Analysis:
    """63 particles, 48 of them kept, unless `options` say more."""
    return draw(**{**DRAWN, **options})


def without_particles(analysis: Analysis) -> Analysis:
    """Nothing found; the outlines went with the particles."""
    return replace(redrawn(analysis, outlines={}), particles=analysis.particles.iloc[:0])
