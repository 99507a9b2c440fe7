"""What a gesture did, in a sentence with the code it wrote; code stands in backticks."""

from __future__ import annotations

from playground.models.tensors.operation import insert_axis


def inserted_words(name: str, place: int, rank: int) -> str:
    """ "the plus after axis 0 of `v` wrote `v.unsqueeze(1)`, the same as `v[:, None]`"."""
    method, index = insert_axis(place, rank)
    where = f"the plus after axis {place - 1} of `{name}`" if place else f"the first plus of `{name}`"
    return f"{where} wrote `{name}{method.code}`, the same as `{name}{index.code}`"


def squeezed_words(name: str, axis: int, rank: int) -> str:
    """The cross of a size-1 axis, in both spellings."""
    same = f"`{name}[{', '.join([':'] * axis + ['0'])}]`"
    return f"the cross of axis {axis} of `{name}` wrote `{name}.squeeze({axis})`, the same as {same}"


def moved_words(name: str, axis: int, place: int, order: tuple[int, ...]) -> str:
    """A dragged chip; two axes that change places are also a transpose."""
    words = f"axis {axis} of `{name}` carried to place {place} wrote `{name}.permute({', '.join(map(str, order))})`"
    swapped = [here for here, there in enumerate(order) if here != there]
    if len(swapped) == 2:
        spelled = f"{name}.t()" if len(order) == 2 else f"{name}.transpose({swapped[0]}, {swapped[1]})"
        return f"{words}, the same as `{spelled}`"
    return words


def resized_words(name: str, axis: int, size: int, code: str, *, made: bool) -> str:
    """A dragged or typed size: of a fill, or a cut."""
    verb = "made" if made else "cut to"
    return f"axis {axis} of `{name}` {verb} {size} wrote `{code}`"


def gesture_words(label: str, name: str, code: str) -> str:
    """A gesture from the menu."""
    return f"{label} wrote `{name}{code}`"
