"""The verdict on a watched module, in words and curves, with cures that were first tried on a copy."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from playground.models.formatting import count_in_words, digits
from playground.models.job import Job
from playground.models.network.arrays import Floats
from playground.models.network.spec.activations import RECTIFIERS
from playground.models.network.verdict.healthy import unhealthy
from playground.models.network.verdict.reasons import MOST
from playground.models.network.verdict.verdict import DECADES, factor_a_layer
from playground.models.network.watch.guard import random_state_untouched
from playground.models.network.watch.hooks import with_tensors
from playground.models.network.watch.layers import WatchedLayer
from playground.models.network.watch.origin import Origin, find_origin
from playground.models.network.watch.watch import Loss, WatchResult, measure_module
from playground.models.problem import Fix


def rms_of(result: WatchResult, gradient: bool = False) -> Floats:
    """The rms of each layer's output, or of its gradient, (layers,), blocks left out; nan where there is none."""
    is_layer = np.array([not layer.is_block for layer in result.layers], dtype=bool)
    rms: Floats = result.tables["activation_gradient" if gradient else "activation"].rms[is_layer]
    return rms


def run_name(layer: WatchedLayer) -> str:
    """`"encoder.0"`, `"encoder.0 #2"` for its second run; the module itself has no path."""
    return f"{layer.path or '(itself)'}{f' #{layer.call}' if layer.call > 1 else ''}"


def layer_title(layer: WatchedLayer) -> str:
    """`"encoder.0 Linear"`."""
    return f"{run_name(layer)} {layer.kind}"


def verdict_in_words(result: WatchResult) -> tuple[str, tuple[str, ...]]:
    """(severity, sentences), the most serious first. Severity is "error", "warning" or "good"."""
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


def factors_in_words(result: WatchResult) -> str:
    """`"Activations change by ×0.98 per layer, gradients by ×1.02 going backward."`, over all layers that have them."""
    values, gradients = rms_of(result), rms_of(result, gradient=True)
    values, gradients = values[np.isfinite(values)], gradients[np.isfinite(gradients)]
    if len(values) < 2:
        return f"One layer ran, its rms is {digits(float(values[0]))}." if len(values) else "No layer gave numbers."
    words = f"Activations change by ×{digits(factor_a_layer(values))} per layer"
    if len(gradients) > 1:
        words += f", gradients by ×{digits(factor_a_layer(gradients[::-1]))} going backward"
    return f"{words}."


MEASURED = (
    ("outputs", operator.attrgetter("activation"), False),
    ("gradients", operator.attrgetter("activation_gradient"), True),
    ("weights' gradients", operator.attrgetter("weight_gradient"), True),
)
"""The quantities that may exceed their dtype's range, and whether they belong to the backward pass."""


def _not_finite(result: WatchResult) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for what, of, is_backward in MEASURED:
        if what.startswith("weights") and any("gradients" in words for _, words in found):
            break  # non-finite gradients make those of the weights non-finite too
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
    if not found and result.odd_gradients:
        found.append(("error", f"The gradient of {result.odd_gradients[0]} is not finite."))
    if not found and result.loss is not None and not math.isfinite(result.loss):
        found.append(("error", f"The loss is {result.loss:g}."))
    return found


def _came_in(result: WatchResult, layer: WatchedLayer) -> str:
    """Where the first non-finite values come from, if not from the layer that first returns some."""
    if not any(layer.entered):
        return ""
    if any(result.batch_odd):
        held = f"The batch contains {_counted(*result.batch_odd)}"
        return f"{held}: the outputs are not finite from {layer_title(layer)} on."
    held = f"The input of {layer_title(layer)} already contains {_counted(*layer.entered)}"
    return f"{held}, but no earlier output does: the code between the layers creates them."


def _counted(nans: int, infs: int) -> str:
    """`"3 nan and 1 inf"`, `"16 inf"`."""
    return " and ".join(f"{count:,} {what}" for count, what in ((nans, "nan"), (infs, "inf")) if count)


def _signal(result: WatchResult) -> list[tuple[str, str]]:
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
        found.append(("error", f"{what} {verb}: ×{digits(factor)} per layer, ×{digits(ratio)} {arrow}."))
    return found


def _unseen(result: WatchResult) -> list[tuple[str, str]]:
    """What keeps a module from being healthy although none of its numbers is unusual."""
    found = [("warning", words) for words in result.warnings]
    if result.problem is None and result.loss is not None:
        return found
    if not np.isfinite(rms_of(result, gradient=True)).any() and np.isfinite(rms_of(result)).any():
        found.append(("warning", "No gradient was measured, so it is not known whether it learns."))
    return found


def _units(result: WatchResult) -> list[tuple[str, str]]:
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


MOST_TRIED_BYTES = 512 * 2**20
"""Cures are tried only on a copy of a module with parameters of at most this size, in bytes."""
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True, slots=True)
class WatchedVerdict:
    """`lead` is in bold, `text` beside it, `why` below; each fix is code to run on the module.

    `origin` is the operation that made the first nan or inf, where there is one.
    """

    severity: str
    lead: str
    text: str
    why: str = ""
    fixes: tuple[Fix, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Cure:
    """A change that may help a module: `apply` does to it what `code` does to one called `name`."""

    label: str
    code: Callable[[str], str]
    apply: Callable[[nn.Module], None]
    fits: Callable[[nn.Module], bool]


def _weighted(module: nn.Module) -> list[nn.Module]:
    return [part for part in module.modules() if isinstance(part, WEIGHTED)]


def _set_weights(module: nn.Module, set_weight: Callable[[torch.Tensor], object]) -> None:
    for part in _weighted(module):
        assert isinstance(part.weight, torch.Tensor)
        set_weight(part.weight)
        if isinstance(part.bias, torch.Tensor):
            nn.init.zeros_(part.bias)


def _code(line: str) -> Callable[[str], str]:
    def code(name: str) -> str:
        kinds = ", ".join(f"torch.nn.{kind.__name__}" for kind in WEIGHTED)
        return (
            f"for part in {name}.modules():\n"
            f"    if isinstance(part, ({kinds})):\n"
            f"        {line}\n"
            "        if part.bias is not None:\n"
            "            torch.nn.init.zeros_(part.bias)\n"
        )

    return code


def _he(module: nn.Module) -> None:
    _set_weights(module, lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"))


def _xavier(module: nn.Module) -> None:
    _set_weights(module, nn.init.xavier_normal_)


def _bfloat16(module: nn.Module) -> None:
    module.to(torch.bfloat16)


def _rectified(module: nn.Module) -> bool:
    return bool(_weighted(module)) and any(isinstance(part, tuple(RECTIFIERS.values())) for part in module.modules())


def _is_half(module: nn.Module) -> bool:
    return any(parameter.dtype == torch.float16 for parameter in module.parameters())


CURES = (
    Cure("Init He", _code('torch.nn.init.kaiming_normal_(part.weight, nonlinearity="relu")'), _he, _rectified),
    Cure("Init Xavier", _code("torch.nn.init.xavier_normal_(part.weight)"), _xavier, lambda m: bool(_weighted(m))),
    Cure("bfloat16", lambda name: f"{name} = {name}.to(torch.bfloat16)\n", _bfloat16, _is_half),
)


def words_alone(result: WatchResult) -> WatchedVerdict:
    """The verdict, without trying cures."""
    if result.problem is not None and result.problem.severity == "error":
        so_far = (factors_in_words(result),) if result.layers else ()
        return WatchedVerdict("error", result.problem.lead, result.problem.message, " ".join((*so_far, *result.notes)))
    severity, (lead, *text) = verdict_in_words(result)
    if result.problem is not None:
        text = [*text, result.problem.message]
    rate = () if severity == "good" or result.problem is not None else (factors_in_words(result),)
    loss = () if result.loss is None else (f"Gradients are of {result.loss_words}.",)
    return WatchedVerdict(severity, lead, " ".join(text), " ".join((*rate, *result.notes, *loss)))


def judge_watched(
    result: WatchResult, module: nn.Module, batch: Any, loss: Loss | None = None, job: Job | None = None
) -> WatchedVerdict:
    """The verdict; if it is bad, each cure is tried on a copy, and offered if that made the verdict good.

    The module itself is not touched. If it cannot be copied, or its copy raises, nothing is offered.
    """
    words = replace(words_alone(result), origin=find_origin(result, module, batch, loss, job))
    if words.severity != "error" or result.problem is not None or not result.layers:
        return words
    return replace(words, fixes=tuple(_tried(module, batch, loss, job or Job())))


def _tried(module: nn.Module, batch: Any, loss: Loss | None, job: Job) -> list[Fix]:
    size = sum(parameter.nbytes for parameter in module.parameters())
    if size > MOST_TRIED_BYTES or isinstance(module, torch.jit.ScriptModule):
        return []
    found = []
    for cure in CURES:
        if not cure.fits(module):
            continue
        tried = _try(cure, module, batch, loss, job)
        if tried is not None and verdict_in_words(tried)[0] != "error":
            meaning = f"Tried on a copy: {factors_in_words(tried)} Copies the code."
            found.append(Fix(cure.code("model"), gives=cure.label, meaning=meaning, target="copy"))
    return found


def _try(cure: Cure, module: nn.Module, batch: Any, loss: Loss | None, job: Job) -> WatchResult | None:
    """The measurements with the cure, or None if the module cannot be copied or then raises."""
    with random_state_untouched():
        torch.manual_seed(0)
        try:
            other = copy.deepcopy(module)
            with torch.no_grad():
                cure.apply(other)
        except Exception:  # a user's module may refuse to be copied in any way
            return None
        fed = with_tensors(batch, _as_bfloat16) if cure.label == "bfloat16" else batch
        tried = measure_module(other, fed, loss, job)
    return tried if tried.problem is None else None


def _as_bfloat16(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor
