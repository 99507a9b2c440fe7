"""Reads what is visible of a storage: its cells in order, whichever of them a tensor uses."""

from __future__ import annotations

import torch

from playground.models.tensors.window import TensorReader, Window


class StorageReader:
    """A window onto the storage of a tensor, in cells of its dtype: `StorageReader(t).read(0, 12)`.

    No storage is copied: only the cells asked for. A conjugate or negative bit of the tensor is not applied, since
    the storage does not know of it. Two readers of one storage and dtype are equal.
    """

    __slots__ = ("_bytes", "_cells", "_reader", "_tensor", "cells", "dtype", "itemsize", "storage_bytes")

    def __init__(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        self.itemsize = tensor.itemsize
        self.storage_bytes = storage.nbytes()
        self.cells = self.storage_bytes // self.itemsize
        self.dtype = str(tensor.dtype).removeprefix("torch.")
        empty = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        self._cells = empty.set_(storage, 0, (self.cells,), (1,))
        empty_bytes = torch.empty(0, dtype=torch.uint8, device=tensor.device)
        self._bytes = empty_bytes.set_(storage, 0, (self.storage_bytes,), (1,))
        self._reader = TensorReader(self._cells)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StorageReader):
            return False
        mine, theirs = self._bytes.untyped_storage(), other._bytes.untyped_storage()
        return self.dtype == other.dtype and mine._cdata == theirs._cdata

    def __hash__(self) -> int:
        return hash((self.dtype, self.storage_bytes))

    def read(self, start: int, stop: int) -> Window:
        """The cells `start` to `stop` (exclusive) as one row of a window."""
        return self._reader.read(None, 0, range(1), range(start, stop))

    def strided(self, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> TensorReader:
        """The values that `as_strided` gives on this storage; the arguments must lie within it."""
        return TensorReader(self._cells.as_strided(size, stride, offset))

    def text(self, cell: int) -> str:
        """The exact text of a cell."""
        return self._reader.text((cell,))

    def cell_bytes(self, cell: int) -> bytes:
        """The bytes of a cell as they lie in memory, nan payloads included."""
        return self.raw(cell * self.itemsize, (cell + 1) * self.itemsize)

    def raw(self, start: int, stop: int) -> bytes:
        """The bytes `start` to `stop` (exclusive) of the storage."""
        return self._bytes[max(0, start) : max(0, stop)].cpu().numpy().tobytes()
