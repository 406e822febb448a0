"""A picture in the files of every vendor and format whose pixel size is read, with its truth.

>>> file = next(vendor_files())
>>> file.vendor, file.kind, file.pixel_nm
('Zeiss', 'as recorded', 0.2)

`VENDORS` has a builder for each: of the width and height of a pixel in nm, 0 where it was never
calibrated, and of how many times as wide and high the picture was when it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tests.support.picture_files import (
    fei_base64,
    hitachi_text,
    ini_block,
    jem_text,
    jeol_exif,
    jeol_text,
    old_fei_sections,
    ome_xml,
    phenom_block,
    pil,
    sightx_xml,
    tescan_block,
    text_tag,
    tiff,
    tvips_header,
    with_exif,
    with_olympus,
    zeiss_block,
)
from tests.support.tem_files import (
    berkeley_file,
    dm_file,
    dm_image,
    mrc_file,
    ser_file,
    velox_file,
    velox_metadata,
)

PIXELS_NM = (0.2, 2.0, 7.34375, 48.8)
TALLER = 1.1  # of pixels that are not square: their height over their width
HEIGHT, WIDTH = 96, 128
PICTURE = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)


@dataclass(frozen=True)
class Built:
    """The bytes of a file, and those of the text beside it."""

    data: bytes
    beside: tuple[str, bytes] | None = None


@dataclass(frozen=True)
class Vendor:
    """How a vendor's file is built; whether it tells the height of a pixel, and how large the
    picture was that it was written for."""

    build: Callable[[float, float, int], Built]
    tells_height: bool = True
    tells_size: bool = False
    suffix: str = "tif"


@dataclass(frozen=True)
class VendorFile:
    """A built file: what is right for it.

    Attributes
    ----------
    kind : str
        ``as recorded``, ``not square``, ``halved`` (its metadata kept) or ``never calibrated``.
    pixel_nm, pixel_height_nm : float or None
        What a pixel of the file covers; None where the file cannot tell.
    """

    vendor: str
    kind: str
    name: str
    built: Built
    pixel_nm: float | None
    pixel_height_nm: float | None


def vendor_files() -> Iterator[VendorFile]:
    """A file of each vendor for each of `PIXELS_NM` and each kind that its layout knows."""
    for vendor, how in VENDORS.items():

        def of(
            kind: str, across: float, down: float, times: int = 1, vendor=vendor, how=how
        ) -> VendorFile:
            built = how.build(across / times, down / times, times)
            name = f"picture.{how.suffix}"
            return VendorFile(vendor, kind, name, built, across or None, down or None)

        for nm in PIXELS_NM:
            yield of("as recorded", nm, nm)
            if how.tells_height:
                yield of("not square", nm, TALLER * nm)
            if how.tells_size:
                yield of("halved", nm, nm, 2)
        yield of("never calibrated", 0.0, 0.0)


def _tagged(*tags: tuple, **options) -> Built:
    return Built(tiff(PICTURE, extratags=list(tags), metadata=None, **options))


def _beside(text: bytes, suffix: str = "txt") -> Built:
    return Built(tiff(PICTURE, metadata=None), (f"picture.{suffix}", text))


def _zeiss(across: float, down: float, times: int) -> Built:
    width = across * WIDTH * times
    return _tagged(
        text_tag(
            34118,
            zeiss_block(
                {
                    "AP_WIDTH": f"Width = {width / 1000:.4g} \u00b5m",
                    "AP_IMAGE_PIXEL_SIZE": f"Image Pixel Size = {across:.4g} nm",
                    "DP_IMAGE_STORE": f"Store resolution = {WIDTH * times} * {HEIGHT * times}",
                },
                pixel_m=f"{1e-9 * width / 1024:.6e}",
            ),
        )
    )


def _fei(across: float, down: float, times: int) -> Built:
    sections = {
        "EBeam": {"HFW": across * WIDTH * times * 1e-9},
        "Scan": {"PixelWidth": across * 1e-9, "PixelHeight": down * 1e-9},
        "Image": {"ResolutionX": WIDTH * times, "ResolutionY": HEIGHT * times},
    }
    return _tagged(text_tag(34682, ini_block(sections)))


def _fei_old(across: float, down: float, times: int) -> Built:
    """80 mm times RatioXY over the magnification is the width."""
    magnification = 80e6 / (across * WIDTH) if across else 0
    sections = old_fei_sections(SizeX=100, SizeY=80, RatioXY=1, Magnification=magnification)
    shape = (1000, round(1000 * across / down)) if across else None
    return _tagged(text_tag(34680, ini_block(sections)), resolution=shape)


def _fei_base64(across: float, down: float, times: int) -> Built:
    return _tagged(text_tag(34680, fei_base64(f"{across * 1e-9:.6E}", f"{down * 1e-9:.6E}")))


def _fei_xml(across: float, down: float, times: int) -> Built:
    unit = 'unit="m" unitPrefixPower="1"'
    sides = f"<X {unit}>{across * 1e-9:.6E}</X><Y {unit}>{down * 1e-9:.6E}</Y>"
    xml = f"<Metadata><BinaryResult><PixelSize>{sides}</PixelSize></BinaryResult></Metadata>"
    return _tagged(text_tag(34683, xml.encode()))


def _phenom(across: float, down: float, times: int) -> Built:
    height = f'<pixelHeight unit="nm">{down:g}</pixelHeight>'
    return _tagged(text_tag(34683, phenom_block(f"{across:g}", ' unit="nm"', height)))


def _phenom_jpeg(across: float, down: float, times: int) -> Built:
    height = f'<pixelHeight unit="nm">{down:g}</pixelHeight>'
    block = phenom_block(f"{across:g}", ' unit="nm"', height)
    return Built(pil(PICTURE, "JPEG", comment=block))


def _tescan_entries(across: float, down: float, times: int) -> dict[str, object]:
    return {
        **{"PixelSizeX": across * 1e-9, "PixelSizeY": down * 1e-9},
        **{"ImageWidth": WIDTH * times, "ImageHeight": HEIGHT * times, "Sign": "x"},
    }


def _tescan(across: float, down: float, times: int) -> Built:
    return _tagged(text_tag(50431, tescan_block(_tescan_entries(across, down, times)), dtype=1))


def _tescan_text(across: float, down: float, times: int) -> Built:
    main = {"Company": "TESCAN", "Device": "MIRA3", **_tescan_entries(across, down, times)}
    return _beside(ini_block({"MAIN": main, "SEM": {"HV": 15000.0}}), "hdr")


def _hitachi_text(across: float, down: float, times: int) -> Built:
    size = f"{WIDTH * times}x{HEIGHT * times}"
    return _beside(hitachi_text(PixelSize=f"{across:g}", DataSize=size))


def _hitachi_utf16(across: float, down: float, times: int) -> Built:
    built = _hitachi_text(across, down, times)
    assert built.beside is not None
    name, text = built.beside
    return Built(built.data, (name, text.decode().encode("utf-16")))


def _jeol_text(across: float, down: float, times: int) -> Built:
    """A bar of 40 px: whole pixels, as JEOL writes it."""
    return _beside(jeol_text("40", f"{40 * across:g}nm", f"{WIDTH * times} {HEIGHT * times}"))


def _jeol_pixel_entries(across: float, down: float, times: int) -> dict[str, str]:
    return {
        "CM_PIXEL_SIZE": f"{across:g}nm {down:g}nm",
        "CM_IMAGE_SIZE": f"{WIDTH * times} {HEIGHT * times}",
    }


def _jeol(across: float, down: float, times: int) -> Built:
    exif = jeol_exif(**_jeol_pixel_entries(across, down, times))
    return Built(with_exif(PICTURE, {37500: exif}))


def _jeol_jpeg(across: float, down: float, times: int) -> Built:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[37500] = jeol_exif(**_jeol_pixel_entries(across, down, times))
    return Built(pil(PICTURE, "JPEG", exif=exif.tobytes()))


def _jem_text(across: float, down: float, times: int) -> Built:
    per_metre = {
        f"$$EM_PIXELSPERMETER_{side}": f"{1e9 / nm if nm else 0:.1f}"
        for side, nm in (("X", across), ("Y", down))
    }
    size = f"{WIDTH * times} {HEIGHT * times}"
    return _beside(jem_text(**{"$CM_FRAME_SIZE": size, **per_metre}))


def _sightx(across: float, down: float, times: int) -> Built:
    """Dots per centimetre of the camera, at 50,000 times."""
    shape = tuple(200 / nm for nm in (across, down)) if across else (0, 0)
    tags = (text_tag(271, b"JEOL Ltd."), text_tag(270, sightx_xml()))
    return _tagged(*tags, resolution=shape, resolutionunit=3)


def _tvips(across: float, down: float, times: int) -> Built:
    header = tvips_header(across, down, size=(WIDTH * times, HEIGHT * times))
    return _tagged(text_tag(37706, header, dtype=1))


def _olympus(across: float, down: float, times: int) -> Built:
    return Built(
        with_olympus(lambda tag: tiff(PICTURE, extratags=[tag], metadata=None), across, down, -9)
    )


def _gatan_tiff(across: float, down: float, times: int) -> Built:
    tags = [(code, 12, 1, nm, True) for code, nm in ((65009, across), (65010, down))]
    return _tagged(*tags, *((code, 2, 0, b"nm", True) for code in (65003, 65004)))


def _ome(across: float, down: float, times: int) -> Built:
    sides = (
        f'PhysicalSizeX="{across / 1000:g}" PhysicalSizeXUnit="&#181;m" '
        f'PhysicalSizeY="{down / 1000:g}" PhysicalSizeYUnit="&#181;m"'
    )
    xml = ome_xml(f'SizeX="{WIDTH * times}" SizeY="{HEIGHT * times}" {sides if across else ""}')
    return Built(tiff(PICTURE, description=xml, metadata=None))


def _imagej(across: float, down: float, times: int) -> Built:
    if not across:
        return Built(tiff(PICTURE, photometric=None, imagej=True))
    resolution, unit = (1 / across, 1 / down), {"unit": "nm"}
    return Built(tiff(PICTURE, photometric=None, imagej=True, resolution=resolution, metadata=unit))


def _dm(version: int) -> Callable[[float, float, int], Built]:
    def build(across: float, down: float, times: int) -> Built:
        units = ("nm", "nm") if across else ("", "")
        scale = (across, down) if across else (1.0, 1.0)
        return Built(dm_file(dm_image(PICTURE, scale, units), version=version))

    return build


def _ser(across: float, down: float, times: int) -> Built:
    return Built(ser_file(PICTURE, metres=(across * 1e-9 or 1.0, down * 1e-9 or 1.0)))


def _mrc(across: float, down: float, times: int) -> Built:
    return Built(mrc_file(PICTURE, (10 * across or 1.0, 10 * down or 1.0)))


def _velox(across: float, down: float, times: int) -> Built:
    size = f"{across * 1e-9 or 1.0:.6e}", f"{down * 1e-9 or 1.0:.6e}"
    return Built(velox_file(PICTURE, metadata=[velox_metadata(size, "m" if across else "")]))


def _berkeley(across: float, down: float, times: int) -> Built:
    units = ("[n_m]", "[n_m]") if across else ("", "")
    return Built(berkeley_file(PICTURE, (down or 1.0, across or 1.0), units))


VENDORS = {
    "Zeiss": Vendor(_zeiss, tells_height=False, tells_size=True),
    "FEI/Thermo": Vendor(_fei, tells_size=True),
    "FEI/Thermo, XML": Vendor(_fei_xml),
    "FEI, base64": Vendor(_fei_base64),
    "FEI of old": Vendor(_fei_old),
    "TESCAN": Vendor(_tescan, tells_size=True),
    "TESCAN, .hdr": Vendor(_tescan_text, tells_size=True),
    "Hitachi, .txt": Vendor(_hitachi_text, tells_height=False, tells_size=True),
    "Hitachi, .txt in UTF-16": Vendor(_hitachi_utf16, tells_height=False, tells_size=True),
    "JEOL": Vendor(_jeol, tells_size=True),
    "JEOL, JPEG": Vendor(_jeol_jpeg, tells_size=True, suffix="jpg"),
    "JEOL, .txt": Vendor(_jeol_text, tells_height=False, tells_size=True),
    "JEOL TEM, .txt": Vendor(_jem_text, tells_size=True),
    "JEOL SightX": Vendor(_sightx),
    "Phenom": Vendor(_phenom),
    "Phenom, JPEG": Vendor(_phenom_jpeg, suffix="jpg"),
    "TVIPS": Vendor(_tvips, tells_size=True),
    "Olympus SIS": Vendor(_olympus),
    "Gatan, TIFF": Vendor(_gatan_tiff),
    "OME": Vendor(_ome, tells_size=True),
    "ImageJ": Vendor(_imagej),
    "DM3": Vendor(_dm(3), suffix="dm3"),
    "DM4": Vendor(_dm(4), suffix="dm4"),
    "SER": Vendor(_ser, suffix="ser"),
    "MRC": Vendor(_mrc, suffix="mrc"),
    "EMD, Velox": Vendor(_velox, suffix="emd"),
    "EMD, Berkeley": Vendor(_berkeley, suffix="emd"),
}
