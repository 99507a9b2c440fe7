"""Using fills: writing code, building tensors, recognising text."""

from __future__ import annotations

import ast
import math
from dataclasses import replace

import torch

from playground.models.language.fills.fill import FILLS, dtype_named
from playground.models.language.fills.typed import nested, nested_shape
from playground.models.language.source import as_sizes, literal_call
from playground.models.problem import refuse
from playground.models.program.sources import Made


def default_made(fill: str, shape: tuple[int, ...] = (3, 4)) -> Made:
    """A tensor of this fill with its first dtype, default parameters, and seed 0 if it has a seed."""
    entry = FILLS.find(fill)
    if not entry.fits_rank(len(shape)):
        shape = (*shape, 1, 1)[:2]
    parameters: tuple[tuple[str, object], ...] = ()
    if fill == "values":
        parameters = (("values", nested([0.0] * math.prod(shape), shape)),)
    return Made(fill, shape, entry.dtypes[0], 0 if entry.seeded else None, parameters)


def made_code(made: Made) -> str:
    """The PyTorch text that creates the tensor: `torch.arange(12.).reshape(3, 4)`."""
    return FILLS.find(made.fill).code(made)


def make(made: Made, device: str = "cpu") -> torch.Tensor:
    """The tensor itself; on `"meta"`, only its shape, strides and dtype, of any size."""
    check_made(made)
    if device == "meta":
        return torch.empty(made.shape, dtype=dtype_named(made.dtype), device="meta")
    return FILLS[made.fill].build(made).to(device)


def check_made(made: Made) -> None:
    """Raise a `ProblemError` for sizes, ranks or dtypes that the fill does not support."""
    fill = FILLS.find(made.fill)
    for axis, size in enumerate(made.shape):
        if size < 0:
            refuse(f"Axis {axis} has size {size}. A size must be at least 0.", badge="size below 0")
    if math.prod(made.shape) >= 2**60:
        refuse("The sizes multiply to more than 2^60 elements, more than torch can count.", badge="too many elements")
    if not fill.fits_rank(len(made.shape)):
        refuse(
            f"{fill.label} has {fill.ranks[0] if fill.ranks else 0} axes, not {len(made.shape)}.", badge="wrong rank"
        )
    if made.dtype not in fill.dtypes:
        refuse(f"{fill.label} cannot be made in {made.dtype}. It can be {', '.join(fill.dtypes)}.", badge="wrong dtype")


def recognise(node: ast.expr) -> Made | None:
    """The `Made` equivalent to this expression, or None: `torch.zeros((3, 4))` is one."""
    reshaped: tuple[int, ...] | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "view"):
        inner = node.func.value
        outer = literal_call(ast.Call(ast.Name("reshape"), node.args, node.keywords))
        reshaped = as_sizes(outer.positional) if outer and not outer.keywords else None
        if reshaped is None:
            return None
        node = inner
    call = literal_call(node)
    if call is None:
        return None
    for fill in FILLS.values():
        if call.name in fill.calls:
            made = fill.recognise(call, reshaped)
            if made is not None and made.dtype in fill.dtypes and fill.fits_rank(len(made.shape)):
                return made
    return None


def resized(made: Made, axis: int, size: int) -> Made:
    """The same fill with another size along one axis."""
    shape = (*made.shape[:axis], size, *made.shape[axis + 1 :])
    if made.fill == "values" and nested_shape(dict(made.parameters).get("values", 0)) is None:
        return made
    return replace(made, shape=shape)
