"""Which element of one tensor is the same cell of storage as an element of another."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from playground.models.tensors.cell_story import index_at_place, shares_storage

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CellLinks:
    """The tensors that share the storage of `tensor`, by name: `links.index_of("B", (1, 2))` in `tensor`'s own axes."""

    name: str
    tensor: torch.Tensor
    others: tuple[tuple[str, torch.Tensor], ...] = ()

    def index_of(self, name: str, index: Index) -> Index | None:
        """The element of `tensor` that is the pointed cell; None where it has none."""
        if name == self.name:
            return index if fits(index, tuple(self.tensor.shape)) else None
        other = next((tensor for candidate, tensor in self.others if candidate == name), None)
        if other is None or not fits(index, tuple(other.shape)):
            return None
        place = int(other.storage_offset()) + sum(i * stride for i, stride in zip(index, other.stride(), strict=True))
        return index_at_place(self.tensor, place)


def fits(index: Index, shape: Index) -> bool:
    """Whether an index names an element of a tensor of this shape."""
    return len(index) == len(shape) and all(0 <= i < size for i, size in zip(index, shape, strict=True))


def links_of(name: str, tensors: dict[str, torch.Tensor]) -> CellLinks:
    """The links of a tensor among all that were computed."""
    tensor = tensors[name]
    others = tuple(
        (other, its)
        for other, its in tensors.items()
        if other != name and its.numel() and its.dtype == tensor.dtype and shares_storage(its, tensor)
    )
    return CellLinks(name, tensor, others)
