"""What a watched module's numbers say, in words, and as curves over its layers."""

from __future__ import annotations

import math
import operator

import numpy as np

from playground.models.network.arrays import Floats
from playground.models.network.healthy import unhealthy
from playground.models.network.probe import ProbeResult
from playground.models.network.probe_layers import ProbedLayer
from playground.models.network.verdict import DECADES, factor_a_layer
from playground.models.network.verdict_reasons import MOST
from playground.models.words import count_in_words, digits


def rms_of(result: ProbeResult, gradient: bool = False) -> Floats:
    """The rms of each layer's output, or of its gradient, (layers,); nan where there is none."""
    values = []
    for layer in result.layers:
        statistics = layer.activation_gradient if gradient else layer.activation
        values.append(np.nan if statistics is None else statistics.rms)
    return np.array(values, dtype=np.float64)


def run_name(layer: ProbedLayer) -> str:
    """`"encoder.0"`, `"encoder.0 #2"` where it ran a second time; the module itself has no path."""
    return f"{layer.path or '(itself)'}{f' #{layer.call}' if layer.call > 1 else ''}"


def layer_title(layer: ProbedLayer) -> str:
    """`"encoder.0 Linear"`."""
    return f"{run_name(layer)} {layer.kind}"


def verdict_in_words(result: ProbeResult) -> tuple[str, tuple[str, ...]]:
    """(severity, sentences): the gravest first. Severity is "error", "warning" or "good"."""
    if not result.layers:
        return "error" if result.problem else "warning", ("No layer ran.",)
    found = [*_not_finite(result), *_signal(result), *_units(result), *_unseen(result)]
    if not found and not np.isfinite(rms_of(result)).any():
        return "warning", (factors_in_words(result),)
    if not found:
        is_healthy = not unhealthy(rms_of(result), rms_of(result, gradient=True))
        return "good", ("Healthy." if is_healthy else "Nothing vanishes or explodes.", factors_in_words(result))
    severity = "error" if any(level == "error" for level, _ in found) else "warning"
    return severity, tuple(words for _, words in sorted(found, key=lambda item: item[0] != "error"))


def factors_in_words(result: ProbeResult) -> str:
    """`"Activations change by ×0.98 a layer, gradients by ×1.02 going back."`, over all layers that have some."""
    values, gradients = rms_of(result), rms_of(result, gradient=True)
    values, gradients = values[np.isfinite(values)], gradients[np.isfinite(gradients)]
    if len(values) < 2:
        return f"One layer ran, its rms is {digits(float(values[0]))}." if len(values) else "No layer gave numbers."
    words = f"Activations change by ×{digits(factor_a_layer(values))} a layer"
    if len(gradients) > 1:
        words += f", gradients by ×{digits(factor_a_layer(gradients[::-1]))} going back"
    return f"{words}."


MEASURED = (
    ("outputs", operator.attrgetter("activation"), False),
    ("gradients", operator.attrgetter("activation_gradient"), True),
    ("weights' gradients", operator.attrgetter("weight_gradient"), True),
)
"""What may leave the range of its dtype, and whether it comes up on the way back."""


def _not_finite(result: ProbeResult) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for what, of, is_backward in MEASURED:
        if what.startswith("weights") and any("gradients" in words for _, words in found):
            break  # gradients that are not finite take those of the weights with them
        for layer in reversed(result.layers) if is_backward else result.layers:
            statistics = of(layer)
            if statistics is not None and statistics.nan_count + statistics.inf_count:
                counts = _counted(statistics.nan_count, statistics.inf_count)
                cause = "" if is_backward else _came_in(result, layer)
                if cause:
                    return [("error", cause)]
                way = "down" if is_backward else "on"
                found.append(("error", f"The {what} are not finite from {layer_title(layer)} {way}: {counts}."))
                break
    if not found and result.loss is not None and not math.isfinite(result.loss):
        found.append(("error", f"The loss is {result.loss:g}."))
    return found


def _came_in(result: ProbeResult, layer: ProbedLayer) -> str:
    """Where the first values that are not finite come from, if not from the layer that first returns some."""
    if not any(layer.entered):
        return ""
    if any(result.batch_odd):
        held = f"The batch holds {_counted(*result.batch_odd)}"
        return f"{held}: the outputs are not finite from {layer_title(layer)} on."
    held = f"What {layer_title(layer)} is given holds {_counted(*layer.entered)} already"
    return f"{held}, and no layer before it does: the code between the layers makes them."


def _counted(nans: int, infs: int) -> str:
    """`"3 nan and 1 inf"`, `"16 inf"`."""
    return " and ".join(f"{count:,} {what}" for count, what in ((nans, "nan"), (infs, "inf")) if count)


def _signal(result: ProbeResult) -> list[tuple[str, str]]:
    found = []
    for what, gradient in (("Activations", False), ("Gradients", True)):
        values = rms_of(result, gradient)
        usable = np.flatnonzero(np.isfinite(values) & (values > 0))
        if len(usable) < 2:
            continue
        ends = values[usable[[0, -1]]][:: -1 if gradient else 1]
        ratio = float(ends[1] / ends[0])
        if 1 / DECADES < ratio < DECADES:
            continue
        verb = "explode" if ratio > 1 else "vanish"
        factor = ratio ** (1 / (len(usable) - 1))
        arrow = "at the first layer" if gradient else "at the last layer"
        found.append(("error", f"{what} {verb}: ×{digits(factor)} a layer, ×{digits(ratio)} {arrow}."))
    return found


def _unseen(result: ProbeResult) -> list[tuple[str, str]]:
    """What keeps a module from being healthy though none of its numbers is odd."""
    found = [("warning", words) for words in result.warnings]
    if result.problem is None and result.loss is not None:
        return found
    if not np.isfinite(rms_of(result, gradient=True)).any() and np.isfinite(rms_of(result)).any():
        found.append(("warning", "No gradient was measured, so it is not known whether it learns."))
    return found


def _units(result: ProbeResult) -> list[tuple[str, str]]:
    found = []
    shares = [(layer.dead_fraction or 0.0, layer) for layer in result.layers]
    dead, layer = max(shares, key=lambda item: item[0])
    if dead > MOST:
        found.append(("warning", f"{dead:.0%} of the units of {layer_title(layer)} are 0 for every input."))
    silent = [layer for layer in result.layers if layer.parameter_count and layer.weight_gradient is None]
    if silent and result.loss is not None:
        first = layer_title(silent[0])
        number = count_in_words(len(silent), "layer")
        found.append(("warning", f"No gradient reaches the weights of {number}, the first is {first}."))
    return found
