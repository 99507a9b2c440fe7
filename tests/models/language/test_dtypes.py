"""Complex, unsigned and eight-bit lines against torch itself: the same values, and torch's refusals named."""

from __future__ import annotations

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.reader import TensorReader, exact_text
from playground.models.program.program import Program

START = "A = torch.arange(1., 10.).reshape(3, 3) + torch.eye(3)\nz = torch.tensor([1+2j, -1j, 3.])\n"

COMPLEX = [
    "torch.tensor(1+2j)", "torch.tensor([1+2j, -1j, 0])", "z.real", "z.imag", "torch.real(z)", "torch.imag(z)",
    "z.conj()", "z.conj() * 2", "z.angle()", "z.abs()", "abs(z)", "torch.view_as_real(z)",
    "torch.view_as_complex(torch.view_as_real(z))", "torch.complex(A, -A)", "torch.polar(A, A)", "A * 1j",
    "(-4) ** 0.5 * A", "complex(1, 2) * A", "abs(3 + 4j) * A", "z[:, None] @ z[None].conj()", "z.outer(z).mH",
    "z.to(torch.complex128) / 3", "torch.linalg.eigvals(A)", "z.sum()", "z.mean()", "z.exp()", "A.cfloat()",
    "torch.zeros(2, 3, dtype=torch.complex64)", "torch.where(A > 4, A, 1j)", "z == 1 + 2j", "z.conj().resolve_conj()",
    "torch.einsum('i,j->ij', z, z)", "z.isnan()", "z.is_complex() * A", "torch.inf * z",
]  # fmt: skip
UNSIGNED = [
    "A.to(torch.uint16)", "A.to(torch.uint32)[1:]", "A.to(torch.uint64).t()", "A.to(torch.uint16) == 2",
    "torch.ones(2, 3, dtype=torch.uint64)", "A.to(torch.uint32).long() + 1", "torch.tensor([1, 2], dtype=torch.uint16)",
    "A.to(torch.float8_e4m3fn)", "A.to(torch.float8_e5m2).float() / 3", "A.to(torch.float8_e4m3fn).reshape(9)",
    "torch.zeros(3, dtype=torch.float8_e5m2)", "A.to(torch.float8_e4m3fnuz).view(torch.uint8)",
]  # fmt: skip


@pytest.mark.parametrize("line", COMPLEX + UNSIGNED)
def test_values_are_those_of_torch(line: str) -> None:
    one = evaluate(Program.parse(f"{START}B = {line}"))["B"]
    assert one.problem is None, one.problem
    scope = {"torch": torch}
    exec(f"{START}B = {line}", scope)  # the oracle: plain Python
    expected = scope["B"]
    assert one.tensor.dtype == expected.dtype
    assert one.tensor.stride() == expected.stride()
    wide = torch.complex128 if expected.is_complex() else torch.float64
    assert torch.equal(one.tensor.to(wide).nan_to_num(7), expected.to(wide).nan_to_num(7))
    assert (one.meta.shape, one.meta.dtype, one.meta.stride()) == (expected.shape, expected.dtype, expected.stride())
    reader = TensorReader(one.tensor)
    index = (0,) * expected.ndim
    value = expected[index].to(wide).item() if expected.dtype is not torch.bool else expected[index].item()
    assert reader.text(index) == exact_text(value, reader.dtype)


@pytest.mark.parametrize(
    ("line", "message", "fix"),
    [
        ("A.to(torch.uint16) + A.to(torch.uint16)", "+ is not supported for uint16", "A.to(torch.uint16).long() + "),
        (
            "A.to(torch.float8_e4m3fn) + 1",
            "+ is not supported for float8_e4m3fn",
            "A.to(torch.float8_e4m3fn).float() + 1",
        ),
        ("torch.arange(5, dtype=torch.uint16)", "torch.arange is not supported for uint16.", ""),
        ("z < 2", "< is not supported for complex64, the dtype of z.", "z.real < 2"),
        ("z.max()", ".max is not supported for complex64", "z.real.max()"),
        ("A.imag", "Only complex tensors have imaginary parts, but this is float32.", ""),
        ("torch.linalg.inv(A[:2])", "torch.linalg.inv: A must be batches of square matrices", ""),
        ("F.relu(A)", "write torch.nn.functional instead of F.", "torch.nn.functional.relu(A)"),
        ("nn.functional.relu(A)", "write torch.nn instead of nn.", "torch.nn.functional.relu(A)"),
        ("np.zeros(3)", "write torch instead of np.", "torch.zeros(3)"),
        ("A.to('float64')", "Write the dtype as torch.float64.", "A.to(torch.float64)"),
        ("A.to(torch.device('cpu'))", "Everything here is on the CPU.", ""),
        ("A.data", "Lines do not track gradients, so .detach() changes nothing.", ""),
        ("torch.FloatTensor([1., 2.])", "Use torch.tensor with values", "torch.tensor([1., 2.])"),
        ("torch.geqrf(A)[0]", "torch.geqrf is not in the vocabulary.", ""),
        ("A.reshape(9., 1)", "sizes and axes must be whole numbers, but 9.0 is not", ""),
        ("torch.nn.functional.dropout(A, 0.5)", "Dropout draws different numbers each time.", ""),
        ("torch.linalg.svd(A)", "This gives 3 tensors", "torch.linalg.svd(A)[0]"),
    ],
)
def test_what_torch_refuses_is_refused_by_name(line: str, message: str, fix: str) -> None:
    problem = evaluate(Program.parse(f"{START}B = {line}"))["B"].problem
    assert message in problem.message
    assert problem.span is not None
    assert not fix or problem.fixes[0].code.startswith(fix)
    for one in problem.fixes:
        if "not in the vocabulary" not in message:  # a word that is spelled alike may take other arguments
            assert evaluate(Program.parse(f"{START}B = {one.code}"))["B"].problem is None
        assert "torch.pi" not in one.code


def test_memory_of_complex_parts() -> None:
    steps = evaluate(Program.parse(START + "B = z.conj().imag"))["B"].steps
    assert [step.kind for step in steps] == ["view", "view"]
    assert steps[-1].strides == (2,)
    assert steps[-1].offset == 1


def test_a_tensor_called_f_is_a_tensor() -> None:
    assert evaluate(Program.parse("F = torch.ones(3)\nB = F.relu()"))["B"].problem is None
