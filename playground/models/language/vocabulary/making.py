"""Words that make a tensor from numbers or from other tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.models.language.vocabulary.bounds import (
    HUGE,
    counted,
    listed,
    operands,
    product,
    sizes,
    squared_sizes,
    stretched,
    tensors,
)
from playground.models.language.vocabulary.plans import (
    MAXIMUM_ELEMENTS,
    plan_arange,
    plan_cartesian,
    plan_eye,
    plan_linspace,
    plan_nonzero,
    plan_of_two,
    plan_triangle,
)
from playground.models.language.vocabulary.word import both, function, method
from playground.models.problem import refuse


def register_making() -> None:
    """Add the making and joining words to the vocabulary."""
    _from_numbers()
    _random()
    _like()
    _joining()
    _matrices()


def _from_numbers() -> None:
    plans: dict[str, Callable[..., Any]] = {"arange": plan_arange, "eye": plan_eye, "linspace": plan_linspace}

    def add(name: str, signature: str, description: str, need: Any) -> None:
        function(name, signature, description, "making", "new", need=need, plan=plans.get(name))

    add("tensor", "(data, *, dtype=None)", "The numbers of nested lists.", listed)
    add("as_tensor", "(data, dtype=None)", "The numbers of nested lists; a tensor is returned unchanged.", listed)
    add("arange", "(start=0, end, step=1, *, dtype=None)", "Numbers from start up to, but not including, end.", counted)
    add("zeros", "(*size, dtype=None)", "Every element 0.", sizes)
    add("ones", "(*size, dtype=None)", "Every element 1.", sizes)
    add("full", "(size, fill_value, *, dtype=None)", "Every element the same value.", sizes)
    add("eye", "(n, m=None, *, dtype=None)", "1 on the diagonal, 0 elsewhere.", squared_sizes)
    add("linspace", "(start, end, steps, *, dtype=None)", "Evenly spaced numbers, both ends included.", sizes)
    add("logspace", "(start, end, steps, base=10.0, *, dtype=None)", "Evenly spaced exponents of base.", sizes)


def _random() -> None:
    def add(name: str, signature: str, description: str) -> None:
        function(name, signature, description, "making", "new", need=sizes)

    add("randn", "(*size, generator, dtype=None)", "Draws from the standard normal distribution.")
    add("rand", "(*size, generator, dtype=None)", "Draws between 0 and 1.")
    add("randint", "(low=0, high, size, *, generator, dtype=None)", "Integers from low to high - 1.")
    add("randperm", "(n, *, generator, dtype=torch.int64)", "0 to n - 1 in random order.")
    add("normal", "(mean, std, size=None, *, generator, dtype=None)", "Draws from normal distributions.")
    for define, first in ((method, ""), (function, "input, ")):
        text = "1 with the probability given by each element, else 0."
        define("bernoulli", f"({first}*, generator)", text, "making", "new", need=operands, call=_bernoulli)
        text = "Indices drawn along the last axis, weighted by its elements."
        arguments = f"({first}num_samples, replacement=False, *, generator)"
        define("multinomial", arguments, text, "making", "new", need=sizes, call=_multinomial)
    function(
        "Generator", "()", "A source of random draws; .manual_seed(0) fixes them.", "making", "fact", need=lambda _: 0
    )
    method(
        "manual_seed",
        "(seed)",
        "The generator, seeded with this number.",
        "making",
        "fact",
        need=lambda _: 0,
        call=_seeded,
    )


def _bernoulli(input: torch.Tensor, *, generator: torch.Generator | None = None) -> torch.Tensor:
    """torch's own, which reports an invalid probability as an internal bug."""
    if not input.is_meta and input.numel() and input.is_floating_point():
        low, high = (float(end) for end in input.double().aminmax())
        if not (low >= 0 and high <= 1):
            odd = f"{high if low >= 0 else low:.6g}"
            refuse(f"A probability must be from 0 to 1, but {odd} is not.", badge="no probability")
    return torch.bernoulli(input, generator=generator)


def _multinomial(input: torch.Tensor, num_samples: int, replacement: bool = False, **given: Any) -> torch.Tensor:
    """torch's own, which does not say how many elements there are."""
    if input.ndim and not replacement and num_samples > input.shape[-1]:
        refuse(
            f"{num_samples} cannot be drawn from {input.shape[-1]} without replacement. With replacement=True an index "
            "may be drawn again.",
            badge=f"{num_samples} of {input.shape[-1]}",
        )
    return torch.multinomial(input, num_samples, replacement, **given)


def _seeded(generator: Any, seed: Any) -> torch.Generator:
    if not isinstance(generator, torch.Generator):
        refuse("manual_seed is a method of torch.Generator().")
    if not isinstance(seed, int) or not 0 <= seed < 2**63:
        refuse("A seed must be a whole number from 0 to 2**63 - 1.")
    return generator.manual_seed(seed)


def _like() -> None:
    order = "memory_format=torch.preserve_format"
    for name, words in (("zeros_like", "Zeros"), ("ones_like", "Ones")):
        function(
            name,
            f"(input, *, dtype=None, {order})",
            f"{words} of the same shape and dtype.",
            "making",
            "new",
            need=operands,
        )
    for name, words in (("randn_like", "Draws from the standard normal"), ("rand_like", "Draws between 0 and 1")):
        signature = f"(input, *, generator, dtype=None, {order})"
        function(name, signature, f"{words} in the same shape.", "making", "new", need=operands)
    function(
        "full_like",
        f"(input, fill_value, *, dtype=None, {order})",
        "One value in the same shape and dtype.",
        "making",
        "new",
        need=operands,
    )
    for name in ("new_zeros", "new_ones"):
        method(
            name,
            "(*size, dtype=None)",
            f"{name[4:].title()} of another shape and the same dtype.",
            "making",
            "new",
            need=sizes,
        )
    method(
        "new_full",
        "(size, fill_value, *, dtype=None)",
        "One value in another shape and the same dtype.",
        "making",
        "new",
        need=sizes,
    )
    method("new_tensor", "(data, *, dtype=None)", "Numbers in the same dtype.", "making", "new", need=listed)


def _joining() -> None:
    for name in ("cat", "concat", "concatenate"):
        function(name, "(tensors, dim=0)", "Join tensors along an axis.", "making", "copy", need=operands)
    function(
        "stack", "(tensors, dim=0)", "Join tensors of one shape along a new axis.", "making", "copy", need=operands
    )
    for name, description in (
        ("hstack", "Side by side: along axis 1, vectors along axis 0."),
        ("vstack", "On top of one another: along axis 0."),
        ("dstack", "One behind another: along axis 2."),
        ("column_stack", "Vectors as the columns of a matrix."),
    ):
        function(name, "(tensors)", description, "making", "copy", need=operands)
    function(
        "meshgrid",
        "(*tensors, indexing='ij')",
        "Coordinates of a grid, stretched with stride 0; take one by index.",
        "making",
        "view",
        need=operands,
        strings=("ij", "xy"),
    )
    function(
        "cartesian_prod",
        "(*tensors)",
        "All combinations as rows.",
        "making",
        "new",
        need=lambda a: product(a) * (len(a) + 1),
        plan=plan_cartesian,
    )
    function(
        "combinations",
        "(input, r=2, with_replacement=False)",
        "All pairs of elements as rows.",
        "making",
        "new",
        need=squared_sizes,
        plan=plan_combinations,
    )
    function("block_diag", "(*tensors)", "Matrices along a diagonal.", "making", "new", need=squared_sizes)


def plan_combinations(tensor: torch.Tensor, r: int = 2, with_replacement: bool = False) -> torch.Tensor:
    """Only pairs: their number is known without the values."""
    if r != 2:
        refuse("Only pairs (r=2) are planned here.")
    n = tensor.numel()
    count = n * (n + 1) // 2 if with_replacement else n * (n - 1) // 2
    if 2 * count >= MAXIMUM_ELEMENTS:
        refuse(f"That would be {float(count):.3g} rows, more than torch can count.", badge="too large")
    return torch.empty((count, 2), dtype=tensor.dtype, device="meta")


def _where_need(arguments: Any) -> int:
    if len(arguments) != 1:
        return stretched(arguments) if arguments else HUGE
    return operands(arguments) * max(1, *(tensor.ndim for tensor in tensors(arguments)), 1)


_plan_choice = plan_of_two("where", torch.where)


def _plan_where(condition: torch.Tensor, *others: Any) -> Any:
    if others:
        return _plan_choice(condition, *others)
    return tuple(column.contiguous() for column in plan_nonzero(condition).unbind(1))


def _matrices() -> None:
    both("tril", "(diagonal=0)", "The lower triangle, zeros above.", "making", "new", need=operands)
    both("triu", "(diagonal=0)", "The upper triangle, zeros below.", "making", "new", need=operands)
    both(
        "diag",
        "(diagonal=0)",
        "A vector as a diagonal matrix, or the diagonal of a matrix.",
        "making",
        "new",
        need=squared_sizes,
    )
    both(
        "diag_embed",
        "(offset=0, dim1=-2, dim2=-1)",
        "The last axis as the diagonal of two.",
        "making",
        "new",
        need=lambda a: product(a) ** 2,
    )
    for name in ("tril_indices", "triu_indices"):
        function(
            name,
            "(row, col, offset=0)",
            "Row and column numbers of a triangle.",
            "making",
            "new",
            need=squared_sizes,
            plan=plan_triangle(name == "triu_indices"),
        )
    function(
        "vander", "(x, N=None, increasing=False)", "Powers of a vector as columns.", "making", "new", need=squared_sizes
    )
    function(
        "where",
        "(condition, input, other)",
        "Elements of input where the condition holds, else of other.",
        "picking",
        "new",
        need=_where_need,
        stretches=True,
        plan=_plan_where,
    )
