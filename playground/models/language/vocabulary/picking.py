"""Words that pick elements by index, by order or by a mask."""

from __future__ import annotations

import torch

from playground.models.language.vocabulary.bounds import by_values, operands, padded, product, stretched
from playground.models.language.vocabulary.plans import (
    plan_masked_select,
    plan_nonzero,
    plan_of_two,
    plan_unique,
    plan_unknown,
)
from playground.models.language.vocabulary.word import both, function, method


def register_picking() -> None:
    """Add picking, sorting and scattering to the vocabulary."""
    _by_index()
    _by_order()
    _scattered()


def _by_index() -> None:
    _at_index()
    _where_true()
    _counted()


def _at_index() -> None:
    both("gather", "(dim, index)", "Along an axis, the elements at index.", "picking", "new", need=operands)
    both(
        "index_select",
        "(dim, index)",
        "Slices of an axis in the order of index.",
        "picking",
        "copy",
        need=lambda a: product(a) + operands(a),
    )
    both("take", "(index)", "Elements of the flattened tensor.", "picking", "new", need=operands)
    both(
        "take_along_dim",
        "(indices, dim=None)",
        "Along an axis, the elements at indices; shapes broadcast.",
        "picking",
        "new",
        need=stretched,
    )
    both(
        "masked_select",
        "(mask)",
        "The elements where the mask holds, as a vector.",
        "picking",
        "copy",
        need=stretched,
        plan=plan_masked_select,
    )
    both(
        "masked_fill",
        "(mask, value)",
        "The value where the mask holds.",
        "picking",
        "new",
        need=stretched,
        stretches=True,
        plan=plan_of_two("masked_fill", torch.masked_fill),
    )


def _where_true() -> None:
    text = "The indices of elements that are not 0, one per row."
    for name in ("nonzero", "argwhere"):
        both(name, "()", text, "picking", "new", need=lambda a: 8 * operands(a), plan=plan_nonzero)
    method(
        "where",
        "(condition, other)",
        "The elements where the condition holds, else those of other.",
        "picking",
        "new",
        need=stretched,
        stretches=True,
    )
    function(
        "isin",
        "(elements, test_elements, *, assume_unique=False, invert=False)",
        "Which elements are among the others.",
        "picking",
        "new",
        need=product,
    )
    function(
        "searchsorted",
        "(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None)",
        "Where each element would go in a sorted sequence.",
        "picking",
        "new",
        need=operands,
        strings=("left", "right"),
    )


def _counted() -> None:
    function(
        "bucketize",
        "(input, boundaries, *, out_int32=False, right=False)",
        "The number of the bucket of each element.",
        "picking",
        "new",
        need=operands,
    )
    both(
        "bincount",
        "(weights=None, minlength=0)",
        "How often each integer occurs.",
        "picking",
        "new",
        need=by_values,
        plan=plan_unknown,
    )
    function(
        "nn.functional.one_hot",
        "(tensor, num_classes=-1)",
        "A new last axis, 1 at the number and 0 elsewhere.",
        "picking",
        "new",
        need=by_values,
        plan=_plan_one_hot,
    )
    modes = ("constant", "reflect", "replicate", "circular")
    function(
        "nn.functional.pad",
        "(input, pad, mode='constant', value=None)",
        "Padded at the ends of its last axes.",
        "picking",
        "copy",
        need=padded,
        strings=modes,
    )


def _plan_one_hot(tensor: torch.Tensor, num_classes: int = -1) -> torch.Tensor:
    if num_classes < 0:
        return plan_unknown()
    return torch.empty((*tensor.shape, num_classes), dtype=torch.int64, device="meta")


def _by_order() -> None:
    both(
        "sort",
        "(dim=-1, descending=False, stable=False)",
        "Sorted values and their indices; take one by index.",
        "picking",
        "new",
        need=operands,
    )
    both(
        "argsort",
        "(dim=-1, descending=False, stable=False)",
        "The indices that would sort the values.",
        "picking",
        "new",
        need=operands,
    )
    both("msort", "()", "Sorted values along axis 0.", "picking", "new", need=operands)
    both(
        "topk",
        "(k, dim=-1, largest=True, sorted=True)",
        "The k largest values and their indices; take one by index.",
        "picking",
        "new",
        need=operands,
    )
    both(
        "kthvalue",
        "(k, dim=-1, keepdim=False)",
        "The k-th smallest value and its index.",
        "picking",
        "new",
        need=operands,
    )
    for name, arguments, text in (
        ("unique", "(sorted=True, return_inverse=False, return_counts=False, dim=None)", "Each value once."),
        (
            "unique_consecutive",
            "(return_inverse=False, return_counts=False, dim=None)",
            "Each run of equal values once.",
        ),
    ):
        whole = f"{text} With inverse or counts, several tensors: take one by index."
        both(name, arguments, whole, "picking", "new", need=lambda a: 3 * operands(a), plan=plan_unique(name))


def _scattered() -> None:
    for name, signature, description in (
        (
            "scatter",
            "(dim, index, src, *, value=None, reduce=None)",
            "src, or a value, written along an axis at index.",
        ),
        ("scatter_add", "(dim, index, src)", "src added along an axis at index."),
        ("index_add", "(dim, index, source, *, alpha=1)", "Slices added at index."),
        ("index_copy", "(dim, index, source)", "Slices written at index."),
        ("index_fill", "(dim, index, value)", "A value written at index."),
        ("index_put", "(indices, values, accumulate=False)", "values written, or added, at a tuple of indices."),
        ("select_scatter", "(src, dim, index)", "One slice of an axis replaced by src."),
        ("slice_scatter", "(src, dim=0, start=None, end=None, step=1)", "A range of an axis replaced by src."),
        ("diagonal_scatter", "(src, offset=0, dim1=0, dim2=1)", "The diagonal replaced by src."),
        ("masked_scatter", "(mask, source)", "Elements of source, in order, where the mask holds."),
    ):
        strings = ("add", "multiply") if name == "scatter" else ()
        both(name, signature, description, "picking", "new", need=operands, strings=strings)
    reduced = ("sum", "prod", "mean", "amax", "amin")
    text = "src combined along an axis at index."
    both(
        "scatter_reduce",
        "(dim, index, src, reduce, *, include_self=True)",
        text,
        "picking",
        "new",
        need=operands,
        strings=reduced,
    )
