"""Fills with random draws, each with its own seed."""

from __future__ import annotations

from collections.abc import Callable

import torch

from playground.models.formatting import shape_in_words
from playground.models.language.fills.fill import (
    FILLS,
    FLOATING,
    INTEGRAL,
    Fill,
    Parameter,
    commas,
    dtype_named,
    dtype_text,
    parameter,
    read_dtype,
    read_seed,
)
from playground.models.language.source import LiteralCall, as_sizes, number_text, sizes_text
from playground.models.problem import refuse
from playground.models.program.sources import Made


def _generator_text(made: Made) -> str:
    return f"generator=torch.Generator().manual_seed({made.seed or 0})"


def _generator(made: Made) -> torch.Generator:
    return torch.Generator().manual_seed(made.seed or 0)


def _random_fill(
    name: str, label: str, description: str, call_name: str, function: Callable[..., torch.Tensor]
) -> Fill:
    def code(made: Made) -> str:
        return (
            f"torch.{call_name}({commas(sizes_text(made.shape), dtype_text(made, 'float32'), _generator_text(made))})"
        )

    def build(made: Made) -> torch.Tensor:
        return function(made.shape, dtype=dtype_named(made.dtype), generator=_generator(made))

    def recognise_call(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
        shape, dtype, seed = as_sizes(call.positional), read_dtype(call, "float32"), read_seed(call)
        if not call.positional or shape is None or dtype is None or seed is None or reshaped is not None:
            return None
        return Made(name, shape, dtype, seed)

    return Fill(name, label, description, code, build, recognise_call, (f"torch.{call_name}",), FLOATING, seeded=True)


def _normal_code(made: Made) -> str:
    mean, std = float(parameter(made, "mean")), float(parameter(made, "std"))
    rest = (dtype_text(made, "float32"), _generator_text(made))
    if (mean, std) == (0.0, 1.0):
        return f"torch.randn({commas(sizes_text(made.shape), *rest)})"
    return f"torch.normal({commas(number_text(mean), number_text(std), shape_in_words(made.shape), *rest)})"


def _normal_build(made: Made) -> torch.Tensor:
    mean, std = float(parameter(made, "mean")), float(parameter(made, "std"))
    dtype, generator = dtype_named(made.dtype), _generator(made)
    if (mean, std) == (0.0, 1.0):
        return torch.randn(made.shape, dtype=dtype, generator=generator)
    if std < 0:
        refuse(f"The standard deviation is {number_text(std)}. It must be at least 0.", badge="std below 0")
    return torch.normal(mean, std, made.shape, dtype=dtype, generator=generator)


def _normal_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype, seed = read_dtype(call, "float32"), read_seed(call)
    if dtype is None or seed is None or reshaped is not None or not call.positional:
        return None
    if call.name == "torch.randn":
        shape = as_sizes(call.positional)
        return None if shape is None else Made("normal", shape, dtype, seed)
    if len(call.positional) != 3 or not all(isinstance(n, int | float) for n in call.positional[:2]):
        return None
    mean, std, sizes = call.positional
    shape = as_sizes((sizes,)) if isinstance(sizes, tuple) else None
    return None if shape is None else Made("normal", shape, dtype, seed, (("mean", float(mean)), ("std", float(std))))


def _randint_limits(made: Made) -> tuple[int, int]:
    low, high = int(parameter(made, "low")), int(parameter(made, "high"))
    if low >= high:
        refuse(f"There is no integer from {low} to below {high}.", badge="empty range")
    return low, high


def _randint_code(made: Made) -> str:
    low, high = int(parameter(made, "low")), int(parameter(made, "high"))
    rest = (dtype_text(made, "int64"), _generator_text(made))
    return f"torch.randint({commas(str(low), str(high), shape_in_words(made.shape), *rest)})"


def _randint_build(made: Made) -> torch.Tensor:
    return torch.randint(*_randint_limits(made), made.shape, dtype=dtype_named(made.dtype), generator=_generator(made))


def _randint_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype, seed, numbers = read_dtype(call, "int64"), read_seed(call), call.positional
    if dtype is None or seed is None or reshaped is not None or len(numbers) not in (2, 3):
        return None
    low, high, sizes = numbers if len(numbers) == 3 else (0, *numbers)
    shape = as_sizes((sizes,)) if isinstance(sizes, tuple) else None
    if shape is None or not all(isinstance(n, int) and not isinstance(n, bool) for n in (low, high)):
        return None
    return Made("randint", shape, dtype, seed, (("high", high), ("low", low)))


def register_drawn() -> None:
    """Add the random fills."""
    FILLS.register(
        Fill(
            "normal",
            "Normal",
            "Independent draws from a normal distribution, the same ones for the same seed.",
            _normal_code,
            _normal_build,
            _normal_recognise,
            ("torch.randn", "torch.normal"),
            FLOATING,
            (Parameter("mean", 0.0, "the mean"), Parameter("std", 1.0, "the standard deviation")),
            seeded=True,
        )
    )
    FILLS.register(
        _random_fill("uniform", "Uniform", "Independent draws, uniform from 0 to 1, excluding 1.", "rand", torch.rand)
    )
    FILLS.register(
        Fill(
            "randint",
            "Random integers",
            "Independent integers, uniform from low to high - 1.",
            _randint_code,
            _randint_build,
            _randint_recognise,
            ("torch.randint",),
            (*INTEGRAL, *FLOATING),
            (
                Parameter("low", 0, "the smallest integer"),
                Parameter("high", 10, "one more than the largest integer"),
            ),
            seeded=True,
        )
    )
