"""Gestures as edits of the program, each evaluated against torch."""

import random

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.job import Job
from playground.models.problem import ProblemError
from playground.models.program.edit import (
    append_operation,
    bracketed,
    duplicate,
    moved,
    pasted,
    permute_axes,
    resize_axis,
    split_assignment,
    split_cut,
    squeeze_axis,
)
from playground.models.program.gesture import Call, insert_axis
from playground.models.program.program import Program, source_code
from playground.models.program.sources import Imported, Made, TensorReference
from playground.models.state import PlaygroundState

START = "A = torch.arange(12.).reshape(3, 4)\nv = torch.tensor([10., 20., 30.])\nB = A + v[:, None]"


@pytest.fixture
def program():
    return Program.parse(START)


def code(edit, name="B"):
    return source_code(edit.program.get(name).source)


def value(program, name="B"):
    return evaluate(program)[name].tensor


def test_sums_are_bracketed_and_chains_are_not(program):
    edit = append_operation(program, "B", Call("t"))
    assert code(edit) == "(A + v[:, None]).t()"
    assert torch.equal(value(edit.program), value(program).t())
    assert [bracketed(text) for text in ("A", "A.t()", "A[0]", "torch.eye(3)", "-A", "A @ A")] == [
        "A", "A.t()", "A[0]", "torch.eye(3)", "(-A)", "(A @ A)",
    ]  # fmt: skip


def test_permutations_join_and_vanish(program):
    once = permute_axes(program, "B", (1, 0))
    assert code(once) == "(A + v[:, None]).permute(1, 0)"
    assert code(permute_axes(once.program, "B", (1, 0))) == "A + v[:, None]"
    deep = Program.parse("A = torch.arange(24.).reshape(2, 3, 4)\nB = A * 1")
    first = permute_axes(deep, "B", (1, 2, 0))
    second = permute_axes(first.program, "B", (2, 0, 1))
    assert torch.equal(value(second.program), value(first.program).permute(2, 0, 1))
    third = permute_axes(first.program, "B", (0, 2, 1))
    assert code(third).count("permute") == 1
    assert torch.equal(value(third.program), value(first.program).permute(0, 2, 1))


def test_a_made_tensor_is_resized_and_stays_made(program):
    edit = resize_axis(program, "A", 1, 5, (3, 4))
    assert edit.program.get("A").source == Made("arange", (3, 5))
    assert edit.code == "torch.arange(15.).reshape(3, 5)"


def test_a_computed_tensor_is_cut_and_widened_again(program):
    cut = resize_axis(program, "B", 1, 3, (3, 4))
    assert code(cut) == "(A + v[:, None])[:, :3]"
    assert torch.equal(value(cut.program), value(program)[:, :3])
    both = resize_axis(cut.program, "B", 0, 2, (3, 4))
    assert code(both) == "(A + v[:, None])[:2, :3]"
    wide = resize_axis(both.program, "B", 1, 4, (3, 4))
    assert code(wide) == "(A + v[:, None])[:2]"
    assert code(resize_axis(wide.program, "B", 0, 3, (3, 4))) == "A + v[:, None]"
    with pytest.raises(ProblemError, match="Axis 1 of B has 4 elements"):
        resize_axis(program, "B", 1, 5, (3, 4))
    with pytest.raises(ProblemError, match="size -1"):
        resize_axis(program, "B", 1, -1, (3, 4))


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("B[:, :3]", (2**62, 3)),
        ("B[:2]", (2, 2**62)),
        ("B[1:]", None),
        ("B[::2]", None),
        ("B[0]", None),
        ("B[:, None]", None),
    ],
)
def test_what_counts_as_a_cut(text, stops):
    assert split_cut(text, 2)[1] == stops


def test_squeeze_takes_back_its_own_unsqueeze(program):
    edit = append_operation(program, "v", Call("unsqueeze", (1,)))
    assert squeeze_axis(edit.program, "v", 1).program == program
    other = squeeze_axis(edit.program, "v", 0)
    assert code(other, "v").endswith(".unsqueeze(1).squeeze(0)")


def test_an_imported_tensor_gets_a_new_line(program):
    held = program.appended("I", Imported(TensorReference(torch.ones(2, 3))))
    edit = append_operation(held, "I", Call("t"))
    assert edit.name == "I2"
    assert code(edit, "I2") == "I.t()"
    assert isinstance(edit.program.get("I").source, Imported)
    assert code(resize_axis(held, "I", 1, 2, (2, 3)), "I2") == "I[:, :2]"


def test_lines_are_copied_moved_and_pasted(program):
    assert duplicate(program, "A").program.names == ("A", "A2", "v", "B")
    assert moved(program, "B", -1).names == ("A", "B", "v")
    assert moved(program, "A", -1) == program
    joined = pasted(program, "A = torch.ones(2)\nC = A + 1")
    assert joined.names == ("A", "v", "B", "A2", "C")
    assert source_code(joined.get("C").source) == "A2 + 1"
    assert split_assignment("Q = A + 1") == ("Q", "A + 1")
    assert split_assignment("A == 1") is None
    assert split_assignment("Q = R = A") is None


@pytest.mark.parametrize("seed", range(60))
def test_any_run_of_gestures_is_what_torch_makes_of_the_code(seed):
    """Each gesture is made on the tensor itself too; code, evaluation and tensor agree after each one."""
    draw = random.Random(seed)
    program = Program.parse("A = torch.arange(24.).reshape(2, 3, 4)\nB = A * 2")
    expected = torch.arange(24.0).reshape(2, 3, 4) * 2
    for _ in range(6):
        rank = expected.ndim
        kind = draw.choice(["permute", "insert", "squeeze", "cut"])
        if kind == "permute":
            order = tuple(draw.sample(range(rank), rank))
            program, expected = permute_axes(program, "B", order).program, expected.permute(order)
        elif kind == "insert" and rank < 6:
            place = draw.randrange(rank + 1)
            edit = append_operation(program, "B", insert_axis(place, rank)[draw.randrange(2)])
            program, expected = edit.program, expected.unsqueeze(place)
        elif kind == "squeeze" and 1 in expected.shape:
            axis = expected.shape.index(1)
            program, expected = squeeze_axis(program, "B", axis).program, expected.squeeze(axis)
        elif kind == "cut":
            request = shape_request(PlaygroundState(program=program, selection="B"))
            whole = compute_shape(request, Job()).whole
            axis = draw.randrange(rank)
            size = draw.randint(1, expected.shape[axis])
            program = resize_axis(program, "B", axis, size, whole).program
            expected = expected.narrow(axis, 0, size)
        text = source_code(program.get("B").source)
        assert torch.equal(eval(text, {"A": value(program, "A"), "torch": torch}), expected), text
        assert torch.equal(value(program), expected), text
        assert value(program).stride() == expected.stride() or 1 in expected.shape
