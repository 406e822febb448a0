"""What files say of the microscope, and who is told it."""

import pytest

from semseg.io.micrograph import read_micrograph
from semseg.scale.instrument import Instrument
from semseg.scale.sidecar import read_sidecar
from semseg.scale.vendors.settings import (
    kilovolts,
    magnification,
    millimetres,
    moment,
    plain_text,
)
from tests.support.picture_files import (
    GREY,
    hitachi_text,
    ini_block,
    jem_text,
    jeol_exif,
    jeol_text,
    old_fei_sections,
    ome_xml,
    sightx_xml,
    tescan_block,
    text_tag,
    tiff,
    tvips_header,
    with_exif,
    zeiss_block,
)
from tests.support.tem_files import dm_file, dm_image, velox_file, velox_metadata

ZEISS = {
    "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 7.344 nm",
    "DP_SEM": "Sem = Supra 40",
    "DP_DETECTOR_CHANNEL": "Signal A = InLens",
    "AP_ACTUALKV": "EHT = 20.00 kV",
    "AP_WD": "WD = 2.8 mm",
    "AP_MAG": "Mag = 50.00 K X",
    "AP_DATE": "Date :18 Jul 2019",
    "AP_TIME": "Time :10:09:27",
    "SV_OPERATOR": "Operator = Somebody",
}
FEI = {
    "User": {"Date": "07/18/2019", "Time": "10:09:27 PM", "User": "supervisor"},
    "System": {"Type": "SEM", "SystemType": "Helios G4 UX"},
    "Beam": {"Beam": "EBeam"},
    "EBeam": {"HV": 5000, "WD": 0.00412},
    "IBeam": {"HV": 30000},
    "Scan": {"PixelWidth": 2e-9},
    "Detectors": {"Name": "TLD", "Mode": "SE"},
}
TESCAN = {
    "PixelSizeX": 1e-9,
    "Device": "MIRA3",
    "DeviceModel": "MIRA3 LMH",
    "Magnification": 5000.0,
    "Date": "2019-07-18",
    "Time": "10:09:27",
    "UserName": "supervisor",
}


def of_tags(*tags):
    return read_micrograph(tiff(GREY, extratags=list(tags), metadata=None), "a.tif").instrument


def test_zeiss():
    assert of_tags(text_tag(34118, zeiss_block(ZEISS))) == Instrument(
        *("Zeiss", "Supra 40", 20.0, "InLens", 2.8, 50000.0, "2019-07-18 10:09:27", "Somebody")
    )


def test_fei():
    assert of_tags(text_tag(34682, ini_block(FEI))) == Instrument(
        maker="FEI / Thermo Fisher",
        model="Helios G4 UX",
        accelerating_voltage_kv=5.0,
        detector="TLD SE",
        working_distance_mm=4.12,
        date="2019-07-18 22:09:27",
        operator="supervisor",
    )
    old = of_tags(text_tag(34680, ini_block(old_fei_sections())))
    assert (old.accelerating_voltage_kv, old.working_distance_mm) == (10.0, 5.1)
    assert old.magnification == 5000


def test_tescan():
    assert of_tags(text_tag(50431, tescan_block(TESCAN), dtype=1)) == Instrument(
        maker="TESCAN",
        model="MIRA3 LMH",
        accelerating_voltage_kv=15.0,
        working_distance_mm=10.0,
        magnification=5000.0,
        date="2019-07-18 10:09:27",
        operator="supervisor",
    )


def test_jeol_and_tems():
    data = with_exif(GREY, {37500: jeol_exif(CM_ACCEL_VOLT="5.0", SM_DETECTOR="LED", SM_WD="9.07")})
    found = read_micrograph(data).instrument
    assert found == Instrument(
        "JEOL", accelerating_voltage_kv=5.0, detector="LED", working_distance_mm=9.07
    )
    found = of_tags(text_tag(270, sightx_xml()), text_tag(271, b"JEOL Ltd."))
    assert (found.accelerating_voltage_kv, found.magnification) == (200.0, 50000.0)
    found = of_tags(text_tag(37706, tvips_header(1.0, size=(80, 97)), dtype=1))
    assert (found.accelerating_voltage_kv, found.magnification) == (200.0, 50000.0)
    found = of_tags(text_tag(270, ome_xml('SizeX="80" PhysicalSizeX="1"')))
    assert found.name == "Delmic SECOM"


def test_tem_formats():
    tags = {
        "Microscope Info": {
            "Microscope": "Tecnai F20",
            "Voltage": 200000.0,
            "Indicated Magnification": 57000.0,
            "Operator": "Somebody",
        },
        "DataBar": {"Acquisition Date": "18 Jul 2019", "Acquisition Time": "10:09:27 PM"},
        "Acquisition": {"Device": {"Name": "US1000"}},
    }
    assert read_micrograph(dm_file(dm_image(GREY, tags=tags))).instrument == Instrument(
        *("", "Tecnai F20", 200.0, "US1000", None, 57000.0, "2019-07-18 22:09:27", "Somebody")
    )
    assert read_micrograph(dm_file(dm_image(GREY))).instrument is None
    started = {"AcquisitionStartDatetime": {"DateTime": "1563444567"}}
    metadata = velox_metadata(Acquisition=started)
    assert read_micrograph(velox_file(GREY, metadata=[metadata])).instrument == Instrument(
        maker="Thermo Fisher Scientific",
        model="Talos",
        accelerating_voltage_kv=200.0,
        detector="HAADF",
        magnification=57000.0,
        date="2019-07-18 10:09:27 UTC",
    )


def test_texts_beside_the_picture():
    text = hitachi_text(
        AcceleratingVoltage="15000 Volt", WorkingDistance="8100 um", SignalName="SE(U)"
    )
    assert read_sidecar(text, "a.txt", 1280, 960).instrument == Instrument(
        "Hitachi", "SU8230", 15.0, "SE(U)", 8.1, 10000.0
    )
    found = read_sidecar(jem_text(), "a.txt", 1280, 960).instrument
    assert found == Instrument("JEOL", "JEM-2200FS", 200.0, "TEM", magnification=50000.0)


def test_picture_and_text_complete_each_other():
    """The picture's own metadata win."""
    data = tiff(GREY, extratags=[text_tag(34118, zeiss_block({"AP_WD": "WD = 2.8 mm"}))])
    found = read_micrograph(data, "a.tif", sidecar=("a.txt", jeol_text()))
    assert found.instrument == Instrument("Zeiss", working_distance_mm=2.8, magnification=5000.0)
    assert read_micrograph(tiff(GREY)).instrument is None


def test_hostile_values_are_taken_as_not_given():
    entries = {
        "AP_WD": "WD = -3 mm",
        "AP_ACTUALKV": "EHT = nan kV",
        "AP_MAG": "Mag = \x1b[2J",
        "DP_SEM": "Sem = " + "x" * 500 + "\x07",
    }
    found = of_tags(text_tag(34118, zeiss_block(entries)))
    assert found == Instrument("Zeiss", "x" * 80)


def test_kilovolts():
    assert [kilovolts("15000 Volt", "V"), kilovolts(5, "kV"), kilovolts("20.00 kV", "V")] == [
        15,
        5,
        20,
    ]
    assert [
        kilovolts(value, "V") for value in (0, -5, "nan", "", None, True, 1e12, "5 furlong")
    ] == ([None] * 8)


def test_millimetres_and_magnification():
    assert [millimetres(0.00412, "m"), millimetres("8100 um", "mm")] == [4.12, 8.1]
    assert [magnification(text) for text in ("50.00 K X", "X30,000", "x100", 5000)] == [
        *(50000, 30000, 100, 5000)
    ]
    assert [magnification(value) for value in ("", "many", 0, None, float("inf"))] == [None] * 5


def test_moments_are_iso_where_they_are_clear():
    assert moment("18 Jul 2019", "10:09:27") == "2019-07-18 10:09:27"
    assert moment("2019/7/8") == "2019-07-08"
    assert moment("07/08/2019", "1:05:09 PM", month_first=True) == "2019-07-08 13:05:09"
    assert moment("07/08/2019", "12:05:09 AM") == "07/08/2019 00:05:09"
    assert moment("99 Xyz 2019", None) == "99 Xyz 2019"
    assert moment(None, None) == ""


@pytest.mark.parametrize("value", [None, True, b"x", "", "None", "\0\0", [], "n/a"])
def test_what_is_no_text_is_empty(value):
    assert plain_text(value) == ""


def test_facts_and_words():
    found = Instrument("JEOL", "JEOL JSM-IT800", 5.0, "UHD", 4.0, 1e5, "2020-01-02", "me")
    assert found.facts() == {
        "microscope": "JEOL JSM-IT800",
        "accelerating voltage (kV)": 5.0,
        "detector": "UHD",
        "working distance (mm)": 4.0,
        "magnification": 100000.0,
        "recorded": "2020-01-02",
    }
    assert found.facts(operator=True)["operator"] == "me"
    assert found.in_words().endswith("magnification 100,000, recorded 2020-01-02")
    assert not Instrument("Zeiss")
