"""The coefficients of the instance step that come with the model, checked before they are used.

A model file may be of another version, or have been described by hand. What is missing, unknown or
of the wrong kind would otherwise show as some error in the midst of a picture, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from semseg.inference.description import ModelInfo, is_number, misfit
from semseg.instances import autoscale, confidence, features, out_of_domain, seams
from semseg.instances.particles import Thresholds

__all__ = ["thresholds_of"]

# regressions of `Thresholds`, which may be empty, and the features that each may name
_REGRESSIONS = {
    "merge_classifier": seams.FEATURES,
    "score_model": features.CANDIDATE_FEATURES,
    "scale_model": autoscale.SCALE_FEATURES,
}


def thresholds_of(model: ModelInfo) -> Thresholds:
    """The thresholds of a model whose coefficients all fit.

    Raises
    ------
    ModelError
        A part is missing, unknown or of the wrong kind; says which.
    """
    known = {item.name for item in fields(Thresholds)}
    for name in sorted(known ^ model.thresholds.keys()):
        raise misfit(f"the threshold {name!r:.40} is {'missing' if name in known else 'unknown'}")
    for name, value in model.thresholds.items():
        if name in _REGRESSIONS:
            if value != {}:
                _check(name, value, _REGRESSIONS[name])
        elif not is_number(value):
            raise misfit(f"the threshold {name!r} is {value!r:.40}")
    own = {name: value for name, value in model.confidence.items() if name != "in_domain"}
    _check("confidence", own, confidence.FEATURES)
    if "in_domain" in model.confidence:
        in_domain = model.confidence["in_domain"]
        _check("in_domain", in_domain, out_of_domain.FEATURES, each=("weights",))
    return Thresholds(**model.thresholds)


def _check(
    name: str,
    regression: Any,
    known: Collection[str],
    each: tuple[str, ...] = ("mean", "scale", "weights"),
) -> None:
    """Raise a ModelError unless these are the coefficients of a regression on `known` features:
    an ``intercept``, and of `each` one number a feature."""
    if not isinstance(regression, Mapping):
        raise misfit(f"{name!r} is {regression!r:.40}")
    parts = {"features", "intercept", *each}
    for part in sorted(parts ^ regression.keys()):
        raise misfit(f"{part!r:.40} of {name!r} is {'missing' if part in parts else 'unknown'}")
    names = regression["features"]
    if not isinstance(names, list | tuple):
        raise misfit(f"'features' of {name!r} is {names!r:.40}")
    for feature in names:
        if feature not in known:
            raise misfit(f"{name!r} has no feature {feature!r:.40}")
    for part in each:
        numbers = regression[part]
        fits = isinstance(numbers, list | tuple) and len(numbers) == len(names)
        if not fits or not all(map(is_number, numbers)):
            raise misfit(f"{part!r} of {name!r} is not a number for each of its features")
    if not is_number(regression["intercept"]):
        raise misfit(f"'intercept' of {name!r} is {regression['intercept']!r:.40}")
