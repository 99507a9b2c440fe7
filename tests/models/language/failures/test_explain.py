"""What a refused call says, against torch's verdict: the axis, the sizes, and fixes that run."""

from __future__ import annotations

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.program.program import Program, parse_source
from playground.models.program.sources import Expression

BASE = Program.parse(
    "A = torch.arange(12.).reshape(3, 4)\n"
    "v = torch.tensor([10., 20., 30.])\n"
    "n = torch.arange(12).reshape(3, 4)\n"
    "s = torch.tensor(2.)\n"
    "X = torch.arange(24.).reshape(2, 3, 4)"
)

CASES = [
    ("A + v", "Axis 1 of A is 4, axis 0 of v is 3.", "v", "A + v[:, None]"),
    ("torch.maximum(A, v)", "Axis 1 of A is 4, axis 0 of v is 3.", "v", "torch.maximum(A, v[:, None])"),
    ("A.mul(v)", "Axis 1 of A is 4, axis 0 of v is 3.", "v", "A.mul(v[:, None])"),
    ("A * (v + 1)", "axis 0 of", None, None),
    (
        "A.t().view(12)",
        "stride 0 must be stride 1 times size 1, which is 4*3 = 12. It is 1.",
        "A.t().view(12)",
        "A.t().reshape(12)",
    ),
    ("A.view(5)", "(5,) has 5 elements", "A.view(5)", None),
    ("A.reshape(2, -1, -1)", "Only one size can be -1", None, None),
    ("A.unflatten(0, (2, 2))", "", None, None),
    ("A @ A", "Axis 1 of A is 4, axis 0 of A is 3.", "A @ A", "A @ A.t()"),
    ("A.mm(v)", "mm needs a tensor with 2 axes here, but v (3,) has 1.", None, None),
    ("A.mv(v)", "Axis 1 of A is 4, axis 0 of v is 3.", None, None),
    ("s @ A", "s is a single number", None, None),
    ("X.t()", "X (2, 3, 4) has 3 axes, and .t() swaps the two of a matrix.", "X.t()", "X.mT"),
    ("v.mT", "v (3,) has 1 axis, and .mT swaps the last two of a matrix.", "v.mT", "v[:, None]"),
    ("A @ n.t()", "A is float32 and n.t() is int64.", None, "A @ n.t().to(torch.float32)"),
    ("v.outer(A)", "outer needs a tensor with 1 axes here", None, None),
    ("A.expand(3, 5)", "Axis 1 of A is 4, but only a size of 1 can be stretched to 5.", None, None),
    ("A.expand(4)", "A has 2 axes, and 1 sizes are given.", None, None),
    ("v.expand(-1, 3)", "-1 keeps a size", None, None),
    ("A.sum(2)", "A (3, 4) has axes 0 and 1 (or -2 to -1, from the end), but no 2.", "2", None),
    ("A.sum(dim=-3)", "no -3", "-3", None),
    ("X.transpose(0, 3)", "X (2, 3, 4) has axes 0 to 2", "3", None),
    ("A.unsqueeze(3)", "A (3, 4) has places 0 to 2", "3", None),
    ("s.sum(1)", "s has no axes: it is a single number.", None, None),
    ("A.permute(0)", "A (3, 4) has 2 axes, and 1 is named.", None, None),
    ("A.permute(0, 0)", "Axis 0 is named twice", None, None),
    ("A[3]", "Axis 0 of A has size 3: its indices are 0 to 2, so 3 is out of range.", "3", None),
    ("A[0, -5]", "Axis 1 of A has size 4", "-5", None),
    ("X[..., 4]", "Axis 2 of X has size 4", "4", None),
    ("X[None, 0, 3]", "Axis 1 of X has size 3", "3", None),
    ("A[[0, 9]]", "so 9 is out of range", "[0, 9]", None),
    ("A[0, 0, 0]", "3 indices for A (3, 4), which has 2 axes.", None, None),
    ("A[::-1]", "no negative steps", "::-1", "A.flip(0)"),
    ("A[v]", "v is float32: an index must be integers", "v", None),
    ("A[v // 20]", "float32: an index", "v // 20", "A[(v // 20).long()]"),
    ("A[n[2]]", "so 8 is out of range", "n[2]", None),
    ("A[A[0] > 1]", "The mask (4,) has 4 along its axis 0, where axis 0 of A has 3.", "A[0] > 1", None),
    ("A[1.5]", "An index must be a whole number.", "1.5", None),
    ("A[[[0, 1], [1, 0]]]", "A list of lists", None, "A[[0, 1], [1, 0]]"),
    ("torch.cat([A, v])", "A has 2 axes and v has 1.", None, None),
    ("torch.cat([A, A.t()])", "Axis 1 of A is 4, that of A.t() is 3.", None, None),
    ("torch.cat([A, torch.ones(0), A.t()])", "Axis 1 of A is 4, that of A.t() is 3.", None, None),
    ("torch.concat([A, A[:2]], -1)", "Axis 0 of A is 3, that of A[:2] is 2. All axes except -1", None, None),
    ("torch.cat([v, v.sum()])", "v.sum() has no axis to join along. stack adds a new one.", None, None),
    ("torch.hstack([A, v])", "A has 2 axes and v has 1. hstack needs the same number of axes.", None, None),
    ("torch.hstack([A, A[:2]])", "Axis 0 of A is 3, that of A[:2] is 2. All axes except 1", None, None),
    ("torch.vstack([A, v])", "vstack takes v as (1, 3). Axis 1 of A is 4, that of v is 3.", None, None),
    ("torch.vstack([A, X])", "A has 2 axes and X has 3. vstack needs", None, None),
    ("torch.dstack([A, v])", "dstack takes A as (3, 4, 1) and v as (1, 3, 1). Axis 0 of A is 3, that", None, None),
    ("torch.column_stack([A[0], v])", "column_stack takes A[0] as (4, 1) and v as (3, 1). Axis 0 of", None, None),
    ("torch.stack([A, v])", "A is (3, 4) and v is (3,).", None, None),
    ('torch.einsum("ij,jk->ik", A, A)', "4 is axis 1 of A, 3 is axis 0 of A.", "j", 'torch.einsum("ij,kj->ik", A, A)'),
    ('torch.einsum("ij->ia", A)', "a is not an input index", "a", None),
    ("A & n", "float32", None, None),
    ("A & A", "& is not supported for float32", None, "A.bool() & A.bool()"),
    ("n.mean()", "int64", None, "n.float().mean()"),
    ("n.softmax(0)", "int64", None, "n.float().softmax(0)"),
    ("torch.zeros(2, -1)", "A size must be at least 0, not -1.", "-1", None),
    ("torch.ones(2.5)", "A size must be a whole number, but 2.5 is not.", "2.5", None),
    ("A.repeat(2**40, 2**40)", "more than torch can count", None, None),
    ("A.as_strided((3, 4), (4, 2))", "That reads bytes 0 to 60, but the storage has 48.", None, None),
    ("A[1:].as_strided((2, 2), (4, 1), 8)", "That reads bytes 32 to 56, but the storage has 48.", None, None),
    ("A.as_strided((2, 2), (1,))", "(2, 2) names 2 sizes, (1,) names 1 stride.", None, None),
    ("A.view(torch.float64)[:, :, 0]", "3 indices for", None, None),
    ("A[:, :3].view(torch.float64)", "An element of float64 takes 8 bytes, one of A[:, :3] takes 4.", None, None),
    ("A.shape[5]", "There are 2 elements, numbered from 0, so there is no 5.", "5", None),
    ("torch.zeros(3, device=7)", "device has no meaning here", "device=7", "torch.zeros(3)"),
    ("torch.tensor(data=[1., 2.], requires_grad=True)", "requires_grad", None, "torch.tensor(data=[1., 2.])"),
    (
        "torch.zeros(dtype=torch.float32, device=7, size=(2, 3))",
        "device",
        None,
        "torch.zeros(dtype=torch.float32, size=(2, 3))",
    ),
    ("A.cuda() + 1", "on the CPU", "cuda", "A + 1"),
    ('(A + 1).to("cuda").sum(0)', "on the CPU", '"cuda"', "(A + 1).sum(0)"),
    ("A.sum().item()", "a number", "item", "A.sum()"),
    ("torch.zeros(*A.shape)", "without a star", "*A.shape", "torch.zeros(A.shape)"),
    ("A.add_(v[:, None])", "writes into the storage of A", "add_", "A.add(v[:, None])"),
    ("A.fill_(7)", "writes into the storage of A", "fill_", "torch.full_like(A, 7)"),
    ("0 < A < 3", "chain of comparisons", "0 < A < 3", "(0 < A) & (A < 3)"),
    ("A > 0 and A < 3", "a single truth value", None, "(A > 0) & (A < 3)"),
    ("not A.bool()", "a single truth value", None, "~A.bool()"),
    ("torch.empty(2)", "whatever is in memory", "empty", "torch.zeros(2)"),
    ("vv + 1", "There is no tensor called vv.", "vv", "v + 1"),
    ("A.reshap(12)", ".reshap is not in the vocabulary.", "reshap", "A.reshape(12)"),
    ("A.sum(dmi=0)", ".sum has no argument dmi. It takes .sum(dim=None", "dmi=0", None),
    ("A.split(2)", "This gives 2 tensors, (2, 4), (1, 4). A line must give one.", None, "A.split(2)[0]"),
    ("A.max(1)", "This gives 2 tensors", None, "A.max(1)[0]"),
    ("A.shape", "A.shape is (3, 4), but a line must give a tensor.", None, "torch.tensor(A.shape)"),
    ("len(A)", "len(A) is 3", None, "torch.tensor(len(A))"),
    ("A.stride()", "A.stride() is (4, 1)", None, None),
]


@pytest.mark.parametrize(("line", "words", "place", "fix"), CASES, ids=[case[0] for case in CASES])
def test_refusals_name_the_place_and_mend_it(line: str, words: str, place: str | None, fix: str | None) -> None:
    result = evaluate(BASE.appended("Z", Expression(line)))["Z"]
    assert result.tensor is None
    problem = result.problem
    assert words in problem.message
    assert problem.span is not None
    assert problem.badge
    if place is not None:
        assert problem.span.of(line) == place
    codes = [one.code for one in problem.fixes]
    if fix is not None:
        assert fix in codes
    for one in problem.fixes:
        assert one.target, "the button says something"
    if fix is not None:
        mended = evaluate(BASE.appended("Z", parse_source(fix)))["Z"]
        assert mended.tensor is not None, mended.problem
        chosen = next(one for one in problem.fixes if one.code == fix)
        if chosen.gives.startswith("("):
            assert str(tuple(mended.tensor.shape)) == chosen.gives


@pytest.mark.parametrize("line", [case[0] for case in CASES], ids=[case[0] for case in CASES])
def test_torch_refuses_them_too_or_gives_no_tensor(line: str) -> None:
    """What the app refuses of its own is named here; everything else torch refuses as well."""
    own = ("device", "requires_grad", "add_", "fill_", "empty", "cuda", "item", "*A", "[[[0, 1]")
    if any(part in line for part in own):
        return
    names = {name: result.tensor.clone() for name, result in evaluate(BASE).items()}
    try:
        value = eval(line, {"torch": torch, **names})
    except Exception:
        return
    assert not isinstance(value, torch.Tensor)
