"""Operations as values: what is written is read back, and nonsense is refused."""

import json

import pytest

from semseg.operations import (
    MAX_POINTS,
    Add,
    Decide,
    Mask,
    Merge,
    Redraw,
    Split,
    operation_from,
    to_plain,
)

TRIANGLE = ((0.5, 1.0), (7.25, 1.0), (3.0, 6.0))
EACH = [
    Split(12, (((3.0, 4.5), (9.0, 4.5)), TRIANGLE)),
    Merge((3, 8, 5)),
    Add(TRIANGLE),
    Redraw(((7, TRIANGLE), (0, TRIANGLE))),
    Mask(TRIANGLE),
    *(Decide((1, 2), keep) for keep in (True, False, None)),
]


@pytest.mark.parametrize("operation", EACH, ids=lambda each: type(each).__name__)
def test_what_is_written_is_read_back(operation):
    assert operation_from(json.loads(json.dumps(to_plain(operation)))) == operation


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        {"do": ["split"]},
        {"do": "explode", "label": 1},
        {"do": "split", "label": 1, "lines": []},
        {"do": "split", "label": 0, "lines": [[[0, 0], [1, 1]]]},
        {"do": "split", "label": True, "lines": [[[0, 0], [1, 1]]]},
        {"do": "split", "label": 1, "lines": [[[0, 0]]]},
        {"do": "split", "label": 1, "lines": [[[0, 0], [1, float("nan")]]]},
        {"do": "split", "label": 1, "lines": [[[0, 0], [1, "2"]]]},
        {"do": "split", "label": 1, "lines": [[[0, 0], [1, 1e9]]]},
        {"do": "split", "label": 1, "lines": [[[0, 0]] * (MAX_POINTS - 1)] * 2},
        {"do": "merge", "labels": [4]},
        {"do": "merge", "labels": [4, 4]},
        {"do": "merge", "labels": "45"},
        {"do": "add", "polygon": [[0, 0], [1, 1]]},
        {"do": "add", "polygon": [[0, 0]] * (MAX_POINTS + 1)},
        {"do": "redraw", "outlines": [[[0, 0], [1, 0], [0, 1]]]},
        {"do": "redraw", "outlines": [[1, [[0, 0], [1, 0], [0, 1]]]] * 2},
        {"do": "redraw", "outlines": [[False, [[0, 0], [1, 0], [0, 1]]]]},
        {"do": "redraw", "outlines": []},
        {"do": "decide", "labels": [1], "keep": "yes"},
        {"do": "decide", "labels": [], "keep": True},
        {"do": "decide", "labels": [2**31], "keep": True},
    ],
)
def test_nonsense_is_no_operation(plain):
    with pytest.raises(ValueError, match=r"\w"):
        operation_from(plain)
