"""How many bytes autograd keeps of each layer of a watched module until the backward pass has used them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import torch
from torch.autograd.graph import saved_tensors_hooks

from playground.models.network.probe_reduce import has_values

Packed = tuple[torch.Tensor, int]


class SavedBytes:
    """Counts while `hooks()` is entered; `owner()` is the path of the innermost layer under way.

    Each storage counts once, for the run that saved it first; those of `living` tensors, the parameters, buffers and
    the batch, not at all: they live anyway.
    """

    def __init__(self, living: Iterable[torch.Tensor], owner: Callable[[], str | None]) -> None:
        self._owner = owner
        self._seen = {storage for tensor in living if (storage := _storage(tensor)) is not None}
        self._holds: list[torch.Tensor] = []
        self._bytes: dict[str | None, int] = {}

    def hooks(self) -> AbstractContextManager[None]:
        """What a checkpoint inside keeps back is not seen: autograd does not keep it either."""
        return saved_tensors_hooks(self._pack, _unpack)

    def take(self, path: str) -> int:
        """The bytes that were saved in a layer's name since this was asked last."""
        return self._bytes.pop(path, 0)

    def let_go(self) -> None:
        """The storages are held on to while counting, so that no other takes the place of one that is gone."""
        self._holds.clear()

    def _pack(self, tensor: torch.Tensor) -> Packed:
        # Detached: autograd's nodes hold what is packed, and a tensor that knows its node would close a circle.
        kept = tensor.detach()
        storage = _storage(kept)
        if storage is not None and storage not in self._seen:
            self._seen.add(storage)
            self._holds.append(kept)
            owner = self._owner()
            self._bytes[owner] = self._bytes.get(owner, 0) + kept.untyped_storage().nbytes()
        return kept, -1 if kept.is_inference() else kept._version


def _unpack(packed: Packed) -> torch.Tensor:
    """Under hooks torch does not look whether a saved tensor was written to since: without this it would not raise."""
    tensor, version = packed
    if version >= 0 and tensor._version != version:
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{list(tensor.shape)} is at version {tensor._version}; expected version {version} instead"
        )
    return tensor


def _storage(tensor: torch.Tensor) -> int | None:
    return int(tensor.untyped_storage()._cdata) if has_values(tensor) else None
