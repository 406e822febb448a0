"""Draw the sample micrograph that comes with semseg, and its truth.

    python -m training.make_sample              writes semseg/data/sample.*
    python -m training.make_sample --to FOLDER

``sample.tif`` looks like what a Zeiss microscope stores (1024 x 768, 8 bit, a label bar below
row 712, the pixel size in tag 34118), but nothing in it was recorded: every particle was drawn,
so every size is known. ``sample.truth.csv`` lists them, ``sample.truth.tif`` holds their labels.
What is covered by another particle does not count: the truth is the part that shows.

The seed is fixed: on one machine, the same bytes are written every time.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from matplotlib import get_data_path
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from semseg.data import DATA
from semseg.measure.shape import measure_shapes
from training.synthesize import Particle, Scene, draw_scene, gauge

__all__ = [
    "draw_sample",
    "footprint",
    "label_bar",
    "place_particles",
    "truth_table",
    "write_sample",
]

SEED = 53
HEIGHT, WIDTH = 768, 1024
FRAME_ROWS = 712  # the specimen; the label bar takes the rest
WIDTH_NM = 7520.0
PIXEL_NM = WIDTH_NM / WIDTH

PARTICLES = 180
MEDIAN_RADIUS_PX = 17.3
SIGMA = 0.25  # of ln radius
ALONE = 0.35  # share of the groups that are one particle only
GROUP = 9.0  # mean size of the others
MIN_VISIBLE = 0.87  # of a particle that another one covers
MAX_ON_TOP = 0.3  # of a particle that may lie on others, lest it sit in the middle of one
CLEARANCE_PX = 7  # between groups
ZEISS_TAG = 34118
FONT = Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf"  # has the micro sign


def draw_sample(seed: int = SEED) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """The whole picture (768 x 1024, 0..255) and the truth of its frame (712 x 1024, ids 1..n)."""
    rng = np.random.default_rng(seed)
    scene = Scene(
        shape=(FRAME_ROWS, WIDTH),
        particles=_toned(place_particles(rng, (FRAME_ROWS, WIDTH)), rng),
        background=0.155,
        texture=0.008,
        texture_scale=3.0,
        ridges=110,
        gradient=0.012,
        edge_brightening=0.38,
        edge_width=1.7,
        dome=-0.08,
        light=(0.04, -0.07),
        shadow=0.35,
        shadow_reach=3.5,
        roughness=0.012,
        halo=0.03,
        blur=0.6,
        electrons=1300.0,
        line_jitter=0.08,
    )
    frame, labels = draw_scene(scene, rng)
    picture = np.vstack([np.rint(frame * 255).astype(np.uint8), label_bar()])
    ids = np.unique(labels)  # background first; particles beside the frame have left gaps
    return picture, np.searchsorted(ids, labels).astype(np.uint16)


# ---------------------------------------------------------------- particles


def place_particles(
    rng: np.random.Generator, shape: tuple[int, int], count: int = PARTICLES
) -> list[Particle]:
    """`count` particles of loose groups, back to front; hardly any hides much of another.

    Each is tried somewhere: the first of a group clear of all others, the next ones against a
    member of it. What would cover too much is tried again elsewhere.
    """
    placed: list[Particle] = []
    whole: list[int] = []  # px of each, were it not covered
    labels = np.zeros(shape, np.int32)
    while len(placed) < count:
        size = 1 if rng.random() < ALONE else 2 + int(rng.exponential(GROUP))
        first = len(placed)
        taken = ndimage.binary_dilation(labels > 0, iterations=CLEARANCE_PX)
        for _ in range(min(size, count - first)):
            body = _body(rng)
            for _ in range(60):
                particle = _somewhere(body, placed[first:], shape, rng)
                mask = footprint(particle, shape)
                clear = not (mask & taken).any()
                if clear and _shows_enough(labels, mask, whole):
                    placed.append(particle)
                    whole.append(int(mask.sum()))
                    labels[mask] = len(placed)
                    break
    return placed


def _body(rng: np.random.Generator) -> Particle:
    """A particle at the origin: a rounded crystal or, more rarely, an ellipsoid."""
    radius = MEDIAN_RADIUS_PX * float(np.exp(SIGMA * np.clip(rng.standard_normal(), -2.4, 2.4)))
    aspect = 1.04 + min(float(rng.exponential(0.22)), 0.7)
    turn = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.72:
        count = int(rng.integers(5, 10))
        steps = np.arange(count) + rng.uniform(-0.25, 0.25, count)
        normals = turn + 2 * np.pi * steps / count
        faces = radius * rng.uniform(0.88, 1.06, count)
        exponent = rng.uniform(4, 7.5)
    else:
        normals = turn + np.pi / 2 * np.arange(4)
        faces = np.full(4, radius)
        exponent = rng.uniform(2.0, 2.7)
    faces = faces * np.sqrt(aspect ** np.cos(2 * (normals - turn)))
    orders = np.arange(2, 6)
    amplitudes = np.abs(rng.normal(0, 0.05, orders.size)) / orders
    phases = rng.uniform(0, 2 * np.pi, orders.size)
    wobble = tuple(zip(amplitudes.tolist(), phases.tolist(), strict=True))
    return Particle(0, 0, tuple(normals.tolist()), tuple(faces.tolist()), exponent, wobble)


def _somewhere(
    body: Particle, group: Sequence[Particle], shape: tuple[int, int], rng: np.random.Generator
) -> Particle:
    """`body` against a random member of its group, or anywhere in the frame without one."""
    if not group:
        return replace(body, x=rng.uniform(0, shape[1]), y=rng.uniform(0, shape[0]))
    host = group[int(rng.integers(len(group)))]
    angle = rng.uniform(0, 2 * np.pi)
    touching = _radius(host, angle) + _radius(body, angle + np.pi)
    gap = touching * rng.uniform(0.9, 1.0)
    return replace(body, x=host.x + gap * np.cos(angle), y=host.y + gap * np.sin(angle))


def _radius(particle: Particle, angle: float) -> float:
    """Px from the middle to the outline in one direction."""
    x, y = np.array([np.cos(angle)], np.float32), np.array([np.sin(angle)], np.float32)
    return float(1 / gauge(particle, x, y)[0][0])


def footprint(particle: Particle, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Its pixels in the frame (H x W), as though nothing covered it."""
    mask = np.zeros(shape, bool)
    top, left = (max(0, int(c - particle.reach)) for c in (particle.y, particle.x))
    bottom, right = (max(0, int(c + particle.reach) + 2) for c in (particle.y, particle.x))
    window = mask[top:bottom, left:right]
    if window.size:
        y, x = (np.arange(n, dtype=np.float32) for n in window.shape)
        x, y = x + np.float32(left - particle.x), y[:, None] + np.float32(top - particle.y)
        window[:] = gauge(particle, x, y)[0] < 1
    return mask


def _shows_enough(labels: NDArray[np.int32], mask: NDArray[np.bool_], whole: Sequence[int]) -> bool:
    """Whether a particle of this footprint may be painted on top of those in `labels`."""
    area = int(mask.sum())
    if area < 300:  # hardly in the frame
        return False
    under = labels[mask]
    covered = np.bincount(under, minlength=1)
    if covered[1:].sum() > MAX_ON_TOP * area:
        return False
    visible = np.bincount(labels.ravel(), minlength=len(whole) + 1)
    return all(visible[i] - covered[i] >= MIN_VISIBLE * whole[i - 1] for i in np.unique(under) if i)


def _toned(particles: Sequence[Particle], rng: np.random.Generator) -> tuple[Particle, ...]:
    """Give each its grey: most alike, a few charged up and much brighter."""
    tones = np.minimum(0.31 + rng.gamma(2.0, 0.07, len(particles)), 0.78)
    return tuple(replace(p, tone=float(t)) for p, t in zip(particles, tones, strict=True))


# ---------------------------------------------------------------- label bar and metadata


def label_bar() -> NDArray[np.uint8]:
    """The rows below the frame (56 x 1024): white writing on black, and a scale bar."""
    bar = Image.new("L", (WIDTH, HEIGHT - FRAME_ROWS))
    pen = ImageDraw.Draw(bar)
    font = ImageFont.truetype(FONT, 14)
    columns = {
        12: ("semseg sample", "drawn, not recorded"),
        214: ("EHT = 10.00 kV", "WD = 3.0 mm"),
        384: (f"Width = {WIDTH_NM / 1000:.3f} µm", f"Store resolution = {WIDTH} * {HEIGHT}"),
        664: ("Signal A = InLens", "Mag = 50.00 K X"),
    }
    for x, lines in columns.items():
        for row, text in enumerate(lines):
            pen.text((x, 8 + 20 * row), text, fill=255, font=font)
    left, length = 892, round(200 / PIXEL_NM)
    pen.text((left, 1), "200 nm", fill=255, font=font)
    pen.line([left, 42, left + length, 42], fill=255, width=2)
    for x in (left, left + length):
        pen.line([x, 32, x, 51], fill=255, width=1)
    return np.asarray(bar)


def zeiss_metadata() -> bytes:
    """The text of tag 34118: numbers without names, then a key and its value, line by line."""
    # the fourth number is the pixel size in metres of a picture 1024 px wide
    unnamed = ["0", "0", "0", f"{PIXEL_NM * 1e-9:.6e}"]
    named = {
        "AP_WIDTH": f"Width = {WIDTH_NM / 1000:.3f} µm",
        "AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {PIXEL_NM:.3f} nm",
        "AP_MAG": "Mag = 50.00 K X",
        "AP_MANUALKV": "EHT Target = 10.00 kV",
        "AP_WD": "WD =  3.0 mm",
        "DP_DETECTOR_CHANNEL": "Signal A = InLens",
        "SV_SAMPLE_ID": "Sample ID = drawn by training/make_sample.py",
    }
    lines = unnamed + [line for entry in named.items() for line in entry]
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252") + b"\0"


# ---------------------------------------------------------------- files


def truth_table(labels: NDArray[np.uint16]) -> pd.DataFrame:
    """One row per particle of the frame, sizes of what shows of it."""
    shapes = measure_shapes(labels)
    return pd.DataFrame(
        {
            "label": shapes["label"],
            "x_px": shapes["x"].round(2),
            "y_px": shapes["y"].round(2),
            "area_px": shapes["area"],
            "ecd_nm": (shapes["ecd"] * PIXEL_NM).round(2),
            "min_feret_nm": (shapes["min_feret"] * PIXEL_NM).round(2),
            "max_feret_nm": (shapes["max_feret"] * PIXEL_NM).round(2),
            "touches_edge": shapes["touches_edge"],
        }
    )


def write_sample(folder: Path) -> None:
    """Write ``sample.tif``, ``sample.truth.tif`` and ``sample.truth.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    picture, labels = draw_sample()
    text = zeiss_metadata()
    # neither date nor version of any program: the same picture is the same bytes
    plain = {"photometric": "minisblack", "compression": "zlib", "metadata": None, "software": ""}
    tifffile.imwrite(
        folder / "sample.tif",
        picture,
        predictor=True,
        extratags=[(ZEISS_TAG, 2, len(text), text, True)],
        **plain,
    )
    tifffile.imwrite(folder / "sample.truth.tif", labels, **plain)
    truth_table(labels).to_csv(folder / "sample.truth.csv", index=False, lineterminator="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=DATA, metavar="FOLDER")
    write_sample(parser.parse_args().to)


if __name__ == "__main__":
    main()
