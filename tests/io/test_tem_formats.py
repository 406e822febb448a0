"""The formats of transmission electron microscopes, against arrays and headers written here."""

import struct

import numpy as np
import pytest

from semseg.errors import (
    ImageTooLargeError,
    SemsegError,
    UnreadableImageError,
    UnsuitableImageError,
)
from semseg.io.decoding.dm_tags import MAX_DEPTH
from semseg.io.micrograph import read_micrograph
from tests.support import bombs
from tests.support.picture_files import GREY, RGB, RGB_LUMA, check, spread
from tests.support.tem_files import (
    Dm,
    berkeley_file,
    dm_file,
    dm_image,
    hdf5,
    mrc_file,
    ser_file,
    velox_file,
    velox_metadata,
)

DEEP = spread("u2")


def scale_of(data: bytes) -> tuple[float, float | None]:
    calibration = read_micrograph(data, "a.x").calibration
    return calibration.pixel_size_nm, calibration.pixel_height_nm


def refusal(data: bytes, kind=UnsuitableImageError, **options) -> str:
    with pytest.raises(kind) as caught:
        read_micrograph(data, "a.x", **options)
    message = str(caught.value)
    assert message.startswith("a.x ")
    assert message.endswith(".")
    return message


# ---- values, orientation and scale, whatever the format ----


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4"])
def test_dm_keeps_values_and_scale(version, order, dtype):
    array = spread(dtype) if dtype[1] != "4" or dtype == "f4" else GREY.astype(dtype)
    data = dm_file(dm_image(array), version=version, order=order)
    micrograph = check(data, array, 8 * array.itemsize)
    assert micrograph.calibration.source == "Gatan metadata"
    assert scale_of(data) == (0.25, None)
    assert micrograph.pages == (
        f"particles: 80 x 97 px, grey, {8 * array.itemsize} bits, with scale",
    )


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
def test_ser_keeps_values_and_scale(wide, dtype):
    array = spread(dtype) if dtype != "i4" else GREY.astype(dtype)
    data = ser_file(array, wide=wide)
    assert check(data, array, 8 * array.itemsize).calibration.source == "TIA metadata"
    assert scale_of(data) == (pytest.approx(0.25), None)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "f4", "f2"])
def test_mrc_keeps_values_and_scale(order, dtype):
    data = mrc_file(spread(dtype), order=order, extended=bytes(128))
    micrograph = check(data, spread(dtype), 8 * np.dtype(dtype).itemsize)
    assert micrograph.calibration.source == "MRC metadata"
    assert scale_of(data) == (pytest.approx(0.25), None)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (97, 80, 1)},
        {"chunks": (10, 30, 1)},
        {"chunks": (20, 20, 3), "compression": "gzip"},
        {"chunks": (97, 80, 1), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": None},
    ],
    ids=str,
)
def test_velox_keeps_values_and_scale(options):
    frames = np.stack([DEEP, DEEP // 2, DEEP // 3], axis=-1)
    for number, frame in enumerate(np.moveaxis(frames, -1, 0), start=1):
        micrograph = read_micrograph(velox_file(frames, **options), page=number)
        np.testing.assert_array_equal(micrograph.grey, frame)
        assert (micrograph.page, micrograph.page_count) == (number, 3)
    assert micrograph.calibration.source == "Velox metadata"
    assert micrograph.calibration.pixel_size_nm == pytest.approx(0.25)
    assert micrograph.pages[0] == "HAADF: 80 x 97 px, grey, 16 bits, with scale"


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4", ">f4", ">u2"])
@pytest.mark.parametrize("fixed", [True, False])
def test_berkeley_keeps_values_and_scale(dtype, fixed):
    array = spread(dtype) if dtype != "i4" else GREY.astype(dtype)
    data = berkeley_file(array, fixed=fixed)
    micrograph = check(data, array, 8 * array.itemsize)
    assert micrograph.calibration.source == "EMD metadata"
    assert scale_of(data) == (pytest.approx(0.25), None)


@pytest.mark.parametrize("options", [{"chunks": (30, 30)}, {"compression": "gzip"}])
def test_berkeley_in_pieces(options):
    check(berkeley_file(DEEP, **options), DEEP, 16)


def test_hdf5_with_headers_of_the_second_kind():
    # track_order makes h5py write groups whose links stand in their headers
    def fill(file):
        group = file.create_group("particles", track_order=True)
        group.attrs["emd_group_type"] = "array"
        group.create_dataset("data", data=DEEP)
        for index, unit in enumerate(("nm", "nm")):
            group.create_dataset(f"dim{index}", data=[0.0, 0.25]).attrs["units"] = unit

    data = hdf5(fill, track_order=True)
    assert scale_of(data) == (0.25, None)
    check(data, DEEP, 16)


@pytest.mark.parametrize(
    ("size", "unit", "nm"),
    [
        (0.25, "nm", 0.25),
        (2e-4, "µm", 0.2),
        (2e-4, "\u03bcm", 0.2),
        (2.5, "Å", 0.25),
        (3, "pm", 3e-3),
    ],
)
def test_units(size, unit, nm):
    assert scale_of(dm_file(dm_image(GREY, (size, size), (unit, unit))))[0] == pytest.approx(nm)
    assert scale_of(berkeley_file(GREY, (size, size), (unit, unit)))[0] == pytest.approx(nm)


@pytest.mark.parametrize("unit", ["", "px", "pixels"])
def test_what_was_never_calibrated_has_no_scale_and_no_note(unit):
    for data in (
        dm_file(dm_image(GREY, (1.0, 1.0), (unit, unit))),
        berkeley_file(GREY, (1.0, 1.0), (unit, unit)),
    ):
        assert check(data, GREY, 8).calibration is None


def test_a_unit_that_is_no_length_is_said():
    micrograph = check(dm_file(dm_image(GREY, (2.0, 2.0), ("V\n", "V"))), GREY, 8, notes=1)
    assert micrograph.calibration is None
    assert micrograph.notes[0] == (
        "The Gatan metadata give no usable pixel size (2 V), so it was ignored."
    )


def test_a_pixel_of_one_angstrom_in_an_mrc_header_means_that_nothing_is_known():
    assert check(mrc_file(GREY, (1.0, 1.0)), GREY, 8).calibration is None
    assert check(mrc_file(GREY, (0.0, 0.0)), GREY, 8).calibration is None
    assert scale_of(mrc_file(GREY, (1.0, 1.1))) == (pytest.approx(0.1), pytest.approx(0.11))


def test_the_extended_header_of_fei_gives_the_pixel_in_metres():
    record = bytearray(768)
    struct.pack_into("<2d", record, 156, 3e-9, 3e-9)
    data = mrc_file(GREY, (1.0, 1.0), extended=bytes(record), kind=b"FEI1")
    assert scale_of(data) == (pytest.approx(3.0), None)


def test_a_ser_without_calibration_has_no_scale():
    assert check(ser_file(GREY, metres=(1.0, 1.0)), GREY, 8).calibration is None


# ---- x and y apart ----


@pytest.mark.parametrize(
    "data",
    [
        dm_file(dm_image(GREY, (0.5, 0.55))),
        ser_file(GREY, metres=(5e-10, 5.5e-10)),
        mrc_file(GREY, (5.0, 5.5)),
        velox_file(GREY, metadata=[velox_metadata(("5e-10", "5.5e-10"))]),
        berkeley_file(GREY, (0.55, 0.5)),
    ],
    ids=["dm", "ser", "mrc", "velox", "berkeley"],
)
def test_width_and_height_of_a_pixel_are_told_apart(data):
    assert scale_of(data) == (pytest.approx(0.5), pytest.approx(0.55))


# ---- which image ----


def test_the_thumbnail_of_a_dm_file_is_not_read():
    for data in (dm_file(dm_image(GREY)), dm_file(dm_image(GREY), thumbnail=False)):
        assert check(data, GREY, 8).page_count == 1
    # an old file does not say which is the thumbnail, but that is in colour
    small = dm_image(np.zeros((32, 32, 4), np.uint8), (1.0, 1.0), ("", ""), code=23)
    assert check(dm_file(small, dm_image(GREY), thumbnail=False), GREY, 8).page_count == 1


def test_a_colour_image_of_dm_is_turned_to_grey():
    stored = np.dstack([RGB[..., ::-1], np.zeros_like(GREY)])
    data = dm_file(dm_image(stored, code=23))
    check(data, RGB_LUMA, 8, notes=1, tolerance=1e-3)


def test_slices_of_a_stack_are_pictures():
    stack = np.stack([DEEP, DEEP // 2, DEEP // 3])
    sizes, units = (0.25, 0.25, 2.0), ("nm", "nm", "s")
    last = np.moveaxis(stack, 0, -1)
    for data in (
        dm_file(dm_image(stack, sizes, units)),
        ser_file(*stack),
        ser_file(*stack, total=7),
        mrc_file(stack),
        berkeley_file(stack, sizes[::-1], units[::-1]),
        berkeley_file(last, sizes, units),
    ):
        first = check(data, stack[0], 16, notes=1)
        assert first.notes[0].startswith("The file holds 3 pictures; number 1 was read")
        assert first.calibration.pixel_size_nm == pytest.approx(0.25)
        third = read_micrograph(data, page=3)
        np.testing.assert_array_equal(third.grey, stack[2])
        assert third.notes == ("Picture 3 of the 3 in the file was read, as chosen.",)
        assert "holds 3 pictures and none of number 4" in refusal(data, page=4)


def test_images_of_other_sizes_stand_beside_each_other():
    small = dm_image(DEEP[:70, :70], name="survey")
    data = dm_file(small, dm_image(DEEP))
    assert check(data, DEEP, 16, notes=1).page == 2
    np.testing.assert_array_equal(read_micrograph(data, page=1).grey, DEEP[:70, :70])


def test_of_several_velox_images_the_one_with_a_scale_is_read():
    data = velox_file(GREY, DEEP, metadata=[b"{}".ljust(60_000, b"\0"), velox_metadata()])
    micrograph = check(data, DEEP, 16, notes=1)
    assert micrograph.notes[0].startswith(
        "The file holds 2 pictures; number 2 (HAADF), which has a scale, was read"
    )


# ---- what shows no particles ----


@pytest.mark.parametrize(
    ("data", "unit"),
    [
        (dm_file(dm_image(GREY, units=("1/nm", "1/nm"))), "1/nm"),
        (dm_file(dm_image(GREY, units=("mrad", "mrad"))), "mrad"),
        (ser_file(GREY, metres=(1.0e8, 1.0e8)), "1/m"),
        (velox_file(GREY, metadata=[velox_metadata(unit="1/m")]), "1/m"),
        (berkeley_file(GREY, units=("[n_m^-1]", "[n_m^-1]")), "nm^-1"),
    ],
    ids=["dm", "dm angle", "ser", "velox", "berkeley"],
)
def test_diffraction_patterns_are_refused(data, unit):
    assert refusal(data) == (
        f"a.x is a diffraction pattern, since its sides are in {unit}, and shows no particles; "
        "choose an image."
    )


def test_spectra_are_refused():
    tags = {"Meta Data": {"Format": "Spectrum image"}}
    assert "holds a spectrum image" in refusal(dm_file(dm_image(GREY, tags=tags)))
    cube = np.zeros((4, 70, 70), np.float32)
    energy = dm_image(cube, (1.0, 1.0, 0.5), ("nm", "nm", "eV"))
    assert "holds a spectrum image" in refusal(dm_file(energy))
    line = dm_image(np.arange(500, dtype=np.float32), (0.5,), ("eV",))
    assert "holds a spectrum or profile" in refusal(dm_file(line))
    assert "holds spectra or profiles" in refusal(ser_file(GREY, kind=0x4120))


@pytest.mark.parametrize(
    "data",
    [
        dm_file(dm_image(GREY.astype("c8"))),
        ser_file(GREY.astype("c8")),
        mrc_file(GREY.astype("c8")),
    ],
)
def test_complex_numbers_are_no_picture(data):
    assert "save its magnitude" in refusal(data, UnreadableImageError)


def test_hdf5_that_is_no_emd_is_explained():
    data = hdf5(lambda file: file.create_dataset("numbers", data=GREY))
    assert "no image was found where EMD files have one" in refusal(data)


def test_the_latest_hdf5_is_explained():
    data = berkeley_file(GREY, chunks=(30, 30))

    def fill(file):
        group = file.create_group("particles")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=GREY, chunks=(30, 30))

    assert refusal(hdf5(fill, libver="latest"), UnreadableImageError) == (
        "a.x has arrays in the latest format of HDF5, which is not supported; open it in Velox or "
        "Fiji and save the image as TIFF, which keeps the pixel size."
    )
    check(data, GREY, 8)


def test_the_description_beside_a_ser_is_told_what_it_is():
    assert "are in a .ser file; give that in its place" in refusal(
        b"JK\x00\x02" + bytes(500), UnreadableImageError
    )


# ---- damaged and hostile ----

SOUND = {
    "dm3": dm_file(dm_image(GREY)),
    "dm4": dm_file(dm_image(GREY), version=4),
    "ser": ser_file(GREY),
    "mrc": mrc_file(GREY),
    "velox": velox_file(GREY),
    "berkeley": berkeley_file(GREY),
}


@pytest.mark.parametrize("kind", ["dm3", "dm4", "ser", "mrc"])
def test_a_file_that_is_cut_off_says_what_to_do_for_its_format(kind):
    whole = SOUND[kind]
    end = whole.index(GREY[5].tobytes() if kind == "dm3" or kind == "dm4" else GREY[0].tobytes())
    message = refusal(whole[:end], UnreadableImageError)
    assert "damaged or incomplete" in message
    assert message.endswith("save the image as TIFF, which keeps the pixel size.")


@pytest.mark.parametrize("make", [mrc_file, lambda stack: ser_file(*stack)])
def test_of_a_stack_that_is_cut_off_the_whole_pictures_are_read(make):
    stack = np.stack([DEEP, DEEP // 2, DEEP // 3])
    data = make(stack)
    data = data[: data.index(stack[2][::-1].tobytes()) + 100]
    first = check(data, stack[0], 16, notes=2)
    assert first.page_count == 2
    assert first.notes[1] == (
        "The file is cut off: its header speaks of 3 pictures, of which 2 are whole; copy it again "
        "if you need the others."
    )
    np.testing.assert_array_equal(read_micrograph(data, page=2).grey, stack[1])
    message = refusal(data, UnreadableImageError, page=3)
    assert "of its 3 pictures number 3 is not whole; copy it again" in message
    data = data[: data.index(stack[1][::-1].tobytes()) + 100]
    assert "of which 1 is whole" in check(data, stack[0], 16, notes=1).notes[0]


@pytest.mark.parametrize("kind", SOUND)
def test_size_is_checked_before_decoding(kind):
    message = refusal(SOUND[kind], ImageTooLargeError, max_megapixels=0.007)
    assert "80 x 97 pixels" in message
    read_micrograph(SOUND[kind], max_megapixels=0.008)


def test_more_numbers_than_the_file_holds_are_not_set_aside():
    assert "holds only a thumbnail" in refusal(dm_file(dm_image(GREY) | {"ImageData": {}}))
    assert "holds no image" in refusal(dm_file(thumbnail=False))
    image = dm_image(GREY)
    image["ImageData"]["Dimensions"] = [8000, 9000]
    assert "damaged" in refusal(dm_file(image), UnreadableImageError)
    data = bytearray(mrc_file(GREY))
    struct.pack_into("<2i", data, 0, 9000, 9000)
    assert "damaged" in refusal(bytes(data), UnreadableImageError)


def test_groups_in_each_other_without_end_are_refused():
    deep: object = 1
    for _ in range(MAX_DEPTH + 5):
        deep = {"a": deep}
    for version in (3, 4):
        assert "damaged" in refusal(Dm(version).file(deep), UnreadableImageError)


def test_a_tree_that_runs_in_circles_ends():
    data = bytearray(velox_file(GREY))
    tree = data.index(b"TREE\1\0")
    # the only piece is a node again: the tree itself
    data[tree + 5] = 1
    rank = 3
    struct.pack_into("<Q", data, tree + 24 + 24 + 8 * rank - 8, tree)
    assert "damaged" in refusal(bytes(data), UnreadableImageError)


def test_a_piece_that_unfolds_without_end_is_cut_short():
    # constant, but read
    assert "same grey value" in refusal(bombs.unfolding_piece(50_000_000))


@pytest.mark.parametrize("make", [bombs.shared_nodes, bombs.groups_in_circles, bombs.many_dm_tags])
def test_more_than_any_microscope_writes_is_not_looked_at(make):
    with pytest.raises(SemsegError):
        read_micrograph(make(), "a.x")


# ---- the microscope ----


def test_the_extended_header_of_fei_names_the_microscope():
    record = bytearray(768)
    record[20:25] = b"TITAN"
    struct.pack_into("<d", record, 84, 300_000.0)
    found = read_micrograph(mrc_file(GREY, extended=bytes(record), kind=b"FEI1")).instrument
    assert (found.model, found.accelerating_voltage_kv) == ("TITAN", 300)
    assert read_micrograph(mrc_file(GREY, extended=bytes(record))).instrument is None


def test_the_operator_of_a_dm_file_may_stand_with_the_session():
    tags = {"Session Info": {"Operator": "A. Person"}}
    assert read_micrograph(dm_file(dm_image(GREY, tags=tags))).instrument.operator == "A. Person"
