"""What a person has set, as JSON, of which nothing wrong is believed."""

import json
import math
from dataclasses import replace

import pytest

from semseg.viewer import ViewState

STATE = ViewState(
    threshold=0.25,
    filter_on=False,
    size="ecd",
    weighting="volume",
    bins=12,
    log=True,
    selection=(4, 9),
    steps=((False, (1, 2)), (True, (2,)), (None, (1,)), (False, (7,))),
    done=3,
)


def test_a_state_survives_json():
    assert ViewState.from_dict(json.loads(json.dumps(STATE.to_dict()))) == STATE
    assert ViewState.from_dict(ViewState().to_dict()) == ViewState()


def test_edits_are_what_the_steps_that_count_come_to():
    assert STATE.edits == {2: True}
    assert replace(STATE, done=2).edits == {1: False, 2: True}
    assert replace(STATE, done=4).edits == {2: True, 7: False}
    assert ViewState().edits == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold", True),
        ("threshold", math.nan),
        ("threshold", 1.01),
        ("threshold", 10**400),
        ("threshold", "0.5"),
        ("threshold", None),
        ("filter_on", 1),
        ("filter_on", "yes"),
        ("size", "area"),
        ("size", ["ecd"]),
        ("weighting", None),
        ("bins", 4),
        ("bins", 101),
        ("bins", 12.0),
        ("bins", True),
        ("log", 0),
        ("selection", "49"),
        ("selection", [True]),
        ("selection", [0]),
        ("selection", [1.5]),
        ("selection", [[1]]),
        ("selection", {1: 2}),
        ("steps", [[1, [2]]]),
        ("steps", [[False]]),
        ("steps", [[False, ["2"]]]),
        ("steps", "steps"),
        ("done", 5),
        ("done", -1),
        ("done", True),
        ("done", 1.0),
    ],
)
def test_nothing_wrong_is_believed(name, value):
    assert ViewState.from_dict(STATE.to_dict() | {name: value}, fallback=STATE) == STATE


@pytest.mark.parametrize("nonsense", [None, 3, "state", [], [("threshold", 0.1)]])
def test_no_mapping_no_state(nonsense):
    assert ViewState.from_dict(nonsense) == ViewState()
    assert ViewState.from_dict(nonsense, fallback=STATE) == STATE


@pytest.mark.parametrize("line", [None, [1, 2, 3], [1, 2, 1, 2], [0, 0, 1e9, 0], ["1", 2, 3, 4], 5])
def test_a_line_that_is_none_is_left_out(line):
    assert ViewState.from_dict({"line": line}).line is None


def test_a_line_over_a_scale_bar_is_kept():
    state = ViewState(line=(10.0, 5.0, 110.0, 5.0))
    assert ViewState.from_dict(state.to_dict()) == state
