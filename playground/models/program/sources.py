"""The possible right-hand sides of a line: a fill, a typed expression, an imported tensor."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, slots=True)
class Made:
    """A tensor created by a fill: `Made("arange", (3, 4))` writes `torch.arange(12.).reshape(3, 4)`.

    `parameters` are the fill's arguments besides shape, dtype and seed, as sorted pairs: `(("value", 7.0),)`.
    """

    fill: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    seed: int | None = None
    parameters: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A line of the allowed PyTorch subset, exactly as typed: `Expression("A + v[:, None]")`."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class TensorReference:
    """A reference to a tensor from outside; two references are equal only if they are the same object.

    All panels read `tensor`. If Python still holds the original memory, `live` lies on it, and `version` is its version
    when `tensor` was copied, so that later writes by Python are noticed.
    """

    tensor: torch.Tensor = field(repr=False)
    live: torch.Tensor | None = field(default=None, repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """A tensor from a file (`path` and `key` say where) or from the Python API (`path` is empty)."""

    reference: TensorReference
    path: str = ""
    key: str = ""


Source = Made | Expression | Imported


@dataclass(frozen=True, slots=True)
class Binding:
    """One line of the program: `name = source`."""

    name: str
    source: Source
