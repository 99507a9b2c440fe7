"""Evaluating a program: each line once, within the budget, from several threads, with what it did to memory."""

from __future__ import annotations

import threading

import pytest
import torch

from playground.models.evaluation import evaluate as evaluation
from playground.models.evaluation.evaluate import CACHE, Evaluated, evaluate
from playground.models.example import example_program
from playground.models.job import CancelledError, Job
from playground.models.language import budget as planning
from playground.models.language import interpreter
from playground.models.program.program import Program, parse_source
from playground.models.program.sources import Expression, Imported, Made, TensorReference

NOTHING = object()


@pytest.fixture(autouse=True)
def _fresh_cache():
    CACHE.clear()
    yield
    CACHE.clear()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the lines that are computed, in order; not of those that only try a fix."""
    names: list[str] = []
    compute = evaluation.compute_line

    def counting(binding, inputs, around, budget, job):
        if not budget.is_trial:
            names.append(binding.name)
        return compute(binding, inputs, around, budget, job)

    monkeypatch.setattr(evaluation, "compute_line", counting)
    return names


def test_the_example() -> None:
    results = evaluate(example_program())
    a, v = torch.arange(12.0).reshape(3, 4), torch.tensor([10.0, 20.0, 30.0])
    b = a + v[:, None]
    for name, tensor in {"A": a, "v": v, "B": b, "W": b.t(), "C": torch.einsum("ij,kj->ik", a, b)}.items():
        assert torch.equal(results[name].tensor, tensor)
        assert results[name].problem is None
    problem = results["D"].problem
    assert problem.message == "Axis 1 of A is 4, axis 0 of v is 3. Neither is 1."
    assert problem.badge == "4 against 3"
    assert problem.span.of("A + v") == "v"
    fix = problem.fixes[0]
    assert (fix.code, fix.target, fix.gives) == ("A + v[:, None]", "v[:, None]", "(3, 4)")
    assert results["D"].failed
    assert results["W"].view_of == "B"
    assert results["C"].reads == ("A", "B")


def test_every_broadcast_fix_gives_what_it_says() -> None:
    program = example_program()
    for fix in evaluate(program)["D"].problem.fixes:
        result = evaluate(program.with_source("D", parse_source(fix.code)))["D"]
        assert result.problem is None
        assert str(tuple(result.tensor.shape)) == fix.gives


def test_only_the_edited_line_and_its_dependents_are_computed(computed: list[str]) -> None:
    program = example_program()
    evaluate(program)
    assert computed == list("AvBWCD")
    computed.clear()
    evaluate(program)
    assert computed == ["D"] or computed == []
    computed.clear()
    evaluate(program.with_source("W", Expression("B.t()[0]")))
    assert [name for name in computed if name != "D"] == ["W"]
    computed.clear()
    evaluate(program.with_source("v", Made("ones", (3,))))
    assert computed == list("vBWCD")
    computed.clear()
    evaluate(program)
    assert [name for name in computed if name != "D"] == [], "an undone edit is still known"


def test_one_edit_among_a_hundred_lines_computes_one(computed: list[str]) -> None:
    text = ["a0 = torch.ones(3, 4)"] + [f"a{n} = a0 * {n} + 1" for n in range(1, 100)]
    program = Program.parse("\n".join(text))
    evaluate(program)
    assert len(computed) == 100
    computed.clear()
    evaluate(program.with_source("a50", Expression("a0 * 7")))
    assert computed == ["a50"]


def test_long_chains_have_short_keys() -> None:
    text = ["a0 = torch.ones(3)"] + [f"a{n} = a{n - 1} + a{n - 1}" for n in range(1, 200)]
    result = evaluate(Program.parse("\n".join(text)))
    assert result["a199"].tensor is not None


def test_the_same_line_gives_the_same_object() -> None:
    program = example_program()
    assert evaluate(program)["B"].tensor is evaluate(program.without("D"))["B"].tensor


def test_dependents_of_a_failed_line_say_which() -> None:
    results = evaluate(Program.parse("A = torch.ones(3)\nB = A + torch.ones(4)\nC = A * B\nD = C + 1\nE = A + 1"))
    assert results["C"].problem.message == "B has no result, so there is none here."
    assert results["C"].problem.span.of("A * B") == "B"
    assert results["D"].problem.badge == "waits for C"
    assert results["E"].tensor is not None


def test_the_place_of_a_missing_name_is_the_name_itself() -> None:
    results = evaluate(Program.parse("a = torch.ones(3) + torch.ones(2)\nb = torch.arange(3) * a"))
    span = results["b"].problem.span
    assert (span.start, span.stop) == (18, 19), "not the a of arange"


def test_too_large_keeps_shape_and_strides() -> None:
    program = Program.parse(
        "X = torch.zeros(1000000, 128000)\nY = X.t()[None]\nn = torch.ones(X.shape[0])\nZ = X + 1\nq = X[0]"
    )
    results = evaluate(program, budget=4_000_000_000)
    large = results["X"]
    assert large.tensor is None
    assert not large.failed
    assert large.problem.message == (
        "512 GB, the limit is 4 GB. Shape, strides and cost are exact; values are not computed."
    )
    assert (large.problem.severity, large.problem.badge) == ("warning", "too large")
    assert results["Y"].meta.stride() == (128000, 1, 128000)
    assert results["Y"].steps[0].kind == "view"
    assert results["Y"].steps[-1].base == "X"
    assert results["n"].tensor.shape == (1000000,), "a shape is known, whatever its size"
    assert results["Z"].meta.shape == (1000000, 128000)
    assert results["q"].tensor is None
    assert results["q"].meta.shape == (128000,)
    assert "X" in results["q"].problem.message


def test_intermediate_results_count() -> None:
    program = Program.parse("s = (torch.ones(100000, 1) * torch.ones(1, 100000)).sum()")
    result = evaluate(program, budget=1_000_000_000)["s"]
    assert result.tensor is None
    assert result.meta.shape == ()
    assert "40" in result.problem.message


def test_what_an_einsum_needs_on_the_way_counts() -> None:
    program = Program.parse('a = torch.ones(3000, 3000)\ne = torch.einsum("ij,jk,kl,il,ik,jl->", a, a, a, a, a, a)')
    result = evaluate(program, budget=1_000_000_000)["e"]
    assert result.tensor is None
    assert result.meta.shape == ()
    assert result.problem.badge == "too large"


def test_stretched_operands_are_guarded() -> None:
    program = Program.parse(
        "e = torch.ones(1).expand(10000000, 100000)\nc = e.contiguous()\nm = e @ torch.ones(100000)\nt = e.sum()"
    )
    results = evaluate(program)
    assert results["e"].tensor is not None, "a view of four bytes"
    for name in "cmt":
        assert results[name].tensor is None, "4 TB would have to be read"
        assert results[name].problem.badge == "too large"


def test_the_budget_is_for_all_lines_together() -> None:
    program = Program.parse("\n".join(f"a{n} = torch.zeros(1000, 1000)" for n in range(5)) + "\nv = a0.t()")
    results = evaluate(program, budget=10_000_000)
    assert [results[f"a{n}"].tensor is not None for n in range(5)] == [True, True, False, False, False]
    assert "use 8 MB of it" in results["a2"].problem.message
    assert results["v"].tensor is not None, "a view costs nothing"
    again = evaluate(program, budget=100_000_000)
    assert all(again[name].tensor is not None for name in program.names), "more memory computes what was left out"
    fewer = evaluate(program, budget=10_000_000)
    assert fewer["a4"].tensor is None
    assert fewer["a4"].meta.shape == (1000, 1000)


def test_dependents_of_what_was_left_out_know_their_shape() -> None:
    program = Program.parse("a = torch.zeros(1000, 1000)\nb = torch.zeros(1000, 1000)\nc = b.t() + 1")
    assert evaluate(program, budget=100_000_000)["c"].tensor is not None
    results = evaluate(program, budget=5_000_000)
    assert results["a"].tensor is not None
    assert results["b"].tensor is None
    assert results["c"].tensor is None
    assert results["c"].meta.stride() == (1, 1000)
    assert evaluate(program, budget=100_000_000)["c"].tensor is not None


def test_value_dependent_shapes_are_planned_by_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SMALL", 0)
    program = Program.parse("A = torch.arange(12.).reshape(3, 4)\nm = A[A > 7]\nn = A.nonzero()\nu = (A % 3).unique()")
    results = evaluate(program)
    assert [tuple(results[name].tensor.shape) for name in "mnu"] == [(4,), (11, 2), (3,)]
    big = Program.parse("A = torch.zeros(100000, 100000)\nm = A[A > 7]\nr = A[:, A[0] > 2]")
    planned = evaluate(big)
    assert planned["m"].meta.shape == (10**10,)
    assert planned["r"].meta.shape == (100000, 100000)
    assert "most" in planned["m"].problem.message


def test_several_threads_share_one_computation(computed: list[str]) -> None:
    program = example_program()
    barrier, results = threading.Barrier(6), []

    def work() -> None:
        barrier.wait()
        results.append(evaluate(program))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(computed) == sorted("AvBWCD")
    assert len({id(result["B"].tensor) for result in results}) == 1


def test_a_cancelled_line_is_taken_over_by_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    started, finish = threading.Event(), threading.Event()
    compute = evaluation.compute_line
    first = []

    def slow(binding, inputs, around, budget, job):
        if not first:
            first.append(binding.name)
            started.set()
            finish.wait(10)
            job.check()
        return compute(binding, inputs, around, budget, job)

    monkeypatch.setattr(evaluation, "compute_line", slow)
    program, outcome = example_program(), {}

    def cancelled() -> None:
        try:
            evaluate(program, job=Job(is_cancelled=started.is_set))
        except CancelledError:
            outcome["first"] = "cancelled"

    def waiting() -> None:
        outcome["second"] = evaluate(program)["B"].tensor

    threads = [threading.Thread(target=cancelled)]
    threads[0].start()
    started.wait(10)
    threads.append(threading.Thread(target=waiting))
    threads[1].start()
    finish.set()
    for thread in threads:
        thread.join(10)
    assert outcome["first"] == "cancelled"
    assert torch.equal(outcome["second"], torch.arange(12.0).reshape(3, 4) + torch.tensor([[10.0], [20.0], [30.0]]))


def test_a_cancelled_evaluation_stops() -> None:
    with pytest.raises(CancelledError):
        evaluate(example_program(), job=Job(is_cancelled=lambda: True))


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CACHE, "limit", 3_000_000)
    for n in range(20):
        evaluate(Program.parse(f"a = torch.full((1000, 100), {n}.)\nb = a + 1"))
    assert CACHE.kept_bytes <= 3_000_000 + 800_000


def test_a_bug_becomes_a_problem_of_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(interpreter.Interpreter, "run", broken)
    results = evaluate(Program.parse("A = torch.ones(3)\nB = A + 1"))
    assert results["A"].tensor is not None
    assert "oh" in results["B"].problem.message


def test_imported_tensors_of_every_layout() -> None:
    base = torch.arange(24.0).reshape(2, 3, 4)
    for tensor in (base.permute(2, 0, 1), base[:, 1:], base[0, 0].expand(5, 4), torch.tensor(3), torch.ones(0, 2)):
        program = Program().appended("T", Imported(TensorReference(tensor))).appended("U", Expression("T.clone()"))
        results = evaluate(program)
        meta = results["T"].meta
        assert (meta.shape, meta.stride(), meta.storage_offset()) == (
            tensor.shape,
            tensor.stride(),
            tensor.storage_offset(),
        )
        assert meta.untyped_storage().nbytes() == tensor.untyped_storage().nbytes()
        assert torch.equal(results["U"].tensor, tensor)


def test_views_share_their_meta_storage_too() -> None:
    results = evaluate(Program.parse("A = torch.ones(3, 4)\nB = A.t()\nC = B[1:]\nD = A + 1"))
    storages = {name: results[name].meta.untyped_storage()._cdata for name in "ABCD"}
    assert storages["A"] == storages["B"] == storages["C"] != storages["D"]


def test_unseeded_draws_are_the_same_each_time_and_say_so() -> None:
    program = Program().appended("a", Expression("torch.rand(3) * 2"))
    result = evaluate(program)["a"]
    CACHE.clear()
    assert torch.equal(result.tensor, evaluate(program)["a"].tensor)
    assert result.problem.severity == "warning"
    seeded = evaluate(program.with_source("a", parse_source(result.problem.fixes[0].code)))["a"]
    assert seeded.problem is None
    assert torch.equal(seeded.tensor, result.tensor)


def test_warnings_of_torch_do_not_escape() -> None:
    results = evaluate(
        Program.parse("a = torch.ones(1).std()\nb = torch.ones(2, 3)\nc = torch.meshgrid(b[0], b[0])[0]")
    )
    assert torch.isnan(results["a"].tensor)
    assert results["c"].tensor.shape == (3, 3)


def test_evaluated_is_hashable_and_slotted() -> None:
    assert hash(Evaluated("a", "b")) is not None
    assert NOTHING not in evaluate(example_program())


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("(torch.arange(6000) % 10).bincount()", (10,)),
        ("A[torch.ones(6000).equal(torch.ones(6000)):]", (2,)),
        ("A[torch.ones(6000).allclose(torch.ones(6000)):]", (2,)),
        ("torch.ones(5000).repeat_interleave(torch.ones(5000).long())", (5000,)),
        ("torch.nn.functional.one_hot(torch.arange(5000) % 7)", (5000, 7)),
        ("torch.arange(10.).tensor_split(torch.tensor([2, 5]))[1]", (3,)),
    ],
)
def test_what_cannot_be_planned_runs_within_the_budget(line, shape, monkeypatch) -> None:
    monkeypatch.setattr(planning, "SMALL", 1000)
    result = evaluate(Program.parse(f"A = torch.arange(3.)\nB = {line}"))["B"]
    assert result.problem is None
    assert tuple(result.tensor.shape) == shape


@pytest.mark.parametrize(
    "line",
    ["torch.tensor([10**9]).bincount()", "torch.ones(2).repeat_interleave(torch.tensor([1, 10**12]))"],
)
def test_what_cannot_be_planned_is_refused_where_it_may_be_too_large(line) -> None:
    result = evaluate(Program.parse(f"B = {line}"), budget=10**8)["B"]
    assert result.tensor is None
    assert "may take up to" in result.problem.message
    assert result.problem.badge == "too large"


def test_no_argument_makes_a_word_write_in_place() -> None:
    """`relu(A, True)` writes in torch: the second argument is `inplace`."""
    start = "A = torch.arange(-3., 3.)\n"
    for word in ("relu", "celu", "elu", "selu", "silu", "hardtanh", "leaky_relu", "relu6", "mish", "threshold"):
        for extra in ("True", "1., True", "0., 1., True", "1., 2., True"):
            results = evaluate(Program.parse(f"{start}B = torch.nn.functional.{word}(A, {extra})"))
            assert torch.equal(results["A"].tensor, torch.arange(-3.0, 3.0)), (word, extra)
            CACHE.clear()
    problem = evaluate(Program.parse(f"{start}B = torch.nn.functional.relu(A, True)"))["B"].problem
    assert "takes 1 argument without a name here, not 2" in problem.message
