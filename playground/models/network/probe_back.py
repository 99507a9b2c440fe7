"""The backward pass of a watched module: through activation checkpointing of either kind, leaving no `.grad` behind."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from playground.models.network.saved_tensors import backward_nodes

REENTRANT = "CheckpointFunctionBackward"
"""The node of a checkpoint with use_reentrant=True: it calls backward itself, and refuses torch.autograd.grad."""


def gradients_by(value: torch.Tensor, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    """The gradients of a scalar by leaf tensors, None where there is none; their `.grad` is afterwards as before."""
    nodes = list(backward_nodes(value.grad_fn))
    if not any(node.name() == REENTRANT for node in nodes):
        return list(torch.autograd.grad(value, tuple(tensors), allow_unused=True))
    reached = [node.variable for node in nodes if hasattr(node, "variable")]
    with _no_grad_left((*tensors, *reached)):
        value.backward()  # type: ignore[no-untyped-call]
        return [tensor.grad for tensor in tensors]


@contextmanager
def _no_grad_left(tensors: Sequence[torch.Tensor]) -> Iterator[None]:
    """Each tensor's `.grad` is empty inside and as before afterwards; what would step an optimiser is not called."""
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
