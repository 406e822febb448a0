"""What a visitor keeps, and what leaves first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from semseg.page.store import Store, size_of


def test_a_result_is_made_once():
    made = []
    store = Store(1000)
    for _ in range(3):
        assert store.get("a", lambda: made.append(1) or "result") == "result"
    assert made == [1]


def test_the_least_recently_used_leave_when_there_are_too_many_bytes():
    store = Store(100)
    store.get("a", lambda: b"1" * 40)
    store.get("b", lambda: b"2" * 40)
    assert store.used == 80
    store.get("a", bytes)
    store.get("c", lambda: b"3" * 40)
    assert ("a" in store, "b" in store, "c" in store) == (True, False, True)
    assert store.used == 80
    store.get("d", lambda: b"4" * 1000)  # alone too large, yet needed now
    assert ("d" in store, "a" in store, "c" in store) == (True, False, False)


def test_what_failed_is_not_kept():
    store = Store(100)
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: 1 / 0)
    assert "a" not in store
    assert store.get("a", lambda: 2) == 2


def test_sizes_count_arrays_wherever_they_are():
    array = np.zeros(1000, np.float32)
    assert size_of(array) == 4000
    assert size_of({"a": [array, (array.copy(),)]}) == 8000
    assert size_of({"a": [array, (array,)]}) == 4000  # it is there once
    assert size_of(pd.DataFrame({"a": array})) >= 4000
    assert size_of("text") == 4


def test_what_results_share_counts_once_until_the_last_of_them_leaves():
    shared, budget = np.zeros(100, np.uint8), 250
    store = Store(budget)
    store.put("a", (shared, b"1" * 60))
    store.put("b", {"of": [shared], "own": b"2" * 60})
    assert store.used == 220
    store.put("a", (shared, b"3" * 10))  # in its own place
    assert store.used == 170
    store.drop("b")
    assert store.used == 110
    store.put("c", b"4" * 200)
    assert "a" not in store
    assert store.used == 200
    store.clear()
    assert store.used == 0


def test_a_list_that_grows_while_it_is_kept_leaves_no_bytes_behind():
    kept = [b"1" * 10]
    store = Store(1000)
    store.put("a", kept)
    kept.append(b"2" * 500)
    store.drop("a")
    assert store.used == 0
