"""What training crops are cut from: kinds of pictures, how often, and how enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.dataset import (
    HEAPS,
    SHARED,
    Sample,
    drawn_samples,
    emps_samples,
    heap_samples,
    nuclei_samples,
    pebble_samples,
    powder_samples,
    sphere_samples,
)

__all__ = ["Mix", "emps", "enlargement", "mixture"]

SIZES = (16.0, 140.0)  # median particle that real pictures are brought to, px of the picture
ENLARGED = (0.9, 2.0)  # drawn ones, whose particles are drawn from 12 to 100 px
PASTED = 0.5  # share of the EMPS crops with particles of another picture on top
STRETCH = 0.06  # see `Mix`
HEAP_SHARE = 0.30  # of the crops, by all detectors together


@dataclass(frozen=True, eq=False)
class Mix:
    """Pictures of one kind and how they enter the crops.

    Attributes
    ----------
    name : str
    samples : sequence of Sample
        One crop is as likely to be of the one as of the other.
    share : float
        Of the crops, over the sum of the shares of all kinds that have samples.
    sizes : (low, high) or None
        Range that the median particle is brought to, px of the crop; None: the picture is enlarged
        by `ENLARGED`, whatever its particles.
    pasted : float, 0..1
        Share of its crops onto which particles of another of its samples are pasted.
    stretch : float
        Standard deviation of the logarithm of how far a crop is stretched, and of how far sheared.
    """

    name: str
    samples: Sequence[Sample]
    share: float
    sizes: tuple[float, float] | None = SIZES
    pasted: float = 0.0
    stretch: float = STRETCH

    def random_enlargement(self, sample: Sample, rng: np.random.Generator) -> float:
        """Pixels of the crop per pixel of the sample."""
        low, high = np.log(self.sizes or ENLARGED)
        chosen = float(np.exp(rng.uniform(low, high)))
        return enlargement(sample, chosen) if self.sizes else chosen


def enlargement(sample: Sample, size: float) -> float:
    """What brings the median particle of the sample to `size` px, within reason."""
    return float(np.clip(size / sample.median_ecd, 0.12, 3))


def emps(*, validation: bool) -> Mix:
    """The training four fifths, or the validation fifth, of EMPS-train."""
    samples = emps_samples(SHARED / "data/emps-train", validation=validation)
    return Mix("EMPS", samples, 0.42, pasted=PASTED)


def mixture(*, real: bool, touching: bool, drawn: int, heaps: int) -> list[Mix]:
    """All that is trained on.

    Parameters
    ----------
    real
        With the training pictures of EMPS.
    touching
        With spheres, powder, pebbles and nuclei, which nearly all touch.
    drawn, heaps
        Number of flat drawings, and of heaps by all detectors together.
    """
    mixes = [emps(validation=False)] if real else []
    mixes.append(Mix("drawn", drawn_samples(drawn), 0.14, sizes=None))
    for detector, part in HEAPS.items():
        samples = heap_samples(round(part * heaps), detector)
        mixes.append(Mix(detector, samples, part * HEAP_SHARE, sizes=None))
    if touching:
        data = SHARED / "data"
        mixes += [
            # spheres only: stretched, so that they are not the only shape that is met
            Mix("spheres", sphere_samples(data / "silica-spheres"), 0.05, stretch=0.2),
            Mix("powder", powder_samples(data / "ampis-powder"), 0.05),
            Mix("pebbles", pebble_samples(data / "pebbles"), 0.02),
            Mix("nuclei", nuclei_samples(data / "nuclei"), 0.02),
        ]
    return [mix for mix in mixes if mix.samples]
