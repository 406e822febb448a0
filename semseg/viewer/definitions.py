"""What the view in the browser names and lists: a module of JavaScript, from Python's tables.

`module` is written beside the viewer's own modules as ``definitions.js``
(`semseg.viewer.assets.publish`); its types stand in ``definitions.d.ts``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from semseg.figures.states import STATES
from semseg.measure.quantities import SHAPES, SIZES, Quantity
from semseg.statistics.summary import IN_SHORT, ONCE, Figure

__all__ = ["NAME", "module"]

NAME = "definitions.js"


def module() -> str:
    """The text of ``definitions.js``: `SIZES`, `SHAPES` and `STATES` by key, `FIGURES` and
    `IN_SHORT`."""
    constants = {
        "SIZES": {key: _quantity(size) for key, size in SIZES.items()},
        "SHAPES": {key: _quantity(shape) for key, shape in SHAPES.items()},
        "STATES": {key: asdict(state) for key, state in STATES.items()},
        "FIGURES": [_figure(figure) for figure in ONCE],
        "IN_SHORT": [_figure(figure) for figure in IN_SHORT],
    }
    return "".join(_exported(constants))


def _exported(constants: Mapping[str, Any]) -> list[str]:
    return [f"export const {name} = {json.dumps(value)};\n" for name, value in constants.items()]


def _quantity(quantity: Quantity) -> dict[str, Any]:
    return {
        "key": quantity.key,
        "name": quantity.name,
        "symbol": quantity.symbol,
        "definition": quantity.definition,
        "decimals": quantity.decimals,
    }


def _figure(figure: Figure) -> dict[str, str]:
    return {"key": figure.key, "symbol": figure.symbol, "title": figure.title}
