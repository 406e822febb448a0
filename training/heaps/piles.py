"""Heaps: bodies dropped one after another where they come to rest lowest.

The specimen is a height for each pixel. A new body tries a few spots beside those of its
cluster and stays where it rests lowest on what is there: at the largest difference
between the heights and its bottom. What is on top then is what a detector above sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.heaps.solids import Placed, Solid, library

__all__ = ["Habit", "Pile", "drop_bodies", "random_habit"]

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


@dataclass(frozen=True, eq=False)
class Pile:
    """What lies on the ground, as arrays of the picture's shape; heights in px, ground at 0.

    `labels` tells which body is seen from above (0: the ground), `below` and
    `labels_below` the next surface under it where it lies on another, `thickness` how
    thick the seen one is, `path` how much of all bodies lies on the beam's way.
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
    pile = Pile(
        *(np.zeros(shape, kind) for kind in ("f4", "i4", "f4", "i4", "f4", "f4")),
        radius=habit.radius,
        count=habit.count,
    )
    fallen = 0
    while fallen < habit.count:
        members = min(habit.count - fallen, 1 + int(rng.exponential(habit.cluster)))
        middle = rng.uniform(-0.05, 1.05, 2) * shape
        own: list[tuple[float, float, float]] = []  # y, x and radius of the cluster's bodies
        for _ in range(members):
            fallen += 1
            size = habit.radius * np.exp(habit.spread * rng.standard_normal())
            radius = float(np.clip(size, MIN_RADIUS_PX, MAX_RADIUS_PX))
            shift = rng.uniform(-0.5, 0.5, 2)
            body = habit.solids[rng.integers(len(habit.solids))].placed(
                radius, rng.uniform(0, 2 * np.pi), bool(rng.random() < 0.5), tuple(shift.tolist())
            )
            if habit.carpet:
                spots = rng.uniform(-0.05, 1.05, (habit.tries, 2)) * shape
            elif own:
                spots = _beside(rng, own, radius, habit)
            else:
                spots = middle[None]
            rests = [_rest(pile, body, (int(y), int(x))) for y, x in np.floor(spots)]
            level, y, x = min(
                (level, *spot) for level, spot in zip(rests, spots.tolist(), strict=True)
            )
            own.append((y, x, radius))
            if np.isfinite(level):
                level -= habit.sink * rng.random() * radius
                _lay(pile, body, (int(np.floor(y)), int(np.floor(x))), level, fallen, habit.neck)
    return pile


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
    pile: Pile, body: Placed, spot: tuple[int, int], level: float, label: int, neck: float
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
    pile.path[picture] += through
    pile.below[picture][seen] = height[seen]
    pile.labels_below[picture][seen] = labels[seen]
    pile.thickness[picture][seen] = through[seen]
    if neck:  # a smooth maximum: the two surfaces run into each other
        apart = np.where(inside & (labels > 0), np.abs(top - height), np.float32(neck))
        height += np.maximum(neck - apart, 0) ** 2 / (4 * neck)
        top += np.maximum(neck - apart, 0) ** 2 / (4 * neck)
    height[seen] = top[seen]
    labels[seen] = label
