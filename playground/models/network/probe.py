"""Watch any `nn.Module`: run it once and say what each of its layers did, forward and backward, leaving no trace in it.

    result = probe(model, batch)
    result.layers[3].path, result.layers[3].activation.rms, result.layers[3].activation_gradient.rms
"""  # fmt: skip

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from playground.models.job import CancelledError, Job
from playground.models.network.layer_statistics import TensorStatistics, describe_tensor
from playground.models.network.module_guard import module_untouched, prints_caught, random_state_untouched
from playground.models.network.probe_run import (
    LayerRun,
    RunRecord,
    ScriptedWhole,
    Watcher,
    call_module,
    differentiable,
    tensors_in,
    with_gradient,
    words_for,
)
from playground.models.outcome import Problem, refuse
from playground.models.words import count_in_words

Loss = Callable[[Any], torch.Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class ProbedLayer:
    """One run of one layer of a watched module.

    `path` is its name in the module ("" for the module itself), `call` counts the runs of the same layer from 1.
    `dead_fraction` is the share of units, along the last axis, that are 0 for every input. `note` says in words what is
    special: run again, weights shared, several outputs, no gradient.
    """

    path: str
    kind: str
    call: int
    shape: tuple[int, ...]
    dtype: str
    parameter_count: int
    activation: TensorStatistics | None
    activation_gradient: TensorStatistics | None
    weight: TensorStatistics | None
    weight_gradient: TensorStatistics | None
    dead_fraction: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeResult:
    """The layers in the order in which they ran, the loss, and what went wrong, if anything did.

    `notes` are sentences on the whole: that a copy ran because of lazy parameters, how much it printed.
    """

    kind: str
    layers: tuple[ProbedLayer, ...]
    loss: float | None
    parameter_count: int
    training: bool
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reduced:
    """A layer's output in numbers, taken while it is still what the layer returned."""

    statistics: TensorStatistics | None
    dead_fraction: float | None


def _reduce(tensor: torch.Tensor) -> _Reduced:
    """The statistics of a dense tensor of numbers; none for what has no plain values (sparse, nested, meta)."""
    if tensor.layout != torch.strided or tensor.device.type == "meta" or tensor.is_nested or tensor.is_quantized:
        return _Reduced(None, None)
    values = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    if values.dtype == torch.bool:
        values = values.to(torch.uint8)
    dead = None
    if values.dim() >= 2 and values.numel():
        dead = float((values == 0).flatten(0, -2).all(0).double().mean())
    return _Reduced(describe_tensor(values), dead)


def probe(module: nn.Module, batch: Any, loss: Loss | None = None, job: Job | None = None) -> ProbeResult:
    """Run `module(batch)` forward and backward once and measure every layer.

    `batch` is a tensor, a tuple of arguments, or a mapping of named ones; `loss` makes a scalar of what the module
    returns, by default the mean square of all numbers in it. What the module raises becomes `result.problem`, with the
    layers that ran before it. Weights, buffers, gradients, modes, hooks and random states are afterwards as before.
    Raises a `ProblemError` for what is no module or has no values, `CancelledError` when cancelled between layers.
    """
    job = job or Job()
    module, notes = _runnable(module)
    with random_state_untouched(), module_untouched(module), prints_caught() as printed:
        watcher = Watcher(module, _reduce, job)
        try:
            value, gradients, problem = _run(module, batch, loss, watcher.record)
        finally:
            watcher.remove()
        layers = _layers(module, watcher.record, gradients)
        count = sum(parameter.numel() for parameter in module.parameters())
        training = module.training
    if printed.count:
        first = f", beginning with {printed.kept[0][:80]!r}" if printed.kept else ""
        notes.append(f"It printed {count_in_words(printed.count, 'line')}{first}.")
    return ProbeResult(type(module).__name__, layers, value, count, training, problem, tuple(notes))


def _runnable(module: nn.Module) -> tuple[nn.Module, list[str]]:
    """The module to run in place of this one, and what has to be said about that."""
    notes: list[str] = []
    if not isinstance(module, nn.Module):
        refuse(f"Only an nn.Module can be watched, this is {type(module).__name__}.")
    original = getattr(module, "_orig_mod", None)
    if isinstance(original, nn.Module):
        module = original
        notes.append("It is compiled. What ran is the module as it was before, layer by layer.")
    if isinstance(module, torch.jit.ScriptModule):
        notes.append("It is scripted: its layers run out of Python's sight, so it counts as one.")
        module = ScriptedWhole(module)
    elif any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        notes.append("Its scripted parts run out of Python's sight and are not listed.")
    tensors = (*module.parameters(), *module.buffers())
    if any(tensor.device.type == "meta" for tensor in tensors if not is_lazy(tensor)):
        refuse(
            "Its parameters are on the meta device: they have shapes but no values. Materialise it with to_empty first."
        )
    if any(is_lazy(tensor) for tensor in tensors):
        module = copy.deepcopy(module)
        notes.append("It has lazy parameters. A copy was run, so that yours stays uninitialised.")
        notes.append("The copy's lazy parameters were drawn for this run.")
    return module, notes


Gradients = dict[int, TensorStatistics]


def _run(
    module: nn.Module, batch: Any, loss: Loss | None, record: RunRecord
) -> tuple[float | None, Gradients, Problem | None]:
    """The loss, the statistics of each parameter's gradient by its id, and what went wrong."""
    phase = "its forward pass"
    try:
        with torch.enable_grad(), torch.inference_mode(False):
            fed = with_gradient(batch)
            output = call_module(module, fed)
            phase = "the loss"
            value, problem = _loss_of(output, loss)
            if value is None:
                return None, {}, problem
            phase = "its backward pass"
            return float(value.detach()), _backward(module, fed, value), problem
    except CancelledError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a watched module may raise anything at all, SystemExit too
        return None, {}, _problem_of(error, phase, record)


def _problem_of(error: BaseException, phase: str, record: RunRecord) -> Problem:
    words = words_for(error)
    where = record.open_layers[-1] if record.open_layers and phase == "its forward pass" else ""
    if where:
        after = record.runs[-1].path if record.runs else ""
        ran = f" {count_in_words(len(record.runs), 'layer')} ran before it." if after else " It was the first to run."
        return Problem(f"{words}.{ran}", lead=f"Layer {where} raised.", badge="raised")
    return Problem(f"{words}.", lead=f"The module raised in {phase}.", badge="raised")


def _loss_of(output: Any, loss: Loss | None) -> tuple[torch.Tensor | None, Problem | None]:
    """The scalar to take gradients of; None with a problem where there is nothing to take one of."""
    if loss is not None:
        value = loss(output)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            return None, Problem(f"The loss gave {shape}. It must give one number.", badge="no gradients")
        value = value.reshape(())
    else:
        numbers = [tensor for tensor in tensors_in(output) if differentiable(tensor) and tensor.numel()]
        if not numbers:
            kind = "None" if output is None else f"a {type(output).__name__}"
            return None, Problem(
                f"The module returned {kind} without numbers in it, so there is nothing to take a gradient of. "
                "The activations are measured all the same.",
                badge="no gradients",
                severity="warning",
            )
        total = sum(tensor.numel() for tensor in numbers)
        value = torch.stack([tensor.abs().square().sum().double().cpu() for tensor in numbers]).sum() / total
    if not value.requires_grad:
        return None, Problem(
            "What the module returned does not depend on any parameter or input through autograd.",
            badge="no gradients",
            severity="warning",
        )
    return value, None


def _backward(module: nn.Module, fed: Any, value: torch.Tensor) -> Gradients:
    """Take the gradients without touching `.grad`; the hooks on the outputs see theirs as it goes."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    inputs = [tensor for tensor in tensors_in(fed) if tensor.requires_grad and tensor.is_leaf]
    if not parameters and not inputs:
        return {}
    found = torch.autograd.grad(value, (*parameters, *inputs), allow_unused=True)
    gradients: Gradients = {}
    for parameter, gradient in zip(parameters, found, strict=False):
        reduced = None if gradient is None else _reduce(gradient.detach()).statistics
        if reduced is not None:
            gradients[id(parameter)] = reduced
    return gradients


def _layers(module: nn.Module, record: RunRecord, gradients: Gradients) -> tuple[ProbedLayer, ...]:
    calls: dict[nn.Module, int] = {}
    for run in record.runs:
        calls[run.module] = max(calls.get(run.module, 0), run.call)
    owners: dict[int, str] = {}
    weights: dict[int, TensorStatistics | None] = {}
    return tuple(_layer(run, calls[run.module], owners, weights, gradients) for run in record.runs)


def _layer(
    run: LayerRun,
    calls: int,
    owners: dict[int, str],
    weights: dict[int, TensorStatistics | None],
    gradients: Gradients,
) -> ProbedLayer:
    own = [p for p in run.module.parameters(recurse=isinstance(run.module, ScriptedWhole)) if p is not None]
    weight = next((p for p in own if p.dim() >= 2), own[0] if own else None)
    notes = []
    if calls > 1:
        notes.append(f"run {run.call} of {calls}" + (", its gradients are those of all runs together" if own else ""))
    if weight is not None:
        owner = owners.setdefault(id(weight), run.path)
        if owner != run.path:
            notes.append(f"weights shared with {owner}")
        if id(weight) not in weights:
            weights[id(weight)] = _reduce(weight.detach()).statistics
    if run.outputs > 1:
        notes.append(f"the first of {run.outputs} outputs")
    if not run.shape and run.activation is None:
        notes.append(f"returns {run.dtype}" if not run.outputs else "a single number")
    if run.activation is not None and run.gradient is None:
        notes.append("no gradient comes back")
    reduced = run.activation or _Reduced(None, None)
    return ProbedLayer(
        run.path,
        type(run.module).__name__,
        run.call,
        run.shape,
        run.dtype,
        sum(p.numel() for p in own),
        reduced.statistics,
        None if run.gradient is None else run.gradient.statistics,
        None if weight is None else weights[id(weight)],
        None if weight is None else gradients.get(id(weight)),
        reduced.dead_fraction,
        "; ".join(notes),
    )
