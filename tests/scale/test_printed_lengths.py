"""Lengths as they are printed, and as machines misread them."""

import pytest

from semseg.scale.printed_lengths import bar_length, entries, magnifications


@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("200 nm", 200),
        ("200nm", 200),
        ("1 µm", 1000),
        ("1 \u03bcm", 1000),
        ("1um", 1000),
        ("0.5 µm", 500),
        ("0,5 µm", 500),
        ("2.0 µm", 2000),
        ("5.00um", 5000),
        ("2.5 nm", 2.5),
        ("0.2 nm", 0.2),
        ("60 nm", 60),
        ("800 µm", 800_000),
        ("—500nm", 500),
        ("|-- 100 µm --|", 100_000),
        ("100-nm", 100),
        ("0.5 µm°", 500),
        ("1 µµm", 1000),
        ("lum", 1000),
        ("200 nml", 200),
        ("l0O nm", 100),
        ("0.1 µm 100nm", 100),
        ("X25,000 1µm WD 3.1mm", 1000),
    ],
)
def test_lengths_at_scale_bars(text, nm):
    length = bar_length(text)
    assert length.sure
    assert length.nm == pytest.approx(nm)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nm",
        "200",
        "108 nm",  # 100, badly printed
        "15 µm",  # |5 µm
        "90 nm",
        "05 µm",  # 0.5
        "20.nm",
        "o.mm",
        "1,000 nm",  # thousands or decimals
        "200 nn",
        "200 am",
        "100 mm",  # no microscope has a bar of 100 mm
        "20 cm",
        "WD 10 mm",
        "WD = 4.0 mm",
        "EHT = 20.00 kV",
        "HFW 2 µm",
        "Pixel Size = 5 nm",
        "1 µm 2 µm",
        "0 nm",
        "99999 nm",
        "\u4e00",
    ],
)
def test_what_is_no_length_at_a_scale_bar(text):
    assert bar_length(text) is None


def test_unit_in_doubt():
    """pm is µm or nm misread; mm may be nm."""
    assert bar_length("2 pm").may_be_nm == (2000, 2)
    assert bar_length("5 mm").may_be_nm == (5_000_000, 5)
    assert not bar_length("2 pm").sure


def test_text_is_shown_as_it_was_read():
    assert bar_length("— 1 \u03bcm —").text == "1 µm"
    assert bar_length("5.00um").text == "5.00µm"
    assert entries("Width = 7.520 \u03bcm").width.text == "Width = 7.520 µm"


@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("Width = 7.520 µm", 7520),
        ("Width=7.520um", 7520),
        ("HFW 592 nm", 592),
        ("HFW: 20.7 µm", 20_700),
        ("FOV: 268 µm", 268_000),
        ("View field: 20.8 µm", 20_800),
        ("Field of view 1,25 µm", 1250),
    ],
)
def test_width_of_the_picture(text, nm):
    found = entries(text)
    assert found.width.may_be_nm == (pytest.approx(nm),)
    assert found.pixel is None


def test_pixel_size_and_width_are_not_mixed_up():
    found = entries("Image Pixel Size = 7.344 nm Width = 7.520 µm Mag = 50.00 K X")
    assert found.pixel.nm == pytest.approx(7.344)
    assert found.width.nm == pytest.approx(7520)
    assert found.magnifications == (50_000,)


@pytest.mark.parametrize("text", ["Width = 7,520 µm", "Width = 7.52", "HFW 1 µm HFW 2 µm", "width"])
def test_no_width(text):
    assert entries(text).width is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mag = 14.66 K X", 14_660),
        ("X25,000", 25_000),
        ("x 100,000", 100_000),
        ("700 000 \u00d7 15.00 kV 592 nm", 700_000),
        ("35000x", 35_000),
        ("7.8mm x30.0k SE(U)", 30_000),
        ("9.2mm x600 LM(L) 7/10/2018", 600),
    ],
)
def test_magnifications(text, value):
    assert magnifications(text) == (value,)


def test_a_point_may_be_the_comma_of_thousands():
    assert magnifications("P:58.000\u00d7") == (58, 58_000)


@pytest.mark.parametrize("text", ["Store resolution = 1024 * 768", "1024 x 768", "2 x", "HFW 3"])
def test_no_magnification(text):
    assert magnifications(text) == ()
