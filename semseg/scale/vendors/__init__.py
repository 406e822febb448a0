"""One small reader per microscope vendor: where its files keep the size of a pixel.

A reader of TIFF metadata is a function ``(tif, width_px, height_px) -> Reading | None``; to support
another vendor, write one in a file of its own and append it to `TIFF_READERS`. Hitachi and JEOL
write a text file beside the picture instead: see `semseg.scale.sidecar`. Metadata that make no
sense become a note: they are never used silently. Plain print resolution (DPI) says nothing about
the sample and is never applied.
"""

from collections.abc import Callable

import tifffile

from semseg.scale.vendors.fei import read_fei, read_fei_xml
from semseg.scale.vendors.gatan import read_gatan
from semseg.scale.vendors.imagej import read_imagej
from semseg.scale.vendors.jeol import read_jeol
from semseg.scale.vendors.olympus import read_olympus
from semseg.scale.vendors.ome import read_ome
from semseg.scale.vendors.phenom import read_phenom
from semseg.scale.vendors.reading import Reading
from semseg.scale.vendors.sightx import read_sightx
from semseg.scale.vendors.tescan import read_tescan
from semseg.scale.vendors.tvips import read_tvips
from semseg.scale.vendors.zeiss import read_zeiss

__all__ = ["TIFF_READERS"]

# Microscopes first: ImageJ's unit was set by a person, and OME's by a program, or copied from them.
TIFF_READERS: dict[str, Callable[[tifffile.TiffFile, int, int], Reading | None]] = {
    "Zeiss": read_zeiss,
    "FEI": read_fei,
    "FEI XML": read_fei_xml,
    "Phenom": read_phenom,
    "TESCAN": read_tescan,
    "JEOL": read_jeol,
    "JEOL SightX": read_sightx,
    "TVIPS": read_tvips,
    "Olympus SIS": read_olympus,
    "Gatan": read_gatan,
    "OME": read_ome,
    "ImageJ": read_imagej,
}
