"""Which picture of a file that holds several is read.

>>> rendering = Stack(1376, 1032, bits=8, colour=True)
>>> recorded = Stack(1376, 1032, bits=16, scaled=True)
>>> choose([rendering, recorded], None, "a.tif").number
2

A file's pictures are numbered from 1, in the order in which they stand in it. Without a wish the
one that can be measured best is taken: of those that are no thumbnails and not much smaller than
the largest, the one with a scale, the one as recorded in place of a rendering in colour, the one of
most bits, the largest, the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from semseg.errors import UnsuitableImageError

__all__ = ["MAX_TITLES", "Choice", "Stack", "choose"]

MAX_TITLES = 200  # of so many pictures it is said what they are; a list of more helps nobody
MIN_SHARE = 0.5  # of the largest picture's pixels: what is smaller is an overview of another one


@dataclass(frozen=True)
class Stack:
    """Pictures of one kind that follow each other in a file, as its header has them.

    Attributes
    ----------
    width, height : int
        Pixels.
    bits : int
        Of a sample.
    count : int
        How many pictures there are.
    colour : bool
        Whether they are in colour: a rendering, not what a detector recorded.
    scaled : bool
        Whether the file tells the size of their pixels.
    thumbnail : bool
        Whether the file says that they are small copies of others.
    title : str
        What the file calls them.
    """

    width: int
    height: int
    bits: int
    count: int = 1
    colour: bool = False
    scaled: bool = False
    thumbnail: bool = False
    title: str = ""

    def __str__(self) -> str:
        kind = f"{'colour' if self.colour else 'grey'}, {self.bits} bits"
        said = f"{self.width} x {self.height} px, {kind}{', with scale' if self.scaled else ''}"
        return f"{self.title}: {said}" if self.title else said


@dataclass(frozen=True)
class Choice:
    """The picture that is read.

    Attributes
    ----------
    stack, plane : int
        Index of its stack, and its index in that.
    number : int
        From 1, over all stacks.
    titles : tuple of str
        What the file's pictures are, the first `MAX_TITLES` of them.
    count : int
        How many pictures the file holds.
    notes : tuple of str
        What the user should know about the choice.
    """

    stack: int
    plane: int
    number: int
    titles: tuple[str, ...]
    count: int
    notes: tuple[str, ...] = ()


def choose(stacks: Sequence[Stack], wanted: int | None, name: str, *, more: bool = False) -> Choice:
    """The picture `wanted`, counted from 1, or the one that can be measured best.

    A file of one picture has no choice: that is read, whatever is wanted, and a note says so.

    Parameters
    ----------
    stacks : sequence of Stack
        What the file holds, at least one picture.
    wanted : int, optional
        What a person asked for.
    name : str
        What errors call the file.
    more : bool
        Whether the file may hold more pictures than were counted.

    Raises
    ------
    UnsuitableImageError
        There are several pictures, and none of this number.
    """
    count = sum(stack.count for stack in stacks)
    titles = tuple(islice(_titles(stacks), MAX_TITLES))
    if count == 1 or wanted is None:
        best = _best(stacks)
        number = 1 + sum(stack.count for stack in stacks[:best])
        if count > 1:
            notes: tuple[str, ...] = (_automatic(stacks, best, number, count, more=more),)
        elif wanted not in (None, 1):
            notes = (f"The file holds one picture, which was read in place of number {wanted}.",)
        else:
            notes = ()
        return Choice(best, 0, number, titles, count, notes)
    if not 1 <= wanted <= count:
        raise UnsuitableImageError(
            f"{name} holds {count:,} pictures and none of number {wanted:,}; choose one from 1 to "
            f"{count:,}."
        )
    before = 0
    said = (f"Picture {wanted:,} of the {count:,} in the file was read, as chosen.",)
    for index, stack in enumerate(stacks):
        if wanted <= before + stack.count:
            return Choice(index, wanted - before - 1, wanted, titles, count, said)
        before += stack.count
    raise AssertionError("a number within the count is in one of the stacks")


def _best(stacks: Sequence[Stack]) -> int:
    """Index of the stack whose first picture can be measured best."""
    full = [index for index, stack in enumerate(stacks) if not stack.thumbnail]
    full = full or list(range(len(stacks)))
    largest = max(stacks[index].width * stacks[index].height for index in full)

    def worth(index: int) -> tuple[bool, bool, bool, int, int]:
        stack = stacks[index]
        area = stack.width * stack.height
        return area >= MIN_SHARE * largest, stack.scaled, not stack.colour, stack.bits, area

    return max(full, key=worth)


def _automatic(stacks: Sequence[Stack], best: int, number: int, count: int, *, more: bool) -> str:
    """The sentence about a picture that was chosen of several."""
    taken = stacks[best]
    others = [stack for stack in stacks if not stack.thumbnail and stack is not taken]
    named = taken.title and any(other.title != taken.title for other in others)
    called = f" ({taken.title})" if named else ""
    why = ""
    if taken.scaled and any(not other.scaled for other in others):
        why = ", which has a scale,"
    elif not taken.colour and any(other.colour for other in others):
        why = ", which is not a rendering in colour,"
    elif any(other.bits < taken.bits for other in others):
        why = f", which has {taken.bits} bits,"
    held = f"{count:,}{' or more' if more else ''} pictures"
    return (
        f"The file holds {held}; number {number}{called}{why} was read, and another can be chosen."
    )


def _titles(stacks: Iterable[Stack]) -> Iterable[str]:
    for stack in stacks:
        for _ in range(min(stack.count, MAX_TITLES)):
            yield str(stack)
