"""Any size, stride and offset over a storage: what it reads, whether it fits, and the pattern's name."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.models.formatting import count_in_words, joined, shape_in_words
from playground.models.memory.layout import Layout
from playground.models.memory.readers import measure_reach
from playground.models.memory.view_rule import contiguous_strides
from playground.models.problem import Fix, Problem


@dataclass(frozen=True, slots=True)
class StridedSpec:
    """The three arguments of `torch.as_strided`, in elements."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0

    @property
    def code(self) -> str:
        """`as_strided((3, 3), (0, 1), 2)`."""
        offset = f", {self.offset}" if self.offset else ""
        return f"as_strided({shape_in_words(self.size)}, {shape_in_words(self.stride)}{offset})"

    @property
    def paired(self) -> StridedSpec:
        """The leading axes that have both a size and a stride; itself if all have."""
        rank = min(len(self.size), len(self.stride))
        return StridedSpec(self.size[:rank], self.stride[:rank], self.offset)


@dataclass(frozen=True, slots=True)
class StridedExplanation:
    """`allowed`: torch accepts it; `pattern`: its name in words; it spans cells `first` to `last`.

    `needed_bytes` is the size that the storage must have. `problem` names the obstacle, with the byte range.
    """

    spec: StridedSpec
    allowed: bool
    pattern: str
    first: int
    last: int
    needed_bytes: int
    overlap: bool | None = False
    reached: int | None = 0
    problem: Problem | None = None


UNPAIRED = "sizes and strides that differ in number"
"""The pattern's name if some axes have only a size or only a stride."""


def spec_from_code(code: str) -> StridedSpec | None:
    """The arguments that `StridedSpec.code` wrote; None for other code."""
    inside = code.strip().removeprefix("as_strided(")
    if inside == code.strip() or not inside.endswith(")"):
        return None
    size, stride, *offset = ast.literal_eval(f"({inside[:-1]},)")
    return StridedSpec(size, stride, *offset)


def spec_of(layout: Layout) -> StridedSpec:
    """The arguments that reproduce the tensor itself."""
    return StridedSpec(layout.shape, layout.strides, layout.offset)


def explain_strided(spec: StridedSpec, storage_bytes: int, itemsize: int) -> StridedExplanation:
    """Judge `as_strided` on a storage of so many bytes before calling torch, with the same verdict as torch.

    If the numbers of sizes and strides differ, the results are for the axes that have both.
    """
    if spec.paired != spec:
        paired = explain_strided(spec.paired, storage_bytes, itemsize)
        unpaired = _unpaired(spec, paired)
        return replace(paired, spec=spec, allowed=False, pattern=UNPAIRED, overlap=None, reached=None, problem=unpaired)
    first = spec.offset + sum(min(0, (n - 1) * s) for n, s in zip(spec.size, spec.stride, strict=True))
    last = spec.offset + sum(max(0, (n - 1) * s) for n, s in zip(spec.size, spec.stride, strict=True))
    needed = 0 if 0 in spec.size else (last + 1) * itemsize
    problem = _find_problem(spec, first, last, storage_bytes, itemsize)
    if problem is not None:
        return StridedExplanation(spec, False, name_pattern(spec), first, last, needed, None, None, problem)
    reach = measure_reach(spec.size, spec.stride)
    return StridedExplanation(spec, True, name_pattern(spec), first, last, needed, reach.overlap, reach.cells)


def unequal_lengths(size: Sequence[int], stride: Sequence[int]) -> str:
    """The problem with different numbers of sizes and strides: `unequal_lengths((2, 2), (1,))`."""
    sizes, strides = count_in_words(len(size), "size"), count_in_words(len(stride), "stride")
    return (
        f"{shape_in_words(size)} names {sizes}, {shape_in_words(stride)} names {strides}. Each axis needs one of each."
    )


def _unpaired(spec: StridedSpec, paired: StridedExplanation) -> Problem:
    fix = Fix(paired.spec.code, gives=shape_in_words(paired.spec.size), meaning="the axes that have both")
    fixes = (fix,) if paired.allowed else ()
    badge = f"{len(spec.size)} against {len(spec.stride)}"
    return Problem(unequal_lengths(spec.size, spec.stride), fixes=fixes, badge=badge)


def _find_problem(spec: StridedSpec, first: int, last: int, storage_bytes: int, itemsize: int) -> Problem | None:
    if any(size < 0 for size in spec.size):
        bad = next(axis for axis, size in enumerate(spec.size) if size < 0)
        return Problem(f"Size {bad} is {spec.size[bad]}. A size must be at least 0.", badge="size below 0")
    if spec.offset < 0:
        return Problem(
            f"The offset is {spec.offset}: it would begin {-spec.offset * itemsize} B before the storage.",
            badge="before the storage",
        )
    negative = [axis for axis, stride in enumerate(spec.stride) if stride < 0]
    if negative:
        axis = negative[0]
        return Problem(
            f"Stride {axis} is {spec.stride[axis]}. torch has no negative strides, so nothing can be read backwards "
            f"without a copy; numpy can. It would read bytes {first * itemsize} to {(last + 1) * itemsize}.",
            fixes=(Fix(f".flip({axis})", gives="copy", meaning="the same elements, backwards"),),
            badge="negative stride",
        )
    if 0 not in spec.size and (last + 1) * itemsize > storage_bytes:
        missing = (last + 1) * itemsize - storage_bytes
        return Problem(
            f"The last element is cell {last}, bytes {last * itemsize} to {(last + 1) * itemsize}. The storage has "
            f"{storage_bytes} B: {missing} B too few.",
            fixes=_fitting(spec, storage_bytes // itemsize),
            badge="out of bounds",
        )
    return None


def _fitting(spec: StridedSpec, cells: int) -> tuple[Fix, ...]:
    """The largest size along one axis that fits."""
    fixes = []
    for axis, stride in enumerate(spec.stride):
        rest = sum(
            (n - 1) * s for place, (n, s) in enumerate(zip(spec.size, spec.stride, strict=True)) if place != axis
        )
        room = cells - 1 - spec.offset - rest
        if stride > 0 and room >= 0:
            size = (*spec.size[:axis], room // stride + 1, *spec.size[axis + 1 :])
            fixes.append(Fix(StridedSpec(size, spec.stride, spec.offset).code, gives=shape_in_words(size)))
    return tuple(fixes)


def name_pattern(spec: StridedSpec) -> str:
    """The name of a pattern of sizes and strides; "strided" if it has no special name."""
    if any(stride < 0 for stride in spec.stride):
        return "flip: impossible in torch, strides cannot be negative"
    if 0 in spec.size:
        return "no elements"
    axes = [(n, s) for n, s in zip(spec.size, spec.stride, strict=True) if n > 1]
    if not axes:
        return "a single element"
    if any(stride == 0 for _, stride in axes):
        return _name_broadcast(spec)
    sizes, strides = tuple(n for n, _ in axes), tuple(s for _, s in axes)
    if strides == contiguous_strides(sizes):
        return "contiguous: row-major order"
    if len(axes) == 1:
        return f"every {_ordinal(strides[0])} cell: a step, a column or a diagonal"
    ordered = sorted(axes, key=lambda axis: -axis[1])
    if tuple(s for _, s in ordered) == contiguous_strides([n for n, _ in ordered]):
        return "transpose: the axes in another order" if len(axes) == 2 else "permute: the axes in another order"
    if measure_reach(sizes, strides).overlap:
        return _name_windows(sizes, strides)
    return _name_cut(axes)


def _name_broadcast(spec: StridedSpec) -> str:
    axes = [a for a, (n, s) in enumerate(zip(spec.size, spec.stride, strict=True)) if n > 1 and s == 0]
    where = f"axis {axes[0]} repeats" if len(axes) == 1 else f"axes {', '.join(map(str, axes))} repeat"
    return f"broadcast: {where} without memory"


def _name_windows(sizes: tuple[int, ...], strides: tuple[int, ...]) -> str:
    if len(sizes) == 2 and strides[0] == strides[1]:
        return "sliding window: each row starts one step later (Hankel)"
    if len(sizes) == 2 and strides[0] % strides[1] == 0:
        return f"sliding window: {sizes[1]} wide, moved by {strides[0] // strides[1]}"
    return "sliding window: some cells are read more than once"


def _name_cut(axes: list[tuple[int, int]]) -> str:
    """Neither overlapping nor dense: a part of something larger."""
    ordered = sorted(axes, key=lambda axis: -axis[1])
    turned = "" if axes == ordered else "transposed "
    if len(axes) == 2 and ordered[-1][1] == 1:
        return f"{turned}block: {ordered[0][0]} pieces of {ordered[1][0]}, {ordered[0][1]} apart"
    inner = ordered[-1][1]
    if any(stride % inner for _, stride in axes):
        return f"{turned}strided: steps of {joined([str(stride) for _, stride in axes])} cells"
    return f"{turned}strided: every {_ordinal(inner)} cell of a block" if inner > 1 else f"{turned}strided block"


def _ordinal(number: int) -> str:
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def named_specs(cells: int) -> tuple[tuple[str, StridedSpec], ...]:
    """Example patterns that fit a storage of so many cells."""
    if cells < 2:
        return (("Broadcast", StridedSpec((3,), (0,))),) if cells else ()
    side = max(side for side in range(1, 9) if side * side <= cells)
    columns = cells // side if cells // side <= 8 else side
    width = min(3, cells)
    windows = min(8, cells - width + 1)
    patterns = (
        ("Rows", StridedSpec((side, columns), (columns, 1))),
        ("Transpose", StridedSpec((columns, side), (1, columns))),
        ("Diagonal", StridedSpec((min(side, columns),), (columns + 1,))),
        ("Sliding window", StridedSpec((windows, width), (1, 1))),
        ("Broadcast", StridedSpec((3, columns), (0, 1))),
        ("Every other", StridedSpec(((min(cells, 16) + 1) // 2,), (2,))),
        ("Flip", StridedSpec((min(cells, 8),), (-1,), min(cells, 8) - 1)),
    )
    return tuple(patterns)
