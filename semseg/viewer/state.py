"""What a person has set in the view, as Python and the page's links know it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeGuard

from semseg.display import BINS, WEIGHTINGS
from semseg.measure.quantities import SIZES

__all__ = ["ViewState"]

MAX_STEPS = 10_000
MAX_LABELS = 1_000_000
MAX_PX = 1e6

Step = tuple[bool | None, tuple[int, ...]]


@dataclass(frozen=True)
class ViewState:
    """Filter, histogram, selection and manual edits of one picture.

    Parameters
    ----------
    threshold : float
        Confidence, 0..1, below which a particle is possibly wrong.
    filter_on : bool
        Whether `threshold` counts; when off, all are kept that were not excluded by hand.
    size : str
        A key of `semseg.measure.quantities.SIZES`.
    weighting : str
        ``number`` or ``volume``.
    bins : int
        5..100, or 0 for as many as suit the sizes.
    log : bool
        Whether the axis of sizes is logarithmic.
    selection : tuple of int
        Labels.
    steps : tuple of (bool or None, tuple of int)
        Manual edits in order: each keeps (True) or excludes (False) these labels, or takes what
        was decided by hand for them back (None).
    done : int
        How many of `steps` count; the others can be redone.
    line : tuple of float or None
        Drawn over a scale bar: x and y of its ends, in recorded px.
    """

    threshold: float = 0.5
    filter_on: bool = True
    size: str = "min_feret"
    weighting: str = "number"
    bins: int = 0
    log: bool = False
    selection: tuple[int, ...] = ()
    steps: tuple[Step, ...] = field(default=())
    done: int = 0
    line: tuple[float, float, float, float] | None = None

    @property
    def edits(self) -> dict[int, bool]:
        """The decisions by hand that count: label to kept or not."""
        edits: dict[int, bool] = {}
        for keep, labels in self.steps[: self.done]:
            for label in labels:
                if keep is None:
                    edits.pop(label, None)
                else:
                    edits[label] = keep
        return edits

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        fields = asdict(self)
        fields["selection"] = list(self.selection)
        fields["line"] = None if self.line is None else list(self.line)
        fields["steps"] = [[keep, list(labels)] for keep, labels in self.steps]
        return fields

    @classmethod
    def from_dict(cls, fields: object, fallback: ViewState | None = None) -> ViewState:
        """Read what `to_dict` made, believing none of it.

        What is missing, of the wrong type or out of range is taken from `fallback` (by default
        ``ViewState()``), each field for itself. Steps and their number stand or fall together.
        """
        other = fallback or cls()
        if not isinstance(fields, Mapping):
            return other
        threshold = fields.get("threshold")
        selection = _labels(fields.get("selection"))
        steps = _steps(fields.get("steps"))
        done = fields.get("done")
        if steps is None or type(done) is not int or not 0 <= done <= len(steps):
            steps, done = other.steps, other.done
        return cls(
            threshold=float(threshold) if _is_share(threshold) else other.threshold,
            filter_on=_flag(fields.get("filter_on"), other.filter_on),
            size=_one_of(SIZES, fields.get("size"), other.size),
            weighting=_one_of(WEIGHTINGS, fields.get("weighting"), other.weighting),
            bins=_bins(fields.get("bins"), other.bins),
            log=_flag(fields.get("log"), other.log),
            selection=other.selection if selection is None else selection,
            steps=steps,
            done=done,
            line=_line(fields.get("line")),
        )


def _line(value: object) -> tuple[float, float, float, float] | None:
    if not isinstance(value, list | tuple) or len(value) != 4:
        return None
    if not all(isinstance(each, int | float) and abs(each) < MAX_PX for each in value):
        return None
    left, top, right, bottom = map(float, value)
    return (left, top, right, bottom) if (left, top) != (right, bottom) else None


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _bins(value: object, other: int) -> int:
    least, most = BINS
    return value if type(value) is int and (value == 0 or least <= value <= most) else other


def _flag(value: object, other: bool) -> bool:
    return value if isinstance(value, bool) else other


def _one_of(choices: Container[str], value: object, other: str) -> str:
    return value if isinstance(value, str) and value in choices else other


def _labels(value: object) -> tuple[int, ...] | None:
    """Labels, each once, in order; None when it is no list of them."""
    if not isinstance(value, list | tuple) or len(value) > MAX_LABELS:
        return None
    if not all(type(label) is int and 0 < label < 2**31 for label in value):
        return None
    return tuple(dict.fromkeys(value))


def _steps(value: object) -> tuple[Step, ...] | None:
    if not isinstance(value, list | tuple) or len(value) > MAX_STEPS:
        return None
    steps = []
    for step in value:
        if not isinstance(step, list | tuple) or len(step) != 2:
            return None
        keep, labels = step[0], _labels(step[1])
        if labels is None or not (keep is None or isinstance(keep, bool)):
            return None
        steps.append((keep, labels))
    return tuple(steps)
