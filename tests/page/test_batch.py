"""Several pictures together."""

from __future__ import annotations

import pytest

from semseg.display import Display
from semseg.page.batch import pooled_histogram, pooled_particles
from tests.support.fake_analysis import draw


def test_pictures_are_pooled_in_nanometres_and_those_without_a_scale_left_out():
    with_scale, without = draw(), draw(pixel_size_nm=None)
    particles, unit = pooled_particles([with_scale, without, with_scale])
    assert unit == "nm"
    assert particles["picture"].unique().tolist() == [0, 2]
    assert len(particles) == 2 * with_scale.particles["kept"].sum()
    particles, unit = pooled_particles([without, without])
    assert unit == "px"
    assert len(particles) == 2 * without.particles["kept"].sum()


@pytest.mark.parametrize("log", [False, True])
def test_the_pooled_histogram_counts_every_particle(log):
    particles, unit = pooled_particles([draw(), draw(radius=6)])
    bars = pooled_histogram(particles, Display(log=log, bins=12), unit).data[0]
    assert sum(bars.y) == len(particles)
    assert len(bars.y) == 12
    shares = pooled_histogram(particles, Display(weighting="volume", log=log), unit).data[0]
    assert sum(shares.y) == pytest.approx(100)
