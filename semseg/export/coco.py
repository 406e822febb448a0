"""The particles of several pictures as one COCO JSON, the format of instance segmentation.

>>> from pathlib import Path
>>> from pycocotools.coco import COCO
>>> size = Path("sample.coco.json").write_bytes(coco_json([analysis]))
>>> coco = COCO("sample.coco.json")
loading annotations into memory...
Done (t=...s)
creating index...
index created!
>>> kept = [a for a in coco.loadAnns(coco.getAnnIds()) if a["attributes"]["kept"]]
>>> coco.annToRLE(kept[0])["size"]
[768, 1024]

Format: https://cocodataset.org/#format-data. COCO counts from the top left corner of the first
pixel, an analysis from its centre; half a pixel is added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semseg.analysis import Analysis
from semseg.export.rois import corner_outlines, off_centres
from semseg.export.values import plain
from semseg.version import NUMBERS, __version__

__all__ = ["coco_json"]

# Columns that have a place of their own, or none: a doubt about a kept particle reads like a
# verdict.
_ELSEWHERE = ("confidence", "doubt")
_DECIMALS = 6  # of a coordinate in px: areas of particles of a single px to 1e-5


def coco_json(analyses: Sequence[Analysis]) -> bytes:
    """All particles found in these pictures, as UTF-8 JSON; the same analyses give the same bytes.

    * ``info`` names the software, its ``numbers`` (`semseg.version`) and the models; there is one
      category, ``particle``.
    * ``images`` have besides the usual the SHA-256 of the file, ``pixel_size_nm``,
      ``pixel_height_nm`` where pixels are not square, where these are from and whether they were
      only ``assumed`` or ``proposed`` (null without a scale).
    * ``annotations`` are *all* particles found, so that none is lost: leave out those whose
      ``attributes.kept`` is false to have the kept ones. ``segmentation`` is one polygon along the
      pixel edges of the network's grid, in recorded px to six decimals; ``area`` is ``area_px`` of
      the table, which that polygon encloses; ``bbox`` is [x, y, width, height] of the polygon;
      ``score`` is the confidence. ``attributes`` hold all other columns of the table, ``label``
      among them. What is not known is null.

    Ids of images and annotations count from 1 through all pictures.
    """
    models = sorted({(a.model.name, a.model.version, a.model.sha256) for a in analyses})
    # Annotations are written one by one: as objects, all together take ten times their text.
    annotations: list[bytes] = []
    for number, analysis in enumerate(analyses, start=1):
        for annotation in _annotations(analysis):
            identity = {"id": len(annotations) + 1, "image_id": number, "category_id": 1}
            annotations.append(_text(identity | annotation))
    parts = {
        "info": _text(
            {
                "description": "Particles found by semseg",
                "version": __version__,
                "numbers": NUMBERS,
                "models": [
                    {"name": name, "version": version, "sha256": sha256}
                    for name, version, sha256 in models
                ],
            }
        ),
        "licenses": _text([]),
        "images": _text([_image(number, each) for number, each in enumerate(analyses, start=1)]),
        "annotations": b"[" + b",".join(annotations) + b"]",
        "categories": _text([{"id": 1, "name": "particle", "supercategory": "particle"}]),
    }
    return b"{" + b",".join(_text(name) + b":" + text for name, text in parts.items()) + b"}\n"


def _text(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _image(number: int, analysis: Analysis) -> dict[str, Any]:
    micrograph, calibration = analysis.micrograph, analysis.calibration
    height, width = analysis.grid.recorded
    return {
        "id": number,
        "file_name": micrograph.name,
        "width": width,
        "height": height,
        "sha256": micrograph.sha256,
        "pixel_size_nm": None if calibration is None else _short(calibration.pixel_size_nm),
        "pixel_height_nm": calibration
        and calibration.pixel_height_nm
        and _short(calibration.pixel_height_nm),
        "pixel_size_source": None if calibration is None else calibration.source,
        "assumed": analysis.scale_doubt == "assumed",
        "proposed": analysis.scale_doubt == "proposed",
    }


def _annotations(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """What there is to say of each particle, but for the ids."""
    polygons = corner_outlines(analysis)
    for row in analysis.particles.to_dict("records"):
        polygon = _rounded(polygons[row["label"]])
        low, high = polygon.min(axis=0), polygon.max(axis=0)
        yield {
            "segmentation": [[_short(value) for value in polygon.ravel()]],
            "area": _short(row["area_px"]),
            "bbox": [_short(v) for v in (*low, *(high - low).round(_DECIMALS))],
            "iscrowd": 0,
            "score": _short(row["confidence"]),
            "attributes": {k: _short(v) for k, v in row.items() if k not in _ELSEWHERE},
        }


def _rounded(polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded coordinates that keep every pixel's centre on its side of the outline.

    An edge through pixel centres leaves these to the right of it or below, as in the label image;
    pycocotools would leave them to the left and above.
    """
    rounded, step = polygon.round(_DECIMALS), 10.0**-_DECIMALS
    return off_centres(polygon, rounded, rounded - step, rounded + step).round(_DECIMALS)


def _short(value: Any) -> Any:
    """`value` in JSON's own types, whole numbers without a fraction."""
    value = plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
