"""Weights that are used the other way round than torch's inits take them: `x @ W` with W of (in, out)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

RIGHT_OPERAND = {torch.matmul, torch.mm, torch.Tensor.matmul, torch.Tensor.mm, torch.Tensor.__matmul__}
GAINS = (math.sqrt(2), 1.0, 1 / math.sqrt(3), 5 / 3)
"""Times 1 / sqrt(fan in), the std of: He, LeCun, torch's default, He for tanh."""
CLOSE = 0.05


@dataclass
class RightOperands(TorchFunctionMode):
    """While it is entered, notes which two-dimensional leaf tensors stand untransposed to the right of a matmul."""

    found: dict[int, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        named = named or {}
        if function in RIGHT_OPERAND:
            right = arguments[1] if len(arguments) > 1 else named.get("other", named.get("mat2"))
            if isinstance(right, torch.nn.Parameter) and right.dim() == 2:
                self.found[id(right)] = right
        return function(*arguments, **named)


def fan_in_words(name: str, weight: torch.Tensor) -> str:
    """What to say of a weight that was used as `x @ W`, where its std is one that an init took from the wrong axis.

    `"w (200, 50) is used as x @ w, so its fan-in is 200, but torch's inits count its last axis, 50: its std 0.2 is 2
    times the 0.1 that was meant."`
    """
    rows, columns = weight.shape
    if rows == columns or weight.numel() < 2 or not weight.is_floating_point():
        return ""
    std = float(weight.detach().double().std())
    # What is drawn varies by this much of itself, three times over; the sizes of small weights tell nothing.
    tolerance = max(CLOSE, 3 / math.sqrt(2 * weight.numel()))
    if not any(_is_close(std, gain / math.sqrt(columns), tolerance) for gain in GAINS):
        return ""
    if any(_is_close(std, gain / math.sqrt(rows), tolerance) for gain in GAINS):
        return ""
    factor = math.sqrt(rows / columns)
    return (
        f"{name} ({rows}, {columns}) is used as x @ {name}, so its fan-in is {rows}, but torch's inits count its last "
        f"axis, {columns}: its std is {std:.3g}, which should be {std / factor:.3g}. Initialise {name}.T instead."
    )


def fans_in_words(module: torch.nn.Module, operands: RightOperands) -> tuple[str, ...]:
    """A sentence on each parameter of the module that was met so."""
    met = ((name, weight) for name, weight in module.named_parameters() if id(weight) in operands.found)
    return tuple(words for name, weight in met if (words := fan_in_words(name, weight)))


def _is_close(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * other
