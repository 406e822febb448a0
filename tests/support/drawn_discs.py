"""Pictures of discs whose true sizes are known, as the network sees them well."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image
from scipy import ndimage

# for `semseg.analyze`: the picture of `cut_discs` and `covered_discs` is seen well as it is
RADIUS = 30


def png(discs: Iterable[tuple[float, float]], shape: tuple[int, int], aspect: float = 1.0) -> bytes:
    """Discs of `RADIUS` at (x, y), bright at their rims, later ones over earlier ones.

    Lengths are in the width of a pixel, of which `aspect` is the height; `shape` is that of the
    picture where this is 1.
    """
    shape = (round(shape[0] / aspect), shape[1])
    y, x = np.mgrid[: shape[0], : shape[1]]
    y = (y + 0.5) * aspect - 0.5
    image = np.full(shape, 60.0)
    for centre_x, centre_y in discs:
        distance = np.hypot(x - centre_x, y - centre_y)
        disc = distance <= RADIUS
        image[disc] = 130 + 80 * (distance[disc] / RADIUS) ** 4
    image = ndimage.gaussian_filter(image, (1 / aspect, 1))
    image += np.random.default_rng(0).normal(0, 4, shape)
    out = io.BytesIO()
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(out, "png")
    return out.getvalue()


def cut_discs() -> bytes:
    """30 discs, the outer 18 of them with their centres on the edge of the frame."""
    return png(((x, y) for x in range(0, 421, 84) for y in range(0, 337, 84)), (337, 421))


def covered_discs() -> bytes:
    """12 pairs of discs; the first of each is covered by the second."""
    return png(
        (
            (x + shift, y)
            for x in range(60, 420, 120)
            for y in range(50, 400, 90)
            for shift in (-14, 22)
        ),
        (440, 440),
    )
