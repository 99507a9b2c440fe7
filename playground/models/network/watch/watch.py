"""Watches a module: runs it forward and backward, even with activation checkpointing, without leaving a `.grad`."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from playground.models.broadcasting.stretches import StretchedOperation
from playground.models.formatting import count_in_words
from playground.models.job import CancelledError, Job
from playground.models.network.measure.result import Measured
from playground.models.network.request import LayerPage
from playground.models.network.saved.tensors import backward_nodes
from playground.models.network.spec.devices import summable
from playground.models.network.watch.broadcasts import StretchRecorder
from playground.models.network.watch.guard import (
    RandomStates,
    module_untouched,
    prints_caught,
    random_state_untouched,
)
from playground.models.network.watch.hooks import (
    REENTRANT,
    RunRecord,
    Watcher,
    call_module,
    differentiable,
    fans_in_words,
    tensors_in,
    with_gradient,
    words_for,
)
from playground.models.network.watch.layers import (
    CountedKinds,
    Gradients,
    WatchedLayer,
    common_dtype,
    histograms_alone,
    measured_layers,
    tables_of_kinds,
    units_of,
)
from playground.models.network.watch.parts import ScriptedWhole, compiled_notes, quantised_problem, runs_eagerly
from playground.models.network.watch.values import (
    Keeper,
    Reduced,
    batch_axis_of,
    entered_odd,
    odd_counts,
    prepare,
    reduce,
    saturated_share,
)
from playground.models.problem import Problem, refuse


def gradients_by(value: torch.Tensor, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    """The gradients of a scalar with respect to leaf tensors, None if there is none; their `.grad` is restored."""
    nodes = list(backward_nodes(value.grad_fn))
    if not any(node.name() == REENTRANT for node in nodes):
        return list(torch.autograd.grad(value, tuple(tensors), allow_unused=True))
    reached = [node.variable for node in nodes if hasattr(node, "variable")]
    with _no_grad_left((*tensors, *reached)):
        torch.autograd.backward(value)  # value.backward() would hide the recomputation from modes of torch's functions
        return [tensor.grad for tensor in tensors]


@contextmanager
def _no_grad_left(tensors: Sequence[torch.Tensor]) -> Iterator[None]:
    """Each tensor's `.grad` is empty inside and restored afterwards; hooks that step an optimiser are not called."""
    different = list({id(tensor): tensor for tensor in tensors}.values())
    before = [(tensor, tensor.grad, tensor._post_accumulate_grad_hooks) for tensor in different]
    try:
        for tensor, _gradient, hooks in before:
            tensor.grad = None
            if hooks:
                tensor._post_accumulate_grad_hooks = OrderedDict()
        yield
    finally:
        for tensor, gradient, hooks in before:
            tensor.grad = gradient
            if hooks:
                tensor._post_accumulate_grad_hooks = hooks


Loss = Callable[[Any], torch.Tensor]
STANDARD_LOSS = "the mean square distance of its output from standard normal targets"
TARGET_SEED = 0
HOOKS_REFUSED = "saved tensor hooks"
"""Part of torch.func's message if a module uses it: it then runs again, without counting saved tensors."""


ROLES = ("layers", "blocks")


@dataclass(frozen=True, slots=True, eq=False)
class WatchResult(Measured):
    """The layers and blocks in the order in which they returned, the loss, and what went wrong, if anything did.

    A block, within which others ran, is listed where it returns something of its own, a residual sum for example.
    `notes` are sentences on the whole module: that a copy ran because of lazy parameters, how much it printed.
    `counted` are the histograms by kind of tensor and scale. `batch_odd` counts nan and inf in the batch. `warnings`
    are sentences on what makes the module unhealthy although its numbers do not show it. `random` is where the
    random numbers began, `odd_gradients` are the parameters whose gradient is not finite. `broadcasts` are the
    operations of the forward pass in which an operand is stretched.
    """

    kind: str
    layers: tuple[WatchedLayer, ...]
    loss: float | None
    parameter_count: int
    training: bool
    problem: Problem | None = None
    notes: tuple[str, ...] = ()
    counted: CountedKinds = field(default_factory=lambda: CountedKinds(()))
    loss_words: str = ""
    batch_odd: tuple[int, int] = (0, 0)
    warnings: tuple[str, ...] = ()
    random: RandomStates | None = None
    odd_gradients: tuple[str, ...] = ()
    broadcasts: tuple[StretchedOperation, ...] = ()

    @property
    def is_odd(self) -> bool:
        """Whether anything that was measured is nan or inf."""
        measured = (numbers for layer in self.layers for numbers in (layer.activation, layer.activation_gradient))
        odd = any(numbers is not None and numbers.nan_count + numbers.inf_count for numbers in measured)
        return odd or bool(self.odd_gradients) or (self.loss is not None and not math.isfinite(self.loss))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the rows can be filtered by: layers or blocks where there are both, and the classes, as they ran."""
        roles = ROLES if len({layer.is_block for layer in self.layers}) > 1 else ()
        return (*roles, *dict.fromkeys(layer.kind for layer in self.layers))

    def matching(self, name: str = "", kind: str = "") -> WatchResult:
        """The rows whose path holds `name`, in any case, and that are of one of `kinds`; "" stands for all.

        Their histograms are those of the whole result, on its axes.
        """
        rows = [
            row
            for row, layer in enumerate(self.layers)
            if name.lower() in layer.path.lower() and kind in ("", layer.kind, ROLES[layer.is_block])
        ]
        if len(rows) == len(self.layers):
            return self
        layers = tuple(self.layers[row] for row in rows)
        return replace(
            self,
            layers=layers,
            tables={kind: table.part(rows) for kind, table in self.tables.items()},
            units=self.units.part(rows),
            counted=CountedKinds(layers, self.counted, rows),
        )

    def page(self, kind: str = "activation", scale: str = "log", own: bool = False) -> LayerPage:
        """What the plots draw of one kind of tensor on one scale; `own` gives each histogram its own range."""
        counted = self.counted[kind, scale]
        tables = {**self.tables, kind: replace(self.tables[kind], histograms=counted)}
        alone = histograms_alone(self.layers, kind, scale, counted) if own else ()
        return LayerPage(network=replace(self, tables=tables), kind=kind, own=alone)


NOTHING = WatchResult("", (), None, 0, False, tables=tables_of_kinds(()), units=units_of(()), dtype="")
"""Of no module."""


def measure_module(module: nn.Module, batch: Any, loss: Loss | None = None, job: Job | None = None) -> WatchResult:
    """Run `module(batch)` forward and backward once and measure every layer.

    `batch` is a tensor, a tuple of arguments, or a mapping of named ones; `loss` turns the module's output into a
    scalar, by default the mean square distance of all its numbers from standard normal targets, the same ones each
    time: without targets it would be constant, and every gradient 0, if the module ends with a norm. An exception in
    the module becomes `result.problem`, with the layers that ran before it. Weights, buffers, gradients, modes, hooks
    and random states are restored.

    Raises a `ProblemError` for anything that is not a module or has no values, `CancelledError` if cancelled.
    """
    result = _probe(module, batch, loss, job or Job())
    if result.problem is not None and HOOKS_REFUSED in result.problem.message:
        result = _probe(module, batch, loss, job or Job(), counts_saved=False)
    return result


def _probe(module: nn.Module, batch: Any, loss: Loss | None, job: Job, counts_saved: bool = True) -> WatchResult:
    module, notes = runnable(module)
    prepare()
    random = RandomStates.present()
    with random_state_untouched(), module_untouched(module), runs_eagerly(), prints_caught() as printed:
        keeper, axis = Keeper(), batch_axis_of(module)

        def seen(part: nn.Module, entered: torch.Tensor | None, left: torch.Tensor) -> Reduced:
            reduced = reduce(left, keeper, part, axis if left.dim() == 3 else 0)
            return replace(reduced, saturated=saturated_share(part, entered), entered=entered_odd(reduced, entered))

        stretches = StretchRecorder()
        watcher = Watcher(module, seen, lambda gradient: reduce(gradient, keeper), job)
        try:
            looking = _Looking(watcher, counts_saved, stretches)
            value, gradients, problem = _run(module, batch, loss, looking, keeper)
        finally:
            watcher.remove()
        layers = measured_layers(watcher.record, gradients, keeper)
        count = sum(parameter.numel() for parameter in module.parameters())
        training, fans = module.training, fans_in_words(module, watcher.operands)
        odd_names = _odd_gradients(module, gradients)
    if printed.count:
        first = f", starting with {printed.kept[0][:80]!r}" if printed.kept else ""
        notes.append(f"It printed {count_in_words(printed.count, 'line')}{first}.")
    if problem is None or problem.badge == "no gradients":
        problem = quantised_problem(module) or problem
    kind, counted = type(module).__name__, CountedKinds(layers)
    words = STANDARD_LOSS if loss is None else "the given loss"
    odd = [odd_counts(tensor.detach()) for tensor in tensors_in(batch)]
    in_batch = sum(nans for nans, _ in odd), sum(infs for _, infs in odd)
    return WatchResult(
        kind,
        layers,
        value,
        count,
        training,
        problem,
        tuple(notes),
        counted,
        words,
        in_batch,
        fans,
        random,
        odd_names,
        stretches.found,
        tables=tables_of_kinds(layers),
        units=units_of(layers),
        dtype=common_dtype(layers),
    )


def _odd_gradients(module: nn.Module, gradients: Gradients) -> tuple[str, ...]:
    """The names of the parameters whose gradient is not finite."""
    found = []
    for name, parameter in module.named_parameters():
        numbers = gradients[id(parameter)].statistics if id(parameter) in gradients else None
        if numbers is not None and numbers.nan_count + numbers.inf_count:
            found.append(name)
    return tuple(found)


def runnable(module: nn.Module) -> tuple[nn.Module, list[str]]:
    """The module to run instead of this one, with notes about it."""
    notes: list[str] = []
    if not isinstance(module, nn.Module):
        refuse(f"Only an nn.Module can be watched, but this is {type(module).__name__}.")
    original = getattr(module, "_orig_mod", None)
    if isinstance(original, nn.Module):
        module = original
        notes.append("It is compiled. The original module ran, layer by layer.")
    if isinstance(module, torch.jit.ScriptModule):
        notes.append("It is scripted: Python cannot see its layers, so it counts as one.")
        module = ScriptedWhole(module)
    else:
        hidden = [path for path, part in module.named_modules() if isinstance(part, torch.jit.ScriptModule)]
        outer = [path for path in hidden if not any(path.startswith(f"{other}.") for other in hidden)]
        if outer:
            more = f" and {len(outer) - 1} more" if len(outer) > 1 else ""
            notes.append(
                f"{outer[0][:60]}{more} is scripted: Python cannot see the layers in it, so they are not listed."
            )
    notes += compiled_notes(module)
    tensors = (*module.parameters(), *module.buffers())
    if any(tensor.device.type == "meta" for tensor in tensors if not is_lazy(tensor)):
        refuse(
            "Its parameters are on the meta device: they have shapes but no values. Materialise it with to_empty first."
        )
    if any(is_lazy(tensor) for tensor in tensors):
        module = copy.deepcopy(module)
        notes.append("It has lazy parameters. A copy ran, so that yours stays uninitialised.")
        notes.append("The copy's lazy parameters were drawn for this run.")
    return module, notes


@dataclass(frozen=True, slots=True)
class _Looking:
    """What looks at a forward pass: the layers' hooks, whether saved tensors are counted, and what is stretched."""

    watcher: Watcher
    counts_saved: bool
    stretches: StretchRecorder


def _run(
    module: nn.Module, batch: Any, loss: Loss | None, looking: _Looking, keeper: Keeper
) -> tuple[float | None, Gradients, Problem | None]:
    """The loss, the statistics of each parameter's gradient by id, and the problem, if any."""
    phase, watcher = "its forward pass", looking.watcher
    try:
        with torch.enable_grad(), torch.inference_mode(False):
            fed = with_gradient(batch)
            with watcher.looking(fed, looking.counts_saved), looking.stretches:
                output = call_module(module, fed)
            phase = "the loss"
            value, problem = loss_of(output, loss)
            if value is None:
                return None, {}, problem
            phase = "its backward pass"
            return float(value.detach()), _backward(module, fed, value, keeper), problem
    except CancelledError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a watched module may raise anything, even SystemExit
        return None, {}, _problem_of(error, phase, watcher.record)


def _problem_of(error: BaseException, phase: str, record: RunRecord) -> Problem:
    words = words_for(error)
    inside = record.open_parts[-1] if record.open_parts and phase == "its forward pass" else None
    if inside is not None and inside.path:
        count = sum(not run.is_block for run in record.runs)
        ran = f" {count_in_words(count, 'layer')} ran before it." if count else " It was the first to run."
        what = "Block" if inside.holds else "Layer"
        return Problem(f"{words}.{ran}", lead=f"{what} {inside.path} raised.", badge="raised")
    return Problem(f"{words}.", lead=f"The module raised an exception in {phase}.", badge="raised")


def loss_of(output: Any, loss: Loss | None) -> tuple[torch.Tensor | None, Problem | None]:
    """The scalar to differentiate; None with a problem if there is none."""
    if loss is not None:
        value = loss(output)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            return None, Problem(f"The loss returned {shape}. It must return one number.", badge="no gradients")
        value = value.reshape(())
    else:
        numbers = [tensor for tensor in tensors_in(output) if differentiable(tensor) and tensor.numel()]
        if not numbers:
            kind = "None" if output is None else f"a {type(output).__name__}"
            return None, Problem(
                f"The module returned {kind} without numbers in it, so there is nothing to differentiate. "
                "The activations are still measured.",
                badge="no gradients",
                severity="warning",
            )
        value = _distance_from_targets(numbers)
    if not value.requires_grad:
        return None, Problem(
            "The module's output does not depend on any parameter or input through autograd.",
            badge="no gradients",
            severity="warning",
        )
    return value, None


def _distance_from_targets(numbers: list[torch.Tensor]) -> torch.Tensor:
    """The mean square difference between the numbers and standard normal targets, in float64."""
    generator = torch.Generator().manual_seed(TARGET_SEED)
    total = sum(tensor.numel() for tensor in numbers)
    squares = []
    for tensor in numbers:
        values = summable(tensor)
        target = torch.randn(values.shape, generator=generator).to(values.device)
        wide = values.to(torch.complex128 if tensor.is_complex() else torch.float64)
        squares.append((wide - target).abs().square().sum().cpu())
    return torch.stack(squares).sum() / total


def _backward(module: nn.Module, fed: Any, value: torch.Tensor, keeper: Keeper) -> Gradients:
    """Take the gradients without touching `.grad`; the hooks on the outputs see theirs meanwhile."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    inputs = [tensor for tensor in tensors_in(fed) if tensor.requires_grad and tensor.is_leaf]
    if not parameters and not inputs:
        return {}
    found = gradients_by(value, (*parameters, *inputs))
    gradients: Gradients = {}
    for parameter, gradient in zip(parameters, found, strict=False):
        if gradient is not None:
            gradients[id(parameter)] = reduce(gradient.detach(), keeper)
    return gradients
