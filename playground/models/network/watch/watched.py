"""The list of modules watched in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from weakref import ReferenceType, ref

from torch import nn

from playground.models.broadcasting.stretches import StretchedOperation
from playground.models.job import Job
from playground.models.network.watch.values import KEPT_BYTES
from playground.models.network.watch.verdict import WatchedVerdict, judge_watched, words_alone
from playground.models.network.watch.watch import Loss, WatchResult, measure_module


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A watched module under a name; does not keep the module itself alive."""

    name: str
    result: WatchResult
    verdict: WatchedVerdict
    module: ReferenceType[nn.Module] | None = None

    @property
    def broadcasts(self) -> tuple[StretchedOperation, ...]:
        """Every operation of the forward pass in which an operand is stretched, with its place in the source."""
        return self.result.broadcasts

    def is_of(self, module: nn.Module | None) -> bool:
        """True if this exact module was watched."""
        return module is not None and self.module is not None and self.module() is module


@dataclass
class WatchList:
    """All watched modules, in order; drops the oldest if there are more than `most`. Thread-safe.

    Their plots stay; their tensors are kept for sending while they fit in `most_bytes`, the newest always.
    """

    most: int = 50
    most_bytes: int = KEPT_BYTES
    _entries: list[Watched] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self,
        name: str,
        result: WatchResult,
        verdict: WatchedVerdict | None = None,
        module: nn.Module | None = None,
    ) -> Watched:
        """Add a result under its name; computes a verdict if none is given.

        A name that another module has gets a number; the same module under the same name replaces its entry.
        """
        with self._lock:
            same = _is_numbered(name)
            again = [entry for entry in self._entries if same(entry.name) and entry.is_of(module)]
            rest = [entry for entry in self._entries if entry not in again]
            taken = {entry.name for entry in rest}
            shown, number = (again[-1].name if again else name), 1
            while shown in taken:
                number += 1
                shown = f"{name} ({number})"
            entry = Watched(shown, result, verdict or words_alone(result), None if module is None else ref(module))
            self._entries = [*rest, entry][-self.most :]
            self._forget_values()
            return entry

    def _forget_values(self) -> None:
        """Release the tensors of the oldest entries, so that the total stays within the limit."""
        total = 0
        for entry in reversed(self._entries):
            tensors = {id(kept): kept.tensor.nbytes for layer in entry.result.layers for kept in layer.kept.values()}
            total += sum(tensors.values())
            if tensors and total > self.most_bytes and entry is not self._entries[-1]:
                entry.result.counted.forget_values()

    @property
    def entries(self) -> tuple[Watched, ...]:
        """The watched modules, oldest first."""
        with self._lock:
            return tuple(self._entries)


def _is_numbered(name: str) -> Callable[[str], bool]:
    """True if a shown name is this one, possibly with a number."""
    return re.compile(rf"{re.escape(name)}( \(\d+\))?").fullmatch  # type: ignore[return-value]


WATCHED = WatchList()
"""The modules that `playground.watch` was called with in this process."""


def watch_module(
    module: nn.Module, batch: Any, loss: Loss | None = None, name: str = "", job: Job | None = None
) -> Watched:
    """Run a module once, measure every layer, and add it to the page's list; the module is left unchanged.

    Named after its class unless a name is given. Raises a `ProblemError` for a module that cannot run at all; an
    exception in the module itself is in the result.
    """
    result = measure_module(module, batch, loss, job)
    return WATCHED.add(name or result.kind, result, judge_watched(result, module, batch, loss, job), module)
