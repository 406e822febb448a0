"""The network that the tests run: the shipped one, unless a model in the making is to be tried."""

from __future__ import annotations

import os

import pytest

from semseg.inference.segmenter import Segmenter

CANDIDATE_MODEL = os.environ.get("SEMSEG_TEST_MODEL")
shipped = pytest.mark.skipif(CANDIDATE_MODEL is not None, reason="needs the shipped model")


def load_segmenter(**options) -> Segmenter:
    if CANDIDATE_MODEL:
        return Segmenter(CANDIDATE_MODEL, sha256=None, **options)
    return Segmenter(**options)
