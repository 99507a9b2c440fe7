"""The program as a value: parsing, text, names, renaming, dependents."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation.cards import compute_program, program_request
from playground.models.evaluation.evaluate import evaluate
from playground.models.example import EXAMPLE, example_program
from playground.models.job import Job
from playground.models.language.names import fresh_name, name_problem
from playground.models.memory.layout import describe_layout, storage_identity
from playground.models.problem import ProblemError
from playground.models.program.program import Program, parse_source, program_of, refreshed, source_code, source_reads
from playground.models.program.sources import Expression, Imported, Made, TensorReference
from playground.models.state import PlaygroundState

TEXT = """\
import torch  # what a notebook begins with

# a comment
A = torch.arange(12.).reshape(3, 4)
v = torch.tensor(
    [10., 20., 30.],  # spread over lines
)
B: torch.Tensor = A + v[:, None]
C = (A
     + 1)
"""


def test_parse_reads_lines_comments_and_brackets() -> None:
    program = Program.parse(TEXT)
    assert program.names == ("A", "v", "B", "C")
    assert isinstance(program.get("v").source, Made)
    assert program.get("B").source == Expression("A + v[:, None]")
    results = evaluate(program)
    assert torch.equal(results["C"].tensor, torch.arange(12.0).reshape(3, 4) + 1)
    assert program.get("nothing") is None


def test_code_is_read_back_as_the_same_program() -> None:
    program = example_program()
    assert program.code + "\n" == EXAMPLE
    assert Program.parse(program.code) == program
    assert hash(Program.parse(program.code)) == hash(program)


def test_faulty_lines_stay_as_typed() -> None:
    program = Program.parse("A = torch.ones(3)").appended("B", Expression("A +")).appended("C", parse_source("B * ("))
    results = evaluate(program)
    assert results["A"].tensor is not None
    assert "ends too early" in results["B"].problem.message
    assert "closed" in results["C"].problem.message
    assert "B = A +" in program.code


def test_reads_and_dependents() -> None:
    program = example_program()
    assert source_reads(program.get("C").source) == ("A", "B")
    assert source_reads(Expression("len(torch.ones(3)) + x.y(x, z)")) == ("x", "z")
    assert program.dependents("A") == ("B", "W", "C", "D")
    assert program.dependents("v") == ("B", "W", "C", "D")
    assert program.dependents("W") == ()


def test_renaming_rewrites_every_line_and_nothing_else() -> None:
    program = Program.parse('A = torch.ones(2, 2)\nAA = A + A.T\nB = torch.einsum("A,A->A", A[0],  A[1])  # A')
    renamed = program.renamed("A", "longer")
    assert renamed.code == (
        'longer = torch.ones(2, 2)\nAA = longer + longer.T\nB = torch.einsum("A,A->A", longer[0],  longer[1])'
    )
    assert renamed.renamed("longer", "A") == program
    assert torch.equal(evaluate(renamed)["B"].tensor, evaluate(program)["B"].tensor)


def test_renaming_in_text_with_other_letters() -> None:
    program = Program.parse("A = torch.ones(2)").appended("B", Expression('torch.einsum("äß", A) + A'))
    assert program.renamed("A", "Q").get("B").source == Expression('torch.einsum("äß", Q) + Q')


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v", "already"),
        ("", "name"),
        ("1a", "letter"),
        ("a b", "not a letter"),
        ("naïve", "U+00EF"),
        ("Α", "U+0391"),
        ("class", "Python"),
        ("None", "Python"),
        ("torch", "already means"),
        ("__x", "underscores"),
        ("a-b", "not a letter"),
        ("x" * 200, "100"),
    ],
)
def test_names_that_cannot_be(name: str, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        example_program().renamed("A", name)
    problem = caught.value.problem
    assert words in problem.message
    for fix in problem.fixes:
        assert name_problem(fix.code, example_program().names) is None


def test_renaming_to_itself_is_nothing() -> None:
    assert example_program().renamed("A", "A") == example_program()


def test_without_leaves_the_others_saying_what_is_missing() -> None:
    results = evaluate(example_program().without("v"))
    assert results["A"].tensor is not None
    assert results["B"].problem.message == "There is no tensor called v."
    assert results["W"].problem.badge == "waits for B"


def test_fresh_names() -> None:
    assert example_program().fresh_name() == "E"
    assert example_program().fresh_name("A") == "A2"
    assert example_program().fresh_name("x") == "x2"
    assert fresh_name({"A2", "A"}, "A") == "A3"
    assert fresh_name(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == "T2"


def test_with_source_keeps_the_order() -> None:
    program = example_program().with_source("A", Made("zeros", (3, 4)))
    assert program.names == example_program().names
    assert program.code.startswith("A = torch.zeros(3, 4)\n")


def test_imported_tensors_are_lines_too() -> None:
    source = Imported(TensorReference(torch.eye(2)), "/data/digits.safetensors", "images")
    program = Program().appended("D", source).appended("E", Expression("D @ D"))
    assert source_code(source) == 'from digits.safetensors["images"]'
    assert source_code(Imported(TensorReference(torch.eye(2)))) == "from Python"
    assert source_code(Imported(TensorReference(torch.eye(2)), key="network, layer 7")) == "from network, layer 7"
    assert torch.equal(evaluate(program)["E"].tensor, torch.eye(2))
    assert evaluate(program)["D"].tensor is source.reference.tensor


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("A = torch.ones(3)\nA += 1", "A2 = A + 1"),
        ("A = torch.ones(3)\nA *= 1 + 2", "A2 = A * (1 + 2)"),
        ("A = torch.ones(3)\nA[0] = 7", "A2 = A.select_scatter(torch.full_like(A[0], 7), 0, 0)"),
        ("A = torch.ones(3)\nA[1:] = -7", "A2 = A.slice_scatter(torch.full_like(A[1:], -7), 0, 1, None)"),
        ("A = torch.ones(3)\nA[A > 0] = 0.5", "A2 = A.masked_fill(A > 0, 0.5)"),
        ("A = torch.ones(3)\nA.add_(2)", "A2 = A.add(2)"),
        ("A = torch.ones(3)\nA.unsqueeze_(0)", "A2 = A.unsqueeze(0)"),
        ("A = torch.ones(3)\nA = A * 2", "A2 = A * 2"),
        ("A = torch.ones(3)\nA + 2", "B = A + 2"),
    ],
)
def test_the_out_of_place_form_runs(text: str, fix: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Program.parse(text)
    problem = caught.value.problem
    assert problem.fixes[0].code == fix
    first, change = text.split("\n")
    mended = Program.parse(f"{first}\n{fix}")
    expected: dict[str, object] = {"torch": torch}
    exec(text if change != "A + 2" else f"{first}\nA = A + 2", expected)
    assert torch.equal(evaluate(mended)[mended.names[-1]].tensor, expected["A"])


def values(program: Program, name: str) -> list[float]:
    tensor = evaluate(program)[name].tensor
    assert tensor is not None
    return tensor.flatten().tolist()


def test_what_python_writes_is_seen_by_all_or_by_none() -> None:
    x = torch.ones(4)
    program = program_of({"x": x}).appended("y", Expression("x + 5"))
    assert values(program, "y") == [6.0] * 4
    x.add_(1)
    assert (values(program, "x"), values(program, "y")) == ([1.0] * 4, [6.0] * 4)
    card = compute_program(program_request(PlaygroundState(program=program)), Job()).card("x")
    assert card is not None
    assert card.summary is not None
    assert card.summary.mean == 1
    fresh = refreshed(program)
    assert (values(fresh, "x"), values(fresh, "y")) == ([2.0] * 4, [7.0] * 4)
    card = compute_program(program_request(PlaygroundState(program=fresh)), Job()).card("x")
    assert card is not None
    assert card.summary is not None
    assert card.summary.mean == 2
    assert refreshed(fresh) is fresh
    assert fresh != program


def test_changes_without_a_version_are_seen_too() -> None:
    array, tensor = np.arange(3.0), torch.zeros(3)
    program = program_of({"a": array, "t": tensor})
    array[1] = 7
    tensor.data[0] = float("nan")
    fresh = refreshed(program)
    assert values(fresh, "a") == [0, 7, 2]
    assert refreshed(fresh, math.inf) is fresh, "a nan equals itself"
    large = np.zeros(1 << 20)
    program = program_of({"a": large})
    large[5] = 1
    assert refreshed(program) is program
    assert values(refreshed(program, math.inf), "a")[5] == 1


def test_only_what_shares_the_memory_is_taken_anew() -> None:
    x, other = torch.zeros(2, 3), torch.zeros(2)
    program = program_of({"x": x, "y": x.t(), "other": other})
    x[0, 0] = 1
    fresh = refreshed(program)
    assert values(fresh, "y")[0] == 1
    assert fresh.get("other") == program.get("other")
    assert [storage_identity(evaluate(fresh)[n].tensor) for n in "xy"].count(
        storage_identity(evaluate(fresh)["x"].tensor)
    ) == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3), st.sampled_from(["<f4", "<i8", "<u1"]), st.booleans())
def test_numpy_views_of_one_array_are_on_one_storage(first, second, step, kind, mixed) -> None:
    """Whether they share, and where, is numpy's own answer."""
    base = np.arange(24).astype(kind)
    one, two = base[first:18:step], base[second:].reshape(-1)[: 24 - second]
    handed = {"one": torch.from_numpy(one) if mixed else one, "two": two}
    tensors = {name: line.tensor for name, line in evaluate(program_of(handed)).items()}
    assert torch.equal(tensors["one"], torch.from_numpy(one))
    assert torch.equal(tensors["two"], torch.from_numpy(two))
    assert ("two" in describe_layout(tensors["one"], tensors).shares_with) == np.may_share_memory(one, two)
    distance = (tensors["one"].data_ptr() - tensors["two"].data_ptr()) if np.may_share_memory(one, two) else None
    assert distance in (None, one.ctypes.data - two.ctypes.data)


def test_a_huge_expanded_array_is_no_copy() -> None:
    array = np.broadcast_to(np.float32(3), (10**6, 10**6))
    tensor = evaluate(program_of({"a": array}))["a"].tensor
    assert tensor.shape == (10**6, 10**6)
    assert tensor.untyped_storage().nbytes() < 100


def test_conjugated_and_inference_tensors_are_taken() -> None:
    with torch.inference_mode():
        frozen = torch.ones(3)
    program = program_of({"z": torch.tensor([1 + 2j]).conj(), "f": frozen})
    assert values(program, "z") == [1 - 2j]
    assert refreshed(program, math.inf) is program
