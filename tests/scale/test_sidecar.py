"""Text files beside pictures: what they say, in which encoding, and whom they contradict."""

import codecs

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semseg.io.micrograph import read_micrograph
from semseg.scale.calibration import Calibration, FileCalibration
from semseg.scale.sidecar import (
    MAX_BYTES,
    SUFFIXES,
    merge,
    read_sidecar,
    sidecar_among,
    sidecar_of,
)
from tests.support.picture_files import (
    GREY,
    hitachi_text,
    ini_block,
    jem_text,
    jeol_text,
    pil,
    text_tag,
    tiff,
    zeiss_block,
)


def read(data, width=1280, height=960):
    return read_sidecar(data, "a.txt", width, height)


def hdr(**main):
    main = {"Company": "TESCAN", "Device": "MIRA3", "PixelSizeY": "4.1e-9"} | main
    return ini_block({"MAIN": main, "SEM": {"HV": 15000.0}})


def assert_unused(found):
    assert found.calibration is None
    assert len(found.notes) == 1
    assert found.notes[0].startswith("a.txt: ")
    assert "no usable" in found.notes[0]


# ---- JEOL ----


@pytest.mark.parametrize(
    ("bar", "marker", "expected"),
    [
        ("200", "5um", 25.0),
        ("200", "5 um", 25.0),
        ("180", "100nm", 100 / 180),
        ("151", "1mm", 1e6 / 151),
        ("96", "0.5µm", 500 / 96),
    ],
)
def test_jeol_marker_over_bar(bar, marker, expected):
    found = read(jeol_text(bar, marker))
    assert found.calibration.pixel_size_nm == pytest.approx(expected, rel=1e-12)
    assert found.calibration.source == "JEOL sidecar"
    # Half a pixel of the bar.
    assert found.calibration.relative_uncertainty == pytest.approx(0.5 / int(bar))
    assert (found.label_bar_row, found.notes) == (None, ())


def test_jeol_rows_below_the_recorded_picture_are_the_label_bar():
    assert read(jeol_text(), height=1024)[:3] == (
        Calibration(25.0, "JEOL sidecar", relative_uncertainty=0.0025),
        960,
        (),
    )
    assert read(jeol_text(size="broken"), height=1024).label_bar_row is None


@pytest.mark.parametrize(
    ("bar", "marker"),
    [
        ("0", "5um"),
        ("-200", "5um"),
        ("nan", "5um"),
        ("wide", "5um"),
        ("200", "0um"),
        ("200", "5"),
        ("200", "um"),
        ("200", "5pixel"),
        ("200", "5,0um"),
        ("1", "2mm"),
        ("", ""),
    ],
)
def test_jeol_nonsense_is_a_note_and_is_not_used(bar, marker):
    assert_unused(read(jeol_text(bar, marker)))


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1280, 5000)])
def test_jeol_of_another_height_is_said(width, height):
    found = read(jeol_text(), width, height)
    assert found.calibration.pixel_size_nm == 25.0
    assert found.calibration.certain == (height < 960)  # what is much taller may be stretched
    assert found.label_bar_row is None
    assert f"1280 x 960 pixels, but this one has {width} x {height}" in found.notes[0]


def test_jeol_pixel_size_goes_before_the_bar():
    """A bar of 203 whole pixels stands for 5 um: 24.63 nm, 1.5 % off what was recorded."""
    text = jeol_text(bar="203") + b"$CM_PIXEL_SIZE 25.0nm 25.0nm\r\n"
    assert read(text).calibration == Calibration(25.0, "JEOL sidecar")
    # the micro sign as Shift-JIS, Latin-1 and UTF-8 write it
    for micro in (b"\x83\xcam", b"\xb5m", "µm".encode()):
        text = jeol_text() + b"$CM_PIXEL_SIZE 0.03" + micro + b" 0.03" + micro
        assert read(text).calibration.pixel_size_nm == pytest.approx(30)


def test_jem_pixels_per_metre():
    """2.5e9 per metre are 0.4 nm each."""
    found = read(jem_text())
    assert found[:3] == (Calibration(0.4, "JEOL sidecar"), None, ())
    found = read(jem_text(**{"$$EM_PIXELSPERMETER_Y": "1250000000"}))
    assert found.calibration.pixel_height_nm == pytest.approx(0.8)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "wide", ""])
def test_jem_nonsense_is_one_plain_sentence(value):
    found = read(jem_text(**{"$$EM_PIXELSPERMETER_X": value}))
    assert found.calibration is None
    assert found.notes == (
        f"a.txt: The JEOL sidecar gives no usable number of pixels per metre "
        f"({value or 'empty'}), so it was ignored.",
    )


def test_jeol_without_its_bar_says_what_it_has():
    """As a JSM-4700F writes it."""
    text = b"$SEM_DATA_VERSION 1\n$CM_FORMAT JEOL-SEM\n$CM_FRAME_SIZE 0 0\n$CM_FULL_SIZE 1280 960\n"
    found = read(text + b"$$SM_MICRON_MARKER 500um\n", height=1024)
    assert (found.calibration, found.label_bar_row) == (None, 960)
    assert "no usable pixel size (only a scale bar of 500um)" in found.notes[0]
    found = read(text)
    assert "no usable pixel size (none, and no scale bar)" in found.notes[0]
    assert "missing over missing" not in found.notes[0]


# ---- Hitachi ----


def test_hitachi_pixel_size_in_nm():
    assert read(hitachi_text())[:3] == (Calibration(9.921875, "Hitachi sidecar"), None, ())
    # With the label bar below what was recorded.
    assert read(hitachi_text(), height=1040).notes == ()
    assert read(hitachi_text(DataSize=None)).notes == ()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "", "wide", "9,9", "1e9", "1e-6"])
def test_hitachi_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read(hitachi_text(PixelSize=value)))


def test_hitachi_without_a_pixel_size_tells_its_scale_bar():
    found = read(hitachi_text(PixelSize=None, MicronMarker="3000"))
    assert_unused(found)
    assert "3000 nm" in found.notes[0]


def test_texts_of_a_resized_picture_propose_what_fits_it():
    """Half as wide: 25 nm become 50 nm."""
    found = read(jeol_text(), 640, 480)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (50.0, True)
    assert found.calibration.source == "JEOL sidecar of a picture 1280 px wide, not 640"
    assert "1280 x 960 pixels, but this one has 640 x 480: if it was resized" in found.notes[0]
    found = read(hitachi_text(), 640, 512)
    assert (found.calibration.pixel_size_nm, found.calibration.proposed) == (19.84375, True)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (1280, 1920)])
def test_hitachi_of_another_height_is_said(width, height):
    found = read(hitachi_text(), width, height)
    assert found.calibration.pixel_size_nm == 9.921875
    assert "1280 x 960 pixels, but this one" in found.notes[0]


# ---- TESCAN ----


def test_tescan_header():
    found = read(hdr(PixelSizeX="4.1e-9", ImageStripSize="60"))
    assert found.calibration.pixel_size_nm == pytest.approx(4.1)
    assert found.calibration.source == "TESCAN sidecar"
    assert (found.label_bar_row, found.notes) == (900, ())


@pytest.mark.parametrize("value", ["0", "-4e-9", "nan", "", "small", "4.1"])
def test_tescan_nonsense_is_a_note_and_is_not_used(value):
    assert_unused(read(hdr(PixelSizeX=value)))


# ---- any ----


@pytest.mark.parametrize("text", [jeol_text(marker="5µm"), hitachi_text(SampleName="Größe 5 µm")])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]
)
def test_encodings(text, encoding):
    try:
        text = text.decode()
    except UnicodeDecodeError:
        text = text.decode("latin-1")
    found = read(text.encode(encoding))
    assert found.calibration.pixel_size_nm in (25.0, 9.921875)
    assert found.notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"5 particles measured today\n",
        b"PixelSize=3\nDataSize=1280x960\n",
        b"ENVI\nsamples = 512\nlines = 512\n",
        b"[MAIN]\nvolume=3\n",
        bytes(range(256)),
        bytes(5000),
        codecs.BOM_UTF16_LE + b"\xff",
    ],
    ids=range(9),
)
def test_other_texts_are_no_sidecars(data):
    assert read(data) is None


def test_large_sidecar_is_ignored_with_a_note():
    data = jeol_text() + b"x" * MAX_BYTES
    assert read(data)[:3] == (None, None, ("a.txt is larger than 1 MB and was ignored.",))
    assert read(b"no sidecar " * MAX_BYTES) is None
    assert read((jeol_text() + b"x" * MAX_BYTES)[:MAX_BYTES]).calibration.pixel_size_nm == 25.0


@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.tuples(
            st.sampled_from([jeol_text(), hitachi_text(), hdr(PixelSizeX="4e-9")]),
            st.integers(0, 250),
            st.binary(max_size=8),
        ).map(lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 3 :]),
    ),
    size=st.tuples(st.integers(1, 2000), st.integers(1, 2000)),
)
@settings(max_examples=200)
def test_never_raises(data, size):
    found = read_sidecar(data, "a.txt", *size)
    if found is not None and found.label_bar_row is not None:
        assert 0 < found.label_bar_row < size[1]


# ---- where it lies ----


@pytest.mark.parametrize(
    "name", ["a.txt", "a.hdr", "a.TXT", "A.Hdr", "a-tif.hdr", "A-TIF.HDR", "a-Tif.hdr"]
)
def test_sidecar_lies_beside_its_picture(tmp_path, name):
    (tmp_path / name).touch()
    for other in ("ab.txt", "a.txt.bak", "a-png.hdr", "b-tif.hdr"):
        (tmp_path / other).touch()
    assert sidecar_of(tmp_path / "a.tif") == tmp_path / name
    assert sidecar_of(str(tmp_path / "a.tif")) == tmp_path / name


def test_most_specific_sidecar_comes_first(tmp_path):
    assert SUFFIXES == (".txt", ".hdr")
    assert sidecar_of(tmp_path / "a.png") is None
    (tmp_path / "a.png.txt").mkdir()
    (tmp_path / "a.txt").mkdir()
    assert sidecar_of(tmp_path / "a.png") is None
    for name in ("A.txt", "a.hdr", "a-png.hdr"):
        (tmp_path / name).touch()
        assert sidecar_of(tmp_path / "a.png") == tmp_path / name


def test_nothing_beside_a_missing_folder_or_itself(tmp_path):
    assert sidecar_of(tmp_path / "missing" / "a.tif") is None
    (tmp_path / "a.txt").touch()
    assert sidecar_of(tmp_path / "a.txt") is None


# ---- together with the picture ----


def zeiss(pixel):
    block = zeiss_block({"AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {pixel} nm"})
    return tiff(GREY, extratags=[text_tag(34118, block)])


def text_for_grey(**entries):
    return hitachi_text(DataSize="80x97", **entries)


def test_path_finds_its_sidecar(tmp_path):
    (tmp_path / "a.png").write_bytes(pil(GREY))
    (tmp_path / "A.TXT").write_bytes(text_for_grey(PixelSize="2.5"))
    micrograph = read_micrograph(tmp_path / "a.png")
    assert micrograph.calibration == Calibration(2.5, "Hitachi sidecar")
    assert micrograph.notes == ()
    # Bytes have nothing beside them.
    assert read_micrograph(pil(GREY), "a.png").calibration is None
    assert micrograph.sha256 == read_micrograph(pil(GREY)).sha256


def test_given_sidecar_goes_before_the_one_beside_it(tmp_path):
    (tmp_path / "a.png").write_bytes(pil(GREY))
    (tmp_path / "a.txt").write_bytes(text_for_grey(PixelSize="2.5"))
    given = ("folder/b.txt", text_for_grey(PixelSize="3"))
    assert read_micrograph(tmp_path / "a.png", sidecar=given).calibration.pixel_size_nm == 3.0
    assert read_micrograph(pil(GREY), sidecar=given).calibration.pixel_size_nm == 3.0
    wrong = ("folder/b.txt", hitachi_text())
    assert read_micrograph(pil(GREY), sidecar=wrong).notes[0].startswith("b.txt: The Hitachi")
    no_sidecar = ("notes.txt", b"monday")
    assert read_micrograph(pil(GREY), sidecar=no_sidecar).notes == ()


def test_sidecar_gives_the_label_bar():
    sidecar = ("a.txt", jeol_text(size="80 90"))
    assert read_micrograph(pil(GREY), sidecar=sidecar).label_bar_row == 90


def test_own_metadata_win_and_a_contradiction_is_said():
    micrograph = read_micrograph(zeiss(2), sidecar=("a.txt", text_for_grey(PixelSize="2.03")))
    assert micrograph.calibration == Calibration(2.0, "Zeiss metadata")
    assert micrograph.notes == ()
    micrograph = read_micrograph(zeiss(2), sidecar=("a.txt", text_for_grey(PixelSize="2.1")))
    assert micrograph.calibration == Calibration(2.0, "Zeiss metadata")
    assert "Hitachi sidecar gives 2.1 nm" in micrograph.notes[0]
    assert micrograph.notes[0].endswith("The Zeiss metadata in the picture are used.")


def test_two_label_bars_are_said():
    found = merge(FileCalibration(label_bar_row=90), FileCalibration(label_bar_row=80))
    assert found.label_bar_row == 90
    assert "row 90" in found.notes[0]
    same = merge(FileCalibration(label_bar_row=90), FileCalibration(label_bar_row=90))
    assert same[:3] == (None, 90, ())


def test_unusable_sidecars_cost_no_picture(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(pil(GREY))
    path = tmp_path / "a.txt"
    path.write_bytes(b"")
    assert read_micrograph(tmp_path / "a.png").notes == ()
    path.write_bytes(jeol_text() + bytes(2 * MAX_BYTES))
    assert read_micrograph(tmp_path / "a.png").notes == (
        "a.txt is larger than 1 MB and was ignored.",
    )

    whole = type(path).open

    def refuse(self, *args, **kwargs):
        if self.suffix == ".txt":
            raise PermissionError
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(type(path), "open", refuse)
    micrograph = read_micrograph(tmp_path / "a.png")
    assert micrograph.notes == ("a.txt beside the picture cannot be opened and was ignored.",)
    np.testing.assert_array_equal(micrograph.grey, GREY)


def test_among_uploaded_names_the_right_text_is_chosen():
    names = ["a.txt", "A.HDR", "a-tif.hdr", "b.txt"]
    assert sidecar_among("a.tif", names) == "a-tif.hdr"
    assert sidecar_among("a.png", names) == "A.HDR"
    assert sidecar_among("b.tif", names) == "b.txt"
    assert sidecar_among("c.tif", names) is None
    assert sidecar_among("b.txt", ["b.txt"]) is None
