"""The worked example that a new window opens with."""

from __future__ import annotations

from playground.models.einsum.state import EinsumState
from playground.models.state import PlaygroundState
from playground.models.tensors.example import example_program


def example_state() -> PlaygroundState:
    """Six lines: a matrix, a vector, their sum by broadcasting, a transpose, an einsum, and one line that clashes."""
    return PlaygroundState(
        program=example_program(),
        selection="B",
        einsum=EinsumState(equation="ij,kj->ik", operands=("A", "B")),
    )
