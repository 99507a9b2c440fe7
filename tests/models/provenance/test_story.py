"""How elements came about, checked cell by cell against torch."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, links_of, shape_request
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.provenance.story import StoryLine, element_label, index_at_place
from playground.models.state import PlaygroundState

START = "A = torch.arange(12.).reshape(3, 4)\nv = torch.tensor([10., 20., 30.])\n"


def told(lines, name):
    program = Program.parse(START + lines)
    result = compute_shape(shape_request(PlaygroundState(program=program, selection=name)), Job())
    return result, {key: one.tensor for key, one in evaluate(program).items()}


def indices(tensor):
    return itertools.product(*map(range, tensor.shape))


def read(label, tensors):
    return eval(label, dict(tensors)).item()


@pytest.mark.parametrize(
    ("line", "combine"),
    [
        ("A + v[:, None]", sum),
        ("A + A + v[:, None]", sum),
        ("A * v[:, None]", lambda parts: parts[0] * parts[1]),
        ("A - v[:, None]", lambda parts: parts[0] - parts[1]),
        ("(A + v[:, None])[:, 1:3].t()", sum),
        ("(A + v[:, None]).permute(1, 0)[:2]", sum),
    ],
)
def test_elementwise_lines_name_the_elements_that_went_in(line, combine):
    result, tensors = told(f"B = {line}", "B")
    for index in indices(tensors["B"]):
        story = result.story.at(index)
        assert float(story.value) == tensors["B"][index].item()
        assert len(story.lines) >= 2
        parts = [float(part.value) for part in story.lines]
        assert [read(part.label, tensors) for part in story.lines] == parts
        assert combine(parts) == pytest.approx(float(story.value))


def test_the_picture():
    result, _ = told("B = A + v[:, None]", "B")
    story = result.story.at((1, 2))
    assert (story.head, story.value, story.conclusion) == ("B[1,2]", "26", "sum")
    assert story.lines == (StoryLine("A[1,2]", "6"), StoryLine("v[1]", "20"))


@pytest.mark.parametrize("line", ["A.t()", "A[1:, ::2]", "A.reshape(2, 6)", "A[:, None, 1]", "v.expand(4, 3)"])
def test_views_name_the_cell_that_they_look_at(line):
    result, tensors = told(f"B = {line}", "B")
    for index in indices(tensors["B"]):
        story = result.story.at(index)
        assert read(story.lines[0].label, tensors) == tensors["B"][index].item()
        assert story.conclusion == "the same cell"


@pytest.mark.parametrize(
    ("line", "word"),
    [("A.sum(1)", "sum"), ("A.mean(0, keepdim=True)", "mean"), ("A.amax(-1)", "largest"), ("v.sum()", "sum")],
)
def test_reductions_name_what_they_went_over(line, word):
    result, tensors = told(f"B = {line}", "B")
    for index in indices(tensors["B"]):
        story = result.story.at(index)
        parts = torch.tensor([read(part.label, tensors) for part in story.lines])
        combined = {"sum": parts.sum(), "mean": parts.mean(), "largest": parts.max()}[word]
        assert (story.conclusion, combined.item()) == (word, tensors["B"][index].item())


def test_long_sums_say_how_many_are_left_out():
    result, _ = told("X = torch.ones(3, 100)\nB = X.sum(1)", "B")
    story = result.story.at((0,))
    assert len(story.lines) + story.more == 100


def test_other_lines_tell_their_value_alone():
    result, _ = told("B = torch.linalg.pinv(A)", "B")
    assert result.story.at((0, 0)).lines == ()
    assert result.story.at((9, 9)) is None


def test_labels_and_places():
    assert element_label("A", ()) == "A"
    tensor = torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1)[1:]
    for index in indices(tensor):
        place = tensor.storage_offset() + sum(i * s for i, s in zip(index, tensor.stride(), strict=True))
        assert index_at_place(tensor, place) == index
    assert index_at_place(torch.ones(3).expand(4, 3), 1) is None
    assert index_at_place(torch.arange(10)[::2], 1) is None


def test_linked_cells_are_the_same_storage():
    program = Program.parse(START + "W = A.t()\nK = A[1:, 1:]\nL = A * 1")
    tensors = {name: one.tensor for name, one in evaluate(program).items()}
    links = links_of("A", tensors)
    assert links.index_of("W", (2, 1)) == (1, 2)
    assert links.index_of("K", (0, 0)) == (1, 1)
    assert links.index_of("A", (2, 3)) == (2, 3)
    assert links.index_of("L", (0, 0)) is None
    assert links.index_of("W", (9, 9)) is None
    assert links_of("K", tensors).index_of("A", (0, 0)) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A + 100", "sum"),
        ("2.5 * A", "product"),
        ("torch.relu(A - 5)", "relu"),
        ("A.clamp(2, 5)", "clamp"),
        ("torch.maximum(A, v[:, None])", "maximum"),
        ("A >= v[:, None]", ">="),
        ("-A", "negated"),
        ("torch.where(A > 5, A, 0.)", "where"),
        ("A.mul(v[:, None])", "mul"),
    ],
)
def test_functions_comparisons_and_numbers_tell_what_went_in(line, words):
    result, tensors = told(f"B = {line}", "B")
    for index in indices(tensors["B"]):
        story = result.story.at(index)
        assert story.conclusion == words
        parts = [torch.tensor(float(part.value.replace("True", "1").replace("False", "0"))) for part in story.lines]
        again = {
            "sum": lambda a, b: a + b, "product": lambda a, b: a * b, "relu": torch.relu, ">=": lambda a, b: a >= b,
            "clamp": torch.clamp, "maximum": torch.maximum, "negated": torch.neg, "mul": torch.mul,
            "where": lambda a, b, c: torch.where(a.bool(), b, c),
        }[words](*parts)  # fmt: skip
        assert again.item() == tensors["B"][index].item()
        for part in story.lines:
            if "[" in part.label and "(" not in part.label:
                assert read(part.label, tensors) == float(part.value)


@pytest.mark.parametrize(
    "line",
    [
        "X.sum()", "X.sum((0, 2))", "X.mean((0, -1), keepdim=True)", "torch.amax(X, dim=(1, 2))", "X.std(1)",
        "X.prod(-1, keepdim=True)", "torch.sum(X, 0)", "X.logsumexp((0, 1))", "X.norm(dim=2)", "X.argmax(1)",
    ],
)  # fmt: skip
def test_reductions_over_any_axes_name_every_element_that_they_took(line):
    result, tensors = told(f"X = torch.arange(8.).reshape(2, 2, 2) + 1\nB = {line}", "B")
    method = line.split(".")[1].split("(")[0]
    for index in indices(tensors["B"]):
        story = result.story.at(index)
        taken = torch.tensor([read(part.label, tensors) for part in story.lines])
        assert [float(part.value) for part in story.lines] == taken.tolist()
        assert len({part.label for part in story.lines}) == len(story.lines)
        assert len(story.lines) + story.more == 8 // tensors["B"].numel()
        if not story.more:
            arguments = (0,) if method in ("logsumexp", "argmax") else ()
            again = getattr(torch, method)(taken, *arguments)
            assert again.item() == pytest.approx(tensors["B"][index].item())


WRITTEN_START = """A = torch.tensor([[3., -1., 2., 7.], [0., 5., -4., 1.], [6., 2., 8., -3.]])
v = torch.tensor([10., 20., 30.])
w = torch.tensor([1., 2., 3., 4.])
S = torch.arange(100., 108.).reshape(2, 4)
T = torch.arange(24.).reshape(2, 3, 4) - 7
i = torch.tensor([[2, 0, 1, 1], [0, 2, 2, 0]])
m = torch.tensor([[True, False, True, False], [False, True, False, False], [True, True, False, True]])
"""


def cells(line: str):
    """Each cell with its story, the value that torch gives it, and all tensors."""
    program = Program.parse(f"{WRITTEN_START}B = {line}")
    result = compute_shape(shape_request(PlaygroundState(program=program, selection="B")), Job())
    tensors = {key: one.tensor for key, one in evaluate(program).items()}
    for index in itertools.product(*map(range, tensors["B"].shape)):
        yield result.story.at(index), tensors["B"][index].item(), tensors


def computed(text: str) -> float:
    return float(eval(text, {"__builtins__": {}}))


@pytest.mark.parametrize(
    "line",
    [
        "A.scatter(0, i, S)", "torch.scatter(A, 0, i, src=S)", "A.index_copy(0, torch.tensor([2, 0]), S)",
        "A.index_put((torch.tensor([2, 0]),), S)", "A.select_scatter(w, 0, 1)", "A.slice_scatter(S, 0, 1)",
        "A.diagonal_scatter(v)", "A.masked_scatter(m, S)", "A.scatter(0, i, S).t()[1:]",
    ],
)  # fmt: skip
def test_of_what_was_written_each_cell_names_its_tensor(line: str) -> None:
    seen = set()
    for story, value, tensors in cells(line):
        (source,) = story.lines
        assert story.conclusion == "the element there"
        assert eval(source.label, dict(tensors)).item() == float(source.value) == value
        seen.add(source.label[0])
    assert "A" in seen
    assert len(seen) == 2


@pytest.mark.parametrize(
    "line", ["A.index_put((torch.tensor([0]),), w, True)", "A.index_put((torch.tensor([0]),), w, accumulate=True)"]
)
def test_what_is_added_to_what_was_there_is_not_called_picked(line: str) -> None:
    assert {story.lines for story, _value, _tensors in cells(line)} == {()}


@pytest.mark.parametrize(
    "line",
    [
        "torch.addmm(v, A, A.t())", "v.addmm(A, A.t())", "torch.addmm(v[:, None], A, A.t())", "v.addmv(A, w)",
        "torch.baddbmm(v, T, T.mT)", "torch.zeros(3, 4).addr(v, w)", "torch.nn.functional.linear(w, A, v)",
        "torch.nn.functional.linear(T, A, bias=v)", "torch.nn.functional.linear(T, A)",
        "torch.nn.functional.linear(T, A, None)", "torch.nn.functional.linear(w, weight=A, bias=v)",
    ],
)  # fmt: skip
def test_what_is_added_stands_before_the_terms(line: str) -> None:
    for story, value, tensors in cells(line):
        assert (story.conclusion, story.more) == ("sum", 0)
        assert sum(computed(part.value) for part in story.lines) == value
        for part in story.lines:
            if "(" not in part.label and "…" not in part.label:
                assert eval(part.label, dict(tensors)).item() == computed(part.value)


@pytest.mark.parametrize("line", ["v.addmm(A, A.t(), beta=2)", "torch.addmm(v, A, A.t(), alpha=0.5)"])
def test_factors_that_are_not_read_are_not_told(line: str) -> None:
    assert {story.lines for story, _value, _tensors in cells(line)} == {()}


@pytest.mark.parametrize(
    "line", ["torch.kron(A, S)", "S.kron(A)", "torch.kron(v, w)", "torch.kron(v, A)", "torch.kron(T, w)"]
)
def test_a_kronecker_product_names_its_factors(line: str) -> None:
    for story, value, tensors in cells(line):
        assert story.conclusion == "product"
        assert math.prod(float(part.value) for part in story.lines) == value
        for part in story.lines:
            assert eval(part.label, dict(tensors)).item() == float(part.value)
