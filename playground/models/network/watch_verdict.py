"""The verdict on a watched module, with cures that were tried on a copy of it before they are offered."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from playground.models.job import Job
from playground.models.network.activations import RECTIFIERS
from playground.models.network.module_guard import random_state_untouched
from playground.models.network.probe import Loss, ProbeResult, probe
from playground.models.network.probe_run import with_tensors
from playground.models.network.watch_words import factors_in_words, verdict_in_words
from playground.models.outcome import Fix

MOST_TRIED_BYTES = 512 * 2**20
"""Cures are tried on a copy of a module whose parameters take no more than this."""
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True, slots=True)
class WatchedVerdict:
    """`lead` is set in bold, `text` beside it, `why` below; each fix is code to run on the module."""

    severity: str
    lead: str
    text: str
    why: str = ""
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Cure:
    """What may help a module: `apply` does to it what `code` does to one that is called `name`."""

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


def words_alone(result: ProbeResult) -> WatchedVerdict:
    """What the numbers say, with no cure tried."""
    if result.problem is not None and result.problem.severity == "error":
        so_far = (factors_in_words(result),) if result.layers else ()
        return WatchedVerdict("error", result.problem.lead, result.problem.message, " ".join((*so_far, *result.notes)))
    severity, (lead, *text) = verdict_in_words(result)
    if result.problem is not None:
        text = [*text, result.problem.message]
    rate = () if severity == "good" or result.problem is not None else (factors_in_words(result),)
    loss = () if result.loss is None else (f"Gradients are those of {result.loss_words}.",)
    return WatchedVerdict(severity, lead, " ".join(text), " ".join((*rate, *result.notes, *loss)))


def judge_watched(
    result: ProbeResult, module: nn.Module, batch: Any, loss: Loss | None = None, job: Job | None = None
) -> WatchedVerdict:
    """What the numbers say; where they are bad, each cure is tried on a copy, and offered where that made them good.

    The module itself is not touched. A module that cannot be copied, or whose copy raises, is offered nothing.
    """
    words = words_alone(result)
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


def _try(cure: Cure, module: nn.Module, batch: Any, loss: Loss | None, job: Job) -> ProbeResult | None:
    """What the module measures with the cure, or None where it cannot be copied or raises then."""
    with random_state_untouched():
        torch.manual_seed(0)
        try:
            other = copy.deepcopy(module)
            with torch.no_grad():
                cure.apply(other)
        except Exception:  # a module of somebody else may refuse to be copied in any way
            return None
        fed = with_tensors(batch, _as_bfloat16) if cure.label == "bfloat16" else batch
        tried = probe(other, fed, loss, job)
    return tried if tried.problem is None else None


def _as_bfloat16(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.bfloat16) if tensor.is_floating_point() else tensor
