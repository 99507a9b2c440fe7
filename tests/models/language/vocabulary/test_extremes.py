"""No value takes the app's process down, and each call is bounded in bytes and seconds before it is made."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from playground.models.apart import SWITCH, run_apart
from playground.models.einsum.request import EinsumRequest, compute_einsum
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import CancelledError, Job
from playground.models.language import budget as planning
from playground.models.language.budget import call_word, needs_values
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.bounds import indexed
from playground.models.language.vocabulary.costs import MOST_SECONDS, WORK, WORKSPACE
from playground.models.language.vocabulary.guards import GUARDS, MOST_PARTS, VALUE_GUARDS
from playground.models.language.vocabulary.operators import INDEX
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Imported, Made, TensorReference

ROOT = Path(__file__).resolve().parents[4]
GIGA = 1_000_000_000


def outcome(line: str, budget: int = GIGA, **tensors: torch.Tensor):
    """What becomes of a line with these tensors above it."""
    given = tuple(Binding(name, Imported(TensorReference(tensor))) for name, tensor in tensors.items())
    return evaluate(Program((*given, Binding("Z", Expression(line)))), budget)["Z"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forked children here")
def test_no_word_dies_of_extreme_values() -> None:
    """The least integers, nan, inf, nothing and strides of 0, given to every word in a process of its own.

    It is one process for all words, since importing torch takes longer than a family's lines; what dies is named.
    """
    command = [sys.executable, str(ROOT / "tools/try_extremes.py"), "5"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=500, check=True)
    assert done.stdout.strip().endswith("\n0 died"), done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('torch.tensor([-2**63]).div(torch.tensor([-1]), rounding_mode="trunc")', "beyond the largest int64"),
        ('torch.tensor([[-2**31]], dtype=torch.int32).divide(-1, rounding_mode="trunc")', "beyond the largest int32"),
        ("torch.linalg.eigvals(torch.full((30, 30), torch.inf))", "inf or nan"),
        ("torch.zeros(1).expand(2**40).unbind()[0]", "1,099,511,627,776 tensors"),
        ("torch.zeros(1).expand(2**40).split(1)[0]", "tensors"),
        ("torch.zeros(1).expand(2**40).chunk(2**39)[0]", "tensors"),
        ("torch.zeros(1).expand(2**40).diff(n=10**9)", "1,000,000,000 passes"),
        ("torch.zeros(2**20).tensor_split(2**20)[0]", "tensors"),
    ],
)  # fmt: skip
def test_what_would_end_the_app_is_refused_in_words(line: str, words: str) -> None:
    problem = outcome(line).problem
    assert words in problem.message
    assert problem.span is not None


@pytest.mark.parametrize(
    "line",
    [
        'torch.tensor([-2**63]).div(torch.tensor([1]), rounding_mode="trunc")',
        'torch.tensor([-2**63, 3]).div(torch.tensor([1, -1]), rounding_mode="trunc")',
        'torch.tensor([-128], dtype=torch.int8).div(-1, rounding_mode="trunc")',
        "torch.linalg.eigvals(torch.eye(3))",
        f"torch.zeros(1).expand({MOST_PARTS}).unbind()[0]",
    ],
)
def test_what_is_harmless_runs(line: str) -> None:
    assert outcome(line).problem is None


def test_bounds_and_guards_are_of_words_that_there_are() -> None:
    names = {word.short_name for word in (*VOCABULARY.values(), INDEX)}
    assert set(WORK) | set(WORKSPACE) | set(GUARDS) | set(VALUE_GUARDS) <= names


@pytest.mark.parametrize(
    "line",
    [
        "A.allclose(A)", "A.isclose(A)", "torch.combinations(A)", "A.unique()", "A.median()", "A.diff()",
        "A.lgamma()", "torch.cdist(M, M, p=1.0)", "A.equal(A)", "A.index_put((A.long(),), A)", "torch.linalg.inv(M)",
        "torch.nn.functional.scaled_dot_product_attention(M, M, M, is_causal=True)", "torch.linalg.svd(M)[0]",
    ],
)  # fmt: skip
def test_huge_expanded_tensors_are_refused_at_once(line: str) -> None:
    tensors = {"A": torch.ones(1).expand(2**40), "M": torch.ones(1, 1).expand(2**20, 2**20)}
    start = time.monotonic()
    one = outcome(line, **{name: tensor for name, tensor in tensors.items() if f"{name}" in line})
    assert one.tensor is None
    assert one.problem.badge in ("too large", "too long"), one.problem
    assert time.monotonic() - start < 60


def test_what_nobody_would_wait_for_is_planned_and_not_begun() -> None:
    one = outcome("torch.linalg.svd(M)[1]", 100 * GIGA, M=torch.ones(1).expand(20_000, 20_000))
    assert one.meta.shape == (20_000,)
    assert (one.problem.badge, one.problem.severity) == ("too long", "warning")
    assert VOCABULARY["torch.linalg.svd"].work((torch.empty(20_000, 20_000, device="meta"),)) > MOST_SECONDS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("torch.nn.functional.scaled_dot_product_attention(q, q, q, torch.ones(7, 7))", "Mismatching"),
        ("torch.nn.functional.scaled_dot_product_attention(q, q, q, attn_mask=torch.ones(7, 7))", "Mismatching"),
        ('torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")', "4D"),
        ("torch.nn.functional.interpolate(x, size=(3, 3))", "spatial"),
        ("torch.nn.functional.unfold(torch.ones(3, 4), 2)", "3D or 4D"),
    ],
)
def test_a_refusal_by_shape_comes_before_one_by_size(line: str, words: str) -> None:
    given = {"q": torch.ones(2, 3, 100, 64), "x": torch.ones(2, 3, 4)}
    one = outcome(line, **{name: tensor for name, tensor in given.items() if f"({name}" in line})
    assert words in one.problem.message, one.problem
    assert one.problem.badge == "refused"


def test_a_number_that_is_a_tensor_has_its_value() -> None:
    assert torch.equal(outcome("torch.arange(p)", p=torch.tensor(5)).tensor, torch.arange(5))


CALLS = {
    "torch.": [
        "{0}(x)", "{0}(x, x)", "{0}(x, x, x)", "{0}(x, 7)", "{0}(x, (9, 9))", "{0}(x, y)", "{0}([x, y])",
        "{0}(x, 1, 9)", "{0}(x, dim=9)", "{0}(x, 0.5, 9)",
    ],
    ".": [
        "x{0}()", "x{0}(9)", "x{0}(x)", "x{0}(y)", "x{0}(x, 9)", "x{0}(1, 9)", "x{0}((9, 9))", "x{0}(9, 9)",
        "x{0}(dim=9)", "x{0}(x, x)", "x{0}(0.5, 9)",
    ],
}  # fmt: skip
"""Calls that most words refuse by shape, of functions and of methods."""


@pytest.mark.parametrize(
    "word", [w for w in VOCABULARY.values() if w.name[:1] in ".t" and not w.is_property], ids=lambda word: word.name
)
def test_no_word_calls_a_wrong_shape_too_large(word: Word) -> None:
    """Whatever torch refuses by shape, in whatever words, is not refused by size, however small the limit is."""
    tensors = {"x": torch.ones(2, 3, 5), "y": torch.ones(7, 11)}
    for call in CALLS["." if word.name.startswith(".") else "torch."]:
        line = call.format(word.name)
        try:
            with warnings.catch_warnings(action="ignore"):
                eval(line, {"torch": torch, **tensors})
        except Exception as error:
            if needs_values(error) or isinstance(error, TypeError | AttributeError):
                continue
        else:
            continue
        used = {name: tensor for name, tensor in tensors.items() if name in line.replace(word.name, "")}
        for limit in (10, 1000):
            one = outcome(line, limit, **used)
            assert one.problem is not None, line
            assert one.problem.badge not in ("too large", "too long"), (line, one.problem)


@pytest.fixture
def apart(monkeypatch):
    """Allow processes apart, which tests otherwise do without."""
    monkeypatch.delenv(SWITCH, raising=False)


def test_a_long_call_is_cancelled_in_the_middle(apart) -> None:
    start = time.monotonic()
    job = Job(is_cancelled=lambda: time.monotonic() - start > 3)
    matrix = torch.randn(4000, 4000, generator=torch.Generator().manual_seed(0))
    program = Program(
        (Binding("M", Imported(TensorReference(matrix))), Binding("Z", Expression("torch.linalg.svd(M)[1]")))
    )
    with pytest.raises(CancelledError):
        evaluate(program, GIGA, job)
    assert time.monotonic() - start < 10


INDICES = [
    0, slice(1, 3), None, ..., True, [0, 1, 1], [[0], [1]], torch.tensor([1, 0, 1, 1]), torch.zeros(5, 2).long(),
    torch.tensor(1), torch.ones(3, dtype=torch.bool), torch.ones(3, 4, dtype=torch.bool), torch.zeros(0).long(),
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(INDICES)))
def test_an_index_never_makes_more_than_its_bound(first: int) -> None:
    tensor, tried = torch.ones(3, 4, 2), 0
    for others in [(), *itertools.product(INDICES, repeat=1), *itertools.product(INDICES, repeat=2)]:
        index = (INDICES[first], *others)
        try:
            result = tensor[index]
        except (IndexError, ValueError):
            continue
        is_view = result.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr() and result.numel()
        assert (0 if is_view else result.nbytes) <= indexed((tensor, index)), index
        tried += 1
    assert tried > 20


def test_an_index_that_picks_much_of_little_is_planned() -> None:
    tensors = {"x": torch.zeros(1, 10**6), "i": torch.zeros(10**5, dtype=torch.int64)}
    assert outcome("x[i]", **tensors).problem.badge == "too large"
    assert outcome("x[i]", 10**15, **tensors).problem.badge == "too long" or MOST_SECONDS > 3000
    assert outcome("x.expand(5, 10**6)[1:, None].unsqueeze(0)", 10, **tensors).problem is None


@pytest.mark.parametrize(
    "source",
    [Expression("x[i]"), Made("uniform", (16_000, 16_000), "float32", 0)],
    ids=["index", "fill"],
)
def test_long_indices_and_fills_go_where_they_are_cancelled(apart, monkeypatch, source) -> None:
    """So does whatever else may be long: they are handed on instead of being computed here."""
    asked = []

    def handed_on(function, arguments, job):
        asked.append(pickle.dumps((function, arguments)))
        raise CancelledError

    monkeypatch.setattr(planning, "run_apart", handed_on)
    tensors = {"x": torch.zeros(1, 10**5), "i": torch.zeros(2000, dtype=torch.int64)}
    given = tuple(Binding(name, Imported(TensorReference(tensor))) for name, tensor in tensors.items())
    with pytest.raises(CancelledError):
        evaluate(Program((*given, Binding("Z", source))), 4 * GIGA, Job(is_cancelled=lambda: False))
    assert len(asked) == 1


def test_a_long_einsum_of_the_panel_goes_where_it_is_cancelled(apart, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(planning, "run_apart", lambda *arguments: asked.append(arguments) or torch.zeros(3000, 3000))
    program = Program((Binding("M", Imported(TensorReference(torch.zeros(3000, 3000)))),))
    request = EinsumRequest(program, "ij,jk->ik", ("M", "M"), budget=GIGA)
    assert compute_einsum(request, Job(is_cancelled=lambda: False)).tensor is not None
    function, (text, tensors, path), _ = asked[0]
    monkeypatch.undo()
    monkeypatch.delenv(SWITCH, raising=False)
    small = tuple(torch.ones(3, 3) for _ in tensors)
    assert torch.equal(run_apart(function, (text, small, path), Job()), torch.full((3, 3), 3.0))


def test_what_was_cancelled_does_not_begin_again_until_it_changes(apart, monkeypatch) -> None:
    asked = []

    def handed_on(function, arguments, job):
        asked.append(arguments[0])
        raise CancelledError

    monkeypatch.setattr(planning, "run_apart", handed_on)
    matrix = Binding("M", Imported(TensorReference(torch.zeros(1).expand(2000, 2000))))
    long = Binding("Z", Expression("torch.linalg.svd(M)[1]"))
    given_up = Job(is_cancelled=lambda: False, is_given_up=lambda: True)
    with pytest.raises(CancelledError):
        evaluate(Program((matrix, long)), GIGA, given_up)
    again = evaluate(Program((matrix, long, Binding("B", Expression("torch.ones(2)")))), GIGA, given_up)
    assert again["Z"].problem.badge == "cancelled"
    assert again["B"].tensor is not None
    assert len(asked) == 1
    with pytest.raises(CancelledError):
        evaluate(Program((matrix, replace(long, source=Expression("torch.linalg.svd(M)[2]")))), GIGA, given_up)
    assert len(asked) == 2
    superseded = Binding("Z", Expression("torch.linalg.svd(M + 1)[1]"))
    for _ in range(2):
        with pytest.raises(CancelledError):
            evaluate(Program((matrix, superseded)), GIGA, Job(is_cancelled=lambda: False))
    assert len(asked) == 4


def test_what_travels_to_another_process_counts(apart) -> None:
    tensors = {"M": torch.zeros(2500, 2500)}
    twice = 25_000_000 + 2 * 25_000_000
    assert outcome("torch.linalg.inv(M)", twice, **tensors).problem.badge == "too large"
    assert outcome("M.exp()", twice, **tensors).problem is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("torch.sort", (torch.tensor([[3.0, 1], [2, 5]]).t(),)), (".neg", (torch.ones(3, 2).t(),)),
     (".reshape", (torch.ones(6), 2, 3)), ("torch.linalg.svd", (torch.eye(3),)),
     (".conj_physical", (torch.ones(2, dtype=torch.complex64).conj(),)), (".to", (torch.ones(2), torch.float32))],
)  # fmt: skip
def test_a_call_apart_gives_the_same_tensors(apart, name: str, arguments) -> None:
    here, there = call_word(name, arguments, {}), run_apart(call_word, (name, arguments, {}), Job())
    assert type(here) is type(there)
    pairs = zip(here, there, strict=True) if isinstance(here, tuple) else [(here, there)]
    for one, other in pairs:
        assert torch.equal(one, other)
        assert one.stride() == other.stride()
        source = arguments[0]
        assert (one.data_ptr() == source.data_ptr()) == (other.data_ptr() == source.data_ptr())


def test_refusals_apart_are_those_of_torch_and_a_crash_is_said(apart) -> None:
    with pytest.raises(RuntimeError, match="Dimension out of range"):
        run_apart(call_word, (".sum", (torch.ones(2), 7), {}), Job())
    with pytest.raises(ProblemError, match="ended"):
        run_apart(os._exit, (3,), Job())
    with pytest.raises(ProblemError, match="stopped after"):
        run_apart(time.sleep, (60,), Job(), seconds=1)


def refuses(*_: object) -> None:
    """A way to be made again that fails."""
    raise ValueError("no")


class Unreadable:
    """Goes into a message and does not come out of it."""

    def __reduce__(self):
        return refuses, ()


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (lambda: 1, (), "another process"),
        (len, (threading.Lock(),), "another process"),
        (len, ((x for x in ()),), "another process"),
        (len, (torch.eye(2).to_sparse(),), "another process"),
        (torch.add, (torch.empty(2, device="meta"), 1), "another process"),
        (iter, ([1],), None),
        (threading.Lock, (), "cannot leave"),
        (torch.eye(2).to_sparse, (), "cannot leave"),
        (torch.Tensor.to_sparse, (torch.eye(2),), "cannot leave"),
        (len, (Unreadable(),), "does not understand"),
    ],
    ids=[
        "lambda",
        "lock",
        "generator",
        "sparse",
        "meta",
        "iterator",
        "lock back",
        "bound",
        "sparse back",
        "unreadable",
    ],
)
def test_what_cannot_be_sent_is_said_and_the_next_call_works(apart, function, arguments, words) -> None:
    if words is None:
        assert list(run_apart(function, arguments, Job())) == [1]
    else:
        with pytest.raises((TypeError, RuntimeError), match=words):
            run_apart(function, arguments, Job())
    assert run_apart(len, ([1, 2],), Job()) == 2
