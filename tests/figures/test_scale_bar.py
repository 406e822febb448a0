"""The round length of a scale bar."""

import pytest

from semseg.figures.scale_bar import bar_length, length_text
from tests.support.scale_bars import WIDTHS


@pytest.mark.parametrize(("width_nm", "text"), WIDTHS)
def test_a_bar_is_the_round_length_nearest_to_a_fifth(width_nm, text):
    assert length_text(bar_length(width_nm)) == text
