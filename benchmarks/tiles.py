"""Do tiles show what the whole picture shows, and how much more has to be looked at?

    python -m benchmarks.tiles                       the sample
    python -m benchmarks.tiles PICTURE [...]         --at-once-px 1300000 --overlap-px 128 224 320

Each picture is predicted whole, at the rescale factor that is found for it (less where it would
take more than 8 megapixels), and in tiles that are smaller than those in use, which makes many
edges. Prints, of the maps: mean and greatest difference, and the share that differs by more than
0.1; of the particles found: how many of those of the whole picture have a counterpart (intersection
over union above 0.5, above 0.9); and the pixels of all tiles over those of the picture. Markdown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from semseg.analysis import prepare
from semseg.data import sample_path
from semseg.errors import SemsegError
from semseg.inference.segmenter import OVERLAP_PX, Segmenter
from semseg.instances.autoscale import estimate_rescale
from semseg.instances.coefficients import thresholds_of
from semseg.instances.particles import find_particles
from semseg.io.micrograph import read_micrograph
from semseg.preprocessing.preparation import resize
from semseg.settings import Settings

MAX_WHOLE_PX = 8_000_000
AT_ONCE_PX = 1_300_000
Labels = np.ndarray  # int32, H x W


def overlaps(labels: Labels, others: Labels) -> np.ndarray:
    """Of each of `labels` (1..n), the greatest intersection over union with one of the others."""
    count, other_count = int(labels.max()) + 1, int(others.max()) + 1
    areas, other_areas = (np.bincount(each.ravel()) for each in (labels, others))
    pairs, shared = np.unique(labels.astype(np.int64) * other_count + others, return_counts=True)
    one, other = pairs // other_count, pairs % other_count
    both = (one > 0) & (other > 0)
    one, other, shared = one[both], other[both], shared[both]
    greatest = np.zeros(count)
    np.maximum.at(greatest, one, shared / (areas[one] + other_areas[other] - shared))
    return greatest[1:]


def compare(path: Path, segmenter: Segmenter, at_once_px: int, overlap_px: int) -> str:
    """A row of the table."""
    thresholds = thresholds_of(segmenter.info)
    square = prepare(read_micrograph(path), Settings(read_scale="never")).square
    target = segmenter.info.target_particle_px
    factor = estimate_rescale(square, segmenter.predict, thresholds, target).factor
    factor = min(factor, (MAX_WHOLE_PX / square.size) ** 0.5)
    image = resize(square, factor, segmenter.info.reduction)
    whole = segmenter.predict(image, at_once_px=image.size)
    tiled = segmenter.predict(image, at_once_px=at_once_px, overlap_px=overlap_px)
    difference = np.abs(whole.astype(np.float32) - tiled)
    cut = segmenter.tiles(image.shape, at_once_px, overlap_px)
    of_whole, of_tiles = (find_particles(maps, image, thresholds).labels for maps in (whole, tiled))
    best = overlaps(of_whole, of_tiles)
    cells = [
        *(path.name, f"{image.size / 1e6:.1f}", str(overlap_px)),
        f"{cut.area / whole[0].size:.2f}",
        *(
            f"{difference.mean():.5f}",
            f"{difference.max():.2f}",
            f"{(difference > 0.1).mean():.4%}",
        ),
        *(f"{len(best)}", f"{(best > 0.5).sum()}", f"{(best > 0.9).sum()}"),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path, nargs="*", default=[sample_path()])
    parser.add_argument("--at-once-px", type=int, default=AT_ONCE_PX)
    parser.add_argument("--overlap-px", type=int, nargs="+", default=[OVERLAP_PX])
    chosen = parser.parse_args()
    segmenter = Segmenter()
    print(
        "| picture | megapixels | overlap, px | looked at | mean | greatest | above 0.1 |", end=""
    )
    print(" particles | found again | ... closely |")
    print(f"|---|{'---:|' * 9}")
    for path in chosen.pictures:
        for overlap_px in chosen.overlap_px:
            try:
                print(compare(path, segmenter, chosen.at_once_px, overlap_px), flush=True)
            except SemsegError as error:
                sys.exit(f"{path.name}: {error}")


if __name__ == "__main__":
    main()
