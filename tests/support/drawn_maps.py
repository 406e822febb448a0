"""Maps of the network for labels whose truth is known, and maps of nonsense."""

import numpy as np
from scipy import ndimage


def depth_of(inside):
    """Distance to the outline, px, of a mask; the edge of the picture is one."""
    return ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]


def ideal_maps(labels, dtype=np.float32):
    """What a perfect network says: foreground, depth (1 in the middle), touching boundary."""
    foreground = labels > 0
    boundary = np.zeros(labels.shape, bool)
    for first, second in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        touching = (labels[first] != labels[second]) & foreground[first] & foreground[second]
        boundary[first] |= touching
        boundary[second] |= touching
    depth = depth_of(foreground & ~boundary)
    ids = np.arange(labels.max(initial=0) + 1)
    peak = np.maximum(ndimage.maximum(depth, labels, ids), 1)
    return np.stack([foreground, depth / peak[labels], boundary]).astype(dtype)


def random_maps(seed, shape=(90, 110), smoothness_px=3):
    """Smooth nonsense in 0..1, full of pieces, holes and necks."""
    noise = np.random.default_rng(seed).standard_normal((3, *shape))
    smooth = ndimage.gaussian_filter(noise, (0, smoothness_px, smoothness_px))
    return (1 / (1 + np.exp(-40 * smooth))).astype(np.float16)
