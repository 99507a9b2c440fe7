"""Runs a module once with hooks on its layers' outputs; records what autograd keeps and which weights act as x @ W.

Every tensor is reduced before anything can change it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdRef

from playground.models.job import Job
from playground.models.network.watch.parts import PARAMETRIZATIONS, has_parameters, watched_parts
from playground.models.network.watch.values import has_values

REENTRANT = "CheckpointFunctionBackward"
"""The node of a checkpoint with use_reentrant=True: it calls backward itself, and refuses torch.autograd.grad."""
RIGHT_OPERAND = {torch.matmul, torch.mm, torch.Tensor.matmul, torch.Tensor.mm, torch.Tensor.__matmul__}
GAINS = (math.sqrt(2), 1.0, 1 / math.sqrt(3), 5 / 3)
"""Times 1 / sqrt(fan in), the std of: He, LeCun, torch's default, He for tanh."""
CLOSE = 0.05


@dataclass
class RightOperands(TorchFunctionMode):
    """While entered, records which two-dimensional leaf tensors are used untransposed on the right of a matmul."""

    found: dict[int, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        arguments: tuple[Any, ...] = (),
        named: Mapping[str, Any] | None = None,
    ) -> Any:
        named = named or {}
        if function in RIGHT_OPERAND:
            right = arguments[1] if len(arguments) > 1 else named.get("other", named.get("mat2"))
            if isinstance(right, torch.nn.Parameter) and right.dim() == 2:
                self.found[id(right)] = right
        return function(*arguments, **named)


def fan_in_words(name: str, weight: torch.Tensor) -> str:
    """A warning about a weight used as `x @ W`, if its std is one that an init computed from the wrong axis.

    `"w (200, 50) is used as x @ w, so its fan-in is 200, but torch's inits count its last axis, 50: its std 0.2 is 2
    times the 0.1 that was meant."`
    """
    rows, columns = weight.shape
    if rows == columns or weight.numel() < 2 or not weight.is_floating_point():
        return ""
    std = float(weight.detach().double().std())
    # Three standard errors of the drawn std; small weights give too little evidence.
    tolerance = max(CLOSE, 3 / math.sqrt(2 * weight.numel()))
    if not any(_is_close(std, gain / math.sqrt(columns), tolerance) for gain in GAINS):
        return ""
    if any(_is_close(std, gain / math.sqrt(rows), tolerance) for gain in GAINS):
        return ""
    factor = math.sqrt(rows / columns)
    return (
        f"{name} ({rows}, {columns}) is used as x @ {name}, so its fan-in is {rows}, but torch's inits count its last "
        f"axis, {columns}: its std is {std:.3g}, which should be {std / factor:.3g}. Initialise {name}.T instead."
    )


def fans_in_words(module: torch.nn.Module, operands: RightOperands) -> tuple[str, ...]:
    """A warning for each such parameter of the module."""
    met = ((name, weight) for name, weight in module.named_parameters() if id(weight) in operands.found)
    return tuple(words for name, weight in met if (words := fan_in_words(name, weight)))


def _is_close(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * other


Packed = tuple[torch.Tensor, int]


class SavedBytes:
    """Counts while `hooks()` is entered; `owner()` is the path of the innermost running layer.

    Each storage counts once, for the run that saved it first; storages of `living` tensors (the parameters, buffers
    and the batch) do not count, since they exist anyway.
    """

    def __init__(self, living: Iterable[torch.Tensor], owner: Callable[[], str | None]) -> None:
        self._owner = owner
        self._seen = {storage for tensor in living if (storage := _storage(tensor)) is not None}
        self._holds: list[torch.Tensor] = []
        self._bytes: dict[str | None, int] = {}

    def hooks(self) -> AbstractContextManager[None]:
        """Tensors inside a checkpoint are not seen: autograd does not keep them either."""
        return saved_tensors_hooks(self._pack, _unpack)

    def take(self, path: str) -> int:
        """The bytes saved for a layer since the last call."""
        return self._bytes.pop(path, 0)

    def let_go(self) -> None:
        """Holds the storages while counting, so that no new storage gets the address of a freed one."""
        self._holds.clear()

    def _pack(self, tensor: torch.Tensor) -> Packed:
        # Detached: autograd's nodes hold what is packed, and a tensor with its node would close a reference cycle.
        kept = tensor.detach()
        storage = _storage(kept)
        if storage is not None and storage not in self._seen:
            self._seen.add(storage)
            self._holds.append(kept)
            owner = self._owner()
            self._bytes[owner] = self._bytes.get(owner, 0) + kept.untyped_storage().nbytes()
        return kept, -1 if kept.is_inference() else kept._version


def _unpack(packed: Packed) -> torch.Tensor:
    """With hooks torch does not check whether a saved tensor was modified, so this does."""
    tensor, version = packed
    if version >= 0 and tensor._version != version:
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{list(tensor.shape)} is at version {tensor._version}; expected version {version} instead"
        )
    return tensor


def _storage(tensor: torch.Tensor) -> int | None:
    return int(tensor.untyped_storage()._cdata) if has_values(tensor) else None


Reduce = Callable[[torch.Tensor], Any]
ReduceOutput = Callable[[nn.Module, torch.Tensor | None, torch.Tensor], Any]


@dataclass(slots=True)
class LayerRun:
    """One run of one module: its reduced output, and the output's gradient after the backward pass.

    `is_block`: other modules ran within it.
    """

    path: str
    module: nn.Module
    is_block: bool
    call: int
    shape: tuple[int, ...]
    dtype: str
    outputs: int
    activation: Any = None
    gradient: Any = None
    awaits_gradient: bool = False
    saved_bytes: int | None = None


@dataclass(slots=True)
class OpenPart:
    """A module whose forward is under way; `holds` says that another one has run within it."""

    path: str
    module: nn.Module
    holds: bool = False


@dataclass(slots=True)
class RunRecord:
    """What one forward pass through a watched module did, as far as it came; `open_parts` from outside to inside."""

    runs: list[LayerRun] = field(default_factory=list)
    open_parts: list[OpenPart] = field(default_factory=list)


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
    """True if gradients with respect to this tensor's values are possible."""
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def _values_key(tensor: torch.Tensor) -> Hashable:
    """Equal for two tensors only if they are the same values in the same memory; keeps no memory alive."""
    if tensor.is_inference():  # such a tensor has no version counter
        return object()
    memory: Hashable = WeakIdRef(tensor)
    with suppress(NotImplementedError):  # inside torch.func a tensor has no storage
        memory = StorageWeakRef(tensor.untyped_storage()) if has_values(tensor) else memory  # type: ignore[no-untyped-call]
    place = (tensor.storage_offset(), tensor.stride()) if isinstance(memory, StorageWeakRef) else None
    return place, tensor.shape, tensor.dtype, tensor._version, memory


class _Remembering:
    """Reduces a tensor, and reuses the result for the same unchanged tensor: layers often return their input."""

    def __init__(self, reduce: Reduce) -> None:
        self._reduce = reduce
        self._last: Hashable = None
        self._reduced: Any = None

    def __call__(self, tensor: torch.Tensor) -> Any:
        key = _values_key(tensor)
        if key != self._last:
            self._last, self._reduced = key, self._reduce(tensor)
        return self._reduced


class Watcher:
    """Puts hooks on the parts of a module, keeps what they see in `record`, and takes the hooks away again.

    `output(part, entered, left)` reduces what a part was given and what it returned, `gradient` what comes back. A part
    within which others ran is a block. One without parameters of its own that hands on what one of them returned has
    nothing to add, and is not recorded.
    """

    def __init__(self, module: nn.Module, output: ReduceOutput, gradient: Reduce, job: Job) -> None:
        self.record = RunRecord()
        self._output = output
        self._reduce_gradient = _Remembering(gradient)
        self._job = job
        self._calls: dict[nn.Module, int] = {}
        self._returned: set[Hashable] = set()
        self._handles: list[Any] = []
        self._came_back = 0
        self._module = module
        self._saved: SavedBytes | None = None
        self.operands = RightOperands()
        parts = watched_parts(module)
        self._expected, self._finished = len(parts), 0
        for path, part in parts:
            self._handles.append(part.register_forward_pre_hook(self._before(path)))
            self._handles.append(part.register_forward_hook(self._after(path)))

    @contextmanager
    def looking(self, batch: Any, counts_saved: bool) -> Iterator[None]:
        """During the forward pass, record how weights are used, and what is saved for the backward pass."""
        living = (*self._module.parameters(), *self._module.buffers(), *tensors_in(batch))
        is_counted = counts_saved and not any(is_lazy(tensor) for tensor in living)
        self._saved = SavedBytes(living, self._innermost) if is_counted else None
        with self.operands, self._saved.hooks() if self._saved else nullcontext():
            yield

    def _innermost(self) -> str | None:
        return self.record.open_parts[-1].path if self.record.open_parts else None

    def remove(self) -> None:
        """Remove all hooks."""
        if self._saved is not None:
            self._saved.let_go()
        for handle in self._handles:
            handle.remove()

    def _report(self, path: str, fraction: float) -> None:
        self._job.report(fraction, path or "the module itself")

    def _before(self, path: str) -> Callable[[nn.Module, Any], None]:
        def hook(module: nn.Module, _inputs: Any) -> None:
            self._job.check()
            if is_recomputing():
                return
            self._report(path, min(1.0, self._finished / self._expected) / 2)
            if self.record.open_parts and PARAMETRIZATIONS not in path.split("."):
                self.record.open_parts[-1].holds = True
            self.record.open_parts.append(OpenPart(path, module))

        return hook

    def _after(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if is_recomputing():
                self._await_again(module, output)
                return
            is_block = self._close(module)
            saved = None if self._saved is None else self._saved.take(path)
            tensors = list(tensors_in(output))
            main = _main_of(tensors)
            key = None if main is None else _values_key(main)
            if is_block and key in self._returned and not has_parameters(module):
                return
            self._returned.add(key)
            self._calls[module] = self._calls.get(module, 0) + 1
            run = LayerRun(path, module, is_block, self._calls[module], (), type(output).__name__, len(tensors))
            run.saved_bytes = saved
            self.record.runs.append(run)
            if main is None:
                return
            run.shape, run.dtype = tuple(main.shape), str(main.dtype).removeprefix("torch.")
            entered = next(tensors_in(inputs), None)
            run.activation = self._output(module, None if entered is None else entered.detach(), main.detach())
            self._await_gradient(run, main)
            self._job.check()

        return hook

    def _close(self, module: nn.Module) -> bool:
        """Take a part off the open ones, with those inside it that raised; whether others ran within it."""
        self._finished += 1
        while self.record.open_parts:
            part = self.record.open_parts.pop()
            if part.module is module:
                return part.holds
        return False

    def _await_gradient(self, run: LayerRun, output: torch.Tensor) -> None:
        if output.requires_grad:
            run.awaits_gradient = True
            output.register_hook(self._gradient_of(run))  # type: ignore[no-untyped-call]

    def _await_again(self, module: nn.Module, output: Any) -> None:
        """A checkpoint reruns a layer in the backward pass. That is not a separate run, but its gradient belongs to the
        first run if that had no graph; of several such runs, to the one with the same values."""
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
            self._report(f"{run.path}, backward", 0.5 + min(0.98, self._came_back / len(self.record.runs)) / 2)
            if gradient is not None:  # a quantised layer has no gradient
                run.gradient = self._reduce_gradient(gradient.detach())

        return hook


def is_recomputing() -> bool:
    """True during a backward pass: what runs then is a checkpoint's forward pass."""
    return torch._C._current_graph_task_id() != -1


def _main_of(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """The tensor measured for a layer: the first that can have a gradient."""
    return next((tensor for tensor in tensors if differentiable(tensor)), tensors[0] if tensors else None)


def call_module(module: nn.Module, batch: Any) -> Any:
    """`module(batch)`; a tuple or list becomes positional arguments, a mapping named ones."""
    if isinstance(batch, Mapping):
        return module(**batch)
    if isinstance(batch, tuple | list):
        return module(*batch)
    return module(batch)


def with_tensors(batch: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """The batch with each tensor mapped; lists, tuples and named tuples keep their type, a mapping becomes a dict."""
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
    """The batch with copies of its tensors; floating-point ones require a gradient."""
    return with_tensors(batch, lambda tensor: tensor.detach().clone().requires_grad_(differentiable(tensor)))


def words_for(error: BaseException) -> str:
    """One readable line about an exception: `ValueError: wrong size`."""
    if isinstance(error, RecursionError):
        return "RecursionError: it calls itself endlessly"
    if isinstance(error, SystemExit):
        return f"SystemExit: it tried to end the program ({error.code!r})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
