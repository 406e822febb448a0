"""A part of a recorded picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Window"]

Grey = TypeVar("Grey", bound=np.generic)


@dataclass(frozen=True)
class Window:
    """Rows `top` to `bottom` and columns `left` to `right`, in recorded pixels.

    The last ones are excluded, as in a slice.

    >>> window = Window.within((100, 200), 90.2, -5, 120, 30.5)
    >>> window
    Window(top=90, left=0, bottom=100, right=31)
    >>> window.of(np.zeros((100, 200))).shape
    (10, 31)
    """

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def within(
        cls, shape: tuple[int, ...], top: float, left: float, bottom: float, right: float
    ) -> Window:
        """Return the pixels that these bounds touch, of a picture of `shape` (height, width)."""
        rows, columns = (np.array([0, size]) for size in shape[:2])
        return cls(
            int(np.clip(np.floor(top), *rows)),
            int(np.clip(np.floor(left), *columns)),
            int(np.clip(np.ceil(bottom), *rows)),
            int(np.clip(np.ceil(right), *columns)),
        )

    def of(self, picture: NDArray[Grey]) -> NDArray[Grey]:
        """Return this part of a picture, not copied."""
        return picture[self.top : self.bottom, self.left : self.right]

    def moved(self, rows: int, columns: int = 0) -> Window:
        """Return it so many rows further down and columns to the right."""
        return Window(
            self.top + rows, self.left + columns, self.bottom + rows, self.right + columns
        )
