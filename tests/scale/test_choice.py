"""Which of several known scales is used."""

from semseg.scale.calibration import Calibration
from semseg.scale.choice import choose_calibration
from semseg.scale.scale_bar import ScaleBar
from semseg.scale.window import Window

BAR = ScaleBar(200.0, 10.0, 210.0, 5, 8, 0.002, Window(0, 0, 20, 300))


def test_a_proposed_scale_is_used_until_a_certain_one_is_known():
    proposed = Calibration(2.0, "Zeiss metadata", proposed=True)
    assert choose_calibration(proposed, 800, assumed_width_nm=7520) == (proposed, [])
    chosen, notes = choose_calibration(proposed, 800, width_nm=800)
    assert (chosen.certain, chosen.pixel_size_nm) == (True, 1.0)
    assert "factor of 2" in notes[0]


def test_a_length_from_the_file_and_the_bar_in_the_picture_make_a_proposal():
    """500 um over 200 px; typed by a person, the same length makes a scale."""
    chosen, notes = choose_calibration(None, 1280, scale_bar=BAR, marker_nm=500e3)
    assert (chosen.pixel_size_nm, chosen.proposed, notes) == (2500.0, True, [])
    assert chosen.marked_source == "scale bar of 500000 nm, as the file says: proposed, check"
    chosen, _ = choose_calibration(None, 1280, scale_bar=BAR, scale_bar_nm=5e5, marker_nm=500e3)
    assert (chosen.pixel_size_nm, chosen.certain) == (2500.0, True)
    # without a bar there is nothing to measure, and a scale of the file needs none
    assert choose_calibration(None, 1280, marker_nm=500e3)[0] is None
    recorded = Calibration(2.0, "Zeiss metadata")
    assert choose_calibration(recorded, 1280, scale_bar=BAR, marker_nm=500e3)[0] == recorded


def test_a_bar_at_which_nothing_was_read_is_said_to_be_there():
    chosen, notes = choose_calibration(None, 1280, scale_bar=BAR)
    assert chosen is None
    assert "a scale bar 200 px long was found, so give what stands at it" in notes[-1]
    assert "give the width of the picture in nanometres" in choose_calibration(None, 1280)[1][-1]


def test_a_bar_that_a_person_measured_is_the_scale_whatever_the_file_says():
    """500 nm over 250 px; each end may be off by 1400 / 700 = 2 px: sqrt(2 / 3) * 2 / 250."""
    recorded = Calibration(4.0, "Zeiss metadata")
    chosen, notes = choose_calibration(recorded, 1400, scale_bar_nm=500.0, scale_bar_px=250.0)
    assert (chosen.pixel_size_nm, chosen.certain) == (2.0, True)
    assert chosen.source == "scale bar measured by hand"
    assert abs(chosen.relative_uncertainty - 0.0065320) < 1e-6
    assert "factor of 2" in notes[0]
    # a width that was typed as well comes first
    chosen, _ = choose_calibration(
        None, 1400, width_nm=1400.0, scale_bar_nm=500.0, scale_bar_px=250.0
    )
    assert chosen.source == "typed width"
    chosen, notes = choose_calibration(None, 1400, scale_bar_px=250.0)
    assert chosen is None
    assert "not given" in notes[0]


def test_what_a_person_checked_is_certain_and_nothing_else_is():
    proposed = Calibration(2.0, "Zeiss metadata", proposed=True)
    chosen, _ = choose_calibration(proposed, 800, checked_nm=2.0000000001)
    assert chosen.certain
    assert chosen.source == "Zeiss metadata, checked by hand"
    # another picture, of which another scale is proposed
    assert choose_calibration(proposed, 800, checked_nm=2.01)[0] == proposed
