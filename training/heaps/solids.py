"""Bodies as a beam sees them from above: top, bottom and outline of random solids.

A body is a convex gauge, as the outlines of `training.synthesize` are, in three
dimensions: with unit normals ``n_i`` and distances ``h_i`` it ends where
``(sum_i max(0, n_i . x / h_i)^p)^(1/p) = 1``. Six faces at right angles with p = 2 are
an ellipsoid, with a larger p a block; many faces make a crystal, or with a small p and
waves on the surface a potato. Each is stretched along three axes and turned at random.

A few hundred of them are made once and kept in the training cache; a picture takes some
of them, turns and enlarges them (`Solid.placed`).
"""

from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["KINDS", "Placed", "Solid", "draw_solid", "library"]

Array = NDArray[np.float32]

CACHE = Path(__file__).resolve().parents[1] / "cache" / "heaps"
LIBRARY_SEED = 2026
LIBRARY_SIZE = 320
GRID = 81  # samples along each side of the square that holds a body
DEEP = 13  # and along the beam, where its middle is then sought between two
KINDS = {"potato": 0.38, "crystal": 0.28, "ellipsoid": 0.2, "block": 0.14}
MIN_LEVEL, MAX_LEVEL = 1e-3, 3.0  # far outside, powers overflow
FAR = 1.6  # level beyond which a ray is not of the body's neighbourhood
MAX_STRETCH = 3.5
THIRDS, HALVES = 9, 12  # steps of the searches along a ray
POSES = 3  # turns to choose the flattest from


@dataclass(frozen=True, eq=False)
class Solid:
    """A body of mean radius 1 (that of the disc with the area of its projection).

    The maps are GRID x GRID samples of the square from -reach to reach. `depth` is above
    0 where the beam meets the body and crosses 0 linearly at its outline; `top` and
    `bottom` go on smoothly outside, so that they may be interpolated.
    """

    top: Array
    bottom: Array
    depth: Array
    reach: float

    def placed(self, radius: float, turn: float, flip: bool, shift: tuple[float, float]) -> Placed:
        """The body on a grid of pixels.

        Parameters
        ----------
        radius
            Mean radius, px.
        turn
            By how much it is turned about the beam, rad.
        flip
            Whether it is mirrored first.
        shift
            Where its middle lies, (y, x), px from the middle of the grid: a share of a pixel.
        """
        half = int(np.ceil(self.reach * radius * (1.0 if turn % (np.pi / 2) == 0 else 1.42))) + 1
        side = 2 * half + 1
        scale = (GRID - 1) / (2 * self.reach * radius)  # samples per pixel
        cos, sin = scale * np.cos(turn), scale * np.sin(turn)
        mirror = -1 if flip else 1
        # Pillow asks at the middle of each pixel of the result, half a pixel beyond its index
        x, y = half + 0.5 + shift[1], half + 0.5 + shift[0]
        middle = GRID / 2
        turned = (
            mirror * cos,
            mirror * sin,
            middle - mirror * (cos * x + sin * y),
            -sin,
            cos,
            middle + sin * x - cos * y,
        )

        def resample(field: Array) -> Array:
            image = Image.fromarray(field).transform(
                (side, side), Image.Transform.AFFINE, turned, Image.Resampling.BICUBIC
            )
            return np.asarray(image, np.float32)

        inside = resample(self.depth) > 0  # beyond the box Pillow answers 0
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not rows.size:
            rows = columns = np.array([half])
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        top, bottom = resample(self.top)[box] * radius, resample(self.bottom)[box] * radius
        return Placed(
            top, np.minimum(bottom, top), inside[box], (int(rows[0]) - half, int(columns[0]) - half)
        )


@dataclass(frozen=True, eq=False)
class Placed:
    """A body on pixels: heights in px, where it is, and its first pixel from its middle."""

    top: Array
    bottom: Array
    inside: NDArray[np.bool_]
    corner: tuple[int, int]


def _faces(rng: np.random.Generator, kind: str) -> tuple[Array, Array, float]:
    """Normals (n x 3), distances (n) and exponent of a body that is not yet stretched."""
    if kind in ("potato", "crystal"):
        half = rng.standard_normal((int(rng.integers(5, 12)), 3))
        half /= np.linalg.norm(half, axis=1)[:, None]
        normals = np.concatenate([half, -half])  # opposite faces, as crystals have
        distances = rng.uniform(0.75, 1.15, len(normals))
        exponent = rng.uniform(3, 7) if kind == "potato" else rng.uniform(8, 24)
    else:
        normals = np.concatenate([np.eye(3), -np.eye(3)])
        distances = np.ones(6)
        exponent = rng.uniform(2, 2.7) if kind == "ellipsoid" else rng.uniform(3.5, 9)
    return normals.astype(np.float32), distances.astype(np.float32), float(exponent)


def _stretch(rng: np.random.Generator) -> NDArray[np.float64]:
    """Lengths of the three axes, of product 1 but for a little scatter: rods, plates, balls."""
    if rng.random() < 0.15:
        return np.ones(3)
    aspect = min(1 + rng.exponential(0.25), MAX_STRETCH)
    axes = np.array([aspect ** (2 / 3), aspect ** (-1 / 3), aspect ** (-1 / 3)])
    if rng.random() < 0.25:  # a plate
        axes = 1 / axes
    return axes * np.exp(0.1 * rng.standard_normal(3))


def draw_solid(rng: np.random.Generator, kind: str | None = None) -> Solid:
    """A random body of one of `KINDS`, or of any."""
    kind = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
    normals, distances, exponent = _faces(rng, kind)
    axes = _stretch(rng)
    waves = rng.standard_normal((4, 3)).astype(np.float32) * 2.2
    phases = rng.uniform(0, 2 * np.pi, 4).astype(np.float32)
    # few faces leave long points between them; a ball cuts them off
    blunt = np.float32(rng.uniform(1.15, 1.5) if kind in ("potato", "crystal") else 0)
    swell = np.float32(rng.uniform(0, 0.05) if kind == "potato" else 0)

    def power(part: Array) -> Array:
        return np.exp(np.float32(exponent) * np.log(part))  # some times faster than **

    def level(own: Array) -> Array:
        """The gauge at points (... x 3) of the unstretched body: 1 on its surface, 0 inmost."""
        total = np.zeros(own.shape[:-1], np.float32)
        for normal, distance in zip(normals, distances, strict=True):
            part = np.clip(own @ (normal / distance), MIN_LEVEL, MAX_LEVEL)
            total += power(part)
        if blunt:
            total += np.minimum((own**2).sum(-1) / blunt**2, MAX_LEVEL**2) ** np.float32(
                exponent / 2
            )
        value = total ** np.float32(1 / exponent)
        if swell:
            for wave, phase in zip(waves, phases, strict=True):
                value = value * (1 + swell * np.sin(own @ wave + phase))
        return value

    rays = rng.standard_normal((400, 3)).astype(np.float32)
    rays /= np.linalg.norm(rays, axis=1)[:, None]
    surface = rays / level(rays)[:, None] * axes
    turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(POSES)]
    # rows of a turn are the axes of the box as the body sees them; bodies come to rest lying flat
    turn = min(turns, key=lambda turn: float(np.ptp(surface @ turn[2])))
    inward = (turn / axes).astype(np.float32)
    reach = 1.08 * float(np.linalg.norm(surface, axis=1).max())
    return _maps(lambda points: level(points @ inward), reach)


def _maps(level: Callable[[Array], Array], reach: float) -> Solid:
    """Top, bottom and outline of the body where `level` is below 1, by rays along the beam.

    `level` takes points (... x 3) of the box from -reach to reach.
    """
    side = np.linspace(-reach, reach, GRID, dtype=np.float32)
    beam = np.linspace(-reach, reach, DEEP, dtype=np.float32)
    coarse = level(np.stack(np.meshgrid(side, side, beam, indexing="ij"), -1))
    row, column = np.indices((GRID, GRID))
    across = np.stack([side[row], side[column]], -1)

    def along(rays: Array, height: Array) -> Array:
        return level(np.concatenate([rays, height[..., None]], -1))

    # where each ray comes nearest to the middle of the body: by thirds, but for those far off
    at, nearest = np.argmin(coarse, 2), coarse.min(2)
    middle, near, step = beam[at], nearest < FAR, beam[1] - beam[0]
    first, last = middle[near] - step, middle[near] + step
    for _ in range(THIRDS):
        one, two = first + (last - first) / 3, last - (last - first) / 3
        nearer = along(across[near], one) < along(across[near], two)
        first, last = np.where(nearer, first, one), np.where(nearer, two, last)
    middle[near] = (first + last) / 2
    nearest[near] = along(across[near], middle[near])
    met = nearest < 1

    def surface(end: float) -> Array:
        """Where the rays that meet the body leave it towards `end`: by halves."""
        inner, outer = middle[met], np.full(int(met.sum()), end, np.float32)
        for _ in range(HALVES):
            guess = (inner + outer) / 2
            under = along(across[met], guess) < 1
            inner, outer = np.where(under, guess, inner), np.where(under, outer, guess)
        height = middle.copy()
        height[met] = (inner + outer) / 2
        return height

    radius = np.float32(np.sqrt(met.sum() * (side[1] - side[0]) ** 2 / np.pi))
    return Solid(
        (surface(reach) / radius).astype(np.float32),
        (surface(-reach) / radius).astype(np.float32),
        (1 - nearest).astype(np.float32),
        float(side[-1] / radius),
    )


@functools.cache
def library() -> tuple[Solid, ...]:
    """The bodies that pictures choose from: always the same, made once per edition of this file.

    They lie in `training/cache/heaps`, which git ignores; making them takes some 20 seconds.
    """
    path = CACHE / f"solids-{zlib.crc32(Path(__file__).read_bytes()):08x}.npz"
    if not path.exists():
        made = [draw_solid(np.random.default_rng([LIBRARY_SEED, i])) for i in range(LIBRARY_SIZE)]
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")  # several may begin at once
        np.savez(
            partial,
            maps=np.stack([(solid.top, solid.bottom, solid.depth) for solid in made]),
            reach=np.array([solid.reach for solid in made]),
        )
        partial.replace(path)
    with np.load(path) as stored:
        return tuple(
            Solid(*maps, reach)
            for maps, reach in zip(stored["maps"], stored["reach"].tolist(), strict=True)
        )
