"""Words of complex numbers: their parts, and views of them as real numbers."""

from __future__ import annotations

from typing import Any

import torch

from playground.models.language.vocabulary.bounds import nothing, operands, stretched
from playground.models.language.vocabulary.plans import plan_of_one, plan_of_two
from playground.models.language.vocabulary.word import attribute, both, function, method
from playground.models.problem import refuse


def register_complex_numbers() -> None:
    """Add complex numbers to the vocabulary."""
    attribute("real", "The real parts: every second number of the storage.", "reshaping", "view", lambda a: a.real)
    attribute("imag", "The imaginary parts: every second number of the storage.", "reshaping", "view", _imaginary)
    attribute("mH", "Matrices with their last two axes swapped, conjugated.", "reshaping", "view", lambda a: a.mH)
    function(
        "real", "(input)", "The real parts: every second number of the storage.", "reshaping", "view", need=nothing
    )
    function(
        "imag", "(input)", "The imaginary parts: every second number of the storage.", "reshaping", "view",
        need=nothing, call=_imaginary,
    )  # fmt: skip
    text = "The conjugate: a view that negates the imaginary parts on reading."
    both("conj", "()", text, "reshaping", "view", need=nothing)
    text = "The last two axes swapped and conjugated."
    both("adjoint", "()", text, "reshaping", "view", need=nothing)
    for name, text in (
        ("view_as_real", "Each complex number as two real ones, in a new last axis."),
        ("view_as_complex", "A last axis of 2 as real and imaginary parts."),
    ):
        function(name, "(input)", text, "reshaping", "view", need=nothing)
    both(
        "resolve_conj",
        "()",
        "A conjugated view written out; others are unchanged.",
        "copying",
        "view or copy",
        need=operands,
    )
    both(
        "conj_physical",
        "()",
        "The conjugate, written out; a real tensor is unchanged.",
        "mapping",
        "new",
        need=operands,
    )
    _polar()


def _polar() -> None:
    both(
        "angle",
        "()",
        "The angle of a complex number; pi for negative numbers.",
        "mapping",
        "new",
        need=operands,
        plan=plan_of_one("angle", torch.angle),
    )
    for name, signature, text in (
        ("complex", "(real, imag)", "Complex numbers from their parts."),
        ("polar", "(abs, angle)", "Complex numbers from their absolute values and angles."),
    ):
        function(
            name,
            signature,
            text,
            "mapping",
            "new",
            need=lambda a: 2 * stretched(a),
            stretches=True,
            plan=plan_of_two(name, getattr(torch, name)),
        )
    for name, text in (
        ("is_complex", "Whether the elements are complex."),
        ("is_conj", "Whether this is a conjugated view."),
        ("is_signed", "Whether the dtype has negative numbers."),
    ):
        both(name, "()", text, "facts", "fact", need=nothing)
    for name, dtype in (("cfloat", "complex64"), ("cdouble", "complex128")):
        method(name, "()", f"As {dtype}.", "copying", "view or copy", need=lambda a: 2 * operands(a))


def _imaginary(tensor: Any) -> torch.Tensor:
    if isinstance(tensor, torch.Tensor) and not tensor.is_complex():
        refuse(f"Only complex tensors have imaginary parts, but this is {str(tensor.dtype).removeprefix('torch.')}.")
    return torch.imag(tensor)
