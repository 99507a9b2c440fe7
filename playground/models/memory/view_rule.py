"""When can a tensor be viewed in another shape without moving any data?

Each axis of the new shape must lie within one old axis, or span old axes d..d+k that continue each other without
gaps: `stride[i] == stride[i + 1] * size[i + 1]`. Axes of size 1 never matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from playground.models.formatting import count_in_words, shape_in_words
from playground.models.printed import Part, Printed, fixes_told
from playground.models.problem import Fix, Problem, Span

_SIZE = re.compile(r"[+-]?[0-9]+", re.ASCII)
LARGEST = 2**63 - 1
MOST_AXES = 64


def parse_shape(text: str) -> tuple[int, ...] | Problem:
    """`parse_shape("(2, -1)") == (2, -1)`; also "2 6", "[2, 6]" and ".view(2, 6)"; else the error and its place."""
    body, start = text, 0
    opening = max(text.rfind("("), text.rfind("["))
    if opening >= 0:
        start = opening + 1
        closing = min(
            (place for place in (text.find(")", start), text.find("]", start)) if place >= 0), default=len(text)
        )
        body = text[start:closing]
    sizes: list[int] = []
    for match in re.finditer(r"[^,\s]+", body):
        span = Span(start + match.start(), start + match.end())
        if not _SIZE.fullmatch(match.group()):
            return Problem(f"{_short(match.group())} is not a whole number in digits 0 to 9.", span)
        if len(match.group()) > 20 or abs(int(match.group())) > LARGEST:
            return Problem(f"{_short(match.group())} exceeds the largest size, 2^63 - 1.", span)
        sizes.append(int(match.group()))
        if len(sizes) > MOST_AXES:
            return Problem(f"More than {MOST_AXES} axes.", span)
    return tuple(sizes)


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"


Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring old axes `first` to `last` that act as one axis of `size` elements, `stride` apart."""

    first: int
    last: int
    size: int
    stride: int


@dataclass(frozen=True, slots=True, repr=False)
class ViewExplanation(Printed):
    """Whether `.view(new_shape)` works, or why not; and what `.reshape(new_shape)` would do instead.

    `blocking` is the pair of axes that would have to merge but do not, `new_axis` the axis of the new shape that spans
    them; `needed_stride` is the stride that the first would need, `found_stride` the one it has.
    """

    allowed: bool
    shape: Shape | None
    strides: Shape | None = None
    blocking: tuple[int, int] | None = None
    new_axis: int | None = None
    needed_stride: int | None = None
    found_stride: int | None = None
    message: str = ""
    fixes: tuple[Fix, ...] = ()
    reshape_kind: str = ""
    reshape_bytes: int = 0

    @property
    def problem(self) -> Problem | None:
        """The refusal as a problem; None if the view works."""
        return None if self.allowed else Problem(self.message, fixes=self.fixes, badge="no view")

    def told(self) -> tuple[Part, ...]:
        """Whether it works, why, and what works instead."""
        return f"{'Yes' if self.allowed else 'No'}. {self.message}", *fixes_told(self.fixes)


def contiguous_strides(shape: Sequence[int]) -> Shape:
    """Row-major strides, in elements: `contiguous_strides((3, 4)) == (4, 1)`; a size of 0 counts as 1."""
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def merge_axes(shape: Sequence[int], strides: Sequence[int]) -> tuple[Chunk, ...]:
    """The runs of axes that act as one, last first, as in `torch.Tensor.view` (no size may be 0)."""
    chunks: list[Chunk] = []
    last = len(shape) - 1
    size, base = 1, strides[-1] if strides else 1
    for axis in range(len(shape) - 1, -1, -1):
        size *= shape[axis]
        if axis == 0 or (shape[axis - 1] != 1 and strides[axis - 1] != size * base):
            chunks.append(Chunk(axis, last, size, base))
            if axis:
                last, size, base = axis - 1, 1, strides[axis - 1]
    return tuple(chunks)


def infer_size(shape: Sequence[int], new_shape: Sequence[int]) -> tuple[Shape | None, str]:
    """Fill in a -1; None and the reason if the sizes do not fit."""
    elements = prod(shape)
    count = count_in_words(elements, "element")
    if new_shape.count(-1) > 1:
        return None, "Only one size can be -1: two unknowns cannot be inferred from one number of elements."
    if any(size < -1 for size in new_shape):
        bad = next(size for size in new_shape if size < -1)
        return None, f"A size must be at least 0, or a single -1 to be inferred. {bad} is neither."
    if -1 not in new_shape:
        if prod(new_shape) != elements:
            asked = count_in_words(prod(new_shape), "element")
            return None, f"{shape_in_words(new_shape)} has {asked}, but the tensor has {elements:,}."
        return tuple(new_shape), ""
    known = prod(size for size in new_shape if size != -1)
    if known == 0:
        why = "any size there gives 0 elements" if elements == 0 else f"it would have 0 elements, not {elements}"
        return None, f"The -1 cannot be inferred next to a 0: {why}."
    if elements % known:
        return None, f"The -1 would be {elements}/{known}, which is not a whole number: the tensor has {count}."
    return tuple(elements // known if size == -1 else size for size in new_shape), ""


def view_strides(shape: Sequence[int], strides: Sequence[int], new_shape: Sequence[int]) -> Shape | None:
    """The strides of `.view(new_shape)`; None if it is refused (both shapes have the same number of elements)."""
    if not shape:
        return (1,) * len(new_shape)
    if 0 in shape:
        return tuple(strides) if tuple(shape) == tuple(new_shape) else contiguous_strides(new_shape)
    found = [0] * len(new_shape)
    axis = len(new_shape) - 1
    for chunk in merge_axes(shape, strides):
        covered = 1
        while axis >= 0 and (covered < chunk.size or new_shape[axis] == 1):
            found[axis] = covered * chunk.stride
            covered *= new_shape[axis]
            axis -= 1
        if covered != chunk.size:
            return None
    return tuple(found) if axis < 0 else None


def explain_view(
    shape: Sequence[int], strides: Sequence[int], new_shape: Sequence[int], *, itemsize: int = 4, name: str = "it"
) -> ViewExplanation:
    """Say whether a tensor with this shape and these strides can be viewed in `new_shape`, and why.

    >>> explanation = explain_view((3, 4), (1, 3), (12,))
    >>> explanation.allowed, explanation.blocking
    (False, (0, 1))

    Strides count elements. The verdict and the strides are those of `torch.Tensor.view`; `name` and `itemsize` (bytes)
    only serve the texts. Raises nothing: an impossible shape has its reason in `message`.
    """
    full, reason = infer_size(shape, new_shape)
    if full is None:
        return ViewExplanation(False, None, message=reason, fixes=_fitting_shapes(shape, strides, new_shape))
    found = view_strides(shape, strides, full)
    if found is not None:
        message = f"Strides {shape_in_words(found)} read the same cells. No data is moved."
        return ViewExplanation(True, full, found, message=message, reshape_kind="view")
    return _refusal(tuple(shape), tuple(strides), full, itemsize, name)


def _refusal(shape: Shape, strides: Shape, full: Shape, itemsize: int, name: str) -> ViewExplanation:
    new_axis, first, second = _blocked(shape, strides, full)
    needed = strides[second] * shape[second]
    message = (
        f"The {full[new_axis]} would span axes {first} and {second} of {name}. For that, stride {first} must be stride "
        f"{second} times size {second}, which is {strides[second]}*{shape[second]} = {needed}. It is {strides[first]}."
    )
    cost = prod(shape) * itemsize
    fixes = [Fix(f".reshape({', '.join(map(str, full))})", gives=f"copy {cost} B", meaning="a copy in row-major order")]
    split = _refined(shape, strides, full)
    if split is not None:
        fixes.append(
            Fix(f".view({', '.join(map(str, split))})", gives="view", meaning="the axis split where it breaks")
        )
    return ViewExplanation(
        False, full, None, (first, second), new_axis, needed, strides[first], message, tuple(fixes), "copy", cost
    )


def _boundaries(sizes: Sequence[int]) -> list[int]:
    """The elements spanned by each axis and those to its right: `_boundaries((2, 6)) == [6, 12]`."""
    counts, count = [], 1
    for size in reversed(sizes):
        count *= size
        counts.append(count)
    return counts


def _blocked(shape: Shape, strides: Shape, full: Shape) -> tuple[int, int, int]:
    """The first axis of the new shape (from the right) that crosses a gap, and the two old axes beside that gap."""
    chunks = merge_axes(shape, strides)
    edges = _boundaries([chunk.size for chunk in reversed(chunks)])
    right = 1
    for place, left in enumerate(_boundaries(full)):
        for number, edge in enumerate(edges[:-1]):
            if right < edge < left and left > right:
                second = next(axis for axis in range(chunks[number].first, len(shape)) if shape[axis] != 1)
                first = next(axis for axis in range(second - 1, -1, -1) if shape[axis] != 1)
                return len(full) - 1 - place, first, second
        right = left
    raise AssertionError("a refused view has an axis that crosses a gap")


def _refined(shape: Shape, strides: Shape, full: Shape) -> Shape | None:
    """The new shape with each axis split where it would cross a gap; None if the sizes do not divide."""
    edges = _boundaries([chunk.size for chunk in reversed(merge_axes(shape, strides))])
    sizes: list[int] = []
    right = 1
    for left in _boundaries(full):
        cuts = sorted({edge for edge in edges if right < edge < left} | {left})
        for cut in cuts:
            if cut % right:
                return None
            sizes.append(cut // right)
            right = cut
    refined = tuple(reversed(sizes))
    return refined if view_strides(shape, strides, refined) is not None else None


def _fitting_shapes(shape: Sequence[int], strides: Sequence[int], new_shape: Sequence[int]) -> tuple[Fix, ...]:
    """Views near the typed one with the right number of elements: one size replaced by -1."""
    elements = prod(shape)
    fixes: list[Fix] = []
    for axis in range(len(new_shape) - 1, -1, -1):
        others = prod(size for place, size in enumerate(new_shape) if place != axis and size != -1)
        if others <= 0 or elements % others or elements == 0:
            continue
        full = tuple(elements // others if place == axis else size for place, size in enumerate(new_shape))
        if min(full, default=1) > 0 and full != tuple(new_shape) and view_strides(shape, strides, full) is not None:
            fixes.append(Fix(f".view({', '.join(map(str, full))})", gives="view", meaning=f"{elements} elements"))
    return tuple(fixes[:2])
