"""How elements came about, checked cell by cell against torch."""

import itertools

import pytest
import torch

from playground.models.job import Job
from playground.models.state import PlaygroundState
from playground.models.tensors.cell_link import links_of
from playground.models.tensors.cell_story import StoryLine, element_label, index_at_place
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Program
from playground.models.tensors.shape_request import compute_shape, shape_request

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
