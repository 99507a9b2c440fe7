"""The definition of a fill, and what fills share: dtypes, parameters, pieces of their text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.language.source import DtypeName, LiteralCall, Seed
from playground.models.program.sources import Made
from playground.models.registry import Registry

FLOATING = ("float32", "float64", "float16", "bfloat16")


INTEGRAL = ("int64", "int32", "int16", "int8", "uint8")


Code = Callable[[Made], str]


Recognise = Callable[[LiteralCall, tuple[int, ...] | None], Made | None]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A numeric parameter of a fill, besides shape, dtype and seed."""

    name: str
    default: float | int
    description: str


@dataclass(frozen=True, slots=True)
class Fill:
    """A way to create a tensor: `code` writes the PyTorch text, `build` runs it, `recognise` parses the text."""

    name: str
    label: str
    description: str
    code: Code
    build: Callable[[Made], torch.Tensor]
    recognise: Recognise
    calls: tuple[str, ...]
    dtypes: tuple[str, ...] = (*FLOATING, *INTEGRAL)
    parameters: tuple[Parameter, ...] = ()
    seeded: bool = False
    ranks: tuple[int, ...] | None = None

    def fits_rank(self, rank: int) -> bool:
        """True if the fill supports this number of axes."""
        return self.ranks is None or rank in self.ranks


FILLS: Registry[Fill] = Registry("fill")


def parameter(made: Made, name: str) -> Any:
    """The value of this parameter in `made`, or the fill's default."""
    given = dict(made.parameters)
    if name in given:
        return given[name]
    return next(p.default for p in FILLS[made.fill].parameters if p.name == name)


DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in (*FLOATING, *INTEGRAL, "bool")}


def dtype_named(name: str) -> torch.dtype:
    """`torch.float32` of `"float32"`, for the dtypes that a fill can have."""
    return DTYPES[name]


_SEED_DEFAULT = 0


def read_dtype(call: LiteralCall, default: str) -> str | None:
    """The dtype keyword's value; None if there is a keyword that no fill writes."""
    if set(call.keywords) - {"dtype", "generator"}:
        return None
    given = call.keywords.get("dtype", DtypeName(default))
    return given.name if isinstance(given, DtypeName) and given.name in DTYPES else None


def read_seed(call: LiteralCall) -> int | None:
    """The seed of the generator keyword; 0 if there is none, None if it is something else."""
    given = call.keywords.get("generator", Seed(_SEED_DEFAULT))
    return given.value if isinstance(given, Seed) else None


def commas(*arguments: str) -> str:
    """The non-empty arguments, separated by commas."""
    return ", ".join(argument for argument in arguments if argument)


def dtype_text(made: Made, default: str) -> str:
    """The dtype keyword, empty for the default."""
    return "" if made.dtype == default else f"dtype=torch.{made.dtype}"


def inferred_dtype(value: object) -> str:
    """The dtype that torch infers for a number."""
    return "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"


def cast(value: Any, dtype: str) -> Any:
    """A number converted to this dtype."""
    return float(value) if dtype in FLOATING else bool(value) if dtype == "bool" else int(value)
