"""What numpy makes of the same equation: the same, something else, or an error; both run on small stand-ins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from playground.models.einsum.equation import ELLIPSIS, parse_equation
from playground.models.einsum.labels import Shape, index_labels
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.problem import ProblemError

NUMPY_OPERANDS = 63
"""np.einsum takes fewer than 64 operands."""

MAXIMUM_TRIED_SPACE = 100_000
_INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_NUMPY_DTYPES = frozenset({"bool", *_INTEGERS, "float16", "float32", "float64", "complex64", "complex128"})


@dataclass(frozen=True, slots=True)
class NumpyVerdict:
    """`agrees` if numpy gives the same shape and dtype; otherwise `note` says how it differs.

    The messages are torch's and numpy's own for small operands of this form, "" if they accept them.
    """

    agrees: bool
    note: str = ""
    torch_message: str = ""
    numpy_message: str = ""
    code: str = ""


def einsum_in_numpy(equation: str, shapes: Sequence[Shape], dtypes: Sequence[str] = ()) -> NumpyVerdict:
    """Run both on small stand-ins for these shapes and dtypes ("float32" unless given) and compare."""
    kinds = tuple(dtypes) or ("float32",) * len(shapes)
    small = _cut(tuple(tuple(shape) for shape in shapes))
    code = f'np.einsum("{equation}", ...)'
    if not _is_small(equation, small):
        return NumpyVerdict(True, "Too many letters to try both.", code=code)
    torch_outcome, torch_message = _run_torch(equation, small, kinds)
    foreign = next((kind for kind in kinds if kind not in _NUMPY_DTYPES), None)
    if foreign is not None:
        return NumpyVerdict(False, f"numpy has no {foreign}.", torch_message, "", code)
    numpy_outcome, numpy_message = _run_numpy(equation, small, kinds)
    note = _difference(equation, torch_outcome, numpy_outcome) or _order_of_casts(equation, small, kinds)
    return NumpyVerdict(not note, note, torch_message, numpy_message, code)


def _difference(equation: str, mine: tuple[Shape, str] | None, theirs: tuple[Shape, str] | None) -> str:
    if mine is not None and theirs is None:
        lost = ELLIPSIS in equation and "->" in equation and ELLIPSIS not in equation.split("->")[1]
        reason = "an ellipsis that is missing in the output" if lost else "this"
        return f"torch sums over {reason}, numpy refuses." if lost else "torch accepts it, numpy refuses."
    if mine is None and theirs is not None:
        return f"torch refuses, numpy gives {theirs[1]}."
    if mine is not None and theirs is not None and mine[1] != theirs[1]:
        return f"torch gives {mine[1]}, numpy {theirs[1]}."
    return ""


def _order_of_casts(equation: str, shapes: tuple[Shape, ...], kinds: tuple[str, ...]) -> str:
    """If dtypes differ, torch multiplies two operands in their dtype before the next; numpy casts all of them first.

    Both run on numbers so large that a product overflows in the narrower dtype.
    """
    if len(set(kinds)) < 2 or not all(math.prod(shape) for shape in shapes):
        return ""
    try:
        operands = [_large(shape, getattr(torch, kind)) for shape, kind in zip(shapes, kinds, strict=True)]
        with QUIET_TORCH, np.errstate(all="ignore"):
            mine = torch.einsum(equation, *operands)
            theirs = torch.from_numpy(
                np.asarray(np.einsum(equation, *(operand.numpy() for operand in operands))).copy()
            )
    except (RuntimeError, ValueError, TypeError):
        return ""
    exact = not (mine.is_floating_point() or mine.is_complex())
    if torch.equal(mine, theirs) if exact else torch.equal(mine.isfinite(), theirs.isfinite()):
        return ""
    return "torch multiplies step by step in the operands' dtypes, numpy casts all first: overflowing products differ."


def _large(shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    """A tensor filled with a number so large that its square overflows the dtype."""
    if dtype.is_floating_point or dtype.is_complex:
        return torch.full(shape, torch.finfo(dtype).max ** 0.6, dtype=torch.float64).to(dtype)
    return (
        torch.ones(shape, dtype=dtype)
        if dtype is torch.bool
        else torch.full(shape, torch.iinfo(dtype).max, dtype=dtype)
    )


def _cut(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The smallest sizes in which equal sizes stay equal, different ones different, and 0 and 1 unchanged."""
    sizes = sorted({size for shape in shapes for size in shape if size > 1})
    small = {size: place + 2 for place, size in enumerate(sizes)} | {0: 0, 1: 1}
    return tuple(tuple(small[size] for size in shape) for shape in shapes)


def _is_small(equation: str, shapes: tuple[Shape, ...]) -> bool:
    try:
        indexing = index_labels(parse_equation(equation), shapes)
    except ProblemError:
        return len(equation) < 200 and all(math.prod(shape) <= MAXIMUM_TRIED_SPACE for shape in shapes)
    return math.prod(indexing.sizes.values()) <= MAXIMUM_TRIED_SPACE


def _run_torch(
    equation: str, shapes: tuple[Shape, ...], dtypes: tuple[str, ...]
) -> tuple[tuple[Shape, str] | None, str]:
    try:
        operands = [torch.zeros(shape).to(getattr(torch, kind)) for shape, kind in zip(shapes, dtypes, strict=True)]
        result = torch.einsum(equation, *operands)
    except Exception as error:  # torch raises RuntimeError, ValueError, NotImplementedError; each counts as its verdict
        return None, first_sentence(error)
    return (tuple(result.shape), str(result.dtype).removeprefix("torch.")), ""


def _run_numpy(
    equation: str, shapes: tuple[Shape, ...], dtypes: tuple[str, ...]
) -> tuple[tuple[Shape, str] | None, str]:
    try:
        operands = [np.zeros(shape, kind) for shape, kind in zip(shapes, dtypes, strict=True)]
        result = np.asarray(np.einsum(equation, *operands))
    except Exception as error:  # numpy raises ValueError, TypeError, UnicodeEncodeError; each counts as its verdict
        return None, first_sentence(error)
    return (result.shape, str(result.dtype)), ""


def first_sentence(error: Exception) -> str:
    """The first line of the library's own message, at most 200 characters."""
    line = (str(error) or type(error).__name__).splitlines()[0]
    return line if len(line) <= 200 else line[:197] + "..."
