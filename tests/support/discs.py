"""Labels of discs whose truth is known."""

import numpy as np


def disc(shape, y, x, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def crowd(seed, radius, pitch=1.85, grid=(4, 5)):
    """Labels of discs in rows, each touching its neighbours and covering a little of them."""
    rng = np.random.default_rng(seed)
    shape = tuple(int((n + 1) * pitch * radius) for n in grid)
    labels = np.zeros(shape, np.int32)
    spots = list(np.ndindex(grid))
    for number, spot in enumerate(rng.permutation(spots), start=1):
        y, x = (spot + 1) * pitch * radius + rng.uniform(-0.04, 0.04, 2) * radius
        labels[disc(shape, y, x, radius * rng.uniform(0.95, 1.05))] = number
    return labels
