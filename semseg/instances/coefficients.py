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
from semseg.instances.thresholds import Thresholds

__all__ = ["thresholds_of"]

MAX_LEVELS = 10  # of a boosted tree

# regressions of `Thresholds`, which may be empty, and the features that each may name
_REGRESSIONS = {
    "merge_classifier": seams.FEATURES,
    "seam_model": features.SEAM_FEATURES,
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
        elif name == "score_model":
            if value != {}:
                _check_trees(name, value)
        elif not is_number(value):
            raise misfit(f"the threshold {name!r} is {value!r:.40}")
    parts = {"in_domain", "doubt"}
    own = {name: value for name, value in model.confidence.items() if name not in parts}
    _check("confidence", own, confidence.FEATURES)
    if "doubt" in model.confidence:
        _check("doubt", model.confidence["doubt"], confidence.PLAIN_FEATURES)
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
    names = _check_parts(name, regression, known, each)
    for part in each:
        if not _are_numbers(regression[part], len(names)):
            raise misfit(f"{part!r} of {name!r} is not a number for each of its features")


def _check_trees(name: str, trees: Any) -> None:
    """Raise a ModelError unless these are boosted trees, as `semseg.instances.boosted` has them."""
    parts = ("columns", "borders", "leaves")
    names = _check_parts(name, trees, features.CANDIDATE_FEATURES, parts)
    tables = [trees[part] for part in parts]
    for part, table in zip(parts, tables, strict=True):
        if not isinstance(table, list | tuple) or not table or len(table) != len(tables[0]):
            raise misfit(f"{part!r} of {name!r} has not a row for each tree")
    levels = len(tables[0][0]) if isinstance(tables[0][0], list | tuple) else 0
    for part, table, wide in zip(parts, tables, (levels, levels, 2**levels), strict=True):
        if not 1 <= levels <= MAX_LEVELS or not all(_are_numbers(row, wide) for row in table):
            raise misfit(f"{part!r} of {name!r} has rows that do not fit its trees")
    for row in tables[0]:
        for column in row:
            if not isinstance(column, int) or not 0 <= column < len(names):
                raise misfit(f"'columns' of {name!r} counts a feature {column!r:.40}")


def _check_parts(
    name: str, model: Any, known: Collection[str], each: tuple[str, ...]
) -> Collection[str]:
    """The names of the features; raise a ModelError unless the parts are these, and an intercept,
    and the features are `known`."""
    if not isinstance(model, Mapping):
        raise misfit(f"{name!r} is {model!r:.40}")
    parts = {"features", "intercept", *each}
    for part in sorted(parts ^ model.keys()):
        raise misfit(f"{part!r:.40} of {name!r} is {'missing' if part in parts else 'unknown'}")
    names = model["features"]
    if not isinstance(names, list | tuple):
        raise misfit(f"'features' of {name!r} is {names!r:.40}")
    for feature in names:
        if feature not in known:
            raise misfit(f"{name!r} has no feature {feature!r:.40}")
    if not is_number(model["intercept"]):
        raise misfit(f"'intercept' of {name!r} is {model['intercept']!r:.40}")
    return names


def _are_numbers(values: Any, count: int) -> bool:
    """Whether this is a list of so many finite numbers."""
    return isinstance(values, list | tuple) and len(values) == count and all(map(is_number, values))
