"""Which of several known scales is used."""

from semseg.scale.calibration import Calibration
from semseg.scale.choice import choose_calibration


def test_a_proposed_scale_is_used_until_a_certain_one_is_known():
    proposed = Calibration(2.0, "Zeiss metadata", proposed=True)
    assert choose_calibration(proposed, 800, assumed_width_nm=7520) == (proposed, [])
    chosen, notes = choose_calibration(proposed, 800, width_nm=800)
    assert (chosen.certain, chosen.pixel_size_nm) == (True, 1.0)
    assert "factor of 2" in notes[0]
