"""The page with a network that looks at a picture once, however many tests show it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from semseg.analysis import segment
from semseg.page import work
from semseg.settings import Settings
from semseg.stages import Prepared, Segmentation


@pytest.fixture(scope="package", autouse=True)
def seen_once() -> Iterator[None]:
    """The same picture and settings give the same segmentation (`tests/test_analysis.py`)."""
    seen: dict[tuple[str, Settings], Segmentation] = {}

    def look(prepared: Prepared, settings: Settings, *arguments, **options) -> Segmentation:
        key = hashlib.sha256(prepared.image.tobytes()).hexdigest(), settings
        if key not in seen:
            seen[key] = segment(prepared, settings, *arguments, **options)
        return seen[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "segment", look)
        yield
