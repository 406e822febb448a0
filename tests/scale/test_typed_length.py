"""Lengths that people type, and pixels that cannot be."""

from __future__ import annotations

import pytest

from semseg.errors import CalibrationError
from semseg.scale.choice import choose_calibration
from semseg.scale.typed_length import implausible_pixel, length_nm, length_words


@pytest.mark.parametrize(
    ("text", "nm"),
    [
        ("0.29 um", 290.0),
        ("0.29um", 290.0),
        ("0,29 \u00b5m", 290.0),  # micro sign, decimal comma
        ("5 \u03bcm", 5000.0),  # Greek mu
        ("5 \u00b5M", 5000.0),
        ("200 nm", 200.0),
        ("200NM", 200.0),
        ("1.2 mm", 1.2e6),
        (".5 um", 500.0),
        ("5. nm", 5.0),
        ("7520", 7520.0),
        ("7 520 nm", 7520.0),
        ("7\u202f520 nm", 7520.0),
        ("1e3 nm", 1000.0),
        ("2 microns", 2000.0),
        ("2 \u00c5", 0.2),
        ("5 pm", 0.005),
        ("0,125 um", 125.0),  # no thousands begin with a zero
        (" 3 cm ", 3e7),
        ("1 m", 1e9),
    ],
)
def test_lengths(text, nm):
    assert length_nm(text) == nm


@pytest.mark.parametrize(
    "text",
    [
        *("", "nm", "five um", "5 5 um", "5 kg", "5 Mnm", "1.2.3 nm", "0", "0 um", "-5 nm", "nan"),
        *("inf", "1,000 nm", "12,500", "1e999 nm", "5 um 3", "\u0665e", "5 km", "1 2 nm"),
        "1,234.5 nm",
    ],
)
def test_what_is_no_length_is_refused_in_a_sentence(text):
    with pytest.raises(CalibrationError) as caught:
        length_nm(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("nm", [0.003, 0.29, 7.34375, 200, 999.96, 7520, 1.2e6, 4.5e9, 1e12])
def test_what_is_shown_is_read_again(nm):
    assert length_nm(length_words(nm)) == pytest.approx(nm, rel=1e-3)
    assert length_nm(length_words(nm, 10)) == pytest.approx(nm, rel=1e-9)


@pytest.mark.parametrize("pixel", [0.005, 1.0, 20_000.0])
def test_plausible(pixel):
    assert implausible_pixel(pixel) == ""


@pytest.mark.parametrize("pixel", [0.29 / 1024, 0.00499, 20_001.0, 7.5e6])
def test_implausible_is_said_of_any_scale(pixel):
    assert "check the unit" in implausible_pixel(pixel)
    _, notes = choose_calibration(None, 1024, pixel_size_nm=pixel)
    assert any("check the unit" in note for note in notes)
