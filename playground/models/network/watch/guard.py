"""Runs a user's module without a trace: restores modes, weights, buffers, gradients and random states."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy


@dataclass(frozen=True, slots=True)
class _ModuleRecord:
    """A snapshot of one module's attributes and the contents of its tables."""

    module: nn.Module
    attributes: dict[str, Any]
    tables: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _TensorRecord:
    """A snapshot of a parameter or buffer: the object, its storage, a copy of its values, and its `.grad`."""

    tensor: torch.Tensor
    data: torch.Tensor
    values: torch.Tensor
    requires_grad: bool
    grad: torch.Tensor | None
    grad_values: torch.Tensor | None


TABLES = ("_parameters", "_buffers", "_modules")


def _tensors_of(module: nn.Module) -> Iterator[torch.Tensor]:
    seen: set[int] = set()
    for part in module.modules():
        for table in (part._parameters, part._buffers):
            for tensor in table.values():
                if tensor is None or id(tensor) in seen or is_lazy(tensor) or tensor.layout != torch.strided:
                    continue
                seen.add(id(tensor))
                yield tensor


def _record_module(module: nn.Module) -> _ModuleRecord:
    # Python cannot reach a scripted module's tables; its tensors are still restored.
    if isinstance(module, torch.jit.ScriptModule):
        return _ModuleRecord(module, dict(vars(module)), {})
    attributes = dict(vars(module))
    return _ModuleRecord(module, attributes, {name: dict(attributes[name]) for name in TABLES if name in attributes})


def _record_tensor(tensor: torch.Tensor) -> _TensorRecord:
    grad = tensor.grad if tensor.is_leaf else None
    return _TensorRecord(
        tensor,
        tensor.data,
        tensor.detach().clone(),
        tensor.requires_grad,
        grad,
        None if grad is None else grad.detach().clone(),
    )


def _restore_module(record: _ModuleRecord) -> None:
    present = vars(record.module)
    for key in [key for key in present if key not in record.attributes]:
        del present[key]
    present.update(record.attributes)
    for name, table in record.tables.items():
        present[name].clear()
        present[name].update(table)


def _same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    """True if two tensors have the same values, including nan; a wrong False only costs the time to copy them back."""
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)


def _restore_tensor(record: _TensorRecord) -> None:
    with torch.no_grad():
        if record.tensor.data_ptr() != record.data.data_ptr() or record.tensor.shape != record.data.shape:
            record.tensor.data = record.data
        if not _same_bits(record.tensor.detach(), record.values):
            # Through .data, so that the version counter of the user's tensor does not change.
            record.tensor.data.copy_(record.values)
        if record.tensor.is_leaf:
            if record.tensor.requires_grad != record.requires_grad:
                record.tensor.requires_grad_(record.requires_grad)
            record.tensor.grad = record.grad
            if record.grad is not None and record.grad_values is not None:
                record.grad.data.copy_(record.grad_values)


@contextmanager
def module_untouched(module: nn.Module) -> Iterator[None]:
    """Whatever happens inside, the module's tables, weights, buffers, gradients and modes are restored afterwards.

    Costs one copy of the weights. Tensors without values (lazy, meta) must be excluded by the caller; the values of
    sparse ones are not restored.
    """
    modules = [_record_module(part) for part in module.modules()]
    tensors = [_record_tensor(tensor) for tensor in _tensors_of(module)]
    try:
        yield
    finally:
        for module_record in modules:
            _restore_module(module_record)
        for tensor_record in tensors:
            _restore_tensor(tensor_record)


@dataclass(frozen=True, slots=True, eq=False)
class RandomStates:
    """Where the random numbers of torch (each started device), numpy and Python stand."""

    of_torch: torch.Tensor
    of_cuda: list[torch.Tensor] | None
    of_numpy: Any
    of_python: Any

    @classmethod
    def present(cls) -> RandomStates:
        """Those of now."""
        cuda_runs = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        cuda_states = torch.cuda.get_rng_state_all() if cuda_runs else None
        return cls(torch.get_rng_state(), cuda_states, np.random.get_state(), random.getstate())

    def restore(self) -> None:
        """Begin there again."""
        torch.set_rng_state(self.of_torch)
        if self.of_cuda is not None:
            torch.cuda.set_rng_state_all(self.of_cuda)
        np.random.set_state(self.of_numpy)
        random.setstate(self.of_python)


@contextmanager
def random_state_untouched() -> Iterator[None]:
    """Restores the random states of torch (each initialised device), numpy and Python."""
    states = RandomStates.present()
    grad_enabled = torch.is_grad_enabled()
    default_dtype = torch.get_default_dtype()
    try:
        yield
    finally:
        states.restore()
        torch.set_grad_enabled(grad_enabled)
        if torch.get_default_dtype() != default_dtype:
            torch.set_default_dtype(default_dtype)


class PrintedLines:
    """Replaces `sys.stdout` for one thread: counts the lines and keeps the first; other threads print normally."""

    def __init__(self, through: TextIO, keep: int = 20) -> None:
        self.count = 0
        self.kept: list[str] = []
        self._through = through
        self._keep = keep
        self._thread = threading.get_ident()
        self._open = ""

    def write(self, text: str) -> int:
        """Count the lines if this thread writes them, otherwise pass the text on."""
        if threading.get_ident() != self._thread:
            return self._through.write(text)
        self.count += text.count("\n")
        if len(self.kept) < self._keep:
            *lines, self._open = (self._open + text[:1000]).split("\n")
            self.kept.extend(lines[: self._keep - len(self.kept)])
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._through, name)


@contextmanager
def prints_caught() -> Iterator[PrintedLines]:
    """Capture this thread's output, so that a million lines neither flood the terminal nor fill the memory."""
    before = sys.stdout
    caught = PrintedLines(before)
    sys.stdout = caught
    try:
        yield caught
    finally:
        if sys.stdout is caught:
            sys.stdout = before
