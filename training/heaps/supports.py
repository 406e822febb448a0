"""What particles lie on under a transmission microscope: films, oxides, flakes, lace.

A support is a thickness for each pixel, 0 where there is none and about 1 where it is as
thick as usual. It is never a particle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.heaps.piles import Habit, drop_bodies
from training.heaps.solids import library
from training.synthesize import smooth_noise

__all__ = ["SUPPORTS", "flakes", "grains", "lace", "lumps"]

Array = NDArray[np.float32]
Shape = tuple[int, int]


def lumps(rng: np.random.Generator, shape: Shape) -> Array:
    """An oxide without edges: broad swells with smaller ones on them, some with a rim."""
    broad = smooth_noise(shape, rng.uniform(25, 110), rng)
    small = smooth_noise(shape, rng.uniform(8, 30), rng)
    over = broad - np.float32(rng.uniform(-0.9, 0.7))
    there = over > 0
    thickness = np.clip(over, 0, 3) * rng.uniform(0.3, 1) + 0.25 * there * np.clip(small, -1, 2)
    if rng.random() < 0.4:
        thickness = thickness + 0.6 * there
    return np.maximum(thickness, 0).astype(np.float32)


def flakes(rng: np.random.Generator, shape: Shape) -> Array:
    """Sheets with straight edges, some on others."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    thickness = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        middle = rng.uniform(0, 1, 2) * shape
        sheet = np.ones(shape, bool)
        for angle in np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7)))):
            edge = max(shape) * rng.uniform(0.12, 0.5)
            sheet &= (y - middle[0]) * np.sin(angle) + (x - middle[1]) * np.cos(angle) < edge
        thickness += np.float32(rng.uniform(0.2, 1)) * sheet
    return thickness


def grains(rng: np.random.Generator, shape: Shape) -> Array:
    """Bodies in heaps, from fine to large: oxide or carbon black that carries metal."""
    bodies = library()
    radius = float(max(shape) * np.exp(rng.uniform(np.log(0.03), np.log(0.2))))
    fit = shape[0] * shape[1] / (np.pi * radius**2)  # beside each other
    habit = Habit(
        solids=tuple(bodies[i] for i in rng.integers(0, len(bodies), 8)),
        radius=min(radius, 70.0),
        spread=float(rng.uniform(0.1, 0.4)),
        count=int(np.clip(fit * rng.uniform(0.2, 2.5), 3, 400)),
        cluster=float(np.clip(fit, 3, 200)),
        tries=6,
        density_spread=0.2,
    )
    path = drop_bodies(rng, habit, shape).path / np.float32(2 * habit.radius)
    return ndimage.gaussian_filter(path, rng.uniform(0.3, 2.5)) * np.float32(rng.uniform(0.4, 1))


def lace(rng: np.random.Generator, shape: Shape) -> Array:
    """A film with holes, or nothing but strands between them."""
    swell = smooth_noise(shape, rng.uniform(20, 70), rng)
    width = rng.uniform(0.15, 0.5)
    strand = np.abs(swell) if rng.random() < 0.6 else swell
    across = np.clip((width - strand) / 0.12, 0, 1)
    return (across * (0.8 + 0.2 * smooth_noise(shape, 12, rng))).clip(0).astype(np.float32)


SUPPORTS = {"lumps": lumps, "flakes": flakes, "grains": grains, "lace": lace}
