"""The program that a first start opens with."""

from __future__ import annotations

from playground.models.tensors.program import Program

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
