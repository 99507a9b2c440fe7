"""What a cell tells of tensors written into others, of products added to a tensor, of layers and Kronecker products."""

from __future__ import annotations

import itertools
import math

import pytest

from playground.models.job import Job
from playground.models.state import PlaygroundState
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Program
from playground.models.tensors.shape_request import compute_shape, shape_request

START = """A = torch.tensor([[3., -1., 2., 7.], [0., 5., -4., 1.], [6., 2., 8., -3.]])
v = torch.tensor([10., 20., 30.])
w = torch.tensor([1., 2., 3., 4.])
S = torch.arange(100., 108.).reshape(2, 4)
T = torch.arange(24.).reshape(2, 3, 4) - 7
i = torch.tensor([[2, 0, 1, 1], [0, 2, 2, 0]])
m = torch.tensor([[True, False, True, False], [False, True, False, False], [True, True, False, True]])
"""


def cells(line: str):
    """Each cell with its story, the value that torch gives it, and all tensors."""
    program = Program.parse(f"{START}B = {line}")
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
