"""Words that multiply and sum: matrix products, einsum, distances."""

from __future__ import annotations

from playground.models.language.vocabulary.bounds import contracted, multiplied, operands, product
from playground.models.language.vocabulary.plans import plan_einsum_shape, plan_matmul, plan_outer
from playground.models.language.vocabulary.word import both, function


def register_multiplying() -> None:
    """Add products to the vocabulary."""
    _products()
    _sums()


def _products() -> None:
    for name, signature, description in (
        ("matmul", "(other)", "The matrix product; leading axes are batches and broadcast."),
        ("mm", "(mat2)", "The product of two matrices."),
        ("bmm", "(mat2)", "Products of matrices, batch by batch."),
        ("mv", "(vec)", "A matrix times a vector."),
        ("dot", "(tensor)", "The sum of products of two vectors."),
        ("vdot", "(other)", "The sum of products of two vectors."),
        ("inner", "(other)", "Sums of products over both last axes."),
    ):
        need = product if name == "inner" else multiplied
        both(
            name,
            signature,
            description,
            "multiplying",
            "new",
            need=need,
            plan=plan_matmul if name in ("matmul", "mm") else None,
        )
    both(
        "outer",
        "(vec2)",
        "Every element of one vector times every element of the other.",
        "multiplying",
        "new",
        need=product,
        plan=plan_outer,
    )
    both("ger", "(vec2)", "The same as outer.", "multiplying", "new", need=product, plan=plan_outer)
    added = "An outer product added to the tensor."
    both("addr", "(vec1, vec2, *, beta=1, alpha=1)", added, "multiplying", "new", need=product)
    both("kron", "(other)", "The Kronecker product.", "multiplying", "new", need=product)
    both("cross", "(other, dim=None)", "The cross product of vectors of 3.", "multiplying", "new", need=operands)
    function("tensordot", "(a, b, dims=2)", "Sums of products over chosen axes.", "multiplying", "new", need=product)
    function(
        "einsum",
        "(equation, *operands)",
        "Products summed over the letters that are not kept.",
        "multiplying",
        "new",
        need=contracted,
        strings=("*",),
        plan=plan_einsum_shape,
    )


def _sums() -> None:
    for name, signature in (("addmm", "(mat1, mat2, *, beta=1, alpha=1)"), ("addmv", "(mat, vec, *, beta=1, alpha=1)")):
        both(name, signature, "A product added to the tensor.", "multiplying", "new", need=multiplied)
    both(
        "baddbmm",
        "(batch1, batch2, *, beta=1, alpha=1)",
        "Batched products added to the tensor.",
        "multiplying",
        "new",
        need=multiplied,
    )
    function(
        "cdist",
        "(x1, x2, p=2.0, compute_mode='use_mm_for_euclid_dist_if_necessary')",
        "The distance of each row of one to each row of the other.",
        "multiplying",
        "new",
        need=product,
        strings=(
            "use_mm_for_euclid_dist_if_necessary",
            "use_mm_for_euclid_dist",
            "donot_use_mm_for_euclid_dist",
        ),
    )
    function(
        "nn.functional.linear",
        "(input, weight, bias=None)",
        "input @ weight.T + bias.",
        "multiplying",
        "new",
        need=product,
    )
