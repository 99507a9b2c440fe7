"""Why a network behaves as it does: reasons from its settings, each in one sentence."""

from __future__ import annotations

import math

import numpy as np
import torch

from playground.models.formatting import digits, grouped_digits
from playground.models.network.measure.result import NetworkResult
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.critical import critical_weight_variance
from playground.models.network.theory.mean_field import MeanFieldPrediction, bias_variance_of, weight_variance_of

BATCH_NORM_RELU = math.sqrt(math.pi / (math.pi - 1))
"""The factor on the gradient per layer of batch norm and relu, for wide layers and large batches (Yang et al. 2019,
"A mean field theory of batch normalization")."""
MOST = 0.5
SATURATING = ("tanh", "sigmoid")
KEEPS = 5e-3
"""A factor this close to 1 is displayed as 1: it explains neither growth nor decay."""
KEPT = 10.0
"""Activations that change by less than this factor from the first layer to the last keep their size."""
NEAR_THE_END = 1e6
"""Values within this factor of the smallest normal number of their dtype may have been rounded to 0."""


def compared(ratio: float) -> str:
    """The text before "of layer 50": `compared(0.271) == "`0.271`"`, `compared(2392.4) == "`2,392` times those"`."""
    return f"`{grouped_digits(ratio)}`{' times those' if ratio >= 1 else ''}"


def largest_of(spec: NetworkSpec) -> str:
    """The largest number of the spec's dtype: "65504" for float16."""
    return digits(torch.finfo(spec.torch_dtype).max)


def underflows(spec: NetworkSpec, rms: float) -> bool:
    """True if values of this rms are so small that the spec's dtype may round them to 0."""
    return rms < NEAR_THE_END * torch.finfo(spec.torch_dtype).smallest_normal


def cuts_all(result: NetworkResult, layer: int) -> bool:
    """True if the activation turns all of a layer's pre-activations, not all 0, into 0."""
    before, spec, place = result.tables["preactivation"], result.spec, layer - 1
    if before.zeros[place] == before.count[place] or not before.maximum[place] <= 0:
        return False
    ends = torch.tensor([before.minimum[place], before.maximum[place]], dtype=spec.torch_dtype)
    return not ACTIVATIONS[spec.activation].function(ends).any()


def outlook(prediction: MeanFieldPrediction) -> str:
    """The theory's sentence about the last layer, or why there is none."""
    if prediction.rms is None:
        return prediction.reason[:1].upper() + prediction.reason[1:] + "." if prediction.reason else ""
    end = f"rms `{digits(float(prediction.rms[-1]))}` at the end."
    return (
        f"Theory predicts {end}"
        if math.isnan(prediction.slope)
        else f"Theory predicts ×{digits(prediction.slope)} per layer and {end}"
    )


def largest_part_is_bias(result: NetworkResult) -> bool:
    """True if most of layer 1's output comes from the biases, not from the inputs."""
    spec, first = result.spec, float(result.tables["preactivation"].rms[0])
    if INIT_SCHEMES[spec.init].own_bias or not spec.bias_std or not math.isfinite(first):
        return False
    return spec.bias_std > first * math.sqrt(MOST)


def why_spread(spec: NetworkSpec, prediction: MeanFieldPrediction, layer: int, *, exploding: bool) -> str:
    """Why activations grew or shrank until `layer`, or "": based on the initial weights, for wide layers."""
    if prediction.narrow_from and layer >= prediction.narrow_from:
        return f"{prediction.reason.replace('no theory drawn: it', 'Theory', 1)}."
    if prediction.rms is None and not prediction.narrow_from:
        return _why_growth(spec) if exploding else ""
    variance = weight_variance_of(spec, spec.width)
    if spec.activation in ("identity", "relu"):
        product = math.sqrt(variance / (2 if spec.activation == "relu" else 1))
        if (product > 1) != exploding or math.isclose(product, 1, rel_tol=KEEPS):
            return ""
        if spec.activation == "relu":
            return f"Each layer multiplies the rms by sqrt(fan_in / 2) times the weights' std, `{digits(product)}`."
        return f"Each layer multiplies the rms by sqrt(fan_in) times the weights' std, `{digits(product)}`."
    critical = critical_weight_variance(spec.activation, bias_variance_of(spec))
    if math.isnan(critical) or math.isclose(variance, critical, rel_tol=KEEPS):
        return ""
    side = "above" if exploding else "below"
    measured = "above" if variance > critical else "below"
    if side != measured:
        return ""
    return f"fan_in times the weights' variance is `{digits(variance)}`, {side} the critical `{digits(critical)}`."


def _why_growth(spec: NetworkSpec) -> str:
    """Why activations grow if mean-field theory does not apply."""
    if spec.residual == "plain":
        return "Each layer adds its output to its input, so the signal grows from layer to layer."
    mean = spec.width * INIT_SCHEMES[spec.init].mean(spec.width, spec.width, spec) * spec.gain
    if mean > 1 and spec.activation not in SATURATING and spec.normalisation == "none":
        return f"The weights' mean is not 0: fan_in times the mean is `{digits(mean)}`, a factor on each layer."
    return ""


def why_gradients(result: NetworkResult, *, exploding: bool) -> str:
    """Why gradients grow or shrink although the activations keep their size."""
    spec, saturated = result.spec, result.units.saturated
    worst = int(np.argmax(saturated))
    if not exploding and spec.activation in SATURATING and saturated[worst] > MOST:
        flat = f"At layer {worst + 1} {saturated[worst]:.0%} of the values lie where {spec.activation} is flat"
        return (
            f"{flat}: the biases, of std {digits(spec.bias_std)}, push them there."
            if (largest_part_is_bias(result))
            else f"{flat}, with a slope below 1 % of its maximum."
        )
    if exploding and spec.normalisation == "batch" and spec.activation == "relu" and spec.residual == "none":
        return f"Batch norm itself makes gradients grow: in wide relu layers by ×`{digits(BATCH_NORM_RELU)}` per layer."
    rms = result.tables["activation"].rms
    if spec.activation == "identity" or not 1 / KEPT < rms[-1] / rms[0] < KEPT:
        return ""
    return "The activations keep their size; the weights and slopes that gradients pass through do not multiply to 1."
