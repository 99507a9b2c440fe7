"""Explains a failure in one or two sentences with the actual names and sizes."""

from __future__ import annotations

import ast
import re

import torch

from playground.models.formatting import count_in_words
from playground.models.language.failures.axes import (
    axis_problem,
    index_problem,
    matrix_problem,
    permutation_problem,
)
from playground.models.language.failures.call import FailedCall
from playground.models.language.failures.shapes import SHAPE_EXPLAINERS, size_problem
from playground.models.language.vocabulary.guards import AXES_FIRST, Guard
from playground.models.memory.as_strided import unequal_lengths
from playground.models.problem import Fix, Problem, ProblemError

EXPLAINERS = (index_problem, axis_problem, permutation_problem, matrix_problem, *SHAPE_EXPLAINERS)


def guard_arguments(call: FailedCall) -> None:
    """Refuse calls that torch would allow, or explain badly: `as_strided` outside its storage, nested lists."""
    _guard_by(call, call.word.guard)
    if call.word.short_name in AXES_FIRST:
        _raise(axis_problem(call))
    if call.word.short_name == "as_strided":
        _guard_strided(call)
    if call.word.name == "[]":
        _guard_nested_list(call)
    if call.word.name.startswith("torch.nn.functional."):
        _guard_count(call)
    if call.word.family in ("making", "copying"):
        _raise(size_problem(call))


def guard_values(call: FailedCall) -> None:
    """Refuse values that the word's entry forbids."""
    _guard_by(call, call.word.value_guard)


def _raise(problem: Problem | None) -> None:
    if problem is not None:
        raise ProblemError(problem)


def _guard_by(call: FailedCall, guard: Guard | None) -> None:
    said = guard(call.arguments) if guard is not None else ""
    if said:
        raise ProblemError(call.problem(said, "refused"))


def failure_problem(call: FailedCall, error: Exception) -> Problem:
    """The problem with a call that torch refused: explained by the shapes if possible, otherwise in torch's words."""
    for explain in EXPLAINERS:
        problem = explain(call)
        if problem is not None:
            return problem
    return _by_dtype(call, str(error)) or _in_torchs_words(call, str(error))


def _guard_count(call: FailedCall) -> None:
    """Refuse extra positional arguments: some `nn.functional` functions take one that makes them write in place."""
    most = call.word.most_positional
    if most is not None and len(call.positional) > most:
        takes = f"{count_in_words(most, 'argument')} without a name"
        message = f"{call.word.name} takes {takes} here, not {len(call.positional)}: {call.word.usage}."
        raise ProblemError(call.problem(message, "too many"))


def _guard_strided(call: FailedCall) -> None:
    given = call.arguments
    tensor, sizes, strides = given.get("input"), given.get("size"), given.get("stride")
    if (
        not isinstance(tensor, torch.Tensor)
        or not isinstance(sizes, tuple | list)
        or not isinstance(strides, tuple | list)
    ):
        return
    offset = given.get("storage_offset")
    offset = tensor.storage_offset() if offset is None else offset
    numbers = (*sizes, *strides, offset)
    if not all(isinstance(number, int) for number in numbers):
        return
    if len(sizes) != len(strides):
        badge = f"{len(sizes)} against {len(strides)}"
        raise ProblemError(call.problem(unequal_lengths(sizes, strides), badge))
    if min(numbers) < 0:
        raise ProblemError(
            call.problem(f"Sizes, strides and the offset must be at least 0, but one is {min(numbers)}.", "below 0")
        )
    item = tensor.element_size()
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    storage = tensor.untyped_storage().nbytes()
    if 0 not in sizes and (last + 1) * item > storage:
        message = f"That reads bytes {offset * item:,} to {(last + 1) * item:,}, but the storage has {storage:,}."
        raise ProblemError(call.problem(message, "outside its storage"))


def _guard_nested_list(call: FailedCall) -> None:
    """Refuse a list of lists: it is several indices in some versions of torch and one index in others."""
    index = call.positional[1]
    if not isinstance(index, list) or not any(isinstance(part, list | tuple | slice) or part is None for part in index):
        return
    span = call.parsed.span(call.nodes[1])
    node = call.nodes[1]
    inner = [call.parsed.segment(element) for element in node.elts] if isinstance(node, ast.List) else []
    fixes: tuple[Fix, ...] = ()
    if inner and not any(isinstance(part, list) and any(isinstance(p, list) for p in part) for part in index):
        several = call.replaced(span, ", ".join(inner), meaning="one index for each axis")
        fixes = (
            several,
            call.replaced(span, f"torch.tensor({span.of(call.parsed.text)})", meaning="one index of two axes"),
        )
    message = "A list of lists is one index in some versions of torch and several in others. Write the one you mean."
    raise ProblemError(call.problem(message, "list of lists", span, fixes))


_NOT_IMPLEMENTED = re.compile(r"not implemented for '(\w+)'")


def _by_dtype(call: FailedCall, message: str) -> Problem | None:
    """An operation that a dtype does not support, with a cast as a fix."""
    found = _NOT_IMPLEMENTED.search(message)
    floating = "floating point" in message or "must be either a floating" in message
    if not found and not floating:
        return None
    tensors = [(n, v) for n, v in zip(call.nodes, call.positional, strict=False) if isinstance(v, torch.Tensor)]
    if not tensors and found:
        dtype = found.group(1).lower()
        return call.problem(f"{call.word.name} is not supported for {dtype}.", f"not for {dtype}")
    if not tensors:
        return None
    node, tensor = next(((n, v) for n, v in tensors if v.is_floating_point() != floating), tensors[0])
    name, dtype = call.name_of(node), str(tensor.dtype)[6:]
    cast = ".bool()" if call.word.name in ("&", "|", "^", "~x") else _cast_away_from(tensor.dtype)
    fix = call.all_postfixed([other for other, value in tensors if value.dtype == tensor.dtype], cast)
    word = call.word.name.replace("-x", "-").replace("~x", "~")
    return call.problem(f"{word} is not supported for {dtype}, the dtype of {name}.", f"not for {dtype}", fixes=(fix,))


def _cast_away_from(dtype: torch.dtype) -> str:
    """A dtype that supports what this one does not: floats for narrow floats and integers, integers for the rest."""
    if dtype.is_complex:
        return ".real"
    if not dtype.is_signed and dtype.itemsize > 1:
        return ".long()"
    return ".long()" if dtype.is_floating_point and dtype.itemsize > 1 else ".float()"


def _in_torchs_words(call: FailedCall, message: str) -> Problem:
    """The first sentence of torch's message, without its source lines and signatures."""
    first = message.strip().split("\n")[0].strip().rstrip(".:")
    if re.search(r"meta (device|tensor)|on meta|Meta kernel", message, re.IGNORECASE):
        first = "it needs values that are too large or not computed"
    if "integer multiplication overflow" in message:
        first = "it would have more elements than torch can count"
    first = re.sub(r"^([\w.]+)\(\):? ", "", first).replace(
        "received an invalid combination of arguments", "takes other arguments"
    )
    first = re.sub(rf"^([\w.]*\b{re.escape(call.word.short_name)}|linalg\.\w+): ", "", first)
    fraction = next((value for value in call.positional[1:] if isinstance(value, float)), None)
    if "positional argument" in first and fraction is not None and call.word.family in ("reshaping", "copying"):
        first = f"sizes and axes must be whole numbers, but {fraction} is not"
    cut = first.split(", but expected one of")[0][:240]
    usage = f" It takes {call.word.usage}." if "argument" in cut and call.word.signature else ""
    name = call.word.name
    return call.problem(f"{name}: {cut or 'torch refuses this'}.{usage}", "refused")
