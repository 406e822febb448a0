"""The page with a network that looks at a picture once, however many tests show it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from semseg.analysis import Analysis, rescaled, segment
from semseg.inference.segmenter import Segmenter
from semseg.page import factors, work
from semseg.page.visit import Visit
from semseg.settings import Settings
from semseg.stages import Prepared, Segmentation

LONG = 120  # seconds after which something hangs


@pytest.fixture(scope="package", autouse=True)
def seen_once() -> Iterator[None]:
    """The same picture and settings give the same segmentation (`tests/test_analysis.py`)."""
    seen: dict[tuple[str, Settings], Segmentation] = {}

    def look(prepared: Prepared, settings: Settings, *arguments, **options) -> Segmentation:
        key = hashlib.sha256(prepared.image.tobytes()).hexdigest(), settings
        if key not in seen:
            seen[key] = segment(prepared, settings, *arguments, **options)
        return seen[key]

    again: dict[tuple[str, float], Analysis] = {}

    def look_again(base: Analysis, network: Segmenter, ratio: float, **options) -> Analysis:
        image = hashlib.sha256(base.prepared.image.tobytes()).hexdigest()
        key = image, base.rescale * ratio
        if key not in again:
            again[key] = rescaled(base, network, ratio, **options)
        return again[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "segment", look)
        patch.setattr(factors, "rescaled", look_again)
        yield


@pytest.fixture(autouse=True)
def all_awaited(monkeypatch) -> None:
    """A run of the page waits for all that it asked for, as a person does before the next click."""
    wait = Visit.wait

    def patiently(visit: Visit, keys, seconds: float) -> None:
        wait(visit, [wish.key for wish in visit.under_way()], LONG)

    monkeypatch.setattr(Visit, "wait", patiently)
