"""Whatever a file holds, it ends in a result or in one sentence."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.errors import (
    ImageTooLargeError,
    SettingsError,
    UnreadableImageError,
)
from semseg.export.session import read_session
from semseg.io.micrograph import read_micrograph
from semseg.scale.sidecar import read_sidecar
from semseg.settings import Settings
from tests.fuzz.worker import Worker, outcome
from tests.support import bombs
from tests.support.hostile_files import (
    BROKEN_JSON,
    mutated,
    seeds,
    tem_pictures,
    vendors_pictures,
)
from tests.support.network import shipped
from tests.support.picture_files import GREY, bare_tiff, ini_block, pil, text_tag, tiff, zeiss_block


@pytest.fixture(scope="module")
def worker():
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("kind", seeds())
def test_the_seeds_are_sound(kind):
    assert outcome(kind, seeds()[kind]) == "result"


@pytest.mark.parametrize("maker", vendors_pictures() | tem_pictures())
def test_the_seeds_of_vendors_are_calibrated(maker):
    data = (vendors_pictures() | tem_pictures())[maker]
    assert read_micrograph(data).calibration is not None


def test_mutated_files_end_in_a_result_or_a_sentence():
    found = [(i, kind, outcome(kind, data)) for i, (kind, data) in enumerate(mutated(600, seed=7))]
    assert [case for case in found if case[2].startswith("FAULT")] == []
    assert {"result", "UnreadableImageError", "SettingsError"} <= {case[2] for case in found}


@pytest.mark.slow
@shipped
def test_mutated_pictures_go_through_to_the_files():
    pictures = [
        data
        for kind, data in mutated(60, seed=3)
        if kind.startswith("picture") and outcome(kind, data) == "result"
    ]
    assert len(pictures) >= 5
    assert {outcome("whole", data) for data in pictures[:5]} <= {"result", "UnsuitableImageError"}


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_bombs_take_little_time_and_memory(worker, name):
    found = worker.ask("picture", bombs.BOMBS[name]()).found
    assert not found.startswith("FAULT")


@pytest.mark.parametrize("name", bombs.POLYGLOTS)
def test_a_file_of_two_kinds_is_a_picture_and_no_more(name):
    picture = read_micrograph(bombs.POLYGLOTS[name](), "a.html")
    assert picture.grey.shape == GREY.shape
    assert not any("script" in note for note in picture.notes)


def test_a_jpeg_of_too_many_scans_is_not_decoded():
    """Two thousand walks over 100 megapixels, in 38 kB."""
    with pytest.raises(UnreadableImageError, match="2001 scans"):
        read_micrograph(bombs.many_scans(2_000), "a.jpg")
    progressive = pil(GREY, "JPEG", progressive=True, quality=95)
    assert progressive.count(b"\xff\xda") > 5
    read_micrograph(progressive)


def test_a_png_of_too_many_pieces_is_not_opened():
    with pytest.raises(UnreadableImageError, match="100,000 pieces"):
        read_micrograph(bombs.png_in_front(bombs.chunk(b"tEXt", b"a\0b") * 100_000), "a.png")
    read_micrograph(bombs.png_in_front(bombs.chunk(b"tEXt", b"a\0b") * 1_000))


@pytest.mark.parametrize(
    ("data", "megabytes"),
    [
        (lambda: bombs.planes(4, 16), 800),
        (lambda: bombs.BOMBS["png at the limit, 16 bits, four bands"](), 800),
        (lambda: bare_tiff(10_000, 5_001, bytes(10), bits=64, t339=3, t259=5), 400),
    ],
    ids=["tiff", "png", "tiff of doubles"],
)
def test_what_is_decoded_is_bounded_in_bytes(data, megabytes):
    with pytest.raises(ImageTooLargeError, match=f"takes {megabytes} MB when"):
        read_micrograph(data(), "a.any")


# ---- settings and sessions ----


@pytest.mark.parametrize("read", [Settings.from_json, read_session])
@pytest.mark.parametrize("text", BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_broken_json_is_one_printable_sentence(read, text):
    with pytest.raises(SettingsError) as caught:
        read(text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.encode()  # a lone surrogate could not be shown


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("auto")
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=150, derandomize=True)
def test_any_json_ends_in_settings_or_a_sentence(choose):
    kind = choose.draw(st.sampled_from(["settings-json", "session-json"]))
    tree = json.loads(seeds()[kind])
    for _ in range(choose.draw(st.integers(1, 3))):
        place = tree
        while True:
            key = choose.draw(st.sampled_from(sorted(place))) if place else "new"
            if not isinstance(place.get(key), dict) or choose.draw(st.booleans()):
                break
            place = place[key]
        place[key] = choose.draw(TREES)
    assert not outcome(kind, json.dumps(tree).encode()).startswith("FAULT")


# ---- metadata ----

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = WORDS | st.floats().map(str) | st.integers().map(str) | st.sampled_from(["5 nm", "1e-9"])


def zeiss(value, unit):
    entries = {"AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {value} {unit}", "AP_WIDTH": value}
    block = zeiss_block({}).decode("cp1252") + "\r\n".join(sum(entries.items(), ()))
    return tiff(GREY, extratags=[text_tag(34118, block.encode("cp1252", "replace"))])


def fei(value, unit):
    block = ini_block({"Scan": {"PixelWidth": value, "PixelHeight": unit}, unit: {value: unit}})
    return tiff(GREY, extratags=[text_tag(34682, block.replace(b"\0", b""))])


def phenom(value, unit):
    block = f'<FeiImage><pixelWidth unit="{unit}">{value}</pixelWidth></FeiImage>'.encode()
    return tiff(GREY, extratags=[text_tag(34683, block.replace(b"\0", b""))])


def imagej(value, unit):
    text = f"ImageJ=1.54\nimages=1\nunit={unit}\nspacing={value}\n".encode()
    return tiff(GREY, description=text.replace(b"\0", b""), metadata=None, resolution=(2, 2))


def gatan(value, unit):
    words = unit.encode("utf-8").replace(b"\0", b"") or b" "
    tags = [
        (65003, 2, 0, words, True),
        (65009, 2, 0, value.encode().replace(b"\0", b"") or b" ", True),
    ]
    return tiff(GREY, extratags=tags)


@pytest.mark.parametrize("write", [zeiss, fei, phenom, imagej, gatan])
@given(VALUES, VALUES)
@settings(max_examples=60, derandomize=True)
def test_any_metadata_end_in_a_plausible_scale_or_in_none(write, value, unit):
    micrograph = read_micrograph(write(value, unit), "a.tif")
    np.testing.assert_array_equal(micrograph.grey, GREY)
    assert all(note.isprintable() and len(note) < 400 for note in micrograph.notes)
    if micrograph.calibration is not None:
        assert 1e-4 <= micrograph.calibration.pixel_size_nm <= 1e6


@given(st.sampled_from(["sidecar-jeol", "sidecar-hitachi"]), VALUES, st.integers(0, 6), WORDS)
@settings(max_examples=100, derandomize=True)
def test_any_sidecar_ends_in_a_plausible_scale_or_in_none(kind, value, line, name):
    lines = seeds()[kind].decode("latin-1").split("\r\n")
    line = min(line, len(lines) - 1)
    key = lines[line].replace("=", " ").split(" ")[0]
    lines[line] = f"{key}{'=' if 'hitachi' in kind else ' '}{value}"
    found = read_sidecar("\r\n".join(lines).encode("utf-8"), f"{name}.txt", 1280, 960)
    if found is not None and found.calibration is not None:
        assert 1e-4 <= found.calibration.pixel_size_nm <= 1e6


# ---- found by tests.fuzz ----


@pytest.mark.parametrize(("code", "count"), [(3, 257), (2, 1)], ids=["a list", "a text"])
def test_a_compression_that_is_no_number_is_not_read_out(code, count):
    """The tag's count was 257 in place of 1, or its type another."""
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
