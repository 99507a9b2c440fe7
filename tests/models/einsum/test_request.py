from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.einsum import edits
from playground.models.einsum import request as requests
from playground.models.einsum.cost import result_dtype
from playground.models.einsum.ladder import RUNGS, LadderRequest, compute_ladder
from playground.models.einsum.numpy_verdict import einsum_in_numpy
from playground.models.einsum.plan import plan_einsum
from playground.models.einsum.presets import PRESETS
from playground.models.einsum.request import EinsumResult, compute_einsum, einsum_request
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import CancelledError, Job
from playground.models.problem import Fix, Problem, ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Expression, Made
from playground.models.state import EinsumState, PlaygroundState

PROGRAM = Program.parse(
    "A = torch.arange(12.).reshape(3, 4)\n"
    "B = torch.arange(20.).reshape(4, 5)\n"
    "n = torch.arange(12).reshape(3, 4)\n"
    "m = torch.zeros(4, 5, dtype=torch.bool)\n"
    "W = torch.zeros(1000, 1000)\n"
    "bad = A + B"
)


def state(equation: str, *operands: str) -> PlaygroundState:
    return PlaygroundState(PROGRAM, einsum=EinsumState(equation, operands))


def compute(equation: str, *operands: str) -> EinsumResult:
    return compute_einsum(einsum_request(state(equation, *operands)))


def problem_of(equation: str, *operands: str) -> Problem:
    with pytest.raises(ProblemError) as caught:
        compute(equation, *operands)
    return caught.value.problem


def test_the_result_is_torchs():
    result = compute("ij,jk->ik", "A", "B")
    tensors = {name: line.tensor for name, line in evaluate(PROGRAM).items()}
    assert torch.equal(result.tensor, torch.einsum("ij,jk->ik", tensors["A"], tensors["B"]))
    assert (result.nbytes, result.largest_bytes, result.dtype) == (60, 60, "float32")
    assert result.numpy.agrees


def test_three_operands_run_along_the_planned_path():
    result = compute("ij,jk,lk->il", "A", "B", "B")
    a, b, c = result.tensors
    assert torch.equal(result.tensor, torch.einsum("ij,jk,lk->il", a, b, c))
    assert len(result.plan.cost.steps) == 2


def test_nothing_asked_is_a_hint():
    assert compute("").hint
    assert "Type subscripts" in str(problem_of("", "A"))


def test_an_operand_without_a_result_is_named():
    assert "The second operand, bad, has no result" in str(problem_of("ij,jk->ik", "A", "bad"))
    assert "The first operand, nope.t(), has no result" in str(problem_of("ij->ji", "nope.t()"))


def test_missing_operands_can_be_made_or_taken():
    problem = problem_of("ij,jk->ik", "A")
    assert str(problem) == "The second operand has no tensor."
    assert problem.span.of("ij,jk->ik") == "jk"
    taken = {fix.code: fix.gives for fix in problem.fixes}
    assert taken["B"] == "(3, 5)"
    make = problem.fixes[-1]
    assert make.code.startswith("make (4, ")
    mended = edits.with_fix(state("ij,jk->ik", "A"), make)
    assert compute_einsum(einsum_request(mended)).plan.output_shape == (3, int(make.gives[4]))
    both = problem_of("ij,jk->ik")
    mended = edits.with_fix(state("ij,jk->ik"), both.fixes[-1])
    assert compute_einsum(einsum_request(mended)).tensor is not None


def test_one_operand_too_many_can_be_dropped():
    problem = problem_of("ij", "A", "B")
    drop = next(fix for fix in problem.fixes if fix.target == "drop.1")
    assert edits.with_fix(state("ij", "A", "B"), drop).einsum.operands == ("A",)


def test_an_operand_that_stands_twice_is_cast_once_to_read():
    problem = problem_of("ij,kj->ik", "m", "m")
    assert [fix.code for fix in problem.fixes] == ["m.to(torch.float32)"]
    mended = edits.with_fix(state("ij,kj->ik", "m", "m"), problem.fixes[0])
    assert mended.einsum.operands == ("m.to(torch.float32)", "m.to(torch.float32)")
    assert compute_einsum(einsum_request(mended)).dtype == "float32"


def test_dtypes_that_torch_refuses_can_be_cast():
    problem = problem_of("ij,jk->ik", "n", "B")
    assert "n is int64 and B is float32" in str(problem)
    mended = edits.with_fix(state("ij,jk->ik", "n", "B"), problem.fixes[0])
    assert mended.einsum.operands == ("n.to(torch.float32)", "B")
    assert compute_einsum(einsum_request(mended)).dtype == "float32"
    problem = problem_of("ji,jk->ik", "m", "m")
    mended = edits.with_fix(state("ji,jk->ik", "m", "m"), problem.fixes[0])
    assert compute_einsum(einsum_request(mended)).tensor is not None


DTYPES = [
    torch.float32,
    torch.float64,
    torch.int32,
    torch.int64,
    torch.bool,
    torch.bfloat16,
    torch.complex64,
    torch.uint8,
]


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_the_dtype_is_what_torch_gives(first, second):
    for equation, shapes in [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("i,j->ij", [(3,), (4,)]),
        ("ijk,j->i", [(2, 3, 4), (3,)]),
        ("ij,j->i", [(2, 1), (1,)]),
        ("ij,ij->", [(5, 6), (5, 6)]),
    ]:
        plan = plan_einsum(equation, *shapes)
        mine = result_dtype(plan.indexing, plan.cost, [first, second])
        operands = [torch.zeros(shape).to(kind) for shape, kind in zip(shapes, (first, second), strict=True)]
        try:
            theirs = torch.einsum(equation, *operands).dtype
        except RuntimeError:
            assert isinstance(mine, Problem), (equation, first, second)
        else:
            assert mine == theirs, (equation, first, second)


def test_what_the_budget_does_not_hold_is_planned_and_not_computed():
    result = compute("ab,cd->abcd", "W", "W")
    assert result.tensor is None
    assert "4 TB" in str(result.problem)
    assert result.plan.output_shape == (1000,) * 4
    small = replace(einsum_request(state("ij,jk->ik", "A", "B")), budget=59 + 12 * 4 + 20 * 4)
    result = compute_einsum(small)
    assert result.tensor is None or result.problem is None


def test_an_intermediate_larger_than_the_budget_is_refused():
    request = replace(einsum_request(state("ij,kl->", "W", "W")), budget=10**9)
    assert compute_einsum(request).tensor is not None
    request = replace(einsum_request(state("ij,kl,mn->ijkl", "W", "W", "A")), budget=10**9)
    result = compute_einsum(request)
    assert result.tensor is None
    assert result.problem.severity == "warning"


def test_huge_operands_are_planned():
    program = PROGRAM.appended("H", Expression("torch.zeros(1000000, 1000000)"))
    request = einsum_request(replace(state("ij,jk->ik", "H", "H"), program=program))
    result = compute_einsum(request)
    assert "H is too large to compute" in str(result.problem)
    assert result.plan.cost.operations == 2 * 10**18


def test_long_computations_are_asked_for():
    program = PROGRAM.appended("E", Expression("torch.ones(1, 1).expand(1000000, 1000000)"))
    asked = replace(state("ij->", "E"), program=program)
    result = compute_einsum(einsum_request(asked))
    assert "would take a long time" in str(result.problem)
    assert edits.with_fix(asked, result.problem.fixes[0]).einsum.patient


def test_sizes_of_zero():
    program = PROGRAM.appended("Z", Made("zeros", (0, 4)))
    result = compute_einsum(einsum_request(replace(state("ij,jk->ik", "Z", "B"), program=program)))
    assert tuple(result.tensor.shape) == (0, 5)
    result = compute_einsum(einsum_request(replace(state("ij,ik->jk", "Z", "Z"), program=program)))
    assert torch.equal(result.tensor, torch.zeros(4, 4))


def test_a_cancelled_job_stops():
    with pytest.raises(CancelledError):
        compute_einsum(einsum_request(state("ij,jk->ik", "A", "B")), Job(is_cancelled=lambda: True))


def test_requests_are_values():
    assert einsum_request(state("ij->ji", "A")) == einsum_request(state("ij->ji", "A"))
    hash(einsum_request(state("ij->ji", "A")))


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_fill_operands_that_fit(name):
    preset = PRESETS[name]
    shapes = {line: tuple(e.meta.shape) for line, e in evaluate(PROGRAM).items() if e.meta is not None}
    filled = edits.with_preset(state("ij->ji", "A"), preset, shapes)
    result = compute_einsum(einsum_request(filled))
    assert result.problem is None
    assert result.warning is None
    made = plan_einsum(preset.equation, *preset.shapes)
    operands = [torch.rand(shape) for shape in preset.shapes]
    assert made.output_shape == tuple(torch.einsum(preset.equation, *operands).shape)


def test_presets_take_tensors_of_the_program_first():
    shapes = {"A": (3, 4), "B": (4, 5)}
    filled = edits.with_preset(state("ij->ji", "B"), PRESETS["matrix product"], shapes)
    assert filled.einsum.operands == ("A", "B")
    assert filled.program == PROGRAM


def test_a_preset_takes_the_same_tensor_in_two_places():
    preset = PRESETS["Mahalanobis distance"]
    empty = PlaygroundState(Program(), einsum=EinsumState("", ()))
    made = edits.with_preset(empty, preset, {})
    x, m, again = made.einsum.operands
    assert x == again != m
    result = compute_einsum(einsum_request(made))
    rows, matrix, _ = result.tensors
    assert torch.allclose(result.tensor, torch.stack([row @ matrix @ row for row in rows]))
    shapes = {"A": (3, 4), "B": (4, 4), "C": (3, 4)}
    program = Program.parse("A = torch.ones(3, 4)\nB = torch.ones(4, 4)\nC = torch.ones(3, 4)")
    chosen = replace(empty, program=program, einsum=EinsumState("", ("A", "B", "C")))
    assert edits.with_preset(chosen, preset, shapes).einsum.operands == ("A", "B", "A")


def test_keeping():
    kept = edits.result_kept(state("ij,jk->ik", "A", "B"))
    line = kept.program.bindings[-1]
    assert (line.name, line.source) == ("C", Expression('torch.einsum("ij,jk->ik", A, B)'))
    assert torch.equal(evaluate(kept.program)["C"].tensor, compute("ij,jk->ik", "A", "B").tensor)
    assert edits.name_of_result(kept.program, "ij,jk->ik", ("A", "B")) == "C"
    assert edits.result_kept(kept).program == kept.program


def test_letters_are_resized_where_all_operands_are_made():
    start = state("ij,jk->ik", "A", "B")
    indexing = compute("ij,jk->ik", "A", "B").plan.indexing
    assert all(edits.is_resizable(start, indexing, name) for name in "ijk")
    wider = edits.with_letter_size(start, indexing, "j", 6)
    assert compute_einsum(einsum_request(wider)).plan.shapes == ((3, 6), (6, 5))
    computed = state("ij,jk->ik", "A", "B + 0.")
    assert not edits.is_resizable(computed, indexing, "j")
    assert edits.with_letter_size(computed, indexing, "j", 6) == computed


def test_an_unknown_fix_changes_nothing():
    assert edits.with_fix(state("ij->ji", "A"), Fix("x", target="elsewhere")) == state("ij->ji", "A")


@pytest.mark.parametrize(
    ("equation", "shapes", "dtypes", "words"),
    [
        ("i...->i", [(2, 3)], (), "numpy refuses"),
        ("ij,jk->ik", [(2, 3), (3, 4)], ("int64", "float32"), "torch refuses, numpy gives float64"),
        ("ij->i", [(2, 3)], ("int32",), "torch gives int64, numpy int32"),
        ("ij->i", [(2, 3)], ("bool",), "torch gives int64, numpy bool"),
        ("ij->ji", [(2, 3)], ("bfloat16",), "numpy has no bfloat16"),
        ("ij,jk->ik", [(200, 300), (300, 400)], (), ""),
    ],
)
def test_numpy_differs(equation, shapes, dtypes, words):
    verdict = einsum_in_numpy(equation, shapes, dtypes)
    assert words in verdict.note
    assert verdict.agrees == (not words)
    if "numpy refuses" in words:
        with pytest.raises(ValueError, match="einstein") as caught:
            np.einsum(equation, *[np.zeros(shape) for shape in shapes])
        assert verdict.numpy_message == str(caught.value)


def test_the_ladder_multiplies_right_and_times_all():
    shown: list[object] = []
    result = compute_ladder(LadderRequest(8), Job(show=shown.append))
    assert [time.name for time in result.times] == list(RUNGS)
    assert all(time.seconds > 0 and time.error < 1e-4 for time in result.times)
    assert len(shown) == len(RUNGS)
    assert result.ratio("@") == 1


def test_a_slow_rung_is_timed_on_its_first_rows():
    result = compute_ladder(LadderRequest(128))
    loops = result.times[0]
    assert 0 < loops.measured < loops.rows == 128
    assert all(time.measured == 128 for time in result.times[3:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('torch.einsum("ij,jk->ik", A, B.t())', EinsumState("ij,jk->ik", ("A", "B.t()"))),
        ("torch.einsum('i->', A)", EinsumState("i->", ("A",))),
        ("A @ B", None),
        ("torch.einsum(", None),
        ("torch.einsum(A, B)", None),
    ],
)
def test_the_einsum_of_a_line(text, expected):
    assert edits.einsum_of_line(PROGRAM.appended("E", Expression(text)), "E") == expected


def test_to_compute_what_takes_long_is_offered_where_it_then_is_computed(monkeypatch):
    monkeypatch.setattr(requests, "PATIENT_OPERATIONS", 10)
    asked = state("ij,jk->ik", "A", "B")
    (fix,) = compute_einsum(einsum_request(asked)).problem.fixes
    assert compute_einsum(einsum_request(edits.with_fix(asked, fix))).tensor is not None
    monkeypatch.setattr(requests, "_refusal", lambda *_: Problem("No.", fixes=(fix,)))
    assert not compute_einsum(einsum_request(asked)).problem.fixes


@pytest.mark.parametrize("right", ["B", "B + 1", "-B", "B * 2 - B", "B.t().t()", "B[:, :2]"])
@pytest.mark.parametrize("left", ["A", "A - 1", "-A"])
def test_all_code_reads_an_expression_as_one_operand(left, right):
    result = compute("ij,jk->ik", left, right)
    known = {"torch": torch} | {name: one.tensor for name, one in evaluate(PROGRAM).items() if one.tensor is not None}
    expected = torch.einsum("ij,jk->ik", eval(left, known), eval(right, known))
    assert len(result.equivalents) > 1
    for code in (result.plan.code, *result.equivalents):
        assert torch.equal(eval(code, known), expected), code
    looped = torch.zeros_like(expected)
    exec(result.plan.nested_loops, known | {result.plan.result_name: looped})
    assert torch.equal(looped, expected)


def test_an_expression_kept_as_a_line_is_found_again():
    kept = edits.result_kept(state("ij,jk->ik", "A", "B + 1"))
    assert compute_einsum(einsum_request(kept)).plan.result_name == kept.selection
