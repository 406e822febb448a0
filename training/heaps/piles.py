"""Heaps, and bodies on a film: dropped one after another where they come to rest lowest.

The specimen is a height for each pixel. A new body tries a few spots beside those of its
cluster and stays where it rests lowest on what is there: at the largest difference
between the heights and its bottom. What is on top then is what a detector above sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.heaps.solids import Placed, Solid, library
from training.synthesize import smooth_noise

__all__ = [
    "Habit",
    "Pile",
    "drop_bodies",
    "monolayer",
    "random_habit",
    "random_nanocrystals",
    "scatter_bodies",
    "spots_on",
]

Array = NDArray[np.float32]

MIN_RADIUS_PX, MAX_RADIUS_PX = 3.0, 90.0
MAX_BODIES = 700


@dataclass(frozen=True)
class Habit:
    """How the bodies of a picture are: their kinds and sizes, and how they gather."""

    solids: tuple[Solid, ...]
    radius: float  # median, px
    spread: float  # sigma of ln radius
    count: int
    cluster: float  # mean number of bodies that gather
    tries: int  # spots that each tries: the more, the flatter the heap
    closeness: tuple[float, float] = (0.5, 1.05)  # distance of neighbours over the sum of radii
    carpet: bool = False  # fallen anywhere: a powder that may hide the ground
    sink: float = 0.04  # how deep one may lie in another, radii
    neck: float = 0.0  # reach of the material that gathers where two meet, px
    density_spread: float = 0.0  # sigma of ln of what a body takes from the beam per px
    wall: float = 0.0  # of hollow bodies, radii; 0: they are solid
    strong: float = 0.0  # share of the bodies that take twice as much or more: in Bragg's position


@dataclass(frozen=True, eq=False)
class Pile:
    """What lies on the ground, as arrays of the picture's shape; heights in px, ground at 0.

    `labels` tells which body is seen from above (0: the ground), `below` and
    `labels_below` the next surface under it where it lies on another, `thickness` how
    thick the seen one is, `path` the thickness of all bodies together on the beam's way, each
    times its density (1 but for the habit's spread).
    """

    height: Array
    labels: NDArray[np.int32]
    below: Array
    labels_below: NDArray[np.int32]
    thickness: Array
    path: Array
    radius: float
    count: int


def random_habit(rng: np.random.Generator, shape: tuple[int, int]) -> Habit:
    """Kinds, sizes and clusters at random, wide enough to hold real powders inside."""
    bodies = library()
    radius = float(np.exp(rng.uniform(np.log(8), np.log(38))))
    kinds = int(np.exp(rng.uniform(np.log(2), np.log(48))))
    chosen = tuple(bodies[i] for i in rng.integers(0, len(bodies), kinds))
    carpet = bool(rng.random() < 0.15)
    cover = rng.uniform(0.6, 2.2) if carpet else rng.uniform(0.08, 1.1)
    grown = rng.random() < 0.4
    return Habit(
        solids=chosen,
        radius=radius,
        spread=float(rng.uniform(0.05, 0.5)),
        count=int(np.clip(cover * shape[0] * shape[1] / (np.pi * radius**2), 5, MAX_BODIES)),
        cluster=float(rng.choice([2, 8, 25, 80])),
        tries=int(rng.integers(2, 10)),
        closeness=(float(rng.uniform(0.4, 0.75)), float(rng.uniform(0.85, 1.1))),
        carpet=carpet,
        sink=float(rng.uniform(0.05, 0.3)) if grown else 0.04,
        neck=float(rng.uniform(0.02, 0.25)) * radius if grown else 0.0,
    )


def drop_bodies(rng: np.random.Generator, habit: Habit, shape: tuple[int, int]) -> Pile:
    """Drop the bodies of `habit` one after another.

    Returns
    -------
    Pile
        Its labels count bodies in the order in which they fell; a body that others hide is not
        among them, and what is seen of one may be in several pieces.
    """
    pile = _empty(habit, shape, habit.count)
    fallen = 0
    while fallen < habit.count:
        members = min(habit.count - fallen, 1 + int(rng.exponential(habit.cluster)))
        middle = rng.uniform(-0.05, 1.05, 2) * shape
        own: list[tuple[float, float, float]] = []  # y, x and radius of the cluster's bodies
        for _ in range(members):
            fallen += 1
            radius, body = _random_body(rng, habit)
            if habit.carpet:
                spots = rng.uniform(-0.05, 1.05, (habit.tries, 2)) * shape
            elif own:
                spots = _beside(rng, own, radius, habit)
            else:
                spots = middle[None]
            rests = [_rest(pile, body, _pixel(spot)) for spot in spots]
            best = int(np.argmin(rests))
            own.append((*spots[best].tolist(), radius))
            if np.isfinite(rests[best]):
                level = rests[best] - habit.sink * rng.random() * radius
                _lay(pile, body, _pixel(spots[best]), level, fallen, habit, _density(rng, habit))
    return pile


def scatter_bodies(
    rng: np.random.Generator,
    habit: Habit,
    shape: tuple[int, int],
    spots: NDArray[np.float64],
    overlap: float = 1.0,
) -> Pile:
    """Lay one body on each of `spots` (n x 2: y, x in px) where no more than `overlap` is taken.

    Of the habit only kinds, sizes and densities count.
    """
    pile = _empty(habit, shape, len(spots))
    for label, spot in enumerate(spots, start=1):
        _, body = _random_body(rng, habit)
        density = _density(rng, habit)
        windows = _windows(shape, body, _pixel(spot))
        if windows is None:
            continue
        picture, box = windows
        inside = body.inside[box]
        if (pile.labels[picture] > 0)[inside].sum() > overlap * inside.sum():
            continue
        level = _rest(pile, body, _pixel(spot))
        if np.isfinite(level):
            _lay(pile, body, _pixel(spot), level, label, habit, density)
    return pile


def random_nanocrystals(rng: np.random.Generator, shape: tuple[int, int]) -> Habit:
    """Bodies as they lie on a film under a transmission microscope: smaller, often of one kind."""
    habit = random_habit(rng, shape)
    radius = float(np.exp(rng.uniform(np.log(6), np.log(28))))
    alike = rng.random() < 0.5
    cover = rng.uniform(0.06, 0.4)
    return replace(
        habit,
        solids=habit.solids[: int(rng.integers(1, 4))] if alike else habit.solids,
        radius=radius,
        spread=float(rng.uniform(0.04, 0.12) if alike else rng.uniform(0.08, 0.4)),
        count=int(np.clip(cover * shape[0] * shape[1] / (np.pi * radius**2), 4, MAX_BODIES)),
        cluster=float(rng.choice([1, 4, 15])),
        closeness=(0.6, 1.1),
        carpet=False,
        neck=0.0,
        density_spread=float(rng.uniform(0, 0.35)),
        wall=float(rng.uniform(0.15, 0.5)) if rng.random() < 0.08 else 0.0,
        strong=float(rng.choice([0.0, rng.uniform(0.05, 0.3)])),
    )


def monolayer(
    rng: np.random.Generator, shape: tuple[int, int], radius: float
) -> NDArray[np.float64]:
    """Spots (n x 2: y, x in px) of a layer that has put itself in order, with holes in it."""
    gap = 2 * radius * rng.uniform(1.0, 1.35)
    turn, looseness = rng.uniform(0, np.pi), rng.uniform(0.02, 0.25)
    reach = int(np.hypot(*shape) / gap) + 2
    row, column = (a.ravel() for a in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    x = gap * (column + 0.5 * (row % 2)) + looseness * gap * rng.standard_normal(row.size)
    y = gap * np.sqrt(0.75) * row + looseness * gap * rng.standard_normal(row.size)
    spots = np.stack(
        [
            shape[0] / 2 + x * np.sin(turn) + y * np.cos(turn),
            shape[1] / 2 + x * np.cos(turn) - y * np.sin(turn),
        ],
        1,
    )
    spots = spots[((spots >= 0) & (spots < shape)).all(1)]
    hole = smooth_noise(shape, rng.uniform(2, 8) * radius, rng) < rng.uniform(-2.5, 0)
    pixels = spots.astype(int)
    return rng.permutation(spots[~hole[pixels[:, 0], pixels[:, 1]]])[:MAX_BODIES]


def spots_on(rng: np.random.Generator, where: NDArray[np.bool_], count: int) -> NDArray[np.float64]:
    """`count` random spots (n x 2: y, x in px) where `where` holds; anywhere if it never does."""
    pixels = np.argwhere(where) if where.any() else np.argwhere(np.ones_like(where))
    return pixels[rng.integers(0, len(pixels), count)].astype(np.float64)


def _empty(habit: Habit, shape: tuple[int, int], count: int) -> Pile:
    return Pile(
        height=np.zeros(shape, np.float32),
        labels=np.zeros(shape, np.int32),
        below=np.zeros(shape, np.float32),
        labels_below=np.zeros(shape, np.int32),
        thickness=np.zeros(shape, np.float32),
        path=np.zeros(shape, np.float32),
        radius=habit.radius,
        count=count,
    )


def _random_body(rng: np.random.Generator, habit: Habit) -> tuple[float, Placed]:
    """A body of the habit, its mean radius in px first."""
    size = habit.radius * np.exp(habit.spread * rng.standard_normal())
    radius = float(np.clip(size, MIN_RADIUS_PX, MAX_RADIUS_PX))
    shift = tuple(rng.uniform(-0.5, 0.5, 2).tolist())
    turn, flip = rng.uniform(0, 2 * np.pi), bool(rng.random() < 0.5)
    solid = habit.solids[rng.integers(len(habit.solids))]
    return radius, solid.placed(radius, turn, flip, shift)


def _density(rng: np.random.Generator, habit: Habit) -> float:
    """What a body takes from the beam per px of its thickness."""
    density = np.exp(habit.density_spread * rng.standard_normal())
    return float(density * (rng.uniform(1.8, 3) if rng.random() < habit.strong else 1))


def _pixel(spot: NDArray[np.float64]) -> tuple[int, int]:
    return int(np.floor(spot[0])), int(np.floor(spot[1]))


def _beside(
    rng: np.random.Generator,
    own: list[tuple[float, float, float]],
    radius: float,
    habit: Habit,
) -> NDArray[np.float64]:
    """Spots (tries x 2) at the sides of random bodies of the cluster."""
    hosts = np.asarray(own)[rng.integers(len(own), size=habit.tries)]
    angles = rng.uniform(0, 2 * np.pi, habit.tries)
    gaps = (radius + hosts[:, 2]) * rng.uniform(*habit.closeness, habit.tries)
    return hosts[:, :2] + gaps[:, None] * np.stack([np.sin(angles), np.cos(angles)], 1)


def _windows(
    shape: tuple[int, int], body: Placed, spot: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """The pixels of the picture that the body's box covers, and those of the box; None outside."""
    picture, box = [], []
    for side, length, at, corner in zip(shape, body.inside.shape, spot, body.corner, strict=True):
        first = at + corner
        begin, end = max(first, 0), min(first + length, side)
        if begin >= end:
            return None
        picture.append(slice(begin, end))
        box.append(slice(begin - first, end - first))
    return (picture[0], picture[1]), (box[0], box[1])


def _rest(pile: Pile, body: Placed, spot: tuple[int, int]) -> float:
    """The height at which the body's middle comes to rest; infinite where the frame misses it."""
    windows = _windows(pile.height.shape, body, spot)
    if windows is None:
        return np.inf
    picture, box = windows
    above = (pile.height[picture] - body.bottom[box])[body.inside[box]]
    return float(above.max()) if above.size else np.inf


def _lay(
    pile: Pile,
    body: Placed,
    spot: tuple[int, int],
    level: float,
    label: int,
    habit: Habit,
    density: float,
) -> None:
    """Put the body's middle at `level` above the spot: the pile's arrays are changed in place."""
    windows = _windows(pile.height.shape, body, spot)
    assert windows is not None  # it rests somewhere, so the frame meets it
    picture, box = windows
    height, labels = pile.height[picture], pile.labels[picture]
    inside = body.inside[box]
    top = np.where(inside, body.top[box] + np.float32(level), np.float32(-np.inf))
    through = np.where(inside, body.top[box] - body.bottom[box], np.float32(0))
    seen = top > height
    pile.path[picture] += np.float32(density) * _matter(through, body, habit.wall)
    pile.below[picture][seen] = height[seen]
    pile.labels_below[picture][seen] = labels[seen]
    pile.thickness[picture][seen] = through[seen]
    neck = np.float32(habit.neck)
    if neck:  # a smooth maximum: the two surfaces run into each other
        apart = np.where(inside & (labels > 0), np.abs(top - height), neck)
        height += np.maximum(neck - apart, 0) ** 2 / (4 * neck)
        top += np.maximum(neck - apart, 0) ** 2 / (4 * neck)
    height[seen] = top[seen]
    labels[seen] = label


def _matter(through: Array, body: Placed, wall: float) -> Array:
    """How much of the way `through` a body is not hollow, its wall being `wall` radii thick.

    As of a ball: at a distance r from its axis the way is 2 sqrt(R^2 - r^2), and that through the
    hole of radius R - wall follows from it.
    """
    if not wall:
        return through
    across = np.float32((body.top - body.bottom)[body.inside].max(initial=0))
    hole = np.maximum(through**2 - across**2 * np.float32(1 - (1 - wall) ** 2), 0)
    return through - np.sqrt(hole)
