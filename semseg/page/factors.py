"""The pictures at other rescale factors, which the uncertainty of their D50 needs.

The network runs twice more for each picture whose figures are shown, in the background: when nobody
waits for anything else, and given up when the page is about something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from semseg.analysis import Analysis, rescaled
from semseg.inference.segmenter import Segmenter
from semseg.measure.label_image import LabelImage
from semseg.metrology.uncertainty import usable_ratios
from semseg.page import choices, work
from semseg.page.queue import Report
from semseg.page.work import Key, SegmentedImage
from semseg.stages import Segmentation

__all__ = ["Others", "at_other_factors", "problems", "try_again"]

Others = dict[float, list[Analysis]]
Found = dict[float, Segmentation]


def at_other_factors(pictures: Sequence[SegmentedImage]) -> Others:
    """The pictures at other rescale factors, by ratio to the one used; empty until all are there.

    Ask for it in every run of the page that shows what it is for.
    """
    bases = [work.concluded(image) for image in pictures]
    if all(base.particles.empty for base in bases):
        return {}
    ratios = usable_ratios(bases)
    network = work.segmenter(choices.current().provider)
    found = [
        work.background(_key(image, ratios), partial(_look, base, ratios, network))
        for image, base in zip(pictures, bases, strict=True)
    ]
    others: Others = {ratio: [] for ratio in ratios}
    for image, by_ratio in zip(pictures, found, strict=True):
        if by_ratio is None:
            return {}
        for ratio, segmentation in by_ratio.items():
            key = ("at ratio", *image.network_key, ratio)
            at_ratio = replace(image, key=key, segmentation=segmentation)
            others[ratio].append(work.concluded(at_ratio))
    return others


def problems(pictures: Sequence[SegmentedImage]) -> list[str]:
    """Why the network could not look at these by other factors, a sentence for each that failed."""
    failed = work.visit().problems
    return [
        work.said_of(failed[key], f"{image.micrograph.name}, at other rescale factors")
        for image, key in _asked(pictures)
        if key in failed
    ]


def try_again(pictures: Sequence[SegmentedImage]) -> None:
    """Forget that it failed."""
    for _, key in _asked(pictures):
        work.visit().problems.pop(key, None)


def _asked(pictures: Sequence[SegmentedImage]) -> list[tuple[SegmentedImage, Key]]:
    ratios = usable_ratios([work.concluded(image) for image in pictures])
    return [(image, work.background_key(_key(image, ratios))) for image in pictures]


def _key(image: SegmentedImage, ratios: tuple[float, ...]) -> Key:
    return "at other factors", *image.network_key, ratios


def _look(base: Analysis, ratios: tuple[float, ...], network: Segmenter, tell: Report) -> Found:
    """What is measured at each of these ratios to the factor used, without the images."""
    return {
        ratio: _measured(rescaled(base, network, ratio, progress=tell).segmentation)
        for ratio in ratios
    }


def _measured(found: Segmentation) -> Segmentation:
    """The table of particles alone: no more is needed, and these are many."""
    nothing = LabelImage(np.zeros((0, 0), np.int32))
    return replace(found, label_image=nothing, outlines={}, proposals=None)
