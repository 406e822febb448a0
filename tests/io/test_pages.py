"""Which picture of a file that holds several is read."""

import io

import numpy as np
import pytest
from PIL import Image

from semseg.errors import UnsuitableImageError
from semseg.io.decoding.pages import MAX_TITLES, Stack, choose
from semseg.io.micrograph import read_micrograph
from tests.support.picture_files import (
    GREY,
    RGB,
    bare_tiff,
    check,
    pil,
    tiff,
    tiff_pages,
    with_olympus,
)
from tests.support.tem_files import mrc_file

DEEP = GREY.astype(np.uint16) * 200


def olympus() -> bytes:
    """A rendering in colour, then the data with their scale, as Olympus SIS writes them."""
    return with_olympus(lambda tag: tiff_pages(RGB, DEEP, page1={"extratags": [tag]}), 2.0, 2.0, -9)


def test_olympus_files_of_two_pages_are_read_from_the_data_with_the_scale():
    micrograph = check(olympus(), DEEP, 16, notes=1)
    assert micrograph.notes == (
        "The file holds 2 pictures; number 2, which has a scale, was read, and another can be "
        "chosen.",
    )
    assert micrograph.calibration.pixel_size_nm == pytest.approx(2)
    assert micrograph.calibration.source == "Olympus SIS metadata"
    assert micrograph.pages == (
        "80 x 97 px, colour, 8 bits",
        "80 x 97 px, grey, 16 bits, with scale",
    )
    assert (micrograph.page, micrograph.page_count) == (2, 2)


def test_a_page_that_is_wanted_is_read_with_what_it_says_itself():
    rendering = read_micrograph(olympus(), "a.tif", page=1)
    assert rendering.calibration is None
    assert rendering.bit_depth == 8
    assert rendering.page == 1
    assert rendering.notes[0] == "Picture 1 of the 2 in the file was read, as chosen."
    np.testing.assert_array_equal(read_micrograph(olympus(), page=2).grey, DEEP)


@pytest.mark.parametrize("wanted", [0, 3, 10**9])
def test_a_page_that_is_not_there_is_refused(wanted):
    with pytest.raises(UnsuitableImageError) as caught:
        read_micrograph(olympus(), "a.tif", page=wanted)
    assert str(caught.value) == (
        f"a.tif holds 2 pictures and none of number {wanted:,}; choose one from 1 to 2."
    )


@pytest.mark.parametrize("data", [tiff(GREY), pil(GREY), mrc_file(GREY)])
def test_a_file_of_one_picture_has_no_choice(data):
    np.testing.assert_array_equal(read_micrograph(data, page=1).grey, GREY)
    micrograph = read_micrograph(data, page=2)
    np.testing.assert_array_equal(micrograph.grey, GREY)
    assert micrograph.notes == ("The file holds one picture, which was read in place of number 2.",)


def test_each_page_of_a_tiff_can_be_had():
    arrays = [GREY, GREY[::-1], GREY[:, ::-1]]
    for number, array in enumerate(arrays, start=1):
        np.testing.assert_array_equal(read_micrograph(tiff_pages(*arrays), page=number).grey, array)


def test_pages_are_called_by_their_names():
    data = tiff_pages(
        *(GREY, GREY[::-1], GREY[:, ::-1], GREY),
        page0={"description": "SE"},
        page1={"description": "BSE", "extratags": [(285, 2, 0, b"Backscattered", True)]},
        page2={"description": '{"shape": [97, 80]}'},
        page3={"description": "x" * 50},
    )
    micrograph = read_micrograph(data)
    assert [title.partition(":")[0] for title in micrograph.pages[:2]] == ["SE", "Backscattered"]
    assert micrograph.pages[2] == micrograph.pages[3] == "80 x 97 px, grey, 8 bits"
    assert micrograph.notes == (
        "The file holds 4 pictures; number 1 (SE) was read, and another can be chosen.",
    )


def test_each_slice_of_a_stack_of_imagej_can_be_had():
    """Which describes all of them on the first page."""
    for dtype in ("u1", "u2", "f4"):
        stack = np.stack([GREY, GREY[::-1], GREY // 2]).astype(dtype)
        data = tiff(stack, imagej=True, photometric=None)
        for number, array in enumerate(stack, start=1):
            np.testing.assert_array_equal(read_micrograph(data, page=number).grey, array)


def test_a_stack_of_imagej_in_one_page_that_is_cut_off_is_refused():
    text = b"ImageJ=1.54\nimages=3\n"
    data = bare_tiff(80, 97, GREY.tobytes() * 2)
    whole = tiff(GREY, description=text, metadata=None)
    assert read_micrograph(whole).page_count == 3
    with pytest.raises(Exception, match="damaged or incomplete"):
        read_micrograph(whole, page=3)
    assert read_micrograph(data).page_count == 1


def test_each_plane_of_a_volume_can_be_had():
    stack = np.stack([GREY, GREY[::-1], GREY // 2])
    data = tiff(stack, volumetric=True, tile=(1, 32, 32))
    for number, array in enumerate(stack, start=1):
        np.testing.assert_array_equal(read_micrograph(data, page=number).grey, array)


def test_each_frame_of_a_gif_can_be_had():
    frames = [np.full_like(GREY, 40) + (GREY > 200) * np.uint8(9 + k) for k in range(3)]
    first, *more = (pil(frame, "GIF") for frame in frames)
    buffer = io.BytesIO()
    images = [Image.open(io.BytesIO(each)).convert("L") for each in (first, *more)]
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:])
    for number, frame in enumerate(frames, start=1):
        grey = read_micrograph(buffer.getvalue(), page=number).grey
        np.testing.assert_allclose(grey, frame, atol=1)


# ---- the rule ----


def best(*stacks: Stack) -> int:
    return choose(stacks, None, "a").number


def test_the_best_picture():
    grey, deep = Stack(100, 100, 8), Stack(100, 100, 16)
    colour = Stack(100, 100, 16, colour=True)
    scaled = Stack(90, 90, 8, colour=True, scaled=True)
    assert best(grey, grey) == 1
    assert best(grey, deep) == 2
    assert best(colour, grey) == 2
    assert best(grey, deep, scaled) == 3
    assert best(Stack(90, 100, 8), grey) == 2
    # an overview, or one that calls itself so, is not measured, whatever it has
    assert best(Stack(30, 30, 16, scaled=True), grey) == 2
    assert best(Stack(100, 100, 16, scaled=True, thumbnail=True), grey) == 2
    assert best(Stack(30, 30, 8, thumbnail=True)) == 1


def test_pictures_are_counted_through_all_stacks():
    stacks = [Stack(9, 9, 8, count=3), Stack(90, 90, 8, count=2)]
    assert choose(stacks, None, "a").number == 4
    found = [(c.stack, c.plane) for c in (choose(stacks, n, "a") for n in range(1, 6))]
    assert found == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert choose(stacks, 2, "a").count == 5


def test_the_titles_of_a_million_pictures_are_not_listed():
    choice = choose([Stack(9, 9, 8, count=10**6, title="film")], None, "a")
    assert len(choice.titles) == MAX_TITLES
    assert choice.titles[0] == "film: 9 x 9 px, grey, 8 bits"
    assert "holds 1,000,000 pictures; number 1 was read" in choice.notes[0]
