"""Summaries of tensors that live on between edits are worked out once."""

from __future__ import annotations

import threading
import weakref

import torch

from playground.models.job import Job
from playground.models.tensors.summary import TensorSummary, summarise

_known: dict[int, tuple[weakref.ref[torch.Tensor], int, TensorSummary]] = {}


_LARGE = 1_000_000
_one_at_a_time = threading.Lock()


def known_summary(tensor: torch.Tensor) -> TensorSummary | None:
    """The summary of a tensor that was summed up before, or is small enough to be at once; None otherwise."""
    return summary_of(tensor) if tensor.numel() <= _LARGE else _found(tensor)


def _found(tensor: torch.Tensor) -> TensorSummary | None:
    found = _known.get(id(tensor))
    if found is None or found[0]() is not tensor or found[1] != _version(tensor):
        return None
    return found[2]


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else int(tensor._version)


def summary_of(tensor: torch.Tensor, job: Job | None = None) -> TensorSummary:
    """The summary of a tensor; remembered as long as the tensor lives and is not written to."""
    found = _found(tensor)
    if found is not None:
        return found
    if tensor.numel() <= _LARGE:
        return _remember(tensor, summarise(tensor, job))
    # Several panels want the same large tensor: the first one reads it, the others wait.
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
