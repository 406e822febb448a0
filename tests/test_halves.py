"""Numbers of 16 bits: the same as numpy makes and reads, down to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from semseg.halves import from_half, to_half


def same_bits(one, other):
    assert one.dtype == other.dtype
    return np.array_equal(one.view(np.uint16), other.view(np.uint16))


def test_numbers_are_rounded_as_numpy_rounds_them():
    # every number of 16 bits from 0 to 1, what lies half-way between two, and what lies beside that
    halves = np.arange(0x3C01, dtype=np.uint16).view(np.float16).astype(np.float32)
    between = (halves[1:] + halves[:-1]) / 2
    values = np.concatenate(
        [
            halves,
            between,
            np.nextafter(between, np.float32(0)),
            np.nextafter(between, np.float32(1)),
        ]
    )
    assert same_bits(to_half(values), values.astype(np.float16))


def test_numbers_of_any_size_are_rounded_as_numpy_rounds_them():
    bits = np.arange(0, 0x40000000, 9973, dtype=np.uint32)
    values = bits.view(np.float32)
    assert same_bits(to_half(values), values.astype(np.float16))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_are_read_as_numpy_reads_them(dtype):
    values = np.random.default_rng(0).random((30, 40)).astype(dtype) ** 9
    for part in (values, values[3:9, 4:], values.T):
        assert np.array_equal(from_half(part), part.astype(np.float32))
        assert from_half(part).dtype == np.float32
