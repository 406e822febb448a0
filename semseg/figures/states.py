"""How the states of particles are called and coloured, wherever they are shown.

A particle is accepted or rejected: by the filter, or by hand whatever the filter says. Of those
accepted, the counting rule may leave some out.

>>> STATES["rejected"].name
'possibly wrong'
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACCEPTED", "NOT_COUNTED", "REJECTED", "STATES", "State"]


@dataclass(frozen=True)
class State:
    """A state of a particle, or that of being selected in the view.

    Attributes
    ----------
    key : str
    name : str
        What people are told.
    outline : str
        Colour over a micrograph, ``#rrggbb``.
    ink : str
        Colour of bars, points and keys on a light or dark page, close to `outline`.
    dashed : bool
        Whether the outline is, so that it is told apart without its colour.
    """

    key: str
    name: str
    outline: str
    ink: str
    dashed: bool = False

    @property
    def pale(self) -> str:
        """`ink`, lighter: of bars and points under lines, so that grey print tells them apart.

        >>> ACCEPTED.pale
        '#79cea6'
        """
        channels = (int(self.ink[at : at + 2], 16) for at in (1, 3, 5))
        return "#" + "".join(f"{round(PALE * v + (1 - PALE) * 255):02x}" for v in channels)


PALE = 0.6  # of the ink in its pale tint; the rest is white
# Told apart by lightness as well, for those who cannot tell red from green; none is one of the
# colours that stand for sizes.
ACCEPTED = State("accepted", "kept", "#12e67a", "#1fae6b")
NOT_COUNTED = State("not_counted", "kept, not counted", "#ffb000", "#c98a00")
REJECTED = State("rejected", "possibly wrong", "#ff3030", "#e05252", dashed=True)
STATES = {
    state.key: state
    for state in (
        ACCEPTED,
        NOT_COUNTED,
        REJECTED,
        State("accepted_by_hand", "kept by hand", ACCEPTED.outline, ACCEPTED.ink),
        State("rejected_by_hand", "excluded by hand", "#e4e4e4", "#8a8a8a"),
        State("selected", "selected", "#3fd8ff", "#0fa8e0"),
    )
}
