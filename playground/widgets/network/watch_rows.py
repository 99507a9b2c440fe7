"""The numbers of one layer of a watched module as rows, each with its definition."""

from __future__ import annotations

from playground.models.network.probe_layers import ProbedLayer
from playground.models.words import bytes_in_words, digits, shape_in_words
from playground.widgets.network.layer_numbers import Row
from playground.widgets.network.layer_rows import percent


def value_rows(layer: ProbedLayer) -> list[Row]:
    """What stands beside the spread of the outputs."""
    rows: list[Row] = [("output", _shape(layer), "The shape and dtype of what the layer returns.")]
    numbers = layer.activation
    if numbers is None:
        return rows
    rows += [
        ("mean", digits(numbers.mean), "The mean of all values that the layer returns."),
        ("std", digits(numbers.std), "Their standard deviation, as torch.std: divided by count - 1."),
        ("rms", digits(numbers.rms), "The root of the mean square; a mean of 0 makes it the std."),
        ("std across inputs", digits(layer.spread),
         "The std over the inputs of each value, root mean square over them: 0 where all inputs end alike."),
        ("cosine of inputs", digits(layer.cosine),
         "The mean cosine between what two different inputs give: 1 where all point the same way."),
        ("smallest, largest", f"{digits(numbers.minimum)}, {digits(numbers.maximum)}", "Of the finite values."),
    ]  # fmt: skip
    return rows


def gradient_rows(layer: ProbedLayer) -> list[Row]:
    """What stands beside the gradients."""
    rows: list[Row] = []
    for name, numbers, tip in (
        ("outputs", layer.activation_gradient, "rms of the loss's gradient by what this layer returns."),
        ("weights", layer.weight_gradient, "rms of the loss's gradient by this layer's weight."),
    ):
        rows.append((name, "none" if numbers is None else digits(numbers.rms), tip))
    if layer.weight is not None:
        rows.append(("weights' std", digits(layer.weight.std), "The std of the weight itself."))
    if layer.parameter_count:
        rows.append(("parameters", f"{layer.parameter_count:,}", "Of this layer itself, biases too."))
    if layer.saved_bytes is not None:
        tip = (
            "What autograd keeps of it for the way back, parameters apart; each memory counts once, where first saved."
        )
        rows.append(("saved", bytes_in_words(layer.saved_bytes), tip))
    return rows


def zero_rows(layer: ProbedLayer) -> list[Row]:
    """What stands beside the zeros."""
    numbers = layer.activation
    if numbers is None:
        return []
    rows: list[Row] = [
        ("exactly 0", percent(numbers.zero_fraction), "Values that are exactly 0, of all values of the layer."),
    ]
    if layer.dead_fraction is not None:
        dead = round(layer.dead_fraction * layer.units)
        tip = "Units that are 0 for every input; channels are the units of images and convolutions."
        rows.append(("dead units", f"{dead:,} of {layer.units:,}", tip))
    rows.append(("nan, inf", f"{numbers.nan_count:,}, {numbers.inf_count:,}", "Counted apart; others leave them out."))
    if layer.saturated_fraction is not None:
        tip = "Values where the slope stays below 1 % of its steepest."
        rows.append(("saturated", percent(layer.saturated_fraction), tip))
    near = f"{percent(numbers.near_zero_fraction)}, {numbers.subnormal_count:,}"
    tip = "Below a thousandth of the rms and not 0; and below the smallest normal number of the dtype."
    rows.append(("near 0, subnormal", near, tip))
    return rows


def _shape(layer: ProbedLayer) -> str:
    return f"{shape_in_words(layer.shape)} {layer.dtype}" if layer.activation is not None else layer.dtype
