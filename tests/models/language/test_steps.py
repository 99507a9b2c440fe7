"""What each operation did to memory: against torch's own storages, and the picture's own lines."""

from __future__ import annotations

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.example import example_program
from playground.models.language.steps import Step
from playground.models.program.program import Program
from playground.models.program.sources import Expression

BASE = Program.parse("A = torch.arange(12.).reshape(3, 4)\nv = torch.tensor([10., 20., 30.])")


def steps_of(line: str) -> tuple[Step, ...]:
    result = evaluate(BASE.appended("Z", Expression(line)))["Z"]
    assert result.tensor is not None, result.problem
    return result.steps


def test_the_steps_of_the_picture() -> None:
    results = evaluate(example_program())
    view, stretched, added = results["B"].steps
    assert (view.code, view.kind, view.shape, view.strides) == ("v[:, None]", "view", (3, 1), (1, 1))
    assert (stretched.code, stretched.kind, stretched.shape, stretched.strides) == ("stretched", "view", (3, 4), (1, 0))
    assert stretched.is_stretch
    assert stretched.storage_bytes == 12
    assert (added.code, added.kind, added.shape, added.strides, added.storage_bytes) == (
        "A + …",
        "new",
        (3, 4),
        (4, 1),
        48,
    )
    (last,) = results["W"].steps
    assert (last.suffix, last.kind, last.shape, last.strides, last.base) == (".t()", "view", (4, 3), (1, 4), "B")


@pytest.mark.parametrize(
    ("line", "codes", "kinds"),
    [
        ("A.t().reshape(12)", ["A.t()", ".reshape(12)"], ["view", "copy"]),
        ("A.reshape(2, 6)", ["A.reshape(2, 6)"], ["view"]),
        ("A.contiguous()", ["A.contiguous()"], ["same"]),
        ("A.t().contiguous()", ["A.t()", ".contiguous()"], ["view", "copy"]),
        ("A.clone()", ["A.clone()"], ["copy"]),
        ("A", ["A"], ["same"]),
        ("A.float()", ["A.float()"], ["same"]),
        ("A.double()", ["A.double()"], ["copy"]),
        ("A[1:]", ["A[1:]"], ["view"]),
        ("A[[0, 1]]", ["A[[0, 1]]"], ["copy"]),
        ("A[A > 3]", ["A > 3", "A[…]"], ["new", "copy"]),
        ("A[None].expand(2, 3, 4)", ["A[None]", ".expand(2, 3, 4)"], ["view", "view"]),
        ("A.flip(0)", ["A.flip(0)"], ["copy"]),
        ("A.sum(0)", ["A.sum(0)"], ["new"]),
        ("-A", ["-A"], ["new"]),
        ("(A + 1).t()", ["A + 1", ".t()"], ["new", "view"]),
        ("A.split(2)[0]", ["A.split(2)[0]"], ["view"]),
        ("A.topk(2).indices", ["A.topk(2).indices"], ["new"]),
        ("A.T", ["A.T"], ["view"]),
        ("torch.cat([A, A.clone()])", ["A.clone()", "torch.cat([A, …])"], ["copy", "copy"]),
        ("A.view(torch.int32)", ["A.view(torch.int32)"], ["view"]),
        ('torch.einsum("ij->ji", A)', ['torch.einsum("ij->ji", A)'], ["view"]),
        ("A * v[:, None] + A.t().t()", ["v[:, None]", "stretched", "A * …", "A.t()", ".t()", "… + …"], None),
        ("A + v.reshape(3, 1).contiguous()", ["v.reshape(3, 1)", ".contiguous()", "stretched", "A + …"], None),
        ("torch.where(A > 3, A, v[0])", ["A > 3", "v[0]", "torch.where(…, A, …)"], None),
        ("A.expand_as(A)", ["A.expand_as(A)"], ["view"]),
        ("A @ A.t()", ["A.t()", "A @ …"], ["view", "new"]),
    ],
)
def test_codes_and_kinds(line: str, codes: list[str], kinds: list[str] | None) -> None:
    steps = steps_of(line)
    assert [step.code for step in steps] == codes
    if kinds is not None:
        assert [step.kind for step in steps] == kinds
    for step in steps:
        assert 0 <= step.span.start < step.span.stop <= len(line)
        if step.code != "stretched" and "…" not in step.code:
            assert step.span.of(line).endswith(step.code.strip("()")) or step.code in step.span.of(line)


def test_numbers_of_a_chain_are_torchs_own() -> None:
    tensor = torch.arange(12.0).reshape(3, 4)
    chain = [tensor.t(), tensor.t()[1:], tensor.t()[1:].unsqueeze(0), tensor.t()[1:].unsqueeze(0).double()]
    steps = steps_of("A.t()[1:].unsqueeze(0).double()")
    for step, real in zip(steps, chain, strict=True):
        assert step.shape == tuple(real.shape)
        assert step.strides == real.stride()
        assert step.offset == real.storage_offset()
        assert step.dtype == real.dtype
        assert step.own_bytes == real.nbytes
        assert step.storage_bytes == real.untyped_storage().nbytes()
    assert [step.base for step in steps] == ["A", "A", "A", ""]
    assert [step.shares_previous for step in steps] == [False, True, True, False]
    assert [step.suffix for step in steps] == [".t()", "[1:]", ".unsqueeze(0)", ".double()"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A.t().reshape(12)", "stride 0 would have to be stride 1 times size 1, 4*3 = 12, but it is 1"),
        ("A.t().contiguous()", "(3, 1)"),
        ("A.t().flatten()", "4*3 = 12, but it is 1"),
        ("A[:, 1:].reshape(9)", "1*3 = 3, but it is 4"),
        ("A.flip(0)", "negative stride"),
        ("A.repeat(2, 1)", "stride 0"),
        ("A[[0]]", "list or mask"),
        ("A.double()", "float64"),
        ("torch.cat([A, A])", "One storage"),
    ],
)
def test_a_copy_says_why(line: str, words: str) -> None:
    step = steps_of(line)[-1]
    assert step.kind == "copy"
    assert words in step.reason


def test_steps_of_planned_lines_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    results = evaluate(Program.parse("X = torch.zeros(100000, 100000)\nY = X.t().reshape(-1)[None] + 1"))
    assert [step.kind for step in results["Y"].steps] == ["view", "copy", "view", "new"]
    assert results["Y"].steps[1].storage_bytes == 40_000_000_000
    assert "100000" in results["Y"].steps[1].reason
