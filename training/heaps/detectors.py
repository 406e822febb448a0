"""What a detector sees of a heap: a noise-free picture, before the microscope takes it.

Secondary electrons come from the surface: more where it is steep, fewer from crevices,
and at thin edges also from what lies below. In transmission every body on the beam's way
counts: bright field loses electrons to thickness and to diffraction, annular dark field
(HAADF) gains them with thickness times atomic number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.heaps.piles import Pile
from training.synthesize import smooth_noise

__all__ = [
    "BrightField",
    "DarkField",
    "Secondary",
    "bright_field",
    "dark_field",
    "quieten",
    "random_bright_field",
    "random_dark_field",
    "random_secondary",
    "secondary",
    "slopes",
    "soften",
]

Array = NDArray[np.float32]

MIN_LOUDNESS, MAX_LOUDNESS = 0.08, 1.0
MAX_ABSORPTION = 2.5  # of the thickest places: beyond it everything is black alike


@dataclass(frozen=True)
class Secondary:
    """How secondary electrons are emitted and collected; greys are of 0..1."""

    tone: float = 0.4  # of a flat surface
    tone_spread: float = 0.0  # sigma of the bodies' tones
    edge: float = 0.3  # share of the tone that grows with the slope
    steepness: float = 0.8  # power of 1 / cos of the slope
    limit: float = 2.5  # greatest growth
    light: tuple[float, float] = (0.0, 0.0)  # a detector at one side, along (y, x)
    storeys: float = 0.0  # grey gained per median diameter of height
    crevices: float = 0.3  # how much what lies deeper than its neighbourhood is darkened
    crevices_of_ground: float = 0.5  # share of that on the ground
    rim: float = 0.0  # growth where an edge has no thickness, so that its under side emits too
    shine: float = 0.0  # how much is seen through an edge of no thickness
    depth: float = 2.0  # px of thickness after which little comes through
    grain: float = 0.0  # of the surface
    loudness: float = 1.0  # contrast inside a silhouette, see `quieten`
    unevenness: float = 0.0  # sigma of ln loudness from place to place


def random_secondary(rng: np.random.Generator, radius: float, background: float) -> Secondary:
    """A random way of seeing bodies of a median `radius` (px) on ground of a grey `background`."""
    chance = rng.random
    tone = background + rng.uniform(0.1, 0.4)
    return Secondary(
        tone=float(tone),
        tone_spread=float(rng.choice([0.0, rng.uniform(0.01, 0.08)])),
        edge=float(rng.uniform(0.0, 0.5)),
        steepness=float(rng.uniform(0.4, 1.2)),
        limit=float(rng.uniform(1.6, 3.5)),
        light=(float(rng.normal(0, 0.08)), float(rng.normal(0, 0.08))),
        storeys=float(rng.uniform(0.03, 0.2)) if chance() < 0.6 else 0.0,
        crevices=float(rng.uniform(0.0, 0.6)),
        crevices_of_ground=float(rng.uniform(0.1, 1.0)),
        rim=float(rng.uniform(0.1, 0.9)) if chance() < 0.7 else 0.0,
        shine=float(rng.uniform(0.2, 0.9)) if chance() < 0.5 else 0.0,
        depth=float(radius * np.exp(rng.uniform(np.log(0.05), np.log(0.6)))),
        grain=float(rng.uniform(0.01, 0.05)) if chance() < 0.4 else 0.0,
        loudness=float(np.exp(rng.uniform(np.log(MIN_LOUDNESS), np.log(MAX_LOUDNESS)))),
        unevenness=float(rng.choice([0.0, 0.35])),
    )


def secondary(rng: np.random.Generator, pile: Pile, ground: Array, seen: Secondary) -> Array:
    """The heap by secondary electrons, on a picture of its `ground` (float32 of the same shape)."""
    inside = pile.labels > 0
    tones = seen.tone + seen.tone_spread * rng.standard_normal(pile.count + 1)
    tones = np.clip(tones, 0.04, 1.2).astype(np.float32)
    body = _emitted(pile.height, pile.labels, tones, seen)
    thin = np.exp(-pile.thickness / np.float32(seen.depth))
    body *= 1 + seen.rim * thin
    if seen.shine:
        lower = _emitted(pile.below, pile.labels_below, tones, seen)
        through = seen.shine * thin
        # its own emission stays: at a thin edge that of both surfaces is collected
        body += np.where(pile.labels_below > 0, through * (0.3 * body + 0.7 * (lower - body)), 0)
    if seen.storeys:
        body += seen.storeys * np.maximum(pile.height / (2 * pile.radius) - 1, -0.5)
    if seen.grain:
        body += seen.grain * smooth_noise(inside.shape, 1.5, rng)
    share = np.where(inside, np.float32(1), np.float32(seen.crevices_of_ground))
    light = np.exp(-seen.crevices * share * _depth_below_neighbours(pile))
    picture = (np.where(inside, body, ground) * light).astype(np.float32)
    loudness = np.full(inside.shape, seen.loudness, np.float32)
    if seen.unevenness:
        loudness *= np.exp(seen.unevenness * smooth_noise(inside.shape, 2 * pile.radius, rng))
    return quieten(picture, inside, np.minimum(loudness, 1), pile.radius)


def _emitted(height: Array, labels: NDArray[np.int32], tones: Array, seen: Secondary) -> Array:
    """Grey of each body's own surface: its tone, more where it is steep or faces the detector."""
    down, right = slopes(height, labels)
    cosine = 1 / np.sqrt(1 + down**2 + right**2)
    growth = np.minimum(cosine ** np.float32(-seen.steepness), seen.limit)
    emitted = tones[labels] * (1 + seen.edge * (growth - 1))
    return emitted + (seen.light[0] * down + seen.light[1] * right) * cosine


def slopes(height: Array, labels: NDArray[np.int32]) -> tuple[Array, Array]:
    """Slope of each body's own surface, down and to the right: steps between two do not count."""

    def along(axis: int) -> Array:
        rise = np.diff(height, axis=axis) * (np.diff(labels, axis=axis) == 0)
        known = (np.diff(labels, axis=axis) == 0).astype(np.float32)
        ends = [(0, 0), (0, 0)]
        ends[axis] = (1, 1)
        rise, known = np.pad(rise, ends), np.pad(known, ends)
        first = (slice(None, -1), slice(None))[:: 1 if axis == 0 else -1]
        second = (slice(1, None), slice(None))[:: 1 if axis == 0 else -1]
        return (rise[first] + rise[second]) / np.maximum(known[first] + known[second], 1)

    return along(0), along(1)


def soften(field: Array, scale: float) -> Array:
    """About a Gaussian filter of sigma `scale` px, at the same price for any scale."""
    size = max(1, round(scale * 2))  # three boxes of side a have a variance of (a^2 - 1) / 4
    for _ in range(3 if size > 1 else 0):
        field = ndimage.uniform_filter(field, size)
    return field


def _depth_below_neighbours(pile: Pile) -> Array:
    """How much higher the neighbourhood is than each pixel, over its reach, for four reaches."""
    total = np.zeros_like(pile.height)
    for share in (0.1, 0.25, 0.6, 1.5):
        reach = max(1.0, share * pile.radius)
        total += np.maximum(soften(pile.height, reach) - pile.height, 0) / np.float32(reach)
    return total


def quieten(picture: Array, inside: NDArray[np.bool_], loudness: Array, radius: float) -> Array:
    """Lower the contrast inside silhouettes, as where one lies on another of its tone.

    What a body differs by from its surroundings is multiplied by `loudness` (one number or
    one for each pixel), which rises to 1 within a few px of the outer contour: the heap as a
    whole stays as clear as it was. Surroundings are those inside the silhouette, within about
    a `radius` (px).
    """
    if not inside.any():
        return picture
    weight = soften(inside.astype(np.float32), radius)
    mean = soften(np.where(inside, picture, 0), radius) / np.maximum(weight, 1e-3)
    if inside.all():
        kept = loudness
    else:
        rim = max(1.5, 0.12 * radius)
        away = ndimage.distance_transform_edt(inside).astype(np.float32)
        kept = loudness + (1 - loudness) * np.exp(-((away / rim) ** 2))
    return np.where(inside, mean + kept * (picture - mean), picture).astype(np.float32)


# ---------------------------------------------------------------- transmission


@dataclass(frozen=True)
class BrightField:
    """How a beam is weakened; thickness counts in median diameters of the bodies."""

    light: float = 0.85  # grey where nothing is
    absorption: float = 0.6  # ln of what a body of the median diameter takes away
    of_support: float = 0.2  # the same for the support at its usual thickness
    grain: float = 0.02  # contrast of the film's own grain
    grain_scale: float = 1.5  # px
    unevenness: float = 0.03  # of the film's thickness and the light, broad
    defocus: float = 0.0  # strength of the Fresnel fringes; below 0 on the other side of the focus
    fringe: float = 1.5  # their width, px
    mottle: float = 0.0  # how much diffraction varies inside a body, as in bent crystals
    lattice: float = 0.0  # contrast of lattice planes
    plane: float = 4.0  # their distance, px


@dataclass(frozen=True)
class DarkField:
    """How many electrons are scattered far; thickness counts in median diameters of the bodies."""

    dark: float = 0.05  # grey where nothing is
    gain: float = 0.6  # grey of a body of the median diameter
    power: float = 1.0  # below 1: thick ones do not get as bright as they should
    of_support: float = 0.15  # grey of the support at its usual thickness
    grain: float = 0.02
    grain_scale: float = 1.5  # px
    unevenness: float = 0.02


def random_bright_field(rng: np.random.Generator) -> BrightField:
    """Bright field at random, from barely dark particles to black ones."""
    chance = rng.random
    absorption = float(np.exp(rng.uniform(np.log(0.12), np.log(1.6))))
    return BrightField(
        light=float(rng.uniform(0.45, 0.9)),
        absorption=absorption,
        of_support=float(absorption * rng.uniform(0.15, 0.8)),
        grain=float(rng.uniform(0, min(0.06, 0.3 * absorption))),
        grain_scale=float(np.exp(rng.uniform(np.log(0.8), np.log(5)))),
        unevenness=float(rng.uniform(0, 0.06)),
        defocus=float(rng.normal(0, 0.5)) if chance() < 0.6 else 0.0,
        fringe=float(rng.uniform(0.8, 3)),
        mottle=float(rng.uniform(0.1, 0.6)) if chance() < 0.35 else 0.0,
        lattice=float(rng.uniform(0.03, 0.15)) if chance() < 0.15 else 0.0,
        plane=float(rng.uniform(2.5, 7)),
    )


def random_dark_field(rng: np.random.Generator) -> DarkField:
    """Annular dark field at random: metal on oxide, or bodies on a thin film."""
    gain = float(rng.uniform(0.2, 0.8))
    return DarkField(
        dark=float(rng.uniform(0.02, 0.12)),
        gain=gain,
        power=float(rng.uniform(0.5, 1)),
        of_support=float(gain * rng.uniform(0.08, 0.6)),
        grain=float(rng.uniform(0, 0.03)),
        grain_scale=float(np.exp(rng.uniform(np.log(0.8), np.log(5)))),
        unevenness=float(rng.uniform(0, 0.03)),
    )


def bright_field(rng: np.random.Generator, pile: Pile, support: Array, seen: BrightField) -> Array:
    """The bodies of `pile` on `support` (thickness, of the same shape) in bright field."""
    shape = support.shape
    path = pile.path / np.float32(2 * pile.radius)
    if seen.mottle:
        path *= np.maximum(1 + seen.mottle * _mottle(rng, pile), 0.1)
    thickest = float(path.max(initial=0)) * seen.absorption
    absorption = seen.absorption * min(1.0, MAX_ABSORPTION / max(thickest, 1e-6))
    picture = seen.light * np.exp(-absorption * path - seen.of_support * support)
    # matter under the beam has grain, whether film or oxide
    picture *= 1 + seen.grain * smooth_noise(shape, seen.grain_scale, rng) * (1 + 0.5 * support)
    picture *= 1 + seen.unevenness * smooth_noise(shape, 80.0, rng)
    if seen.lattice:
        picture *= 1 + seen.lattice * _lattice(rng, pile, seen.plane)
    if seen.defocus:
        picture += seen.defocus * (picture - ndimage.gaussian_filter(picture, seen.fringe))
    return np.maximum(picture, 0).astype(np.float32)


def dark_field(rng: np.random.Generator, pile: Pile, support: Array, seen: DarkField) -> Array:
    """The bodies of `pile` on `support` (thickness, of the same shape) in annular dark field."""
    shape = support.shape
    path = pile.path / np.float32(2 * pile.radius)
    picture = seen.dark + seen.gain * path ** np.float32(seen.power) + seen.of_support * support
    picture += seen.grain * smooth_noise(shape, seen.grain_scale, rng) * (0.5 + support)
    picture += seen.unevenness * smooth_noise(shape, 80.0, rng)
    return np.maximum(picture, 0).astype(np.float32)


def _mottle(rng: np.random.Generator, pile: Pile) -> Array:
    """Patches of unit standard deviation that end where a front body ends."""
    height, width = pile.labels.shape
    field = smooth_noise((height, width), float(rng.uniform(0.2, 0.6)) * pile.radius, rng)
    down = rng.integers(0, height, pile.count + 1)[pile.labels]
    right = rng.integers(0, width, pile.count + 1)[pile.labels]
    y, x = np.indices((height, width))
    return field[(y + down) % height, (x + right) % width]


def _lattice(rng: np.random.Generator, pile: Pile, plane: float) -> Array:
    """Lattice planes of the front bodies (-1..1): each its own direction, fading at its edge."""
    turns = rng.uniform(0, np.pi, pile.count + 1).astype(np.float32)
    shown = (rng.random(pile.count + 1) < 0.6).astype(np.float32)
    y, x = np.indices(pile.labels.shape, np.float32)
    turn = turns[pile.labels]
    phase = (y * np.sin(turn) + x * np.cos(turn)) * np.float32(2 * np.pi / plane)
    depth = np.minimum(pile.thickness / np.float32(pile.radius), 1)
    return np.sin(phase) * depth * shown[pile.labels] * (pile.labels > 0)
