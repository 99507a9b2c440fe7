"""Why an operation had to copy instead of looking at the same storage."""

from __future__ import annotations

import itertools

import torch

from playground.models.tensors.vocabulary import Word
from playground.models.words import shape_in_words


def copy_reason(word: Word, source: torch.Tensor, result: torch.Tensor) -> str:
    """One sentence from the layout at hand; empty where the word always copies for a reason of its own."""
    short = word.short_name
    if word.name == "[]":
        return "A list or mask picks elements that no offset and strides can describe."
    if source.dtype != result.dtype:
        return f"Elements of {_name(source.dtype)} are written anew as {_name(result.dtype)}."
    if short == "contiguous":
        order = "Row order" if result.is_contiguous() else "Channels last"
        return (
            f"{order} needs strides {shape_in_words(result.stride())}, here they are {shape_in_words(source.stride())}."
        )
    if short in ("reshape", "flatten", "ravel", "reshape_as"):
        return reshape_reason(tuple(source.shape), source.stride(), tuple(result.shape))
    if short in ("flip", "fliplr", "flipud", "rot90"):
        return "Reversed order needs a negative stride, and torch has none."
    if short == "roll":
        return "The elements that come back at the other end break the stride."
    if short in ("repeat", "tile", "repeat_interleave"):
        return "Repeated elements are written out; expand would repeat them with stride 0."
    if short in ("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"):
        return "One storage has to hold the elements of all."
    return ""


def row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a contiguous tensor of this shape."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def reshape_reason(shape: tuple[int, ...], strides: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """The pair of neighbouring axes that cannot be read as one run, in numbers."""
    axes = [axis for axis, size in enumerate(shape) if size != 1]
    for left, right in itertools.pairwise(axes):
        needed = strides[right] * shape[right]
        if strides[left] != needed and not _is_boundary(shape, left, wanted):
            return (
                f"Axes {left} and {right} do not follow on one another: stride {left} would have to be stride {right} "
                f"times size {right}, {strides[right]}*{shape[right]} = {needed}, and is {strides[left]}."
            )
    return ""


def _is_boundary(shape: tuple[int, ...], axis: int, wanted: tuple[int, ...]) -> bool:
    """Whether the new shape also begins a new axis after this one."""
    inner = 1
    for size in shape[axis + 1 :]:
        inner *= size
    product = 1
    for size in reversed(wanted):
        if product == inner:
            return True
        product *= size
    return product == inner


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
