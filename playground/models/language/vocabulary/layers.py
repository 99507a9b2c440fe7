"""Words of `torch.nn.functional`: convolution, pooling, similarity, normalisation and losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from playground.models.formatting import shape_in_words
from playground.models.language.vocabulary.bounds import HUGE, operands, padded, product, stretched
from playground.models.language.vocabulary.plans import plan_of_one, suggested_format
from playground.models.language.vocabulary.word import function
from playground.models.problem import refuse

_REDUCTIONS = ("none", "mean", "sum")

_ONE = {
    "hardshrink": ("(input, lambd=0.5)", "x outside -lambd to lambd, 0 inside."),
    "softshrink": ("(input, lambd=0.5)", "x shrunk towards 0 by lambd, 0 inside."),
    "threshold": ("(input, threshold, value)", "x above the threshold, value elsewhere."),
    "celu": ("(input, alpha=1.0)", "x above 0, alpha (exp(x / alpha) - 1) below."),
}

_PAIRS = {
    "cosine_similarity": ("(x1, x2, dim=1, eps=1e-08)", "The cosine of the angle between vectors along an axis."),
    "pairwise_distance": ("(x1, x2, p=2.0, eps=1e-06, keepdim=False)", "The distance of vectors along the last axis."),
}

_LOSSES = {
    "smooth_l1_loss": ("(input, target, *, reduction='mean', beta=1.0)", "Squared near 0, linear beyond beta."),
    "huber_loss": (
        "(input, target, *, reduction='mean', delta=1.0, weight=None)",
        "Squared near 0, linear beyond delta.",
    ),
    "binary_cross_entropy": (
        "(input, target, *, weight=None, reduction='mean')",
        "-log of the probability of the true class.",
    ),
    "binary_cross_entropy_with_logits": (
        "(input, target, *, weight=None, reduction='mean', pos_weight=None)",
        "The same from logits: sigmoid and log in one.",
    ),
    "kl_div": ("(input, target, *, reduction='mean', log_target=False)", "target (log target - input)."),
    "nll_loss": (
        "(input, target, *, weight=None, ignore_index=-100, reduction='mean')",
        "The mean of -input at the targets.",
    ),
}


def register_layers() -> None:
    """Add layers and losses of `torch.nn.functional` to the vocabulary."""
    for name, (signature, text) in _ONE.items():
        plan = plan_of_one(name, getattr(torch.nn.functional, name))
        function(f"nn.functional.{name}", signature, text, "mapping", "new", need=operands, plan=plan)
    function(
        "nn.functional.prelu", "(input, weight)", "x above 0, weight times x below; a weight for each channel.",
        "mapping", "new", need=operands, plan=plan_of_one("prelu", torch.nn.functional.prelu),
    )  # fmt: skip
    for name, (signature, text) in _PAIRS.items():
        function(f"nn.functional.{name}", signature, text, "reducing", "new", need=stretched, stretches=True)
    for name, (signature, text) in _LOSSES.items():
        strings = ("batchmean", *_REDUCTIONS) if name == "kl_div" else _REDUCTIONS
        function(f"nn.functional.{name}", signature, text, "reducing", "new", need=_loss, strings=strings)
    function(
        "nn.functional.softmin", "(input, dim, dtype=None)", "softmax(-x).", "reducing", "new", need=operands
    )  # fmt: skip
    function("nn.functional.glu", "(input, dim=-1)", "One half times the sigmoid of the other.", "reducing", "new",
             need=operands)  # fmt: skip
    _norms()
    _sliding()
    _attention()


def _loss(arguments: Sequence[Any]) -> int:
    return 2 * stretched(arguments) + operands(arguments)


def _norms() -> None:
    for name, signature, text in (
        ("rms_norm", "(input, normalized_shape, weight=None, eps=None)", "Root mean square 1 over the last axes."),
        ("group_norm", "(input, num_groups, weight=None, bias=None, eps=1e-05)", "Mean 0, variance 1 in each group."),
        ("instance_norm", "(input, *, weight=None, bias=None, eps=1e-05)", "Mean 0, variance 1 in each channel."),
    ):
        function(f"nn.functional.{name}", signature, text, "reducing", "new", need=operands)
    function(
        "nn.functional.batch_norm",
        "(input, running_mean, running_var, weight=None, bias=None, training=False, *, eps=1e-05)",
        "Normalise each channel by its running mean and variance; in training, by the batch's.", "reducing", "new",
        need=operands, call=_batch_norm, plan=_plan_batch_norm,
    )  # fmt: skip


def _batch_norm(input: torch.Tensor, running_mean: Any, running_var: Any, *scale: Any, **given: Any) -> torch.Tensor:
    """torch's own, unless it would write: in training it updates the running mean and variance."""
    if input.ndim < 2:
        refuse(f"Axis 1 holds the channels, but {shape_in_words(input.shape)} has no axis 1.", badge="no channels")
    training = given.get("training", scale[2] if len(scale) > 2 else False)
    if training and (running_mean is not None or running_var is not None):
        refuse(
            "In training, batch_norm writes into running_mean and running_var, but a line makes new tensors. With None "
            "for both it normalises by the batch and writes nothing.",
            badge="in place",
        )
    return torch.nn.functional.batch_norm(input, running_mean, running_var, *scale, **given)


def _plan_batch_norm(input: torch.Tensor, *arguments: Any, **named: Any) -> torch.Tensor:
    """Row-major, or channels last if the input is: torch's own plan also keeps other orders."""
    planned = _batch_norm(input, *arguments, **named)
    return planned.contiguous(memory_format=suggested_format(input))


def _sliding() -> None:
    largest = "stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
    rest = "bias=None, stride=1, padding=0, dilation=1, groups=1"
    for axes in ("1d", "2d", "3d"):
        averaged = "ceil_mode=False, count_include_pad=True" + ("" if axes == "1d" else ", divisor_override=None")
        function(
            f"nn.functional.conv{axes}", f"(input, weight, {rest})", "Slide a kernel over the input, sum the products.",
            "multiplying", "new", need=lambda a: 4 * (product(a) + padded(a)) * 8, strings=("valid", "same"),
        )  # fmt: skip
        function(
            f"nn.functional.avg_pool{axes}", f"(input, kernel_size, stride=None, padding=0, {averaged})",
            "The mean in each window.", "reducing", "new", need=padded,
        )  # fmt: skip
        function(
            f"nn.functional.max_pool{axes}", f"(input, kernel_size, {largest})",
            "The largest in each window; with indices, two tensors.", "reducing", "new", need=lambda a: 2 * padded(a),
        )  # fmt: skip
        function(
            f"nn.functional.adaptive_avg_pool{axes}", "(input, output_size)", "The mean in a given number of windows.",
            "reducing", "new", need=padded,
        )  # fmt: skip
    modes = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact")
    function(
        "nn.functional.interpolate", "(input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None, antialias=False)",
        "Resize the last axes.", "mapping", "new", need=lambda _: HUGE, strings=modes,
    )  # fmt: skip
    function(
        "nn.functional.unfold", "(input, kernel_size, dilation=1, padding=0, stride=1)",
        "The windows of images as columns, copied.", "copying", "copy", need=lambda _: HUGE,
    )  # fmt: skip
    function(
        "nn.functional.pixel_shuffle", "(input, upscale_factor)", "Channels laid out as pixels.",
        "reshaping", "view or copy", need=operands,
    )  # fmt: skip


def _attention() -> None:
    function(
        "nn.functional.embedding", "(input, weight)", "The rows of weight selected by input.",
        "picking", "copy", need=product,
    )  # fmt: skip
    function(
        "nn.functional.bilinear", "(input1, input2, weight, bias=None)", "x1 @ weight[k] @ x2 for each k.",
        "multiplying", "new", need=product,
    )  # fmt: skip
    function(
        "nn.functional.scaled_dot_product_attention",
        "(query, key, value, attn_mask=None, *, is_causal=False, scale=None, enable_gqa=False)",
        "softmax(query @ key.mT / sqrt(size)) @ value.", "multiplying", "new", need=product, call=_attend,
    )  # fmt: skip


def _attend(query: Any, key: Any, value: Any, attn_mask: Any = None, **given: Any) -> torch.Tensor:
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask, **given)
