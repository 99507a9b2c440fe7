"""Results that stay valid from one edit to the next: lines' results and their summaries."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from typing import Generic, TypeVar

import torch

from playground.models.evaluation.summary import TensorSummary, summarise
from playground.models.job import Job

Result = TypeVar("Result")
POLL_SECONDS = 0.05
MOST_RESULTS = 20_000


class ResultCache(Generic[Result]):
    """A least-recently-used cache of results, limited in bytes; waits for a key that another thread is computing.

    Each result has a serial number: a line's key consists of its source and the serials of the results it reads.
    """

    def __init__(self, limit: int, size_of: Callable[[Result], int]) -> None:
        self.limit = limit
        self._size_of = size_of
        self._kept: OrderedDict[Hashable, tuple[int, Result]] = OrderedDict()
        self._running: set[Hashable] = set()
        self._changed = threading.Condition()
        self._serial = 0
        self._bytes = 0

    def get(self, key: Hashable, compute: Callable[[], Result], job: Job) -> tuple[int, Result]:
        """The serial and result of a key, computed by the first caller; other callers wait for it."""
        with self._changed:
            while True:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
                if key not in self._running:
                    break
                self._changed.wait(POLL_SECONDS)
                job.check()
            self._running.add(key)
        try:
            result = compute()
        except BaseException:
            with self._changed:
                self._running.discard(key)
                self._changed.notify_all()
            raise
        with self._changed:
            self._running.discard(key)
            self._serial += 1
            self._kept[key] = (self._serial, result)
            self._bytes += self._size_of(result)
            self._changed.notify_all()
            return self._serial, result

    def keep(self, key: Hashable, result: Result) -> None:
        """Store a small result, even if another thread is still computing this key."""
        with self._changed:
            self._serial += 1
            self._kept[key] = (self._serial, result)

    def forget(self, key: Hashable, serial: int) -> None:
        """Drop a key's result, if it still has this serial."""
        with self._changed:
            if key in self._kept and self._kept[key][0] == serial:
                self._bytes -= self._size_of(self._kept.pop(key)[1])

    @property
    def kept_bytes(self) -> int:
        """The bytes of all cached results."""
        return self._bytes

    def trim(self, protected: Collection[Hashable]) -> None:
        """Drop the least recently used results until the limit holds, except for keys of the current program."""
        with self._changed:
            if self._fits():
                return
            for key in [key for key in self._kept if key not in protected]:
                _, result = self._kept.pop(key)
                self._bytes -= self._size_of(result)
                if self._fits():
                    return

    def _fits(self) -> bool:
        return self._bytes <= self.limit and len(self._kept) <= MOST_RESULTS

    def clear(self) -> None:
        """Clear the cache."""
        with self._changed:
            self._kept.clear()
            self._bytes = 0


_known: dict[int, tuple[weakref.ref[torch.Tensor], int, TensorSummary]] = {}


_LARGE = 1_000_000
_one_at_a_time = threading.Lock()


def known_summary(tensor: torch.Tensor) -> TensorSummary | None:
    """The summary of a tensor if it is cached, or if the tensor is small enough to summarise at once; else None."""
    return summary_of(tensor) if tensor.numel() <= _LARGE else _found(tensor)


def _found(tensor: torch.Tensor) -> TensorSummary | None:
    found = _known.get(id(tensor))
    if found is None or found[0]() is not tensor or found[1] != _version(tensor):
        return None
    return found[2]


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else int(tensor._version)


def summary_of(tensor: torch.Tensor, job: Job | None = None) -> TensorSummary:
    """The summary of a tensor; cached as long as the tensor exists and is not written to."""
    found = _found(tensor)
    if found is not None:
        return found
    if tensor.numel() <= _LARGE:
        return _remember(tensor, summarise(tensor, job))
    # If several panels need the same large tensor, the first one reads it and the others wait.
    while not _one_at_a_time.acquire(timeout=0.05):
        if job is not None:
            job.check()
    try:
        return _found(tensor) or _remember(tensor, summarise(tensor, job))
    finally:
        _one_at_a_time.release()


def _remember(tensor: torch.Tensor, summary: TensorSummary) -> TensorSummary:
    key = id(tensor)

    def forget(_reference: object) -> None:
        _known.pop(key, None)

    _known[key] = (weakref.ref(tensor, forget), _version(tensor), summary)
    return summary
