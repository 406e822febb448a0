"""Whatever a file holds, it ends in a result or in one sentence."""

import struct

import pytest

from benchmarks.fuzz import outcome
from semseg.errors import SettingsError
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


def test_a_compression_that_is_a_list_is_not_read_out():
    """Found by `benchmarks.fuzz`: the tag's count was 257 in place of 1."""
    data = bytearray(seeds()["picture-tiff-deflate"])
    order = "<" if data[:2] == b"II" else ">"
    entry = data.find(struct.pack(order + "HHI", 259, 3, 1))
    assert entry > 0
    data[entry + 4 : entry + 8] = struct.pack(order + "I", 257)
    data[entry + 8 : entry + 12] = struct.pack(order + "I", 8)
    assert outcome("picture-tiff", bytes(data)) == "UnreadableImageError"


@pytest.mark.parametrize("kind", ["picture-png", "picture-jpeg", "picture-gif"])
def test_the_content_decides_not_the_name(kind):
    data = seeds()[kind]
    assert read_micrograph(data, "a.tif").grey.shape == read_micrograph(data, "a.x").grey.shape
