"""Whatever a file holds, it ends in a result or in one sentence."""

import struct

import pytest

from benchmarks.fuzz import outcome
from semseg.errors import SettingsError, UnreadableImageError
from semseg.micrograph import read_micrograph
from semseg.session import read_session
from semseg.settings import Settings
from tests.hostile_files import BROKEN_JSON, mutated, seeds


@pytest.mark.parametrize("kind", seeds())
def test_the_seeds_are_sound(kind):
    assert outcome(kind, seeds()[kind]) == "result"


def test_mutated_files_end_in_a_result_or_a_sentence():
    found = [(i, kind, outcome(kind, data)) for i, (kind, data) in enumerate(mutated(600, seed=7))]
    assert [case for case in found if case[2].startswith("FAULT")] == []
    assert {"result", "UnreadableImageError", "SettingsError"} <= {case[2] for case in found}


@pytest.mark.parametrize("read", [Settings.from_json, read_session])
@pytest.mark.parametrize("text", BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_broken_json_is_one_printable_sentence(read, text):
    with pytest.raises(SettingsError) as caught:
        read(text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.encode()  # a lone surrogate could not be shown


@pytest.mark.parametrize(("code", "count"), [(3, 257), (2, 1)], ids=["a list", "a text"])
def test_a_compression_that_is_no_number_is_not_read_out(code, count):
    """Found by `benchmarks.fuzz`: the tag's count was 257 in place of 1, or its type another."""
    data = bytearray(seeds()["picture-tiff-deflate"])
    order = "<" if data[:2] == b"II" else ">"
    entry = data.find(struct.pack(order + "HHI", 259, 3, 1))
    assert entry > 0
    struct.pack_into(order + "HHI", data, entry, 259, code, count)
    struct.pack_into(order + "I", data, entry + 8, 8 if count > 4 else 1)
    with pytest.raises(UnreadableImageError, match="TIFF compression of an odd kind"):
        read_micrograph(bytes(data), "a.tif")


@pytest.mark.parametrize("kind", ["picture-png", "picture-jpeg", "picture-gif"])
def test_the_content_decides_not_the_name(kind):
    data = seeds()[kind]
    assert read_micrograph(data, "a.tif").grey.shape == read_micrograph(data, "a.x").grey.shape
