"""Two people at once, over Streamlit's own protocol and a real server."""

from __future__ import annotations

import sys

import pytest

from benchmarks.load import at_once, drawn, expected
from benchmarks.protocol import served
from semseg.inference.segmenter import Segmenter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the server is sent a signal")


@pytest.fixture(scope="module")
def server():
    with served() as server:
        yield server


def test_two_people_at_once_get_their_own_numbers_and_no_others(server):
    pictures = [drawn(seed) for seed in (1, 2)]
    told, _ = at_once(server, pictures, browsers=0)
    assert [each.problems for each in told] == [(), ()]
    segmenter = Segmenter()
    mine, yours = (expected(picture, segmenter) for picture in pictures)
    assert told[0].files == mine
    assert told[1].files == yours
    assert len({*mine, *yours}) == 6  # else they could not be told apart
