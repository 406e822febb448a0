"""What comes back from the browser."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from semseg.viewer import ViewState, _received

STATE = ViewState(threshold=0.25)


def bits(rows, count):
    flags = np.zeros(count, np.uint8)
    flags[list(rows)] = 1
    return base64.b64encode(np.packbits(flags, bitorder="little").tobytes()).decode()


def test_rows_from_the_browser_become_labels():
    data = {"label": base64.b64encode(np.arange(101, 121, dtype="<i4").tobytes()).decode()}
    view = STATE.to_dict() | {
        "selection": bits([0, 8, 19], 20),
        "steps": [[False, [2, 3]], [None, bits([2], 20)]],
        "done": 2,
    }
    state = _received(view, np.frombuffer(base64.b64decode(data["label"]), "<i4"), ViewState())
    assert state.selection == (101, 109, 120)
    assert state.edits == {104: False}
    assert state.threshold == 0.25


@pytest.mark.parametrize(
    "rows", ["%%%", bits(range(90), 90), [20], [-1], [True], ["1"], list(range(21)), 7, "é"]
)
def test_rows_that_cannot_be_are_left(rows):
    data = {"label": base64.b64encode(np.arange(101, 121, dtype="<i4").tobytes()).decode()}
    start = ViewState(selection=(105,), steps=((True, (106,)),), done=1)
    view = start.to_dict() | {"selection": rows, "steps": [[False, rows]], "threshold": 0.7}
    assert _received(view, np.frombuffer(base64.b64decode(data["label"]), "<i4"), start) == replace(
        start, threshold=0.7
    )
