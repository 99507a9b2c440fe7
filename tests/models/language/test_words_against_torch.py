"""Words that draw, normalise, cut and write at indices, each against torch itself; and what they refuse, in words."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.language.vocabulary import VOCABULARY
from playground.models.language.vocabulary.plans import suggested_format
from playground.models.program.program import Program
from playground.models.program.script import script

START = """A = torch.arange(12.).reshape(3, 4)
p = A / 11
v = torch.tensor([10., 20., 30.])
X = torch.arange(48.).reshape(2, 3, 2, 4)
L = torch.tensor([[2., 0., 0.], [1., 3., 0.], [-1., 4., 5.]])
i = torch.tensor([0, 2])
j = torch.tensor([1, 1])
"""
SEED = "generator=torch.Generator().manual_seed(5)"
RUNNING = "torch.ones(4), torch.arange(4.) + 1"
LINES = [
    f"torch.bernoulli(p, {SEED})", f"p.bernoulli({SEED})", f"p.t().bernoulli({SEED})", f"p[0].bernoulli({SEED}) * 2",
    f"torch.multinomial(A + 1, 2, {SEED})", f"v.multinomial(5, True, {SEED})", f"p.t().multinomial(2, {SEED})",
    f"torch.multinomial(v, num_samples=4, replacement=True, {SEED})",
    f"torch.nn.functional.batch_norm(A, {RUNNING})", "torch.nn.functional.batch_norm(A, None, None, training=True)",
    f"torch.nn.functional.batch_norm(A, {RUNNING}, A[0], A[1], False, eps=0.5)",
    "torch.nn.functional.batch_norm(X, None, None, v, -v, True)",
    "torch.nn.functional.batch_norm(X, v, v, training=False)",
    "torch.nn.functional.batch_norm(A.t(), None, None, training=True)",
    "torch.nn.functional.batch_norm(X.permute(0, 3, 1, 2), None, None, training=True)",
    "torch.nn.functional.batch_norm(X.permute(0, 3, 1, 2)[:, :2], None, None, training=True)",
    "A.hsplit(2)[1]", "torch.hsplit(A, (1, 3))[1]", "v.hsplit(3)[2]", "A.vsplit(3)[0]", "torch.vsplit(A, [1])[1]",
    "X.dsplit(2)[1]", "torch.dsplit(X, (1,))[0]", "A.t().vsplit(2)[1]",
    "A.index_put((i, j), v[:2])", "torch.index_put(A, (i,), v[0])", "A.index_put((j, j), v[:2], accumulate=True)",
    "A.t().index_put((i,), v)", "A.index_put((A > 5,), torch.tensor(-1.))", "X.index_put((j, i), torch.zeros(4))",
    "torch.linalg.solve_triangular(L, A, upper=False)", "torch.linalg.solve_triangular(L.t(), A, upper=True)",
    "torch.linalg.solve_triangular(L, A.t(), upper=False, left=False)",
    "torch.linalg.solve_triangular(L, A, upper=False, unitriangular=True)",
    "torch.linalg.solve_triangular(torch.stack([L, 2 * L])[:, None], X[..., :3].mT, upper=False, left=True)[0, :, 1:]",
]  # fmt: skip


def expected(line: str) -> torch.Tensor:
    """What plain Python makes of a line."""
    scope = {"torch": torch}
    exec(f"{START}B = {line}", scope)
    return scope["B"]


def outcome(line: str) -> Evaluated:
    """What becomes of a line here."""
    return evaluate(Program.parse(f"{START}B = {line}"))["B"]


@pytest.mark.parametrize("line", LINES)
def test_values_layout_and_plan_are_those_of_torch(line: str) -> None:
    torchs = expected(line)
    one = outcome(line)
    assert one.problem is None, one.problem
    for found in (one.tensor, one.meta):
        assert (found.shape, found.stride(), found.dtype) == (torchs.shape, torchs.stride(), torchs.dtype)
    assert torch.equal(one.tensor, torchs)


@pytest.mark.parametrize("line", ["torch.bernoulli(p)", "p.bernoulli()", "v.multinomial(2)", "p.bernoulli().t() + 1"])
def test_a_draw_without_a_seed_takes_one_says_so_and_writes_it_into_the_script(line: str) -> None:
    one = outcome(line)
    assert one.problem.severity == "warning"
    assert "Here it uses seed 0." in one.problem.message
    (fix,) = one.problem.fixes
    seeded = outcome(fix.code)
    assert seeded.problem is None
    assert torch.equal(seeded.tensor, one.tensor)
    scope: dict[str, torch.Tensor] = {}
    exec(script(Program.parse(f"{START}B = {line}")), scope)
    assert torch.equal(scope["B"], one.tensor)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.sampled_from(["hsplit", "vsplit", "dsplit"]), st.data())
def test_parts_are_views_or_the_reason_is_said(shape: list[int], word: str, data: st.DataObject) -> None:
    parts = data.draw(st.integers(1, 4))
    start = f"A = torch.ones({tuple(shape)})\n"
    one = evaluate(Program.parse(f"{start}B = A.{word}({parts})[0]"))["B"]
    try:
        torchs = getattr(torch, word)(torch.ones(shape), parts)[0]
    except RuntimeError:
        assert ("equal parts" in one.problem.message) or ("axes or more" in one.problem.message)
        for fix in one.problem.fixes:
            assert evaluate(Program.parse(f"{start}B = {fix.code}"))["B"].problem is None
        return
    assert one.steps[-1].kind == "view"
    assert (one.tensor.shape, one.tensor.stride()) == (torchs.shape, torchs.stride())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=2, max_size=3),
    st.sampled_from(["cat", "stack", "hstack", "vstack", "dstack", "column_stack"]),
)
def test_tensors_are_joined_or_the_two_that_differ_are_named(shapes: list[list[int]], word: str) -> None:
    start = "".join(f"A{number} = torch.ones({tuple(shape)})\n" for number, shape in enumerate(shapes))
    one = evaluate(Program.parse(f"{start}B = torch.{word}([{', '.join(f'A{n}' for n in range(len(shapes)))}])"))["B"]
    try:
        torchs = getattr(torch, word)([torch.ones(shape) for shape in shapes])
    except RuntimeError:
        reasons = (
            "must have equal sizes.",
            "needs the same number of axes.",
            "needs tensors of one shape.",
            "adds a new one.",
        )
        assert one.problem.message.endswith(reasons)
        return
    assert one.problem is None
    assert one.tensor.shape == torchs.shape


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("torch.bernoulli(A)", "A probability must be from 0 to 1, but 11 is not."),
        ("(p - 1).bernoulli()", "A probability must be from 0 to 1, but -1 is not."),
        ("(p * torch.nan).bernoulli()", "A probability must be from 0 to 1, but nan is not."),
        ("i.bernoulli()", "not supported for"),
        ("A.multinomial(5)", "5 cannot be drawn from 4 without replacement. With replacement=True"),
        ("torch.nn.functional.batch_norm(v, None, None)", "Axis 1 holds the channels, but (3,) has no axis 1."),
        ("torch.nn.functional.batch_norm(A, A[0], A[1], training=True)", "writes into running_mean and running_var"),
        ("torch.nn.functional.batch_norm(A, A[0], A[1], None, None, True)", "writes into running_mean and running_var"),
        ("torch.nn.functional.batch_norm(A, A[0], A[1], None, None, False, 0.1)", "takes 6 arguments without a name"),
        ("A.hsplit(3)[0]", "Axis 1 of A is 4, which does not divide into 3 equal parts."),
        ("v.hsplit(2)[0]", "Axis 0 of v is 3, which does not divide into 2 equal parts."),
        ("v.vsplit(1)[0]", "vsplit takes 2 axes or more, but v (3,) has 1."),
        ("A.index_put((i + 7,), v[0])", "index 7 is out of bounds"),
        ("torch.linalg.solve_triangular(L, A)", "upper"),
        ("torch.linalg.solve_triangular(L, A.t(), upper=False)", "Incompatible shapes"),
    ],
)
def test_refusals_say_why(line: str, message: str) -> None:
    problem = outcome(line).problem
    assert message in problem.message
    assert problem.span is not None
    assert problem.badge
    assert "_batch_norm" not in problem.message.replace("functional.batch_norm", "")


def test_batch_norm_leaves_the_running_numbers_alone() -> None:
    results = evaluate(Program.parse(START + "B = torch.nn.functional.batch_norm(X, v, v)"))
    assert results["v"].tensor.tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("typed", "mended"),
    [
        ("p.bernoulli_(0.25)", "torch.full_like(p, 0.25).bernoulli()"),
        ("p.bernoulli_(p=0.25) * 2", "torch.full_like(p, 0.25).bernoulli() * 2"),
        ("p.bernoulli_()", "torch.full_like(p, 0.5).bernoulli()"),
        ("A.index_put_((i,), v[0])", "A.index_put((i,), v[0])"),
    ],
)
def test_the_writing_form_is_mended_into_one_that_means_the_same(typed: str, mended: str) -> None:
    assert [fix.code for fix in outcome(typed).problem.fixes] == [mended]


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4, 2), (2, 1, 4, 2), (2, 3, 1, 1), (2, 3, 2, 2, 2), (0, 3, 2, 2)])
def test_the_order_of_the_channels_is_that_of_torch(shape: tuple[int, ...]) -> None:
    """In whatever order the axes of the input lie, whole or sliced, the plan lies as the result does."""
    word = VOCABULARY["torch.nn.functional.batch_norm"]
    for order in itertools.permutations(range(len(shape))):
        turned = torch.rand([shape[axis] for axis in order]).permute([order.index(axis) for axis in range(len(shape))])
        for whole in (turned, turned[:, :2], turned[..., :1]):
            if whole.numel() and whole.numel() == whole.shape[1]:
                continue  # a single value a channel: torch refuses it in training
            real = word.call(whole, None, None, None, None, True)
            on_meta = torch.empty_strided(whole.shape, whole.stride(), device="meta")
            planned = word.plan(on_meta, None, None, None, None, True)
            pairs = zip(planned.stride(), real.stride(), planned.shape, strict=True)
            assert all(ours == its for ours, its, size in pairs if size > 1), (whole.shape, whole.stride())
            assert suggested_format(on_meta) == suggested_format(whole)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 6), st.data())
def test_many_passes_of_diff_are_planned_as_one(shape: list[int], passes: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(shape))))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    dtype = data.draw(st.sampled_from([torch.float32, torch.int64, torch.bool]))
    tensor = torch.ones(shape, dtype=dtype).permute(order)
    tensor = tensor[..., ::2] if data.draw(st.booleans()) else tensor
    word = VOCABULARY[".diff"]
    planned, real = word.plan(tensor.to("meta"), passes, dim), tensor.diff(passes, dim)
    assert (planned.shape, planned.dtype) == (real.shape, real.dtype)
    if real.numel() > 1:
        pairs = zip(planned.stride(), real.stride(), real.shape, strict=True)
        assert all(ours == its for ours, its, size in pairs if size > 1)


def test_a_plan_of_many_passes_takes_one() -> None:
    with torch.profiler.profile() as seen:
        VOCABULARY[".diff"].plan(torch.empty(9000, 3, device="meta"), 8000, 0)
    assert len(seen.events()) < 100
