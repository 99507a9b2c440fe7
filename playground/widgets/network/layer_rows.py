"""The numbers of one layer as rows, each with its definition."""

from __future__ import annotations

import math

from playground.models.network.layer_statistics import TensorStatistics
from playground.models.network.request import NetworkPageResult
from playground.models.words import digits
from playground.widgets.network.layer_numbers import Row


def spread_rows(page: NetworkPageResult, layer: int) -> list[Row]:
    """What stands beside the spread: mean, std, rms, theory, std across inputs, pinned. `layer` from 1."""
    result = page.network.layers[layer - 1]
    numbers = result.activation
    rows: list[Row] = [
        ("mean", digits(numbers.mean), "The mean of all values of the layer, for all inputs."),
        ("std", digits(numbers.std), "Their standard deviation, as torch.std: divided by count - 1."),
        ("rms", digits(numbers.rms), "The root of the mean square; a mean of 0 makes it the std."),
    ]
    theory = page.theory.prediction.rms
    if theory is not None:
        rows.append(("rms, theory", digits(float(theory[layer - 1])), "By mean-field theory, for infinite width."))
    across = "The std over the inputs of each unit, root mean square over the units: 0 where all inputs end alike."
    rows.append(("std across inputs", digits(result.spread_across_inputs), across))
    for number, pin in enumerate(page.pins[:2], start=1):
        if pin.curves is not None and layer <= len(pin.curves.rms):
            name = pin.name if len(page.pins) == 1 else f"pinned {number}"
            rows.append((f"rms, {name}", digits(float(pin.curves.rms[layer - 1])), f"Pinned: {pin.name}."))
    cosine = "The mean cosine between the activations of two different inputs: 1 where all point the same way."
    rows.append(("cosine of inputs", digits(result.cosine_between_inputs), cosine))
    if page.band is not None:
        low, high = float(page.band.low.rms[layer - 1]), float(page.band.high.rms[layer - 1])
        rows.append(("seeds, rms", f"{digits(low)} to {digits(high)}", f"5 to 95 % over {page.band.done} seeds."))
    rows.append(("smallest, largest", f"{digits(numbers.minimum)}, {digits(numbers.maximum)}", "Of the finite values."))
    return rows


def gradient_rows(page: NetworkPageResult, layer: int) -> list[Row]:
    """What stands beside the gradients."""
    tables = page.network.tables
    gradient = tables["activation_gradient"].rms
    rows: list[Row] = [
        ("activations", digits(float(gradient[layer - 1])), "rms of the loss's gradient by this layer's activations."),
        ("weights", digits(float(tables["weight_gradient"].rms[layer - 1])),
         "rms of the loss's gradient by this layer's weights."),
    ]  # fmt: skip
    biases = page.network.bias_gradients
    if biases is not None or page.network.quick:  # while the hand drags, their place is kept
        value = "" if biases is None else digits(float(biases.rms[layer - 1]))
        rows.append(("biases", value, "rms of the loss's gradient by this layer's biases."))
    odd = [
        int(tables[kind].nans[layer - 1] + tables[kind].infs[layer - 1])
        for kind in ("activation_gradient", "weight_gradient")
    ]
    if any(odd):
        meaning = "Of the gradients by activations and by weights, nan or inf; other numbers leave these out."
        rows.append(("not finite", f"{odd[0]:,}, {odd[1]:,}", meaning))
    if layer >= 2 and gradient[layer - 1] > 0:
        factor = float(gradient[layer - 2] / gradient[layer - 1])
        rows.append(("a layer, backward", f"×{digits(factor)}", "This step: layer before over this layer."))
    theory = page.theory.prediction.gradient_rms
    if theory is not None:
        rows.append(("activations, theory", digits(float(theory[layer - 1])), "By mean-field theory."))
    for pin in page.pins[:1]:
        if pin.curves is not None and layer <= len(pin.curves.rms):
            curves, name = pin.curves, "pinned" if len(page.pins) == 1 else "pinned 1"
            rows.append((f"{name}, activations", digits(float(curves.activation_gradient[layer - 1])), pin.name))
            rows.append((f"{name}, weights", digits(float(curves.weight_gradient[layer - 1])), pin.name))
    rows.append(("weights' std", digits(float(tables["weight"].std[layer - 1])), "The std of the weights themselves."))
    return rows


def zero_rows(page: NetworkPageResult, layer: int) -> list[Row]:
    """What stands beside the zeros: exact and near zeros, dead, saturated, nan, inf, subnormal."""
    result = page.network.layers[layer - 1]
    numbers, width = result.activation, page.network.spec.width
    quick = page.network.quick
    near = "" if quick else percent(numbers.near_zero_fraction)
    return [
        ("exactly 0", percent(numbers.zero_fraction), "Values that are exactly 0, of all values of the layer."),
        ("dead units", f"{round(result.dead_fraction * width):,} of {width:,}", "Units that are 0 for every input."),
        ("nan, inf", f"{numbers.nan_count:,}, {numbers.inf_count:,}", "Counted apart; other numbers leave them out."),
        ("saturated", percent(result.saturated_fraction),
         "Values where the activation's slope stays below 1 % of its steepest."),
        ("near 0, subnormal", f"{near}, {'' if quick else format(numbers.subnormal_count, ',')}",
         "Below a thousandth of the rms and not 0; and below the smallest normal number of the dtype."),
    ]  # fmt: skip


ONE_LINE = ("rms", "activation grads", "output grads", "exactly 0", "dead units", "nan, inf")
"""What stands first where all numbers share a line."""
_OF_GRADIENTS = {
    "activations": "activation grads",
    "outputs": "output grads",
    "weights": "weight grads",
    "biases": "bias grads",
}


def in_one_line(spread: list[Row], gradients: list[Row], zeros: list[Row]) -> list[Row]:
    """All rows under names that tell them apart without the plots beside them, those of `ONE_LINE` first."""
    renamed = [(_OF_GRADIENTS.get(name, name), value, meaning) for name, value, meaning in gradients]
    rows = [*spread, *renamed, *zeros]
    first = [row for name in ONE_LINE for row in rows if row[0] == name]
    return first + [row for row in rows if row not in first]


DEPTH_SCALE = (
    "xi: the layers in which what tells two inputs apart falls by e. -1 / ln chi1 where chi1 is below 1, "
    "otherwise -1 / ln of the correlation map's slope where it settles."
)
GRADIENT_SCALE = "1 / |ln chi1|: the layers in which a squared gradient changes by e."


def theory_rows(page: NetworkPageResult) -> list[Row]:
    """What the theory says of infinitely many layers: q*, chi1, both scales, the trainable depth and the critical gain.

    Nothing where it does not apply, for want of width too.
    """
    theory = page.theory
    if theory.fixed_point is None or theory.prediction.narrow_from:
        return []
    point = theory.fixed_point
    rows: list[Row] = [
        ("q*", digits(point.q), "The variance of the pre-activations that deep layers settle at."),
        ("chi1", digits(point.chi1, 4), "What a squared gradient is multiplied by a layer there; 1 is critical."),
        ("depth scale", digits(point.depth_scale), DEPTH_SCALE),
        ("gradient scale", digits(point.gradient_scale), GRADIENT_SCALE),
        ("trainable depth", digits(point.trainable_depth), "6 depth scales (Schoenholz et al. 2017)."),
    ]
    if math.isfinite(theory.critical_gain):
        rows.append(("critical gain", digits(theory.critical_gain, 4), "The gain at which chi1 is 1."))
    return rows


def percent(share: float) -> str:
    """`percent(0.5496) == "55 %"`, `percent(0.0002) == "0.02 %"`."""
    if not math.isfinite(share):
        return "nan"
    hundred = 100 * share
    return f"{hundred:.0f} %" if hundred >= 10 or hundred == 0 else f"{digits(hundred, 2)} %"


def layer_words(numbers: TensorStatistics) -> str:
    """`20,000 values, 55 % exactly 0`."""
    return f"{numbers.count:,} values, {percent(numbers.zero_fraction)} exactly 0"
