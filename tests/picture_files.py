"""Pictures as the bytes of files, for tests of reading."""

import io
import struct
import warnings

import numpy as np
import tifffile
from PIL import Image

from semseg.micrograph import read_micrograph

# Taller than wide and not symmetric, so that a swapped axis or a mirrored row shows.
SHAPE = (97, 80)
GREY = np.random.default_rng(1).integers(0, 256, SHAPE, dtype=np.uint8)
RGB = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
RGB_LUMA = RGB @ np.array([0.299, 0.587, 0.114])


def tiff(array, **kwargs) -> bytes:
    buffer = io.BytesIO()
    kwargs.setdefault("photometric", "minisblack")
    tifffile.imwrite(buffer, array, **kwargs)
    return buffer.getvalue()


def pil(array, format="PNG", mode=None, **kwargs) -> bytes:
    buffer = io.BytesIO()
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(buffer, format, **kwargs)
    return buffer.getvalue()


def spread(dtype) -> np.ndarray:
    """Return values over the whole range of `dtype` (floats: -1000 to 1000)."""
    dtype = np.dtype(dtype)
    steps = np.linspace(0, 1, GREY.size).reshape(SHAPE)
    if dtype.kind == "f":
        return (steps * 2000 - 1000).astype(dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return (low + steps * (float(high) - low) * 0.999).astype(dtype)


def bare_tiff(width, height, data=b"", bits=8, **changes) -> bytes:
    """Return a little-endian TIFF of one strip; `changes` overwrite tags, as ``t259=1``."""
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height}
    tags |= {273: 8 + 2 + 12 * 9 + 4, 279: len(data)}
    tags |= {int(key[1:]): value for key, value in changes.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data


def check(data: bytes, expected, bit_depth: int, notes: int = 0, tolerance: float = 0):
    """The file holds this picture and reads without a warning; returns the micrograph."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        micrograph = read_micrograph(data, "picture.any")
    assert micrograph.grey.dtype == np.float32
    assert micrograph.grey.flags.c_contiguous
    assert not micrograph.grey.flags.writeable
    np.testing.assert_allclose(micrograph.grey, expected, rtol=0, atol=tolerance)
    assert micrograph.bit_depth == bit_depth
    assert len(micrograph.notes) == notes, micrograph.notes
    return micrograph
