"""What a cell tells of products, running sums, softmax, order and picking: labels that torch reads, true arithmetic."""

from __future__ import annotations

import itertools
import math

import pytest

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.provenance.story import MOST_IN_ARITHMETIC
from playground.models.state import PlaygroundState

START = """A = torch.tensor([[3., -1., 2., 7.], [0., 5., -4., 1.], [6., 2., 8., -3.]])
v = torch.tensor([10., 20., 30.])
w = torch.tensor([1., 2., 3., 4.])
X = torch.arange(24.).reshape(2, 3, 4) - 7
i = torch.tensor([[3, 0], [1, 2], [0, 0]])
"""
FUNCTIONS = {
    "exp": math.exp, "sqrt": math.sqrt, "log": math.log, "max": max, "min": min, "abs": abs, "sin": math.sin,
    "cos": math.cos, "tan": math.tan, "tanh": math.tanh, "floor": math.floor, "ceil": math.ceil,
}  # fmt: skip


def told(line: str, name: str = "B"):
    program = Program.parse(f"{START}{name} = {line}")
    result = compute_shape(shape_request(PlaygroundState(program=program, selection=name)), Job())
    return result, {key: one.tensor for key, one in evaluate(program).items()}


def cells(line: str):
    """Each cell with its story, the value that torch gives it, and all tensors."""
    result, tensors = told(line)
    for index in itertools.product(*map(range, tensors["B"].shape)):
        yield result.story.at(index), tensors["B"][index].item(), tensors


def read(label: str, tensors) -> float:
    return eval(label, dict(tensors)).item()


def computed(text: str) -> float:
    """The number that an arithmetic text comes to."""
    return float(eval(text, {"__builtins__": {}}, FUNCTIONS))


@pytest.mark.processor
@pytest.mark.parametrize(
    "line",
    [
        "A @ A.t()", "A.t() @ v", "v @ A", "w @ w", "X @ A.t()", "X @ X.mT", "A.mm(A.t())", "torch.matmul(A, w)",
        "torch.mv(A, w)", "torch.dot(w, w)", "torch.bmm(X, X.mT)", "(A @ A.t()).t()[1:]", "(A + 1) @ w", "X[None] @ w",
    ],
)  # fmt: skip
def test_a_product_spells_out_its_terms(line: str) -> None:
    for story, value, tensors in cells(line):
        assert story.conclusion == "sum"
        assert story.more == 0
        assert sum(computed(part.value) for part in story.lines) == value
        for part in story.lines:
            if "…" not in part.label and "+" not in part.label:
                assert read(part.label, tensors) == computed(part.value)


@pytest.mark.processor
@pytest.mark.parametrize(
    "line",
    [
        'torch.einsum("ij,kj->ik", A, A)', 'torch.einsum("ij,j", A, w)', 'torch.einsum("ij->i", A)',
        'torch.einsum("ij,ij->", A, A)', 'torch.einsum("hij,kj->hik", X, A)', 'torch.einsum("...j,j->...", X, w)',
        'torch.einsum("ii->", A[:, 1:])', 'torch.einsum("ij,jk,k->i", [A, A.t(), v])', 'torch.einsum("ij->", A * 2)',
        'torch.einsum("bij, bjk -> bik", X, X.mT)', 'torch.einsum("i...,i->...", A.t()[:3], v)[1:]',
    ],
)  # fmt: skip
def test_an_einsum_spells_out_its_terms(line: str) -> None:
    for story, value, tensors in cells(line):
        assert story.conclusion == "sum"
        terms = [computed(part.value) for part in story.lines]
        assert sum(terms) == value if not story.more else len(terms) == 5
        for part in story.lines:
            assert "…" in part.label or part.label.count("*") >= part.value.count("*")
            if "…" not in part.label and "(" not in part.label:
                assert read(part.label, tensors) == computed(part.value)


@pytest.mark.parametrize(
    "line",
    [
        "torch.outer(v, w)", "v.outer(w)", "torch.outer(A[0], A[:, 1])", "w.ger(v)", "torch.outer(v + 1, w).t()[1:]",
        'torch.einsum("i,j->ij", v, w)', 'torch.einsum("ij,i->ji", A, v)', 'torch.einsum("i,j,k->kij", v, w, A[0])',
    ],
)  # fmt: skip
def test_an_outer_product_names_its_factors(line: str) -> None:
    for story, value, tensors in cells(line):
        assert (story.conclusion, story.more) == ("product", 0)
        assert len(story.lines) > 1
        assert math.prod(float(part.value) for part in story.lines) == value
        for part in story.lines:
            if "(" not in part.label:
                assert read(part.label, tensors) == float(part.value)


@pytest.mark.parametrize("line", ["torch.vdot(z, z * 1j)", "z @ z", "torch.dot(z, z)", 'torch.einsum("i,i", z, z)'])
def test_complex_terms_add_up_and_vdot_conjugates_its_first(line: str) -> None:
    program = Program.parse(f"z = torch.tensor([1+2j, -3j, 2.5])\nB = {line}")
    story = compute_shape(shape_request(PlaygroundState(program=program, selection="B")), Job()).story.at(())
    assert sum(eval(part.value) for part in story.lines) == evaluate(program)["B"].tensor.item()


@pytest.mark.parametrize("word", ["z.square()", "z.div(y)", "z.mul(y)", "z.sub(y)", "z.reciprocal()"])
def test_complex_numbers_stand_in_brackets(word: str) -> None:
    program = Program.parse(f"z = torch.tensor([1+2j, -3j])\ny = torch.tensor([2-1j, 4+1j])\nB = {word}")
    tensor = evaluate(program)["B"].tensor
    for place in range(2):
        story = compute_shape(shape_request(PlaygroundState(program=program, selection="B")), Job()).story.at((place,))
        assert eval(story.arithmetic) == pytest.approx(tensor[place].item(), rel=1e-5)


@pytest.mark.parametrize(("line", "word"), [("A.cumsum(1)", "sum"), ("torch.cumprod(A, dim=-2)", "product")])
def test_a_running_sum_names_what_it_has_passed(line: str, word: str) -> None:
    for story, value, tensors in cells(line):
        parts = [read(part.label, tensors) for part in story.lines]
        assert [float(part.value) for part in story.lines] == parts
        assert (sum(parts) if word == "sum" else math.prod(parts)) == value
        assert story.conclusion == word


@pytest.mark.processor
@pytest.mark.parametrize(
    "line",
    [
        "A.softmax(1)", "torch.softmax(A, dim=0)", "torch.nn.functional.softmax(X, dim=-1)", "A.log_softmax(1)",
        "(A * 2).softmax(-1)", "(A * 100).softmax(1)", "v.softmax(0)", "A.mean(1)", "A.var(1)", "A.std(0)", "A.std()",
        "A.var(1, correction=0)", "A.norm()", "A.logsumexp(1)", "X.mean((0, 2), keepdim=True)", "A.logcumsumexp(1)",
    ],
)  # fmt: skip
def test_the_arithmetic_ends_in_the_value(line: str) -> None:
    for story, value, tensors in cells(line):
        for part in story.lines:
            if "(" not in part.label:
                assert read(part.label, tensors) == float(part.value)
        if "logcumsumexp" not in line or len(story.lines) > 1:
            assert story.arithmetic
        if story.arithmetic:
            assert computed(story.arithmetic) == pytest.approx(value, rel=1e-3, abs=2e-4), story


@pytest.mark.processor
@pytest.mark.parametrize(
    "line",
    [
        "A.clamp(0, 5)", "A.clamp(min=0)", "A.clamp(max=2.5)", "A.clip(-1, None)", "torch.clamp(A, 1, 3)", "A.relu()",
        "torch.maximum(A, v[:, None])", "A.exp()", "A.sigmoid()", "torch.nn.functional.silu(A)", "A.square()",
        "A.pow(2)", "A.clamp(min=v[:, None] - 25)", "torch.nn.functional.relu6(A)", "A.mul(w)", "A.abs().sqrt()",
        "-A.tanh()",
    ],
)  # fmt: skip
def test_elementwise_words_write_their_formula(line: str) -> None:
    for story, value, _ in cells(line):
        text = story.arithmetic or story.lines[0].value
        shown = -computed(text) if line.startswith("-") else computed(text)
        assert shown == pytest.approx(value, rel=1e-5), story


@pytest.mark.parametrize(
    "line", ["torch.where(A > 1, A, v[:, None])", "A.where(A > 1, 0.)", "torch.where(A < 0, 1., A)"]
)
def test_where_says_which_one_it_took(line: str) -> None:
    for story, value, _ in cells(line):
        truth, chosen = story.arithmetic.split(": ")
        assert float(chosen) == value
        assert story.lines[0].value == truth
        assert story.lines[1 if truth == "True" else 2].value == chosen


@pytest.mark.parametrize(
    "line",
    [
        "A.gather(1, i)", "torch.gather(A, 1, i)", "A.take_along_dim(i, 1)", "A.index_select(0, torch.tensor([2, 0]))",
        "A[[2, 0]]", "A[torch.tensor([0, 1]), torch.tensor([3, 2])]", "A[A > 1]", "A[:, [1, 1, 0]][1:]", "A.flip(0)",
        "A.roll(1, 1)", "A.repeat(2, 1)", "A.t().contiguous()", "A.t().reshape(12)", "A.take(i)", "X.flip(0, 2)[:, 1]",
        "torch.cat([A, A * 2])", "torch.cat((A, A.t()[:, :3].t(), v[:, None]), 1)", "torch.stack([w, A[1], w])",
        "torch.stack([v, v], dim=1)[1:]", "torch.hstack([A, v[:, None]])", "torch.vstack((w, A))",
        "torch.cat([X, X], -1)", "torch.dstack([A, A + 1]).permute(2, 0, 1)", "torch.column_stack([v, A])",
        "torch.concat([v, v.repeat(2)])", "torch.cat([A[:0], A, A[:0]]).flip(0)", "torch.cat([A])",
        "torch.cat([A.clone()[:1], A])", "A.repeat_interleave(2, 0)", "A.rot90()", "torch.flip(A, (1,))",
        "A.masked_select(A > 2)", "A.clone().T",
    ],
)  # fmt: skip
def test_a_picked_element_is_named(line: str) -> None:
    for story, value, tensors in cells(line):
        assert story.conclusion in ("the element there", "the same cell")
        assert read(story.lines[-1].label, tensors) == float(story.lines[-1].value) == value


def test_joined_tensors_are_told_apart() -> None:
    result, _ = told("torch.cat([A, A, v[:, None]], 1)")
    labels = [result.story.at((2, column)).lines[0].label for column in range(9)]
    assert labels == ["A[2,0]", "A[2,1]", "A[2,2]", "A[2,3]", "A[2,0]", "A[2,1]", "A[2,2]", "A[2,3]", "v[2]"]


def test_gather_tells_its_index_too() -> None:
    result, tensors = told("A.gather(1, i)")
    story = result.story.at((1, 1))
    assert [part.label for part in story.lines] == ["i[1,1]", "A[1,2]"]
    assert int(story.lines[0].value) == tensors["i"][1, 1]


@pytest.mark.parametrize("line", ["A.tril()", "A.triu(1)", "v.diag()", "torch.nn.functional.pad(A, (1, 1))"])
def test_what_is_filled_in_comes_from_nowhere(line: str) -> None:
    kinds = set()
    for story, value, tensors in cells(line):
        kinds.add(story.conclusion)
        if story.lines:
            assert read(story.lines[0].label, tensors) == value
        else:
            assert value == 0
    assert kinds == {"the element there", "filled in"}


@pytest.mark.parametrize(
    "line",
    [
        "A.sort(1)[0]", "A.sort(dim=0, descending=True).values", "A.topk(2, 1)[0]", "A.topk(2)[0]", "A.max(1)[0]",
        "A.min(0, keepdim=True)[0]", "torch.sort(A, 1)[0]", "A.kthvalue(2, 1)[0]", "A.median(1)[0]", "A.cummax(1)[0]",
        "torch.max(A, 0).values", "X.sort(1)[0]", "v.sort()[0]",
    ],
)  # fmt: skip
def test_ordered_values_name_where_they_stood(line: str) -> None:
    for story, value, tensors in cells(line):
        assert read(story.lines[0].label, tensors) == float(story.lines[0].value) == value
        assert story.conclusion


@pytest.mark.parametrize("line", ["A.sort(1)[1]", "A.argsort(1)", "A.topk(2).indices", "A.max(0)[1]", "A.argsort()"])
def test_places_name_the_element_at_them(line: str) -> None:
    result, tensors = told(line)
    for index in itertools.product(*map(range, tensors["B"].shape)):
        story, place = result.story.at(index), tensors["B"][index].item()
        axis = 0 if "(0)" in line else 1
        assert story.lines[0].label == f"A[{','.join(map(str, _with(index, axis, place, keeps='max' not in line)))}]"
        assert read(story.lines[0].label, tensors) == float(story.lines[0].value)
        assert story.conclusion == f"its place on axis {axis}"


def _with(index, axis, place, keeps):
    return (*index[:axis], place, *index[axis + 1 if keeps else axis :])


def test_many_terms_are_summed_and_some_left_out() -> None:
    result, _ = told("torch.ones(3, 100) @ torch.ones(100)")
    story = result.story.at((0,))
    assert len(story.lines) + story.more == 100
    result, _ = told("torch.arange(1000.).softmax(0)")
    assert result.story.at((999,)).more == 995
    assert computed(result.story.at((999,)).arithmetic) == pytest.approx(0.632, rel=0.01)
    assert [line.value for line in result.story.at((999,)).lines] == ["999", "0", "1", "2", "3"]


def test_a_formula_over_very_many_elements_is_not_worked_out_under_the_hand() -> None:
    many = MOST_IN_ARITHMETIC + 1
    softmax, _ = told(f"torch.zeros({many}).softmax(0)")
    running, _ = told(f"torch.zeros({many}).logcumsumexp(0)")
    assert softmax.story.at((3,)).arithmetic == running.story.at((many - 1,)).arithmetic == ""
    assert running.story.at((3,)).arithmetic == "0 + log(4)"
    assert softmax.story.at((3,)).more == running.story.at((many - 1,)).more == many - 5


@pytest.mark.parametrize("line", ["A @ v", "A.gather(1, v)", "A.softmax(7)", "A.sum(A)", "X.foo(1)", "A[[7]]"])
def test_a_line_that_fails_has_no_story(line: str) -> None:
    result, _ = told(line)
    assert result.story is None


@pytest.mark.parametrize("value", ["torch.nan", "torch.inf", "-torch.inf"])
@pytest.mark.parametrize(
    "word", ["softmax(0)", "mean()", "var()", "cumsum(0)", "sort()[0]", "clamp(0, 1)", "logsumexp(0)"]
)
def test_infinities_and_nan_are_told_without_arithmetic_that_lies(value: str, word: str) -> None:
    result, tensors = told(f"torch.tensor([1., {value}, 3.]).{word}")
    for index in itertools.product(*map(range, tensors["B"].shape)):
        story = result.story.at(index)
        assert story is not None
        assert word == "clamp(0, 1)" or "inf" not in story.arithmetic


def test_a_conjugated_cell_is_not_called_the_same() -> None:
    result, _ = told("torch.tensor([1+2j, -1j])", "z")
    program = Program.parse("z = torch.tensor([1+2j, -1j])\nB = z.conj()\nC = z.conj().conj()[None]")
    stories = {}
    for name in ("B", "C"):
        result = compute_shape(shape_request(PlaygroundState(program=program, selection=name)), Job())
        stories[name] = result.story.at((0,) if name == "B" else (0, 0))
    assert stories["B"].value == "1-2j"
    assert [(line.label, line.value) for line in stories["B"].lines] == [("z[0]", "1+2j")]
    assert stories["B"].conclusion == "conj"
    assert stories["C"].lines[0].label == "z[0]"
    assert stories["C"].conclusion == "the same cell"


@pytest.mark.parametrize("line", ["A.std(1, False)", "torch.var(A, 0, False)", "A.var(1, unbiased=False)"])
def test_a_spread_whose_divisor_is_not_read_has_no_formula(line: str) -> None:
    for story, _, _ in cells(line):
        assert story.conclusion in ("std", "variance")
        assert story.arithmetic == ""


def test_one_of_several_results_is_no_element_of_them() -> None:
    result, _ = told("A.aminmax()[0]")
    assert result.story.at(()).lines == ()


def test_a_third_argument_has_no_formula_of_two() -> None:
    result, _ = told("torch.add(A, w, alpha=2)")
    assert result.story.at((0, 0)).arithmetic == ""
