"""Bands: every row once, results in order, and nothing that shows where they meet."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from semseg import bands as module
from semseg.bands import bands, by_bands, each, in_order, limit_threads, share


@pytest.fixture(params=[1, 4])
def threads(request, monkeypatch):
    """As many as the machine has cores, or so it is told."""
    monkeypatch.setattr(module, "usable_cores", lambda: request.param)
    return request.param


@given(st.integers(0, 90), st.integers(1, 9), st.integers(0, 20), st.integers(0, 6))
def test_bands_hold_every_row_once_and_see_their_halo(height, width, rows, halo):
    parts = list(bands((height, width), rows=rows, halo=halo))
    numbers = np.arange(height)
    assert [*np.concatenate([[], *(numbers[band.own] for band in parts)])] == [*numbers]
    for band in parts:
        seen = numbers[band.seen]
        assert (seen[band.inner] == numbers[band.own]).all()
        assert band.seen.start == max(band.own.start - halo, 0)
        assert band.seen.stop == min(band.own.stop + halo, height)


def test_bands_have_so_many_pixels_and_are_higher_than_their_halo(monkeypatch):
    monkeypatch.setattr(module, "BAND_PX", 1000)
    assert [band.own.stop for band in bands((45, 50))] == [20, 40, 45]
    assert [band.own.stop for band in bands((45, 50), halo=2)] == [32, 45]
    assert [band.own.stop for band in bands((3, 5000))] == [1, 2, 3]


def test_a_filter_by_bands_is_that_of_the_whole(threads, monkeypatch):
    monkeypatch.setattr(module, "BAND_PX", 1)
    monkeypatch.setattr(module, "MIN_HALOS", 1)
    image = np.random.default_rng(0).random((60, 40), np.float32)
    result = np.empty_like(image)

    def smooth(band):
        result[band.own] = ndimage.gaussian_filter(image[band.seen], 1.5)[band.inner]

    by_bands(smooth, image.shape, halo=6)
    assert np.array_equal(result, ndimage.gaussian_filter(image, 1.5))


def test_results_come_in_order_whoever_is_first(threads):
    turn = [threading.Event() for _ in range(2)]

    def work(number):
        if threads > 1 and number == 0:
            assert turn[1].wait(10)  # the second is done before
        if number < 2:
            turn[number].set()
        return number

    assert each(work, range(20)) == list(range(20))


def test_several_are_worked_on_at_once_and_no_more_than_allowed(monkeypatch):
    monkeypatch.setattr(module, "usable_cores", lambda: 8)
    meeting = threading.Barrier(2)
    try:
        limit_threads(2)
        each(lambda _: meeting.wait(10), range(6))  # breaks where one works alone
        limit_threads(1)
        here = threading.get_ident()
        assert each(lambda _: threading.get_ident(), range(3)) == [here] * 3
        limit_threads(100)
        assert len(set(each(lambda _: threading.get_ident(), range(100)))) <= module.MAX_THREADS
    finally:
        limit_threads(0)


def test_progress_is_told_by_the_caller_and_rises_to_one(threads):
    told, here = [], threading.get_ident()

    def progress(done):
        assert threading.get_ident() == here
        told.append(done)

    by_bands(lambda band: None, (10, 3), rows=2, progress=progress)
    assert told == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert list(in_order(str, [], progress)) == []
    assert len(told) == 5


def test_shares_of_progress_lie_in_the_whole():
    told = []
    for start, stop in pairwise((0.0, 0.25, 1.0)):
        part = share(told.append, start, stop)
        part(0.5)
        part(1.0)
    assert told == [0.125, 0.25, 0.625, 1.0]
    assert share(None, 0, 1) is None


def test_what_goes_wrong_reaches_the_caller_and_ends_the_work(threads):
    done, late = [], threading.Event()

    def work(number):
        if number == 3:
            raise ZeroDivisionError
        if number > 3:
            late.wait(0.01)
        done.append(number)

    with pytest.raises(ZeroDivisionError):
        each(work, range(1000))
    assert len(done) < 999


def test_a_caller_that_stops_ends_the_work(threads):
    done, late = [], threading.Event()

    def work(number):
        if number:
            late.wait(0.01)
        done.append(number)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each(work, range(1000), stop)
    assert len(done) < 1000
