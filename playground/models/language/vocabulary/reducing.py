"""Words that combine many elements: sums, means, extremes, running totals, softmax."""

from __future__ import annotations

import torch

from playground.models.language.vocabulary.bounds import binned, operands, squared_sizes
from playground.models.language.vocabulary.word import both, function, method

_PLAIN = {
    "sum": ("(dim=None, keepdim=False, *, dtype=None)", "The sum over all elements, or along axes."),
    "nansum": ("(dim=None, keepdim=False, *, dtype=None)", "The sum, ignoring nan."),
    "mean": ("(dim=None, keepdim=False, *, dtype=None)", "The mean over all elements, or along axes."),
    "nanmean": ("(dim=None, keepdim=False, *, dtype=None)", "The mean, ignoring nan."),
    "median": ("(dim=None, keepdim=False)", "The lower median; with dim also its index."),
    "nanmedian": ("(dim=None, keepdim=False)", "The lower median, ignoring nan; with dim also its index."),
    "mode": ("(dim=-1, keepdim=False)", "The most frequent value and its index."),
    "prod": ("(dim=None, keepdim=False, *, dtype=None)", "The product over all elements, or along an axis."),
    "amin": ("(dim=(), keepdim=False)", "The smallest element."),
    "amax": ("(dim=(), keepdim=False)", "The largest element."),
    "aminmax": ("(*, dim=None, keepdim=False)", "The smallest and the largest element."),
    "argmin": ("(dim=None, keepdim=False)", "The index of the smallest element."),
    "argmax": ("(dim=None, keepdim=False)", "The index of the largest element."),
    "all": ("(dim=None, keepdim=False)", "Whether all elements are not 0."),
    "any": ("(dim=None, keepdim=False)", "Whether any element is not 0."),
    "count_nonzero": ("(dim=None)", "The number of elements that are not 0."),
    "cumsum": ("(dim, *, dtype=None)", "The running sum along an axis."),
    "cumprod": ("(dim, *, dtype=None)", "The running product along an axis."),
    "cummax": ("(dim)", "The running maximum and its index."),
    "cummin": ("(dim)", "The running minimum and its index."),
    "logcumsumexp": ("(dim)", "The running log of the sum of exponentials."),
    "softmax": ("(dim, dtype=None)", "exp(x) over its sum along an axis: positive, sums to 1."),
    "log_softmax": ("(dim, dtype=None)", "The logarithm of softmax."),
    "logsumexp": ("(dim, keepdim=False)", "The logarithm of the sum of exponentials, without overflow."),
    "trace": ("()", "The sum along the diagonal of a matrix."),
}

_SPREAD = "(dim=None, *, correction=1, keepdim=False, unbiased=True)"


def register_reducing() -> None:
    """Add reductions to the vocabulary."""
    _statistics()
    _spreads()
    _norms()
    _shares()
    _losses()


def _statistics() -> None:
    both("cov", "(*, correction=1)", "The covariance of rows as variables.", "reducing", "new", need=squared_sizes)
    both("corrcoef", "()", "The correlation of rows as variables.", "reducing", "new", need=squared_sizes)
    both("dist", "(other, p=2)", "The length of the difference.", "reducing", "new", need=operands, stretches=True)
    for name, text in (
        ("trapezoid", "The area below a curve along an axis."),
        ("cumulative_trapezoid", "The running area below a curve along an axis."),
    ):
        function(name, "(y, x=None, *, dx=1, dim=-1)", text, "reducing", "new", need=operands)
    text = "Differences of neighbours."
    both("diff", "(n=1, dim=-1)", text, "reducing", "new", need=operands, plan=_differences)
    text = "Slices along an axis, each limited to a norm."
    both("renorm", "(p, dim, maxnorm)", text, "reducing", "new", need=operands)


def _differences(input: torch.Tensor, n: int = 1, dim: int = -1) -> torch.Tensor:
    """Many passes lie in memory as one does, over an axis that is shorter by the others."""
    if n < 2 or not input.ndim:
        return input.diff(n, dim)
    size = input.size(dim)
    return input.narrow(dim, 0, max(1, size - n + 1) if size else 0).diff(1, dim)


def _spreads() -> None:
    for name, (signature, description) in _PLAIN.items():
        both(name, signature, description, "reducing", "new", need=operands)
    both("std", _SPREAD, "The standard deviation, divided by n - correction.", "reducing", "new", need=operands)
    both("var", _SPREAD, "The variance, divided by n - correction.", "reducing", "new", need=operands)
    function(
        "std_mean",
        "(input, dim=None, *, correction=1, keepdim=False)",
        "Standard deviation and mean.",
        "reducing",
        "new",
        need=operands,
    )
    function(
        "var_mean",
        "(input, dim=None, *, correction=1, keepdim=False)",
        "Variance and mean.",
        "reducing",
        "new",
        need=operands,
    )
    for name, word in (("min", "smallest"), ("max", "largest")):
        text = f"The {word} element; with dim also its index, with a tensor the {word} of two."
        both(name, "(dim=None, keepdim=False, *, other=None)", text, "reducing", "new", need=operands)
    for name in ("quantile", "nanquantile"):
        both(
            name,
            "(q, dim=None, keepdim=False, *, interpolation='linear')",
            "The value below which a share q lies.",
            "reducing",
            "new",
            need=operands,
            strings=("linear", "lower", "higher", "midpoint", "nearest"),
        )


def _norms() -> None:
    norms = ("fro", "nuc")
    method(
        "norm",
        "(p='fro', dim=None, keepdim=False, dtype=None)",
        "The length: the square root of the sum of squares.",
        "reducing",
        "new",
        need=operands,
        strings=norms,
    )
    function(
        "norm",
        "(input, p='fro', dim=None, keepdim=False, dtype=None)",
        "The length: the square root of the sum of squares.",
        "reducing",
        "new",
        need=operands,
        strings=norms,
    )
    function(
        "linalg.norm",
        "(A, ord=None, dim=None, keepdim=False, *, dtype=None)",
        "A norm of a vector or matrix.",
        "reducing",
        "new",
        need=operands,
        strings=norms,
    )
    function(
        "linalg.vector_norm",
        "(x, ord=2, dim=None, keepdim=False, *, dtype=None)",
        "The length of vectors.",
        "reducing",
        "new",
        need=operands,
    )
    both("histc", "(bins=100, min=0, max=0)", "Counts in equal bins.", "reducing", "new", need=binned)


def _shares() -> None:
    function(
        "nn.functional.softmax",
        "(input, dim, dtype=None)",
        "exp(x) over its sum along an axis.",
        "reducing",
        "new",
        need=operands,
    )
    function(
        "nn.functional.log_softmax",
        "(input, dim, dtype=None)",
        "The logarithm of softmax.",
        "reducing",
        "new",
        need=operands,
    )
    for name, text in (("mse_loss", "The mean squared difference."), ("l1_loss", "The mean absolute difference.")):
        function(
            f"nn.functional.{name}",
            "(input, target, *, reduction='mean')",
            text,
            "reducing",
            "new",
            need=lambda a: 4 * operands(a),
            strings=("none", "mean", "sum"),
            stretches=True,
        )
    function(
        "nn.functional.cross_entropy",
        "(input, target, *, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)",
        "The mean of -log softmax at the targets.",
        "reducing",
        "new",
        need=operands,
        strings=("none", "mean", "sum"),
    )


def _losses() -> None:
    function(
        "nn.functional.layer_norm",
        "(input, normalized_shape, weight=None, bias=None, eps=1e-05)",
        "Mean 0 and variance 1 over the last axes.",
        "reducing",
        "new",
        need=operands,
    )
    function(
        "nn.functional.normalize",
        "(input, p=2.0, dim=1, eps=1e-12)",
        "Length 1 along an axis.",
        "reducing",
        "new",
        need=operands,
    )
