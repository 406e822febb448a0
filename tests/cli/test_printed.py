"""What is printed about one picture."""

from __future__ import annotations

from semseg.cli.printed import notes_of
from semseg.instances.scales import Scale
from tests.support.fake_analysis import draw, redrawn


def test_other_scales_that_fit_are_named_as_options_after_the_notes():
    one = Scale(0.35, 183.0, 0.01, 3.0), Scale(2.0, 32.1, 0.6, 276.0, fits=True)
    assert notes_of(redrawn(draw(), other_scales=one)) == [
        "A note.",
        "another scale fits: try --rescale 2",
    ]
    both = Scale(0.0638, 1000.0, 0.4, 1.0, fits=True), Scale(1.7234, 37.3, fits=True)
    assert notes_of(redrawn(draw(), other_scales=both))[-1] == (
        "other scales fit: try --rescale 0.0638 or --rescale 1.72"
    )
    assert notes_of(redrawn(draw(), other_scales=one[:1])) == ["A note."]
