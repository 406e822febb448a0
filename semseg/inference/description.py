"""What a model file says about itself: read from its metadata, and checked.

The coefficients of the instance step are in it as well; whether those fit is asked by
`semseg.instances.coefficients`, which knows them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from semseg.errors import ModelError

__all__ = ["ModelInfo", "from_stored", "misfit", "read_description", "to_stored"]

# Names that the description in a model file has for what has another name in the code. Model files
# keep theirs, so that any version of semseg reads any file: the shipped one is known by its bytes.
_STORED_NAMES = {
    # fields of `semseg.instances.thresholds.Thresholds`
    "min_peak": "least_hill",
    "min_prominence": "prominence",
    "min_merge_probability": "join",
    "merge_classifier": "judge",
    "score_model": "worth",
    "penalty": "price",
    "min_area_px": "least_area_px",
    "scale_model": "look",
    # of the confidence, the coefficients for `semseg.instances.out_of_domain`
    "in_domain": "picture",
    # features of seams, and of particles
    "lower_peak": "hill",
    "median_agreement": "company",
}


@dataclass(frozen=True)
class ModelInfo:
    """What the model file says about itself (ONNX metadata, key ``semseg``).

    Attributes
    ----------
    name, version, licence, data, commit : str
        What it is, on which pictures it was trained, and by which revision of the code.
    sha256 : str
        Of the file.
    normalisation : str
        What the grey values of its input mean.
    divisor : int
        The sides of its input must be multiples of this, px.
    reduction : int
        Pixels of its input along a pixel of its maps.
    trained_particle_px : (float, float)
        Median particle diameters between which it is at home, px of its input.
    target_particle_px : float
        Median particle diameter that automatic rescaling aims at, px of its input.
    thresholds : mapping
        Of the instance step: see `semseg.instances.thresholds.Thresholds`.
    confidence : mapping
        Coefficients: see `semseg.instances.confidence`; under ``in_domain`` those of
        `semseg.instances.out_of_domain`.
    filter_threshold : float
        Confidence below which a particle is possibly wrong, by default.
    """

    name: str
    version: str
    sha256: str
    licence: str
    data: str
    commit: str
    normalisation: str
    divisor: int
    reduction: int
    trained_particle_px: tuple[float, float]
    target_particle_px: float
    thresholds: Mapping[str, Any]
    confidence: Mapping[str, Any]
    filter_threshold: float


def read_description(metadata: Mapping[str, str], sha256: str) -> ModelInfo:
    """The description in the metadata of a model file with this hash.

    Raises
    ------
    ModelError
        There is none, or a part of it is missing, unknown or of the wrong kind; says which.
    """
    try:
        stored = json.loads(metadata["semseg"])
    except (KeyError, ValueError, RecursionError) as error:
        raise misfit("there is none") from error
    if not isinstance(stored, Mapping):
        raise misfit("it is no JSON object")
    values = from_stored(stored)
    names = {item.name for item in fields(ModelInfo)} - {"sha256"}
    for name in sorted(names ^ values.keys()):
        raise misfit(f"{name!r:.40} is {'missing' if name in names else 'unknown'}")
    for name, fits in _FITS.items():
        if not fits(values[name]):
            raise misfit(f"{name!r} is {values[name]!r:.40}")
    values["trained_particle_px"] = tuple(values["trained_particle_px"])
    return ModelInfo(sha256=sha256, **values)


def misfit(what: str) -> ModelError:
    """The error to raise where a description does not fit this version of semseg."""
    return ModelError(
        f"The model file's description does not fit this version of semseg ({what}); please use "
        "the model that came with it."
    )


def is_number(value: Any) -> bool:
    """Whether a value of a description is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_range(value: Any) -> bool:
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value))
    return pair and 0 < value[0] < value[1]


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_FITS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "version", "licence", "data", "commit", "normalisation"), _is_text),
    **dict.fromkeys(("divisor", "reduction"), _is_count),
    **dict.fromkeys(("thresholds", "confidence"), _is_mapping),
    "trained_particle_px": _is_range,
    "target_particle_px": lambda value: is_number(value) and value > 0,
    "filter_threshold": lambda value: is_number(value) and 0 <= value <= 1,
}


def to_stored(description: Mapping[str, Any]) -> dict[str, Any]:
    """A description with the names that model files have, as `training.export` writes it."""
    stored: dict[str, Any] = _renamed(description, _STORED_NAMES)
    return stored


def from_stored(description: Mapping[str, Any]) -> dict[str, Any]:
    """A description as model files have it, with the names of the code."""
    names = {stored: name for name, stored in _STORED_NAMES.items()}
    named: dict[str, Any] = _renamed(description, names)
    return named


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Keys of mappings, and names in lists of names, at any depth, replaced where `names` says."""
    if isinstance(value, Mapping):
        return {names.get(key, key): _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [
            names.get(each, each) if isinstance(each, str) else _renamed(each, names)
            for each in value
        ]
    return value
