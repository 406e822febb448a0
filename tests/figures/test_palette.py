"""Colours of several pictures: seen on their page, and told apart by everybody."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from semseg.figures.palette import BACKGROUNDS, TEN, look

# Linear RGB as seen without one kind of cones: Machado, Oliveira, Fernandes, IEEE Transactions on
# Visualization and Computer Graphics 15 (2009) 1291, severity 1
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Oklab (B. Ottosson, A perceptual color space for image processing, 2020)
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
APART = 0.1  # in Oklab; black and white are 1 apart, what can just be told some 0.02


def linear(colour):
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour, seen):
    cones = TO_CONES @ np.clip(np.asarray(seen) @ linear(colour), 0, 1)
    return TO_LAB @ np.cbrt(cones)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("theme", TEN)
def test_any_two_of_ten_are_told_apart_with_any_vision(theme, seen):
    places = [lab(colour, SEEN[seen]) for colour in TEN[theme]]
    least = min(np.linalg.norm(a - b) for a, b in combinations(places, 2))
    assert least > APART


@pytest.mark.parametrize("theme", TEN)
def test_each_stands_out_from_its_page(theme):
    background = luminance(BACKGROUNDS[theme])
    for number in range(50):
        own = luminance(getattr(look(number), theme))
        light, dark = max(own, background), min(own, background)
        assert (light + 0.05) / (dark + 0.05) >= 2.9


def test_no_two_of_fifty_look_the_same():
    for theme in TEN:
        looks = {(getattr(look(number), theme), look(number).stroke) for number in range(50)}
        assert len(looks) == 50
