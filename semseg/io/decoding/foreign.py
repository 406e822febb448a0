"""Files that people have beside their pictures, by their first bytes, and what to do with each.

>>> what_to_do(b"%PDF-1.7")
'a PDF; use the file that the microscope wrote, or save the picture in it as a TIFF or PNG'
"""

from __future__ import annotations

import codecs
import re

from semseg.io.decoding.ser import EMI_SIGNATURE

__all__ = ["what_to_do"]

_BEGINNING = 300  # bytes that tell what a file is
_FIJI = (
    "open it in Fiji, which reads it with Bio-Formats, and save the image as TIFF: the pixel size "
)
_FIJI += "stays"
_PHOTO = "save it as a TIFF or PNG, in the full number of pixels"
_UNPACK = "take the picture out of it and choose that"

_KINDS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), sentence)
    for pattern, sentence in (
        (
            re.escape(EMI_SIGNATURE),
            "the description that TIA writes beside its images, which are in a .ser file; give "
            "that in its place (it has the same name, then _1)",
        ),
        (
            rb"%PDF",
            "a PDF; use the file that the microscope wrote, or save the picture in it as a TIFF or "
            "PNG",
        ),
        (
            rb"PK\x03\x04.{26}(ppt|word|xl|\[Content_Types|_rels|docProps)",
            "an Office document; right-click the picture in it, save it as a picture, and choose "
            "that, or better the file that the microscope wrote",
        ),
        (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", f"an archive; {_UNPACK}"),
        (rb"ZISRAWFILE", f"a Zeiss CZI file; {_FIJI}, or export it as TIFF from ZEN"),
        (rb"\xda\xce\xbe\x0a", f"a Nikon ND2 file; {_FIJI}"),
        (rb"\x70\0\0\0.{4}\x2a", f"a Leica LIF file; {_FIJI}"),
        (
            rb"AAMVHFSS",
            "a Bruker composite file (BCF); export its image as TIFF from Esprit: the pixel size "
            "stays",
        ),
        (
            rb"MQ1,",
            "a Merlin MIB file, of a detector that records diffraction patterns; save an image "
            "computed from it as TIFF",
        ),
        (rb".{128}DICM", f"a DICOM file; {_FIJI}"),
        (
            rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            f"an Office document or a Zeiss ZVI file; of a ZVI, {_FIJI}",
        ),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", f"a JPEG 2000; {_PHOTO}"),
        (rb"....ftyp(heic|heix|mif1|msf1|avif|avis)", f"a HEIC or AVIF photo; {_PHOTO}"),
        (rb"....ftyp|\x1aE\xdf\xa3", "a film; save one picture of it as a TIFF or PNG"),
        (rb"\x93NUMPY", "an array of NumPy; save it as a TIFF, with tifffile.imwrite"),
        (rb"%!PS|\xc5\xd0\xd3\xc6", f"a PostScript file; {_PHOTO}"),
        (rb"8BPS", f"a Photoshop file; {_PHOTO}"),
        (rb"gimp xcf", f"a GIMP file; {_PHOTO}"),
        (
            rb"\s*<(\?xml|svg|!doctype|html)",
            "a text (XML, SVG or HTML) and not pixels; choose the picture that it belongs to",
        ),
    )
)


def what_to_do(data: bytes) -> str | None:
    """What a file that cannot be read is, and what to do, as the end of a sentence "... is"; None
    where it is not known."""
    beginning = data[:_BEGINNING]
    known = next((said for kind, said in _KINDS if kind.match(beginning)), None)
    if known is None and _is_text(beginning):
        return "a text and not pixels; choose the picture that it belongs to"
    return known


def _is_text(beginning: bytes) -> bool:
    """Whether these are characters only, of which the last may be cut off."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(each.isprintable() or each in "\t\r\n\f" for each in text)
