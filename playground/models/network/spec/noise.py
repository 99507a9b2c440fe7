"""Random numbers that stay the same when gain, std or depth change: drawn once per seed, role, layer and shape.

`draws("normal", seed=0, role="weight", count=50, shape=(100, 100))` is a (50, 100, 100) tensor whose layer 7 is the
same for every count above 7. A scaled network is then one multiplication away, and curves move without jitter. Of
"dragging a network of 50 x 100 x 200", keeping them saves a sixth.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

Sampler = Callable[[tuple[int, ...], torch.Generator], torch.Tensor]
Key = tuple[str, int, str, tuple[int, ...]]


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=generator)


def _truncated(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.nn.init.trunc_normal_(torch.empty(shape), 0.0, 1.0, -2.0, 2.0, generator=generator)


def _orthogonal(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.nn.init.orthogonal_(torch.empty(shape), generator=generator)


def _sparse(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Like `torch.nn.init.sparse_(sparsity=0.9)`, which cannot take a generator: 9 in 10 values of a column are 0."""
    weight = torch.randn(shape, generator=generator)
    order = torch.rand(shape, generator=generator).argsort(dim=0)
    zeros = order[: math.ceil(0.9 * shape[0])]
    return weight.scatter_(0, zeros, 0.0)


def _ones(shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
    return torch.ones(shape)


def _eye(shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
    return torch.nn.init.eye_(torch.empty(shape))


SAMPLERS: dict[str, Sampler] = {
    "normal": _normal,
    "uniform": _uniform,
    "truncated": _truncated,
    "orthogonal": _orthogonal,
    "sparse": _sparse,
    "ones": _ones,
    "eye": _eye,
}


def layer_seed(seed: int, role: str, layer: int) -> int:
    """A separate 63-bit seed for each layer and role, so that no two share random numbers."""
    digest = hashlib.blake2b(f"{seed}/{role}/{layer}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def draw(sampler: str, seed: int, role: str, layer: int, shape: tuple[int, ...]) -> torch.Tensor:
    """The draw of one layer, float32 on the CPU, not cached."""
    generator = torch.Generator().manual_seed(layer_seed(seed, role, layer))
    return SAMPLERS[sampler](shape, generator)


@dataclass
class NoiseBank:
    """Caches at most `most` draws of at most `limit` bytes, dropping the least recently used; thread-safe."""

    limit: int = 256 * 2**20
    most: int = 4096
    _kept: OrderedDict[Key, torch.Tensor] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    drawn: int = 0
    """The number of layers drawn so far; moving gain, std or depth back does not change it."""

    def draws(self, sampler: str, seed: int, role: str, count: int, shape: tuple[int, ...]) -> torch.Tensor:
        """The draws of layers 0 to `count` - 1, stacked: shape (count, *shape), read-only."""
        key = (sampler, seed, role, shape)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and len(kept) >= count:
                self._kept.move_to_end(key)
                return kept[:count]
            start = 0 if kept is None else len(kept)
            stack = torch.empty((count, *shape))
            if kept is not None:
                stack[:start] = kept
            for layer in range(start, count):
                stack[layer] = draw(sampler, seed, role, layer, shape)
            self.drawn += count - start
            self._keep(key, stack)
            return stack

    def keeps(self, count: int, shape: tuple[int, ...]) -> bool:
        """True if so many draws of this shape are small enough to cache."""
        return 4 * count * torch.Size(shape).numel() <= self.limit // 2

    def _keep(self, key: Key, stack: torch.Tensor) -> None:
        self._kept.pop(key, None)
        self._kept[key] = stack
        size = sum(t.nbytes for t in self._kept.values())
        while size > self.limit or len(self._kept) > self.most:
            size -= self._kept.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        """Clear all draws."""
        with self._lock:
            self._kept.clear()


BANK = NoiseBank()
