"""Draw electron micrographs of particles whose truth is known.

A picture is drawn as the instrument would see it: a substrate with texture, ridges
and scratches; agglomerates grown by random attachment and painted back to front, so
that the truth of a covered particle is the part that shows; shading, edge
brightening and contact shadows on each particle; then charging, defocus, shot noise
and line jitter over everything.

    >>> rng = np.random.default_rng(7)
    >>> image, labels = draw_micrograph(rng, shape=(512, 512))

Only numpy, scipy and Pillow are needed, so tests may draw with it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

__all__ = [
    "Particle",
    "Scene",
    "burn_captions",
    "draw_micrograph",
    "draw_scene",
    "gauge",
    "random_scene",
    "single_pieces",
    "smooth_noise",
    "substrate",
    "take_picture",
]

Array = NDArray[np.float32]
MIN_VISIBLE_PX = 12  # a smaller visible piece is no particle that anyone could outline


@dataclass(frozen=True)
class Particle:
    """One particle: a rounded convex polygon, given as the p-norm of its half-planes.

    The outline is where ``(sum_i max(0, n_i . x / h_i)^p)^(1/p) = 1``, with unit normals
    ``n_i`` and face distances ``h_i``. Four faces at right angles and p = 2 are an exact
    ellipse, larger p a superellipse, many faces and large p a crystal. ``wobble`` adds
    Fourier terms (amplitude, phase) of order 2, 3, ... to the radius.
    """

    x: float  # px
    y: float  # px
    normals: tuple[float, ...]  # rad
    faces: tuple[float, ...]  # px
    exponent: float
    wobble: tuple[tuple[float, float], ...] = ()
    tone: float = 0.7  # grey of the body, 0..1
    tone_of_faces: tuple[float, ...] = ()  # added to the grey near each face; empty: smooth

    @property
    def reach(self) -> float:
        """Half the side of a box, px, that surely holds the outline."""
        corner = 1.45  # corners of a square stand sqrt(2) times its faces away
        return corner * max(self.faces) * (1 + sum(a for a, _ in self.wobble)) + 2


@dataclass(frozen=True)
class Scene:
    """How a picture is taken: everything that is the same for all its particles."""

    shape: tuple[int, int]
    particles: tuple[Particle, ...]
    background: float = 0.2
    texture: float = 0.02
    texture_scale: float = 3.0
    ridges: int = 0
    scratches: int = 0
    bands: int = 0
    gradient: float = 0.0
    edge_brightening: float = 0.3
    edge_width: float = 2.0
    dome: float = 0.2
    light: tuple[float, float] = (0.0, 0.0)
    shadow: float = 0.3
    shadow_reach: float = 4.0
    seam: float = 1.0  # share of rim and shadow that shows where one lies on another
    roughness: float = 0.0
    halo: float = 0.0
    streaks: int = 0
    blur: float = 0.8
    electrons: float = 150.0  # per pixel at full white: the fewer, the noisier
    line_jitter: float = 0.0
    inverted: bool = False
    captions: int = 0


def draw_scene(scene: Scene, rng: np.random.Generator) -> tuple[Array, NDArray[np.int32]]:
    """The picture (float32, 0..1) and its truth (int32 labels, 1..n in painter's order).

    A label holds the visible part of its particle, in one piece: smaller pieces that an
    occluder has cut off get labels of their own, above n.
    """
    canvas = substrate(scene, rng)
    labels = np.zeros(scene.shape, np.int32)
    roughness = smooth_noise(scene.shape, 1.2, rng) if scene.roughness else None
    for index, particle in enumerate(scene.particles, start=1):
        _paint(canvas, labels, index, particle, scene, roughness)
    labels = single_pieces(labels)
    canvas = take_picture(canvas, labels, scene, rng)
    return canvas, labels


def draw_micrograph(
    rng: np.random.Generator, shape: tuple[int, int] = (512, 512)
) -> tuple[Array, NDArray[np.int32]]:
    """A random micrograph for training: picture (0..1) and labels."""
    return draw_scene(random_scene(rng, shape), rng)


# ---------------------------------------------------------------- particles


def gauge(particle: Particle, x: Array, y: Array) -> tuple[Array, list[Array]]:
    """Minkowski gauge (0 in the middle, 1 on the outline) and each face's own share."""
    parts = []
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    for angle, face in zip(particle.normals, particle.faces, strict=True):
        part = np.maximum((x * np.cos(angle) + y * np.sin(angle)) / face, 0).astype(np.float32)
        parts.append(part)
        total += np.minimum(part, 8) ** particle.exponent  # far outside, powers overflow
    level = total ** np.float32(1 / particle.exponent)
    if particle.wobble:
        theta = np.arctan2(y, x).astype(np.float32)
        radius = np.ones_like(theta)
        for order, (amplitude, phase) in enumerate(particle.wobble, start=2):
            radius += np.float32(amplitude) * np.cos(order * theta + np.float32(phase))
        level = level / radius
    return level, parts


def _paint(
    canvas: Array,
    labels: NDArray[np.int32],
    index: int,
    particle: Particle,
    scene: Scene,
    roughness: Array | None,
) -> None:
    """Put one particle, with its contact shadow, on top of everything painted so far."""
    height, width = canvas.shape
    reach = particle.reach + (3 * scene.shadow_reach if scene.shadow else 0)
    top, bottom = max(0, int(particle.y - reach)), min(height, int(particle.y + reach) + 2)
    left, right = max(0, int(particle.x - reach)), min(width, int(particle.x + reach) + 2)
    if top >= bottom or left >= right:
        return
    window = np.s_[top:bottom, left:right]
    y, x = np.ogrid[top:bottom, left:right]
    x, y = (x - particle.x).astype(np.float32), (y - particle.y).astype(np.float32)
    level, parts = gauge(particle, x, y)
    distance = np.hypot(x, y)
    local_radius = distance / np.maximum(level, 1e-3)
    depth = (1 - level) * np.maximum(local_radius, 1)  # px inside the outline, about
    inside = level < 1

    ground = canvas[window]
    shows = np.where(labels[window] > 0, np.float32(scene.seam), np.float32(1))
    if scene.seam < 1:  # a rim fades out where it leaves the neighbour, it does not break off
        shows = ndimage.gaussian_filter(shows, 2)
    if scene.shadow:
        ground *= 1 - shows * scene.shadow * np.exp(np.minimum(depth, 0) / scene.shadow_reach)
    body = particle.tone + scene.dome * (np.sqrt(np.clip(1 - level**2, 0, 1)) - 0.6)
    body += shows * scene.edge_brightening * np.exp(-np.maximum(depth, 0) / scene.edge_width)
    body += (scene.light[0] * x + scene.light[1] * y) / max(particle.faces)
    if particle.tone_of_faces:
        nearest = np.argmax(np.stack([p + 0.02 * i for i, p in enumerate(parts)]), axis=0)
        tones = np.asarray(particle.tone_of_faces, np.float32)[nearest]
        body += np.where(level > 0.45, tones, 0)
    if roughness is not None:
        body += scene.roughness * roughness[window]
    # the outline is one pixel soft, as a sampled edge is
    cover = np.clip(depth + 0.5, 0, 1)
    ground += cover * (body - ground)
    labels[window][inside] = index


def single_pieces(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Keep the largest piece of each label; others get new labels, slivers vanish."""
    result = np.zeros_like(labels)
    following = int(labels.max(initial=0)) + 1
    for index, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is None:
            continue
        pieces, count = ndimage.label(labels[window] == index)
        areas = np.bincount(pieces.ravel(), minlength=count + 1)
        areas[0] = 0
        largest = int(areas.argmax())
        for piece in np.flatnonzero(areas >= MIN_VISIBLE_PX):
            value = index if piece == largest else following
            following += piece != largest
            result[window][pieces == piece] = value
    return result


# ---------------------------------------------------------------- substrate and microscope


def smooth_noise(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> Array:
    """Smooth noise of unit standard deviation with features of about `scale` px."""
    step = max(1, int(scale / 2))  # coarse noise is drawn small and enlarged
    small = rng.standard_normal((shape[0] // step + 3, shape[1] // step + 3)).astype(np.float32)
    small = ndimage.gaussian_filter(small, scale / step)
    if step > 1:
        small = ndimage.zoom(small, step, order=1)
    cut = small[: shape[0], : shape[1]]
    return cut / max(float(cut.std()), 1e-6)


def substrate(scene: Scene, rng: np.random.Generator) -> Array:
    """What the particles lie on: tone, texture, uneven light, bands, ridges and scratches."""
    height, width = scene.shape
    canvas = np.full(scene.shape, scene.background, np.float32)
    if scene.texture:
        canvas += scene.texture * smooth_noise(scene.shape, scene.texture_scale, rng)
        canvas += 0.5 * scene.texture * smooth_noise(scene.shape, 60.0, rng)
    if scene.gradient:
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        canvas += (scene.gradient * (x * np.cos(angle) + y * np.sin(angle))).astype(np.float32)
    if scene.bands:
        canvas += _bands(scene, rng)
    if scene.ridges or scene.scratches:
        lines = Image.new("L", (width, height))
        pen = ImageDraw.Draw(lines)
        for _ in range(scene.ridges):
            _draw_ridge(pen, width, height, rng)
        for _ in range(scene.scratches):
            start = rng.uniform(0, 1, 2) * (width, height)
            end = start + rng.normal(0, 0.4, 2) * (width, height)
            pen.line([*start, *end], fill=int(rng.uniform(60, 255)), width=int(rng.integers(1, 4)))
        drawn = np.asarray(lines, np.float32) / 255
        strength = rng.uniform(0.05, 0.45) * (1 if rng.random() < 0.8 else -1)
        canvas += strength * ndimage.gaussian_filter(drawn, rng.uniform(0.5, 1.3))
    return canvas


def _bands(scene: Scene, rng: np.random.Generator) -> Array:
    """What lithography or a mill leaves: sets of parallel bands, added to the substrate.

    The dark gaps between bright bands are what deceives: long, smooth, of one width.
    """
    height, width = scene.shape
    image = Image.new("L", (width, height))
    pen = ImageDraw.Draw(image)
    reach = float(np.hypot(height, width))
    for _ in range(scene.bands):
        angle, pitch = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(8), np.log(90)))
        breadth = max(2, int(pitch * rng.uniform(0.25, 0.75)))
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        turned = along + (rng.normal(0, 0.5) if rng.random() < 0.5 else 0) * across
        middle = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        ink, count = int(rng.uniform(80, 255)), int(rng.integers(3, 2 + max(2, reach / pitch)))
        for step in range(-count, count + 1):
            bend = middle + step * pitch * across
            points = [bend - reach * along, bend, bend + reach * turned]
            pen.line([tuple(point) for point in points], fill=ink, width=breadth, joint="curve")
    drawn = np.asarray(image, np.float32) / 255
    strength = rng.uniform(0.1, 0.7) * (1 if rng.random() < 0.7 else -0.4)
    return strength * ndimage.gaussian_filter(drawn, rng.uniform(0.4, 1.5))


def _draw_ridge(
    pen: ImageDraw.ImageDraw, width: int, height: int, rng: np.random.Generator
) -> None:
    """A thin curl or closed ring on the substrate, lit from one side: no particle.

    A ring is what deceives most: an outline without a body.
    """
    closed = rng.random() < 0.5
    count = 25
    turns = np.linspace(0, 2 * np.pi if closed else rng.uniform(1, 5.5), count)
    radius = np.exp(rng.uniform(np.log(3), np.log(20)))
    radius = radius * (
        1
        + rng.uniform(0, 0.3) * np.sin(2 * turns + rng.uniform(0, 6.28))
        + rng.uniform(0, 0.2) * np.sin(3 * turns + rng.uniform(0, 6.28))
    )
    stretch, tilt = rng.uniform(0.4, 1), rng.uniform(0, np.pi)
    u, v = radius * np.cos(turns), stretch * radius * np.sin(turns)
    x = rng.uniform(0, width) + u * np.cos(tilt) - v * np.sin(tilt)
    y = rng.uniform(0, height) + u * np.sin(tilt) + v * np.cos(tilt)
    shade = 0.5 + 0.5 * np.cos(turns - rng.uniform(0, 6.28))
    ink = rng.uniform(60, 255) * (1 - rng.uniform(0, 1) * shade)
    breadth = int(rng.choice([1, 1, 2, 3]))
    for i in range(count - 1):
        pen.line([x[i], y[i], x[i + 1], y[i + 1]], fill=int(ink[i]), width=breadth)


def take_picture(
    canvas: Array, labels: NDArray[np.int32], scene: Scene, rng: np.random.Generator
) -> Array:
    """What the microscope makes of `canvas`: charging, defocus, line jitter, noise, captions.

    Captions take what they cover out of `labels`, in place.
    """
    height, width = scene.shape
    if scene.halo:  # charge lights up the neighbourhood of the particles
        glow = ndimage.gaussian_filter((labels > 0).astype(np.float32), 12)
        canvas = canvas + scene.halo * glow
    for _ in range(scene.streaks):  # charging shows as bright or dark scan lines
        row, count = int(rng.integers(0, height)), int(rng.integers(1, 8))
        start = int(rng.integers(0, width))
        canvas[row : row + count, start:] += rng.normal(0, 0.08)
    if scene.inverted:
        canvas = 1 - canvas
    canvas = ndimage.gaussian_filter(canvas, scene.blur) if scene.blur else canvas
    if scene.line_jitter:
        shifts = rng.normal(0, scene.line_jitter, height)
        columns = np.clip(np.arange(width) + shifts[:, None], 0, width - 1)
        left = np.floor(columns).astype(int)
        share = (columns - left).astype(np.float32)
        rows = np.arange(height)[:, None]
        right = np.minimum(left + 1, width - 1)
        canvas = (1 - share) * canvas[rows, left] + share * canvas[rows, right]
    canvas = np.clip(canvas, 0, 1)
    noise = rng.standard_normal(canvas.shape).astype(np.float32)
    canvas = canvas + noise * np.sqrt((canvas + 0.05) / scene.electrons)
    if scene.captions:
        canvas = burn_captions(canvas, labels, scene.captions, rng)
    return np.clip(canvas, 0, 1).astype(np.float32)


def burn_captions(
    canvas: Array, labels: NDArray[np.int32], count: int, rng: np.random.Generator
) -> Array:
    """Letters and scale bars as figures in papers carry them; they hide what is below."""
    height, width = canvas.shape
    overlay = Image.fromarray((np.clip(canvas, 0, 1) * 255).astype(np.uint8))
    cover = Image.new("L", overlay.size)
    for _ in range(count):
        value = 255 if rng.random() < 0.7 else 0
        size = int(rng.uniform(0.04, 0.11) * height)
        x = int(rng.choice([0.02, 0.6, 0.8]) * width + rng.uniform(0, 20))
        y = int(rng.choice([0.02, 0.85]) * height)
        word = str(rng.choice(["a", "(b)", "c)", "D", "200 nm", "1 um", "50 nm", "a1", "SiO2"]))
        font = ImageFont.load_default(size)
        for picture, ink in ((overlay, value), (cover, 255)):
            pen = ImageDraw.Draw(picture)
            pen.text((x, y), word, fill=ink, font=font)
            if "m" in word:
                pen.rectangle([x, y + 1.15 * size, x + 0.18 * width, y + 1.3 * size], fill=ink)
    labels[np.asarray(cover) > 127] = 0
    return np.asarray(overlay, np.float32) / 255


# ---------------------------------------------------------------- random scenes


def _random_particle(
    rng: np.random.Generator, radius: float, kind: str, aspect: float, smooth: float
) -> Particle:
    """A particle at the origin whose equivalent radius is about `radius` px."""
    turn = rng.uniform(0, 2 * np.pi)
    if kind == "crystal":
        count = int(rng.integers(4, 9))
        normals = turn + 2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count
        faces = radius * rng.uniform(0.85, 1.1, count)
        exponent = rng.uniform(8, 30)
        # stretch along one axis, for rods and plates
        faces = faces * np.sqrt(aspect ** np.cos(2 * (normals - turn)))
    else:
        normals = turn + np.pi / 2 * np.arange(4)
        faces = radius * np.tile([aspect**0.5, aspect**-0.5], 2)
        exponent = rng.uniform(2.0, 2.6) if kind == "ellipse" else rng.uniform(3, 7)
    wobble = ()
    if kind != "crystal" or rng.random() < 0.4:
        orders = np.arange(2, 7)
        sizes = np.abs(rng.normal(0, smooth, orders.size)) / orders
        wobble = tuple(zip(sizes.tolist(), rng.uniform(0, 6.28, orders.size).tolist(), strict=True))
    return Particle(0, 0, tuple(normals.tolist()), tuple(faces.tolist()), exponent, wobble)


def random_scene(rng: np.random.Generator, shape: tuple[int, int]) -> Scene:
    """Draw all properties of a picture at random, wide enough to hold real ones inside."""
    height, width = shape
    median = float(np.exp(rng.uniform(np.log(6), np.log(36))))  # radius, px
    spread = rng.uniform(0.05, 0.5)  # sigma of ln radius
    cover = rng.uniform(0.08, 0.75)
    wanted = int(np.clip(cover * height * width / (np.pi * median**2), 8, 700))
    kinds = rng.choice(["ellipse", "block", "crystal"], p=[0.5, 0.2, 0.3], size=2)
    aspect = 1 + rng.exponential(0.45)
    smooth = rng.choice([0.0, 0.06, 0.15, 0.3])
    cluster = float(rng.choice([1, 4, 15, 60], p=[0.2, 0.2, 0.3, 0.3]))
    closeness = rng.uniform(0.55, 1.05)
    background = rng.uniform(0.05, 0.45)
    tone = background + rng.uniform(0.1, 0.5)
    # grown together: of one tone, parted by a waist and a faint line only
    fused = rng.random() < 0.4
    tone_spread = rng.uniform(0.0, 0.04) if fused else rng.uniform(0.02, 0.14)
    faceted = rng.random() < 0.3

    placed: list[Particle] = []
    radii: list[float] = []
    while len(placed) < wanted:
        members = max(1, int(rng.exponential(cluster)))
        first = len(placed)
        for _ in range(min(members, wanted - first)):
            radius = float(np.clip(median * np.exp(spread * rng.standard_normal()), 3, 120))
            shape_aspect = float(np.clip(aspect * np.exp(0.15 * rng.standard_normal()), 1, 5))
            particle = _random_particle(rng, radius, str(rng.choice(kinds)), shape_aspect, smooth)
            if len(placed) == first:
                x, y = rng.uniform(0, width), rng.uniform(0, height)
            else:
                host = int(rng.integers(first, len(placed)))
                angle = rng.uniform(0, 2 * np.pi)
                gap = (radius + radii[host]) * closeness * rng.uniform(0.85, 1.1)
                x = placed[host].x + gap * np.cos(angle)
                y = placed[host].y + gap * np.sin(angle)
            tones = tuple(rng.normal(0, 0.12, len(particle.faces)).tolist()) if faceted else ()
            own = float(np.clip(tone + tone_spread * rng.standard_normal(), 0.05, 1.1))
            placed.append(replace(particle, x=x, y=y, tone=own, tone_of_faces=tones))
            radii.append(radius)
    order = rng.permutation(len(placed))
    chance = rng.random
    return Scene(
        shape=shape,
        particles=tuple(placed[i] for i in order),
        background=background,
        texture=rng.exponential(0.025),
        texture_scale=rng.uniform(0.8, 8),
        ridges=int(rng.integers(20, 300)) if chance() < 0.5 else 0,
        scratches=int(rng.integers(1, 12)) if chance() < 0.3 else 0,
        gradient=rng.normal(0, 0.06),
        edge_brightening=rng.choice([0.0, rng.uniform(0.05, 0.45)], p=[0.2, 0.8]),
        edge_width=rng.uniform(0.8, 5),
        dome=rng.uniform(-0.15, 0.35),
        light=(rng.normal(0, 0.06), rng.normal(0, 0.06)),
        shadow=rng.choice([0.0, rng.uniform(0.1, 0.6)], p=[0.25, 0.75]),
        shadow_reach=rng.uniform(1, 8),
        seam=rng.uniform(0.05, 0.5) if fused else 1.0,
        roughness=rng.choice([0.0, rng.uniform(0.01, 0.08)], p=[0.6, 0.4]),
        halo=rng.uniform(0, 0.2) if chance() < 0.3 else 0.0,
        streaks=int(rng.integers(1, 15)) if chance() < 0.25 else 0,
        blur=rng.uniform(0.3, 1.8),
        electrons=float(np.exp(rng.uniform(np.log(25), np.log(1500)))),
        line_jitter=rng.uniform(0, 0.5) if chance() < 0.2 else 0.0,
        inverted=bool(chance() < 0.15),
        captions=int(rng.integers(1, 4)) if chance() < 0.3 else 0,
        bands=int(rng.integers(1, 3)) if chance() < 0.15 else 0,
    )
