"""The program as a value: parsing, text, names, renaming, dependents."""

from __future__ import annotations

import pytest
import torch

from playground.models.outcome import ProblemError
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.example import EXAMPLE, example_program
from playground.models.tensors.names import fresh_name, name_problem
from playground.models.tensors.program import (
    Expression,
    Imported,
    Made,
    Program,
    TensorReference,
    parse_source,
    source_code,
    source_reads,
)

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
        ("a b", "none of the letters"),
        ("naïve", "U+00EF"),
        ("Α", "U+0391"),
        ("class", "Python"),
        ("None", "Python"),
        ("torch", "already means"),
        ("__x", "underscores"),
        ("a-b", "none of the letters"),
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
