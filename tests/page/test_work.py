"""What the page says of a picture that failed."""

from __future__ import annotations

import pytest

from semseg.errors import UnreadableImageError
from semseg.io.micrograph import read_micrograph
from semseg.page import work


@pytest.mark.parametrize("name", ["a.png", "a<b>.png", "folder/a.png"])
def test_a_sentence_begins_with_the_name_of_its_file_once(name):
    with pytest.raises(UnreadableImageError) as caught:
        read_micrograph(b"no picture", name)
    assert work.said_of(caught.value, name) == str(caught.value)
    assert work.said_of(MemoryError(), name).startswith(f"{name}: There is not enough memory")
