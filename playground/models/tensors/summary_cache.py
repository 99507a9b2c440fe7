"""Summaries of tensors that live on between edits are worked out once."""

from __future__ import annotations

import weakref

import torch

from playground.models.job import Job
from playground.models.tensors.summary import TensorSummary, summarise

_known: dict[int, tuple[weakref.ref[torch.Tensor], int, TensorSummary]] = {}


def summary_of(tensor: torch.Tensor, job: Job | None = None) -> TensorSummary:
    """The summary of a tensor; remembered as long as the tensor lives and is not written to."""
    key = id(tensor)
    found = _known.get(key)
    version = 0 if tensor.is_inference() else tensor._version
    if found is not None and found[0]() is tensor and found[1] == version:
        return found[2]
    summary = summarise(tensor, job)

    def forget(_reference: object) -> None:
        _known.pop(key, None)

    _known[key] = (weakref.ref(tensor, forget), version, summary)
    return summary
