"""One operation on a tensor, written once: it says its own code and runs itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Call:
    """A method call: `Call("permute", (1, 0)).code == ".permute(1, 0)"`."""

    method: str
    arguments: tuple[Any, ...] = ()

    def outline(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the result's layout, for a tensor on the meta device.

        There flip, roll and repeat import torch's compiler, which takes a second: something of equal layout stands in.
        """
        if self.method == "repeat":
            return _repeated(tensor, self.arguments)
        if self.method == "flip":
            return tensor.clone()
        if self.method == "roll":
            return tensor.clone(memory_format=_row_order(tensor))
        return self.apply(tensor)

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return f".{self.method}({', '.join(_argument(argument) for argument in self.arguments)})"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        result: torch.Tensor = getattr(tensor, self.method)(*self.arguments)
        return result


def _repeated(tensor: torch.Tensor, arguments: tuple[Any, ...]) -> torch.Tensor:
    counts = arguments[0] if arguments and isinstance(arguments[0], tuple) else arguments
    sizes = (1,) * (len(counts) - tensor.ndim) + tuple(tensor.shape)
    shape = tuple(size * count for size, count in zip(sizes, counts, strict=True))
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(1, size))
    return torch.empty_strided(shape, strides[-len(shape) :] if shape else (), dtype=tensor.dtype, device="meta")


def _row_order(tensor: torch.Tensor) -> torch.memory_format:
    """roll joins two parts in row order, but clones a tensor without elements."""
    return torch.contiguous_format if tensor.numel() else torch.preserve_format


def _argument(value: object) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(_argument(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)


@dataclass(frozen=True, slots=True)
class Cut:
    """`start:stop:step` along one axis."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None

    @property
    def code(self) -> str:
        """As in an index: `":3"`, `"1:"`, `"::2"`, `":"`."""
        first = f"{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}"
        return first if self.step is None else f"{first}:{self.step}"


Place = int | Cut | None


@dataclass(frozen=True, slots=True)
class Index:
    """Basic indexing: `Index((Cut(), None)).code == "[:, None]"`."""

    places: tuple[Place, ...]

    def outline(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the result's layout."""
        return self.apply(tensor)

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return f"[{', '.join(place.code if isinstance(place, Cut) else str(place) for place in self.places)}]"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        places = (
            slice(place.start, place.stop, place.step) if isinstance(place, Cut) else place for place in self.places
        )
        return tensor[tuple(places)]


Operation = Call | Index


def insert_axis(axis: int, rank: int) -> tuple[Operation, Operation]:
    """The two spellings of a new axis of size 1: `.unsqueeze(1)` and `[:, None]`."""
    places: tuple[Place, ...] = (*(Cut() for _ in range(axis)), None)
    if axis == rank and rank > 1:
        return Call("unsqueeze", (axis,)), _Ellipsis()
    return Call("unsqueeze", (axis,)), Index(places)


class _Ellipsis(Index):
    """`[..., None]`: a new axis at the end."""

    __slots__ = ()

    def __init__(self) -> None:
        Index.__init__(self, (None,))

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return "[..., None]"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        return tensor[..., None]


def moved_axis(rank: int, axis: int, place: int) -> tuple[int, ...]:
    """The order that takes `axis` to `place` and keeps the others in turn: `moved_axis(3, 0, 2) == (1, 2, 0)`."""
    rest = [other for other in range(rank) if other != axis]
    rest.insert(place, axis)
    return tuple(rest)
