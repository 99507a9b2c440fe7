"""The worked example that a new window opens with."""

from __future__ import annotations

from playground.models.program.program import Program
from playground.models.state import EinsumState, PlaygroundState

EXAMPLE = """\
A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
C = torch.einsum("ij,kj->ik", A, B)
D = A + v
"""


def example_program() -> Program:
    """Five tensors that show broadcasting, a view and an einsum, and a line that does not fit yet."""
    return Program.parse(EXAMPLE)


def example_state() -> PlaygroundState:
    """Six lines: a matrix, a vector, their sum by broadcasting, a transpose, an einsum, and one line that clashes."""
    return PlaygroundState(
        program=example_program(),
        selection="B",
        einsum=EinsumState(equation="ij,kj->ik", operands=("A", "B")),
    )
