"""Where nan and inf come from: the operation, its line, what met what there, and a cure that was tried."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from playground.models.job import CancelledError, Job
from playground.models.network.watch.calls import (
    BY_CODE,
    UNSEEN,
    CallRecorder,
    Event,
    StepBack,
    TorchCall,
    base_name,
    name_in_words,
)
from playground.models.network.watch.cures import KEPT_NAMES, REMEDIES, Remedy, guard_of
from playground.models.network.watch.guard import module_untouched, prints_caught, random_state_untouched
from playground.models.network.watch.hooks import call_module, tensors_in, with_gradient
from playground.models.network.watch.meetings import (
    Meeting,
    met_going_back,
    met_in_forward,
    operands_in_words,
)
from playground.models.network.watch.parts import runs_eagerly
from playground.models.network.watch.watch import Loss, WatchResult, gradients_by, loss_of, runnable
from playground.models.problem import Fix, Problem

MOST_TRIED = 3
"""Each cure costs a run of the module."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The first operation that makes nan or inf of finite numbers.

    `problem` says what met what, its span is the operation in `source`, its fixes are code to put there, each tried.
    `place` is `"model.py, line 12"`, or the layer where no line of the module's own is to be seen. `is_backward` is
    True where it is the step back through the operation.
    """

    problem: Problem
    operation: str
    place: str
    source: str
    shapes: str
    index: tuple[int, ...]
    is_backward: bool


@dataclass(slots=True)
class _Found:
    """What one run told: what made the first odd number, or which step back did, and the loss."""

    recorder: CallRecorder
    loss: float | None = None
    event: Event | None = None
    step: StepBack | None = None

    @property
    def call(self) -> TorchCall | None:
        """The call at fault."""
        if self.event is not None:
            return self.event.call
        return None if self.step is None else self.step.call

    @property
    def is_clean(self) -> bool:
        return self.loss is not None and self.event is None and self.step is None


def find_origin(
    result: WatchResult, module: nn.Module, batch: Any, loss: Loss | None = None, job: Job | None = None
) -> Origin | None:
    """Run a watched module once more, with the same random numbers, and look at each operation on its way.

    None where all that was measured is finite, and where the batch itself is not. Weights, buffers, gradients, modes
    and random states are afterwards as before. Raises `CancelledError` when cancelled.
    """
    if not result.is_odd or any(result.batch_odd):
        return None
    job = job or Job()
    with random_state_untouched():
        found = _run(result, module, batch, loss, CallRecorder(job, KEPT_NAMES))
        try:
            origin = _origin(found)
            if origin is None:
                return None
            problem, fixes = origin.problem, []
            for remedy in _remedies(found)[:MOST_TRIED]:
                meaning = _try(remedy, found, result, (module, batch, loss), job)
                if meaning:
                    fixes.append(Fix(remedy.code, gives=remedy.words, meaning=meaning, target="copy"))
                    break
            cured = Problem(problem.message, problem.span, tuple(fixes), lead=problem.lead, badge=problem.badge)
            return Origin(cured, *(getattr(origin, name) for name in Origin.__slots__[1:]))
        finally:
            found.recorder.close()


def _run(result: WatchResult, module: nn.Module, batch: Any, loss: Loss | None, recorder: CallRecorder) -> _Found:
    """One run, forward, and where all is finite there also backward."""
    module, _notes = runnable(module)
    found = _Found(recorder)
    quiet = warnings.catch_warnings()  # what it warns of was said when it was measured
    with quiet, module_untouched(module), runs_eagerly(), prints_caught(), torch.enable_grad():
        warnings.simplefilter("ignore")
        if result.random is not None:
            result.random.restore()
        try:
            fed = with_gradient(batch)
            for name, tensor in (*module.named_parameters(), *module.named_buffers()):
                recorder.brought(tensor, name)
            with recorder.following(module):
                value, _problem = loss_of(call_module(module, fed), loss)
                last = None if value is None else recorder.event_of(value)
                found.event = recorder.layer_event or last
                if last is not None and found.event is not None and found.event.given == BY_CODE:
                    found.event = last
                if value is not None and found.event is None:
                    found.loss = float(value.detach())
                    gradients_by(value, _leaves(module, fed))
                    found.step = recorder.step_back
        except (CancelledError, KeyboardInterrupt):
            raise
        except BaseException:  # it raised when it was measured too: what was seen until then counts
            found.event = found.event or recorder.layer_event
    return found


def _leaves(module: nn.Module, fed: Any) -> tuple[torch.Tensor, ...]:
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return (*parameters, *(tensor for tensor in tensors_in(fed) if tensor.requires_grad and tensor.is_leaf))


def _root(event: Event) -> Event:
    """The inf that a nan was made of, and what that was made of: as far as operations made it."""
    while event.cause is not None and not event.cause.given:
        event = event.cause
    return event


def _origin(found: _Found) -> Origin | None:
    if found.event is not None:
        last, found.event = found.event, _root(found.event)
        if found.event.given and found.event.call is None:
            return _brought(found.event)
        met = met_in_forward(found.event)
        then = "" if last is found.event else _then(last)
        return _described(found, met, f"{met.words} {then}".strip())
    if found.step is None:
        return None
    met, call = met_going_back(found.step), found.call
    through = "" if call is None else f", going back through {name_in_words(call)}"
    guard = None if call is None else guard_of(call, 0, found.recorder.calls)
    left_out = f" `{guard.name}` leaves this value out, but its 0 is multiplied all the same." if guard else ""
    lead = f"{met.lead}{through}."
    return _described(found, Meeting(lead, "", met.index), f"{met.words[:1].upper()}{met.words[1:]}.{left_out}")


def _then(event: Event) -> str:
    met, call = met_in_forward(event), event.call
    line = call.own_line if call is not None else None
    where = f" on line {line.line}" if line is not None else ""
    return f"Then{where}: {met.lead} {met.words}".strip()


def _brought(event: Event) -> Origin | None:
    if event.given in (UNSEEN, BY_CODE):
        return None
    what = "nan" if event.is_nan else "inf"
    words = "No operation made it: it was there before the run."
    problem = Problem(words, lead=f"{event.given} holds {what} already.", badge="not finite")
    return Origin(problem, event.given, event.given, "", "", (), False)


def _described(found: _Found, met: Meeting, words: str) -> Origin:
    call = found.call
    place = None if call is None else call.own_line
    source, span = ("", None) if place is None else place.source()
    if call is None:
        where, operation, shapes = "", found.step.name if found.step else "", ""
    else:
        layer = f"layer {call.layer}" if call.layer else "the module"
        where = layer if place is None else f"{place.file}, line {place.line}"
        operation, shapes = name_in_words(call), operands_in_words(call)
    if met.index:
        words = f"{words} First at [{', '.join(map(str, met.index))}].".strip()
    problem = Problem(words, span, lead=met.lead, badge="not finite")
    return Origin(problem, operation, where, source, shapes, met.index, found.step is not None)


def _remedies(found: _Found) -> list[Remedy]:
    call = found.call
    if call is None or (found.event is not None and found.event.given):
        return []
    candidates = [call]
    if found.event is None and call.odd is not None and (source := _root(call.odd).call) is not None:
        candidates.insert(0, source)  # an inf that the step back met: what made it is to be mended
    for candidate in candidates:
        if base_name(candidate.name) in REMEDIES:
            return REMEDIES[base_name(candidate.name)](candidate, found.recorder.calls)
    return []


def _try(remedy: Remedy, found: _Found, result: WatchResult, run: tuple[nn.Module, Any, Loss | None], job: Job) -> str:
    """What came of a cure in a run of its own, in words; empty where it does not help."""

    def replaced(call: TorchCall) -> Callable[..., Any] | None:
        return remedy.apply if call.is_at(remedy.call) else None

    written = "x stands for what goes in. " if remedy.is_pattern else ""
    recorder = CallRecorder(job, KEPT_NAMES, replaced)
    tried = _run(result, *run, recorder)
    try:
        if remedy.keeps and found.loss is not None and tried.loss != found.loss:
            return ""
        if tried.is_clean:
            return f"{written}Tried: then all numbers are finite."
        other = tried.call
        if other is None or other.is_at(remedy.call) or (found.call is not None and other.is_at(found.call)):
            return ""
        line = other.own_line
        if tried.event is None and found.event is None and other.number > remedy.call.number:
            return ""
        where = f"line {line.line}" if line is not None else f"layer {other.layer}"
        return f"{written}Tried: this one is gone. The next is {name_in_words(other)}, {where}."
    finally:
        recorder.close()
