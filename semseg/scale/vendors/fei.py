r"""FEI / Thermo Fisher: an INI text in TIFF tag 34680 (S-FEG) or 34682 (Helios and later).

Three generations of it, and two kinds of XML:

* ``[Scan] PixelWidth`` in metres;
* of old (XL30, Sirion, Quanta 200): ``[DatabarData]``, where the field of view at a magnification
  of 1 stands under ``[ImageDevice]`` and the magnification under ``[Vector]``. Pixels are some 10 %
  taller than wide, as XResolution over YResolution says;
* XML in base64 in the same tags, in which PixelSize has a Width and a Height
  (https://github.com/cgohlke/tifffile/pull/141);
* from TEMs in tag 34683, ``<PixelSize><X unit="m">...</X>``.

(The tags are those of Bio-Formats' FEITiffReader.)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import tifffile

from semseg.scale.instrument import Instrument
from semseg.scale.vendors.reading import (
    TOLERANCE,
    Reading,
    bar_row,
    is_positive,
    length_nm,
    number,
    pixel_reading,
    recorded_size,
    unusable,
)
from semseg.scale.vendors.settings import (
    kilovolts,
    magnification,
    millimetres,
    moment,
    plain_text,
)
from semseg.scale.vendors.tags import pixel_aspect, raw_tag
from semseg.scale.vendors.xml import element, elements

__all__ = ["read_fei", "read_fei_xml"]

_SOURCE = "FEI metadata"
_MAKER = "FEI / Thermo Fisher"
_INI_TAGS, _XML_TAG = (34680, 34682), 34683
_XML_PIXEL = re.compile(
    r"<PixelSize>\s*<X\b([^>]{0,200})>([^<]{0,80})</X>\s*(?:<Y\b([^>]{0,200})>([^<]{0,80})</Y>)?"
)
_UNIT = re.compile(r"""\bunit\s*=\s*["']([^"']{0,20})["']""")
_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{40,}={0,2}\s*\0*")
_MAX_BASE64 = 4_000_000
_MAX_MEMENTO = 4000  # characters in which the sides of a pixel stand
# One measure of a MementoItem: its name, its unit and, within so many characters, its number.
_MEMENTO = (
    r"<Name>{name}</Name>\s*<MementoItemUnit>MementoItemUnit(\w{{1,20}})</MementoItemUnit>"
    r".{{0,400}}?<anyType[^>]{{0,400}}>([^<]{{0,80}})</anyType>"
)

Ini = Mapping[str, Any]


def read_fei(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read tags 34680 and 34682: lengths in metres, height of the label bar in rows."""
    metadata = tif.fei_metadata
    if metadata is None:
        return None
    if (xml := _base64_xml(tif)) is not None:
        return _memento_reading(xml)
    if "DatabarData" in metadata and not _section(metadata, "Scan"):
        return _old_reading(tif, metadata, width_px, height_px)
    notes: list[str] = []
    image = _section(metadata, "Image")
    pixel = height = None
    for section in ("Scan", "EScan", "IScan"):
        entries = _section(metadata, section)
        value = entries.get("PixelWidth", "")
        found = length_nm(value, "m")
        if found is None:
            if value != "":
                notes.append(unusable(_SOURCE, f"{section} PixelWidth", f"{value} m"))
        elif pixel is None:
            pixel, height = found, length_nm(entries.get("PixelHeight"), "m")
        elif abs(found / pixel - 1) > TOLERANCE:
            notes.append(
                f"The {_SOURCE} contradict themselves: {section} gives {found:.4g} nm per pixel, "
                f"not {pixel:.4g} nm; check the scale bar."
            )
    columns = image.get("ResolutionX")
    fields = (_section(metadata, beam).get("HFW") for beam in ("EBeam", "IBeam", "IRBeam"))
    field = next(filter(None, (length_nm(value, "m") for value in fields)), None)
    if not pixel and is_positive(columns):
        pixel = field / columns if field else None
    recorded = recorded_size(columns, image.get("ResolutionY"))
    if recorded is None and pixel and field:
        recorded = recorded_size(field / pixel)
    row = _bar_row(metadata, height_px, notes)
    return pixel_reading(
        *(_SOURCE, pixel, notes),
        pixel_height_nm=height,
        bar_row=row,
        recorded=recorded,
        instrument=_instrument(metadata),
    )


def _section(metadata: Ini, name: str) -> Ini:
    found = metadata.get(name)
    return found if isinstance(found, Mapping) else {}


def _bar_row(metadata: Ini, height_px: int, notes: list[str]) -> int | None:
    """Return the first row of the label bar, or None where the picture has none."""
    # A picture no taller than the scan was stored without its bar.
    scanned = _section(metadata, "Image").get("ResolutionY")
    if is_positive(scanned) and scanned >= height_px:
        return None
    rows = _section(metadata, "PrivateFei").get("DatabarHeight")
    return bar_row(_SOURCE, rows, height_px, notes)


def _instrument(metadata: Ini) -> Instrument:
    machine, user = _section(metadata, "System"), _section(metadata, "User")
    name = _section(metadata, "Beam").get("Beam")
    beam = _section(metadata, name) if isinstance(name, str) else {}
    beams = (beam, *(_section(metadata, each) for each in ("EBeam", "IBeam", "Beam")))
    detectors = _section(metadata, "Detectors")
    detector = plain_text(detectors.get("Name"))
    mode = plain_text(_section(metadata, detector).get("Signal") or detectors.get("Mode"))
    return Instrument(
        maker=_MAKER,
        model=plain_text(machine.get("SystemType")) or plain_text(machine.get("Type")),
        accelerating_voltage_kv=_first(kilovolts(each.get("HV"), "V") for each in beams),
        detector=" ".join(filter(None, (detector, mode))),
        working_distance_mm=_first(millimetres(each.get("WD"), "m") for each in beams),
        date=moment(user.get("Date"), user.get("Time"), month_first=True),
        operator=plain_text(user.get("User")),
    )


def _first(values: Any) -> Any:
    return next((value for value in values if value is not None), None)


# ---- of old ----


def _old_reading(
    tif: tifffile.TiffFile, metadata: Ini, width_px: int, height_px: int
) -> Reading | None:
    """What ``[DatabarData]`` and its sections say: SizeY times RatioXY is the width in mm that the
    picture has at a magnification of 1."""
    notes: list[str] = []
    device, vector = _section(metadata, "ImageDevice"), _section(metadata, "Vector")
    databar = _section(metadata, "DatabarData")
    times = number(_either(vector, device, "Magnification"))  # flMagn is something else
    size, ratio = (number(_either(device, vector, name)) for name in ("SizeY", "RatioXY"))
    pixel = None
    if is_positive(times) and is_positive(size) and is_positive(ratio):
        pixel = length_nm(size * ratio / times / width_px, "mm")
    if pixel is None:
        shown = f"SizeY {_shown(size)} mm x RatioXY {_shown(ratio)} over {_shown(times)}"
        notes.append(unusable(_SOURCE, "field of view", shown))
    aspect = pixel_aspect(tif)
    volts = databar.get("flAccV") or vector.get("HighTension")
    instrument = Instrument(
        maker=_MAKER,
        accelerating_voltage_kv=kilovolts(volts, "V"),
        working_distance_mm=millimetres(databar.get("flWD") or vector.get("FWD"), "mm"),
        magnification=magnification(times),
    )
    return pixel_reading(
        *(_SOURCE, pixel, notes),
        pixel_height_nm=pixel * aspect if pixel and aspect else None,
        instrument=instrument,
    )


def _either(one: Ini, other: Ini, key: str) -> Any:
    return one.get(key, other.get(key))


def _shown(value: float | None) -> str:
    return "missing" if value is None else f"{value:g}"


# ---- XML ----


def _base64_xml(tif: tifffile.TiffFile) -> str | None:
    """The XML that one of the tags holds in base64; None where neither does."""
    for code in _INI_TAGS:
        data = raw_tag(tif, code, _MAX_BASE64)
        if data is None or not _BASE64.fullmatch(data):
            continue
        try:
            text = base64.b64decode(data.rstrip(b"\0")).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
        if "<Memento" in text:
            return text
    return None


def _memento_reading(xml: str) -> Reading:
    """What a MementoItemCollection says: Width and Height under PixelSize."""
    notes: list[str] = []
    start = xml.find("<Name>PixelSize</Name>")
    block = xml[start : start + _MAX_MEMENTO] if start >= 0 else ""
    across, down = (_memento(block, name) for name in ("Width", "Height"))
    if across is None:
        notes.append(unusable(_SOURCE, "PixelSize", "no Width in metres"))
    columns, rows = (_memento_number(xml, name) for name in ("ResolutionX", "ResolutionY"))
    return pixel_reading(
        *(_SOURCE, across, notes),
        pixel_height_nm=down,
        recorded=recorded_size(columns, rows),
        instrument=Instrument(maker=_MAKER),
    )


def _memento(xml: str, name: str) -> float | None:
    found = re.search(_MEMENTO.format(name=name), xml, re.DOTALL)
    return length_nm(found[2], found[1]) if found else None


def _memento_number(xml: str, name: str) -> float | None:
    start = xml.find(f"<Name>{name}</Name>")
    block = xml[start : start + _MAX_MEMENTO] if start >= 0 else ""
    found = re.search(_MEMENTO.format(name=name), block, re.DOTALL)
    return number(found[2]) if found else None


def read_fei_xml(tif: tifffile.TiffFile, width_px: int, height_px: int) -> Reading | None:
    """Read the XML in tag 34683: the pixel size with its unit as an attribute."""
    text = tif.pages.first.tags.valueof(_XML_TAG)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    found = _XML_PIXEL.search(text) if isinstance(text, str) else None
    if found is None:
        return None
    across, down = ((found[n + 1], _UNIT.search(found[n] or "")) for n in (1, 3))
    lengths = [length_nm(value or "", unit[1] if unit else "") for value, unit in (across, down)]
    notes = []
    if lengths[0] is None:
        shown = f"{across[0]} {across[1][1] if across[1] else 'without a unit'}"
        notes.append(unusable(_SOURCE, "PixelSize", shown))
    return pixel_reading(
        *(_SOURCE, lengths[0], notes),
        pixel_height_nm=lengths[1],
        instrument=_xml_instrument(text),
    )


def _xml_instrument(xml: str) -> Instrument:
    """The microscope, as the XML of a TEM names it."""
    said = elements(
        xml,
        *("InstrumentClass", "InstrumentModel", "AccelerationVoltage", "NominalMagnification"),
        *("DetectorName", "AcquisitionDatetime", "Manufacturer"),
    )
    date, _, time = said.get("AcquisitionDatetime", "").partition("T")
    return Instrument(
        maker=plain_text(said.get("Manufacturer")) or _MAKER,
        model=plain_text(said.get("InstrumentModel") or said.get("InstrumentClass")),
        accelerating_voltage_kv=kilovolts(said.get("AccelerationVoltage"), "V"),
        detector=plain_text(said.get("DetectorName")),
        magnification=magnification(said.get("NominalMagnification")),
        date=moment(date, time[:8]),
        operator=plain_text(element(xml, "User")),
    )
