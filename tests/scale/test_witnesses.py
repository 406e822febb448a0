"""What was read in a picture, weighed: two make a scale, one proposes it, contradictions none."""

import pytest

from semseg.scale.bar_text import PrintedScale
from semseg.scale.calibration import Calibration
from semseg.scale.choice import choose_calibration
from semseg.scale.printed_lengths import bar_length, entries
from semseg.scale.scale_bar import ScaleBar
from semseg.scale.window import Window
from semseg.scale.witnesses import scale_from_picture

WIDTH_PX = 1000


def said(bar="", label="") -> PrintedScale:
    return PrintedScale(bar_length(bar), entries(label))


def weigh(bar="", label="", *, length_px=100.0, uncertainty=0.005, recorded=None):
    return scale_from_picture(
        said(bar, label),
        width_px=WIDTH_PX,
        length_px=length_px,
        bar_uncertainty=uncertainty,
        recorded=recorded,
    )


@pytest.mark.parametrize(
    ("bar", "label", "pixel_nm"),
    [
        # a bar of 100 px: 2 nm per pixel; a width over 1000 px
        ("200 nm", "HFW 2.00 µm", 2.0),
        ("200 nm", "Width = 2.039 µm", 2.039),  # 1.95 % apart; the width has more digits
        ("200 nm", "Pixel Size = 2.01 nm", 2.01),
        ("200 nm", "HFW 2 µm", 2.0),
    ],
)
def test_two_that_agree_make_a_scale(bar, label, pixel_nm):
    found = weigh(bar, label)
    assert found.calibration.certain
    assert found.calibration.pixel_size_nm == pytest.approx(pixel_nm)
    assert "label bar" in found.calibration.source
    assert "scale bar" in found.calibration.source
    assert found.note == ""


def test_source_says_what_was_read():
    # 0.05 of 2.00 µm is rounded: the bar is known better
    source = weigh("200 nm", "HFW 2.0 µm").calibration.source
    assert source == "scale bar and label bar (read from the picture: 200 nm, HFW 2.0 µm)"


@pytest.mark.parametrize(("bar", "label"), [("200 nm", ""), ("", "HFW 2.00 µm")])
def test_one_alone_is_proposed(bar, label):
    found = weigh(bar, label)
    assert found.calibration.proposed
    assert found.calibration.pixel_size_nm == pytest.approx(2.0)
    assert "alone" in found.note
    assert found.calibration.marked_source.endswith(
        f"(read from the picture: {bar or label}): proposed, check"
    )


@pytest.mark.parametrize("label", ["HFW 20.0 nm", "HFW 20.0 µm", "HFW 2.10 µm"])
def test_contradictions_abstain(label):
    found = weigh("200 nm", label)
    assert found.calibration is None
    assert found.contradicts
    assert "neither is used" in found.note
    assert found.note.count(".") >= 1
    assert label in found.note


def test_known_uncertainty_explains_a_difference_but_makes_no_scale():
    """A bar of 20 px with 2.5 %: 3 % apart is neither agreement nor contradiction."""
    found = weigh("40 nm", "HFW 2.06 µm", length_px=20.0, uncertainty=0.025)
    assert found.calibration.proposed
    assert found.calibration.pixel_size_nm == pytest.approx(2.06)


def test_the_bar_states_its_uncertainty():
    assert weigh("200 nm").calibration.relative_uncertainty == 0.005
    assert weigh("", "HFW 2.00 µm").calibration.relative_uncertainty is None


@pytest.mark.parametrize("text", ["2 pm", "2 mm"])
def test_no_silent_factor_of_a_thousand(text):
    """A unit that may have been misread is decided by evidence, or not at all."""
    assert weigh(text).calibration is None
    assert "unit" in weigh(text).note


@pytest.mark.parametrize(
    ("text", "evidence", "pixel_nm"),
    [
        ("2 pm", {"label": "HFW 20.0 µm"}, 20.0),
        ("2 pm", {"recorded": Calibration(20.1, "a file", proposed=True)}, 20.1),
        ("2 mm", {"label": "HFW 20.0 nm"}, 0.02),
    ],
)
def test_another_witness_decides_the_unit(text, evidence, pixel_nm):
    found = weigh(text, **evidence)
    assert found.calibration.certain
    assert found.calibration.pixel_size_nm == pytest.approx(pixel_nm)


def test_the_magnification_tells_the_unit():
    """2 µm: 20 µm wide, 0.1 m on a screen at 5,000; 2 nm: 0.1 mm."""
    found = weigh("2 pm", "Mag = 5.00 K X")
    assert found.calibration.proposed
    assert found.calibration.pixel_size_nm == pytest.approx(20.0)


def test_what_does_not_fit_the_magnification_is_not_used():
    found = weigh("200 nm", "Mag = 50 X")
    assert found.calibration is None
    assert "makes no sense" in found.note
    assert weigh("200 nm", "Mag = 50.00 K X").calibration is not None


def test_a_pixel_that_no_microscope_has_is_not_used():
    assert weigh("0.1 nm").calibration is None  # 0.001 nm per pixel
    assert weigh("5 nm", length_px=50.0).calibration is not None


def test_nothing_read_says_nothing():
    found = weigh()
    assert (found.calibration, found.note) == (None, "")


# ---- beside what the file says ----

BAR = ScaleBar(100.0, 60.0, 160.0, 250, 254, 0.005, Window(200, 0, 300, 300))


def choose(recorded, bar="", label="", **typed):
    return choose_calibration(recorded, WIDTH_PX, scale_bar=BAR, printed=said(bar, label), **typed)


def test_metadata_remain_and_name_who_agrees():
    chosen, notes = choose(Calibration(2.01, "Zeiss metadata"), "200 nm")
    assert (chosen.pixel_size_nm, chosen.certain, notes) == (2.01, True, [])
    assert chosen.source == "Zeiss metadata and scale bar (read from the picture: 200 nm)"


def test_metadata_that_the_picture_contradicts_say_so_where_sizes_are():
    chosen, notes = choose(Calibration(1.0, "Zeiss metadata"), "200 nm", "HFW 2.00 µm")
    assert chosen.pixel_size_nm == 1.0
    assert chosen.proposed  # so it is not put together with others until a person checked it
    assert "against the" in chosen.source
    assert chosen.source.endswith("(2 nm per pixel): check")
    assert len(notes) == 1
    assert "a factor of 2" in notes[0]
    assert notes[0].startswith("The Zeiss metadata give 1 nm per pixel but the label bar and ")


def test_a_proposed_scale_of_the_file_becomes_certain_with_a_witness():
    chosen, notes = choose(Calibration(2.01, "Zeiss metadata", proposed=True), "200 nm")
    assert (chosen.pixel_size_nm, chosen.certain, notes) == (2.01, True, [])


def test_a_marker_of_the_file_that_stands_at_the_bar_is_certain():
    chosen, notes = choose(None, "200 nm", marker_nm=200.0)
    assert (chosen.pixel_size_nm, chosen.certain, notes) == (2.0, True, [])
    chosen, notes = choose(None, "200 nm", marker_nm=500.0)
    assert chosen.doubt == "proposed"
    assert "a factor of 2.5" in notes[0]


def test_two_witnesses_win_over_a_proposed_scale_of_the_file():
    recorded = Calibration(1.0, "Zeiss metadata", proposed=True)
    chosen, notes = choose(recorded, "200 nm", "HFW 2.00 µm")
    assert (chosen.pixel_size_nm, chosen.certain) == (2.0, True)
    assert len(notes) == 1


def test_what_a_person_typed_wins_and_hears_of_the_picture():
    chosen, notes = choose(None, "200 nm", width_nm=2e5)
    assert (chosen.pixel_size_nm, chosen.source) == (200.0, "typed width")
    assert len(notes) == 1
    assert "a factor of 100" in notes[0]
    assert choose(None, "200 nm", width_nm=2000.0)[1] == []


def test_read_comes_before_assumed():
    chosen, notes = choose(None, "200 nm", assumed_width_nm=7520.0)
    assert (chosen.doubt, chosen.pixel_size_nm) == ("proposed", 2.0)
    assert len(notes) == 1
    chosen, notes = choose(None, "200 nm", "HFW 3.00 µm", assumed_width_nm=7520.0)
    assert chosen.doubt == "assumed"
    assert "contradicts itself" in notes[0]


def test_what_was_read_survives_being_written():
    printed = PrintedScale(
        bar_length("2 pm"), entries("HFW 2.00 µm Mag = 5.00 K X"), Window(1, 2, 3, 4)
    )
    assert PrintedScale.from_dict(printed.to_dict()) == printed
    assert PrintedScale.from_dict(PrintedScale().to_dict()) == PrintedScale()
