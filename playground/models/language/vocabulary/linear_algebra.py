"""Words for linear algebra: inverses, determinants, solutions, factors, eigenvalues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch

from playground.models.language.vocabulary.bounds import WORD, operands, product, tensors
from playground.models.language.vocabulary.word import both, function

_OF_ONE = {
    "inv": ("(A)", "The inverse matrix."),
    "pinv": ("(A, *, atol=None, rtol=None, hermitian=False)", "The pseudoinverse."),
    "det": ("(A)", "The determinant."),
    "slogdet": ("(A)", "Sign and logarithm of the determinant; take one by index."),
    "matrix_power": ("(A, n)", "The matrix to the power n."),
    "matrix_rank": ("(A, *, atol=None, rtol=None, hermitian=False)", "The number of independent columns."),
    "matrix_exp": ("(A)", "The matrix exponential."),
    "matrix_norm": ("(A, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None)", "A norm of matrices."),
    "cond": ("(A, p=None)", "The condition number."),
    "cholesky": ("(A, *, upper=False)", "The lower triangle L with L @ L.T equal to A."),
    "qr": ("(A, mode='reduced')", "Orthonormal Q and triangular R; take one by index."),
    "svd": ("(A, full_matrices=True)", "Singular vectors and values U, S, Vh; take one by index."),
    "svdvals": ("(A)", "The singular values, the largest first."),
    "eig": ("(A)", "Eigenvalues and eigenvectors, complex; take one by index."),
    "eigvals": ("(A)", "The eigenvalues, complex."),
    "eigh": ("(A, UPLO='L')", "Eigenvalues and eigenvectors of a symmetric matrix; take one by index."),
    "eigvalsh": ("(A, UPLO='L')", "The eigenvalues of a symmetric matrix, ascending."),
}

_STRINGS = {
    "qr": ("reduced", "complete", "r"),
    "matrix_norm": ("fro", "nuc"),
    "cond": ("fro", "nuc"),
    "eigh": ("L", "U"),
    "eigvalsh": ("L", "U"),
}


def _matrices(arguments: Sequence[Any]) -> int:
    """Four square matrices as large as the longer axis: factors, vectors, complex numbers."""
    return operands(arguments) + sum(
        8 * WORD * prod(tensor.shape[:-2]) * (max(tensor.shape[-2:], default=1) + 1) ** 2
        for tensor in tensors(arguments)
    )


def _tolerant(arguments: Sequence[Any]) -> int:
    """The same for each tolerance, where these are tensors."""
    return _matrices(arguments) + (product(arguments) if len(tensors(arguments)) > 1 else 0)


def _last_by_columns(factors: Callable[..., Any]) -> Callable[..., Any]:
    """Meta factors, the last in column-major order: LAPACK leaves it so, but torch plans it row-major."""

    def plan(*arguments: Any, **keywords: Any) -> Any:
        *first, last = factors(*arguments, **keywords)
        return (*first, last.mT.contiguous().mT)

    return plan


_PLANS = {"svd": _last_by_columns(torch.linalg.svd), "eig": _last_by_columns(torch.linalg.eig)}


def register_linear_algebra() -> None:
    """Add linear algebra to the vocabulary."""
    for name, (signature, text) in _OF_ONE.items():
        function(
            f"linalg.{name}", signature, text, "multiplying", "new",
            need=_tolerant if "rtol" in signature else _matrices, strings=_STRINGS.get(name, ()), plan=_PLANS.get(name),
        )  # fmt: skip
    for name, text in (
        ("inverse", "The inverse matrix."),
        ("det", "The determinant."),
        ("logdet", "The logarithm of the determinant, nan where it is negative."),
        ("slogdet", "Sign and logarithm of the determinant; take one by index."),
        ("pinverse", "The pseudoinverse."),
        ("matrix_exp", "The matrix exponential."),
        ("cholesky", "The lower triangle L with L @ L.T equal to the matrix."),
    ):
        arguments = {"pinverse": "(rcond=1e-15)", "cholesky": "(upper=False)"}.get(name, "()")
        both(name, arguments, text, "multiplying", "new", need=_matrices)
    both("matrix_power", "(n)", "The matrix to the power n.", "multiplying", "new", need=_matrices)
    text = "The x with A @ x equal to B."
    function(
        "linalg.solve", "(A, B, *, left=True)", text, "multiplying", "new", need=lambda a: _matrices(a) + product(a)
    )
    text = "The x with A @ x equal to B for a triangular A; with left=False, x @ A."
    function(
        "linalg.solve_triangular", "(A, B, *, upper, left=True, unitriangular=False)", text, "multiplying", "new",
        need=lambda a: _matrices(a) + product(a),
    )  # fmt: skip
    text = "Products of several matrices in the cheapest order."
    function("linalg.multi_dot", "(tensors)", text, "multiplying", "new", need=product)
    text = "The cross product of vectors of 3."
    function("linalg.cross", "(input, other, *, dim=-1)", text, "multiplying", "new", need=product)
