"""Run a module once with hooks on what its layers return, reducing every tensor where it is still what it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from playground.models.job import Job
from playground.models.network.probe_fans import RightOperands
from playground.models.network.probe_parts import watched_layers
from playground.models.network.probe_saved import SavedBytes

Reduce = Callable[[torch.Tensor], Any]
ReduceOutput = Callable[[nn.Module, torch.Tensor | None, torch.Tensor], Any]


@dataclass(slots=True)
class LayerRun:
    """One run of one module: what its output reduced to, and the output's gradient once the backward pass came by."""

    path: str
    module: nn.Module
    call: int
    shape: tuple[int, ...]
    dtype: str
    outputs: int
    activation: Any = None
    gradient: Any = None
    awaits_gradient: bool = False
    saved_bytes: int | None = None


@dataclass(slots=True)
class RunRecord:
    """What one forward pass through a watched module did, as far as it came."""

    runs: list[LayerRun] = field(default_factory=list)
    open_layers: list[str] = field(default_factory=list)


def tensors_in(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """Every tensor in nested tuples, lists, mappings and dataclasses, in order: `tensors_in({"a": x, "b": (y,)})`."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth > 20:
        return
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from tensors_in(inner, depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield from tensors_in(inner, depth + 1)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for entry in dataclasses.fields(value):
            yield from tensors_in(getattr(value, entry.name, None), depth + 1)


def differentiable(tensor: torch.Tensor) -> bool:
    """Whether a gradient can be taken with respect to this tensor's values."""
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


class _Remembering:
    """Reduces a tensor, but the very one before it, unchanged, only once: layers often hand on their input."""

    def __init__(self, reduce: Reduce) -> None:
        self._reduce = reduce
        self._last: tuple[torch.Tensor, int, Any] | None = None

    def __call__(self, tensor: torch.Tensor) -> Any:
        if tensor.is_inference():  # such a tensor does not say whether it was written to
            return self._reduce(tensor)
        if self._last is not None:
            before, version, reduced = self._last
            if _is_same(tensor, before) and tensor._version == version:
                return reduced
        reduced = self._reduce(tensor)
        # Held on to, so that its memory is not given to another tensor in the meantime.
        self._last = (tensor, tensor._version, reduced)
        return reduced


def _is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are the same values in the same memory."""
    if one.layout != torch.strided or other.layout != torch.strided or one.is_nested or other.is_nested:
        return False
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and one.stride() == other.stride()
        and one.device == other.device
        and one.data_ptr() == other.data_ptr() != 0
    )


class Watcher:
    """Puts hooks on the layers of a module, keeps what they see in `record`, and takes the hooks away again.

    `output(layer, entered, left)` reduces what a layer was given and what it returned, `gradient` what comes back.
    """

    def __init__(self, module: nn.Module, output: ReduceOutput, gradient: Reduce, job: Job) -> None:
        self.record = RunRecord()
        self._output = output
        self._reduce_gradient = _Remembering(gradient)
        self._job = job
        self._calls: dict[nn.Module, int] = {}
        self._handles: list[Any] = []
        self._came_back = 0
        self._module = module
        self._saved: SavedBytes | None = None
        self.operands = RightOperands()
        layers = watched_layers(module)
        self._expected = len(layers)
        for path, part in layers:
            self._handles.append(part.register_forward_pre_hook(self._before(path)))
            self._handles.append(part.register_forward_hook(self._after(path)))

    @contextmanager
    def looking(self, batch: Any, counts_saved: bool) -> Iterator[None]:
        """While the forward pass runs: note how weights are used, and what is saved for the way back."""
        living = (*self._module.parameters(), *self._module.buffers(), *tensors_in(batch))
        is_counted = counts_saved and not any(is_lazy(tensor) for tensor in living)
        self._saved = SavedBytes(living, self._innermost) if is_counted else None
        with self.operands, self._saved.hooks() if self._saved else nullcontext():
            yield

    def _innermost(self) -> str | None:
        return self.record.open_layers[-1] if self.record.open_layers else None

    def remove(self) -> None:
        """Take all hooks away."""
        if self._saved is not None:
            self._saved.let_go()
        for handle in self._handles:
            handle.remove()

    def _report(self, path: str, fraction: float) -> None:
        self._job.report(fraction, path or "the module itself")

    def _before(self, path: str) -> Callable[[nn.Module, Any], None]:
        def hook(_module: nn.Module, _inputs: Any) -> None:
            self._job.check()
            if is_recomputing():
                return
            self._report(path, min(1.0, len(self.record.runs) / self._expected) / 2)
            self.record.open_layers.append(path)

        return hook

    def _after(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if is_recomputing():
                self._await_again(module, output)
                return
            if path in self.record.open_layers:
                self.record.open_layers.remove(path)
            self._calls[module] = self._calls.get(module, 0) + 1
            tensors = list(tensors_in(output))
            main = _main_of(tensors)
            run = LayerRun(path, module, self._calls[module], (), type(output).__name__, len(tensors))
            run.saved_bytes = None if self._saved is None else self._saved.take(path)
            self.record.runs.append(run)
            if main is None:
                return
            run.shape, run.dtype = tuple(main.shape), str(main.dtype).removeprefix("torch.")
            entered = next(tensors_in(inputs), None)
            run.activation = self._output(module, None if entered is None else entered.detach(), main.detach())
            self._await_gradient(run, main)
            self._job.check()

        return hook

    def _await_gradient(self, run: LayerRun, output: torch.Tensor) -> None:
        if output.requires_grad:
            run.awaits_gradient = True
            output.register_hook(self._gradient_of(run))  # type: ignore[no-untyped-call]

    def _await_again(self, module: nn.Module, output: Any) -> None:
        """A checkpoint runs a layer once more, on the way back: it is no run of its own, but its gradient is the first
        run's where that one had no graph. Of several such runs it is the one that gave the same values."""
        main = _main_of(list(tensors_in(output)))
        if main is None or not main.requires_grad:
            return
        waiting = [run for run in self.record.runs if run.module is module and not run.awaits_gradient]
        if len(waiting) > 1:
            again = self._output(module, None, main.detach())
            waiting = [run for run in waiting if run.activation and run.activation.gave_the_same(again)]
        if waiting:
            self._await_gradient(waiting[-1], main)

    def _gradient_of(self, run: LayerRun) -> Callable[[torch.Tensor], None]:
        def hook(gradient: torch.Tensor | None) -> None:
            self._job.check()
            self._came_back += 1
            self._report(f"{run.path}, going back", 0.5 + min(0.98, self._came_back / len(self.record.runs)) / 2)
            if gradient is not None:  # a quantised layer sends none back
                run.gradient = self._reduce_gradient(gradient.detach())

        return hook


def is_recomputing() -> bool:
    """Whether a backward pass is under way: what runs then is a checkpoint's forward once more."""
    return torch._C._current_graph_task_id() != -1


def _main_of(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """The tensor that a layer's numbers are those of: the first that a gradient can be taken of."""
    return next((tensor for tensor in tensors if differentiable(tensor)), tensors[0] if tensors else None)


def call_module(module: nn.Module, batch: Any) -> Any:
    """`module(batch)`; a tuple or list is spread over the arguments, a mapping over the named ones."""
    if isinstance(batch, Mapping):
        return module(**batch)
    if isinstance(batch, tuple | list):
        return module(*batch)
    return module(batch)


def with_tensors(batch: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The batch with each tensor in it changed; lists, tuples and named tuples stay such, a mapping becomes a dict."""
    if isinstance(batch, torch.Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {key: with_tensors(value, change) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [with_tensors(part, change) for part in batch]
        if hasattr(batch, "_fields"):
            return type(batch)(*parts)
        return parts if isinstance(batch, list) else tuple(parts)
    return batch


def with_gradient(batch: Any) -> Any:
    """The batch with copies of its tensors, of which those of floating-point numbers ask for a gradient."""
    return with_tensors(batch, lambda tensor: tensor.detach().clone().requires_grad_(differentiable(tensor)))


def words_for(error: BaseException) -> str:
    """One line on what was raised, short enough to read: `ValueError: wrong size`."""
    if isinstance(error, RecursionError):
        return "RecursionError: it calls itself without end"
    if isinstance(error, SystemExit):
        return f"SystemExit: it tried to end the program ({error.code!r})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
