from dataclasses import replace

import pytest
import torch

from playground.models.broadcasting.lines import line_operations, line_with_operand
from playground.models.broadcasting.operators import BROADCAST_OPERATORS
from playground.models.broadcasting.request import best_partner, broadcast_request, chosen_operands, compute_broadcast
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.program.program import Program, parse_source
from playground.models.state import BroadcastState, PlaygroundState

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
D = A + v
E = (A * 2 + v[:, None]).sum(0) - v
F = torch.maximum(A, v[:, None])
G = A.gt(v[:, None])
H = torch.where(A > 3, A, v[:, None])
pred = torch.ones(6, 1)
y = torch.ones(6)
loss = (pred - y) ** 2
bad = A + nothing
"""


def state(selection, **fields):
    return PlaygroundState(program=Program.parse(PROGRAM), selection=selection, **fields)


def result_for(selection, **fields):
    return compute_broadcast(broadcast_request(state(selection, **fields)), Job())


def read(reader):
    return torch.tensor([[reader.value((i, j)) for j in range(reader.shape[1])] for i in range(reader.shape[0])])


def test_a_line_shows_its_own_operands_stretched():
    result = result_for("B")
    assert [operand.text for operand in result.operands] == ["A", "v[:, None]"]
    assert result.line == "B"
    assert result.operands[1].stretched == (1,)
    stretched = torch.tensor([[10.0] * 4, [20.0] * 4, [30.0] * 4])
    assert torch.equal(read(result.operands[1].reader), stretched)
    assert torch.equal(read(result.result.reader), torch.arange(12.0).reshape(3, 4) + stretched)
    assert result.cost == "The stretch costs 0 B (stride 0); the result is new, 48 B."
    assert result.scale == 41


def test_a_failed_line_shows_the_clash_and_its_fix_mends_the_line():
    result = result_for("D")
    assert result.explanation.problem.message == "Axis 1 of A is 4, axis 0 of v is 3. Neither is 1."
    for fix in result.explanation.problem.fixes:
        place = [operand.text for operand in result.operands].index(fix.target)
        text = line_with_operand(result.request.text, result.spans[place], fix.code)
        program = Program.parse(PROGRAM).with_source("D", parse_source(text))
        assert str(tuple(evaluate(program)["D"].meta.shape)) == fix.gives


def test_the_operation_that_clashes_is_found_inside_a_line():
    result = result_for("E")
    assert result.operations == ("A * 2", "A * 2 + v[:, None]", "(A * 2 + v[:, None]).sum(0) - v")
    assert result.place == 2
    assert result.explanation.problem.badge == "4 against 3"
    fix = result.explanation.problem.fixes[0]
    assert fix.target in {operand.text for operand in result.operands}


def test_the_operation_that_stretches_both_is_found_inside_a_line():
    result = result_for("loss")
    assert result.operations[result.place] == "pred - y"
    assert result.line == ""
    assert result.explanation.warning.badge == "both stretched"


def test_another_operation_of_the_line_can_be_chosen():
    result = result_for("loss", broadcast=BroadcastState(chosen_at="loss", place=1))
    assert result.operations[result.place] == "(pred - y) ** 2"
    assert result.line == "loss"


@pytest.mark.parametrize(
    ("selection", "operator", "code"),
    [("F", "maximum", "torch.maximum(A, v[:, None])"), ("G", ">", "A > v[:, None]"), ("H", "where", None)],
)
def test_functions_and_methods_are_operations_too(selection, operator, code):
    result = result_for(selection)
    assert result.operator == operator
    assert result.code == (code or "torch.where(A > 3, A, v[:, None])")
    expected = evaluate(Program.parse(PROGRAM))[selection].tensor
    assert torch.equal(read(result.result.reader).to(expected.dtype), expected)


def test_a_choice_holds_where_it_was_made_and_a_selected_operation_is_shown_elsewhere():
    start = chosen_operands(state("B"), ("A", "v"), "*")
    assert broadcast_request(start).operands == ("A", "v")
    assert broadcast_request(replace(start, selection="D")).line == "D"
    assert broadcast_request(replace(start, selection="A")).operands == ("A", "v")


def test_without_a_choice_the_selected_tensor_meets_the_first_other_one():
    assert broadcast_request(state("v")).operands == ("v",)
    assert broadcast_request(state("v")).offered
    assert broadcast_request(PlaygroundState()).operands == ()
    assert compute_broadcast(broadcast_request(PlaygroundState()), Job()).explanation is None


def test_an_operand_that_fails_is_named():
    result = result_for("bad")
    assert result.problem.lead == "nothing:"
    assert result.explanation is None


def test_operands_see_only_the_lines_above():
    text = "A = torch.ones(3)\nB = A + C\nC = torch.ones(3)"
    request = broadcast_request(PlaygroundState(program=Program.parse(text), selection="B"))
    assert compute_broadcast(request, Job()).problem is not None


def test_gradients_are_those_of_autograd():
    result = result_for("B", broadcast=BroadcastState(gradient=True))
    (gradient,) = result.gradients
    assert (gradient.text, gradient.axes, gradient.count, gradient.shape) == ("v[:, None]", (1,), 4, (3, 1))
    assert torch.equal(read(gradient.total), torch.full((3, 1), 4.0))
    both = chosen_operands(state("A"), ("pred", "y"), "/")
    both = replace(both, broadcast=replace(both.broadcast, gradient=True))
    for gradient in compute_broadcast(broadcast_request(both), Job()).gradients:
        copies = read(gradient.copies)
        assert copies.sum().item() == pytest.approx({"pred": 36, "y": -36}[gradient.text])


@pytest.mark.parametrize(
    ("operands", "operator", "words"),
    [
        (("A", "A"), "+", "Nothing is stretched"),
        (("A", "v[:, None]"), ">", "no gradient"),
        (("A.long()", "v[:, None].long()"), "+", "no gradient"),
    ],
)
def test_why_there_is_no_gradient(operands, operator, words):
    chosen = chosen_operands(state("A"), operands, operator)
    chosen = replace(chosen, broadcast=replace(chosen.broadcast, gradient=True))
    result = compute_broadcast(broadcast_request(chosen), Job())
    assert result.gradients == ()
    assert words in result.gradient_note


def test_what_is_too_large_is_explained_without_values():
    chosen = chosen_operands(state("A"), ("torch.zeros(10**6, 1)", "torch.zeros(10**6)"), "+")
    result = compute_broadcast(broadcast_request(replace(chosen, memory_budget=10**8)), Job())
    assert result.explanation.shape == (10**6, 10**6)
    assert result.result.reader is None
    assert result.result.note == "too large to show values"
    assert "4 TB" in result.cost


def test_a_loss_shows_the_stretch_before_it_is_summed():
    program = Program.parse(PROGRAM + "far = torch.nn.functional.mse_loss(pred, y)\n")
    result = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="far")), Job())
    assert result.line == ""
    assert result.explanation.warning.badge == "both stretched"
    assert result.result.reader.shape == (6, 6)


@pytest.mark.parametrize("operator", BROADCAST_OPERATORS)
def test_every_operator_runs_as_the_code_it_is_kept_as(operator):
    kinds = {"&": ".bool()", "|": ".bool()", "^": ".bool()", "where": ".bool()"}
    whole = ".long()" if operator.endswith("shift") else ""
    first = f"(A + 1){kinds.get(operator, whole)}"
    second = f"v[:, None]{kinds.get(operator, whole) if operator != 'where' else ''}"
    operands = (first, second, "A - 20.")[: BROADCAST_OPERATORS[operator].count]
    chosen = chosen_operands(state("A"), operands, operator)
    chosen = replace(chosen, broadcast=replace(chosen.broadcast, gradient=True))
    result = compute_broadcast(broadcast_request(chosen), Job())
    assert bool(result.gradients) != bool(result.gradient_note)
    for gradient in result.gradients:
        total = read(gradient.copies).sum(gradient.axes, keepdim=True)
        torch.testing.assert_close(read(gradient.total), total)
    assert result.problem is None
    program = Program.parse(f"{PROGRAM}kept = {result.code}")
    assert torch.equal(read(result.result.reader).double(), evaluate(program)["kept"].tensor.double())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A", []),
        ("-A", []),
        ("A @ B", []),
        ("A +", []),
        ("A < B < C", []),
        ("torch.einsum('ij->ji', A)", []),
        ("torch.add(A, v, alpha=2)", []),
        ("A.where(B, C)", []),
        ("torch.stack([A + v, B])", ["A + v"]),
        ("A.add(v)", ["A.add(v)"]),
        (
            "torch.nn.functional.mse_loss(A, v, reduction='sum')",
            ["torch.nn.functional.mse_loss(A, v, reduction='sum')"],
        ),
        ("A.atan2(v)", ["A.atan2(v)"]),
        ("torch.lerp(A, v, w)", ["torch.lerp(A, v, w)"]),
        ("A.fmod()", []),
        ("A + v + w", ["A + v", "A + v + w"]),
        ("A[:, i + 1]", ["i + 1"]),
    ],
)
def test_operations_of_a_line(text, found):
    assert [one.text for one in line_operations(text)] == found


def test_spans_are_the_operands_own_characters():
    text = "torch.maximum( A ,  v[:, None] )"
    (operation,) = line_operations(text)
    assert [span.of(text) for span in operation.spans] == list(operation.operands) == ["A", "v[:, None]"]
    assert line_with_operand(text, operation.spans[1], "v") == "torch.maximum( A ,  v )"


@pytest.mark.parametrize("operator", [one.name for one in BROADCAST_OPERATORS.values() if one.chains])
def test_three_operands_are_computed_from_the_left(operator):
    operands = ("(A > 3)", "(v > 15)[:, None]", "A > 5") if operator in "&|^" else ("A + 1", "v[:, None]", "A - 20.5")
    chosen = chosen_operands(state("A"), operands, operator)
    chosen = replace(chosen, broadcast=replace(chosen.broadcast, gradient=True))
    result = compute_broadcast(broadcast_request(chosen), Job())
    program = Program.parse(f"{PROGRAM}kept = {result.code}")
    assert torch.equal(read(result.result.reader).double(), evaluate(program)["kept"].tensor.double())
    assert bool(result.gradients) == (operator in ("+", "-", "*", "/", "%"))


def test_large_results_that_no_line_asks_for_are_planned_and_not_computed():
    text = "big = torch.zeros(20_000, 1_000)\nrow = torch.zeros(1_000)\nboth = big + row\nwide = big[None]"
    program = Program.parse(text)
    chosen = chosen_operands(PlaygroundState(program=program, selection="big"), ("big", "row"), "+")
    result = compute_broadcast(broadcast_request(chosen), Job())
    assert result.result.reader is None
    assert result.explanation.shape == (20_000, 1_000)
    assert result.operands[0].reader is not None
    line = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="both")), Job())
    assert line.result.reader is not None
    assert line.cost == "The stretch costs 0 B (stride 0); the result is new, 80 MB."


def test_the_result_of_a_line_is_the_lines_own_tensor():
    program = Program.parse(PROGRAM)
    result = compute_broadcast(broadcast_request(state("B")), Job())
    tensor = evaluate(program)["B"].tensor
    assert result.result.reader == type(result.result.reader)(tensor)


@pytest.mark.parametrize(
    ("line", "number"), [("A * 2", "2"), ("1.5 - A", "1.5"), ("A / len(A)", "len(A)"), ("A >= torch.pi", "torch.pi")]
)
def test_a_number_is_an_operand_stretched_over_everything(line, number):
    program = Program.parse(f"{PROGRAM}Z = {line}\n")
    result = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="Z")), Job())
    assert result.problem is None
    operand = next(one for one in result.operands if one.text == number)
    assert operand.stretched == (0, 1)
    assert operand.reader.value((2, 3)) == pytest.approx(float(eval(number, {"torch": torch, "A": [0, 0, 0]})))
    assert f"`{number}`" in result.explanation.sentence_markup


def test_a_number_keeps_the_dtype_that_the_line_has():
    program = Program.parse("h = torch.tensor(3., dtype=torch.float16)\nZ = (h + 1.5).view(1)\n")
    result = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="Z")), Job())
    assert "float16" in str(result.result.reader.dtype)


def test_what_meets_tensors_is_shown_before_what_meets_a_number():
    program = Program.parse("A = torch.ones(3, 4)\nZ = (A - A) * 2\n")
    result = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="Z")), Job())
    assert [one.text for one in result.operands] == ["A", "A"]


def test_arithmetic_of_numbers_alone_is_no_operation_to_broadcast():
    assert line_operations("torch.zeros(10**6, -2 * torch.pi)") == ()
    found = line_operations("A * (A.shape[0] - 1) / (len(A) * A.size(1))")
    assert [one.operands for one in found] == [
        ("A", "A.shape[0] - 1"),
        ("A * (A.shape[0] - 1)", "len(A) * A.size(1)"),
    ]


def test_an_operand_that_failed_has_no_result():
    program = Program.parse("R = torch.arange(40.).reshape(1, 41)\nS = torch.arange(40.)\nT = R + S")
    result = compute_broadcast(broadcast_request(PlaygroundState(program=program, selection="T")), Job())
    assert [(one.failed, one.note) for one in result.operands] == [(True, "no result"), (False, "")]
    assert result.scale == 39


@pytest.mark.parametrize(
    ("selection", "partner"),
    [("A", "w"), ("w", "A"), ("M", "w"), ("lonely", "number"), ("unknown", "")],
)
def test_a_line_without_an_operation_is_offered_a_pair_that_fits(selection, partner):
    text = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
w = torch.ones(4)
M = A.t().contiguous().t()
lonely = torch.ones(7)
number = torch.tensor(2.)
unknown = A.sum(9)"""
    result = compute_broadcast(
        broadcast_request(PlaygroundState(program=Program.parse(text), selection=selection)), Job()
    )
    assert [one.text for one in result.operands] == [selection, partner][: 1 + bool(partner)]
    assert result.problem is None
    assert result.explanation is None or result.explanation.problem is None
    assert (result.result is not None) == bool(partner)


def test_an_offer_never_clashes_and_a_choice_may():
    program = Program.parse("A = torch.ones(3, 4)\nv = torch.ones(3)")
    start = PlaygroundState(program=program, selection="A")
    assert len(compute_broadcast(broadcast_request(start), Job()).operands) == 1
    chosen = compute_broadcast(broadcast_request(chosen_operands(start, ("A", "v"), "+")), Job())
    assert chosen.explanation.problem.badge == "4 against 3"


def test_a_choice_of_tensors_that_are_gone_is_an_offer_again():
    program = Program.parse("A = torch.ones(3, 4)\nv = torch.ones(4)")
    start = chosen_operands(PlaygroundState(program=program, selection="A"), ("A", "gone"), "+")
    assert not broadcast_request(start).offered
    assert broadcast_request(replace(start, selection="v")).operands == ("v",)


def test_best_partner_prefers_one_that_is_stretched_along_axes():
    shapes = {"A": (3, 4), "number": (), "column": (4, 1), "same": (3, 4), "row": (4,), "no": (5,)}
    assert best_partner("A", shapes) == "row"
    assert best_partner("no", shapes) == "number"
    assert best_partner("absent", shapes) == ""
    assert best_partner("no", {"no": (5,), "other": (3,)}) == ""


@pytest.mark.parametrize(
    ("operands", "operator"),
    [
        (("u", "n"), "**"),
        (("u", "n"), "+"),
        (("A.to(torch.float8_e4m3fn)", "s"), "*"),
        (("b", "b[:, None]"), "-"),
    ],
)
def test_gradients_of_what_has_no_result_are_none(operands, operator):
    program = Program.parse(
        """A = torch.ones(3, 4)
b = torch.tensor([True, False, True])
s = torch.tensor(2.5)
u = torch.arange(6).to(torch.uint16)
n = torch.tensor(3)"""
    )
    chosen = chosen_operands(PlaygroundState(program=program, selection="A"), operands, operator)
    chosen = replace(chosen, broadcast=replace(chosen.broadcast, gradient=True))
    result = compute_broadcast(broadcast_request(chosen), Job())
    assert result.gradients == ()
    assert result.gradient_note
    assert result.problem is not None


@pytest.mark.parametrize("text", ["wide + tall", "wide * tall", "torch.maximum(wide, tall)", "none + wide"])
def test_more_elements_than_torch_can_count_are_said_in_words(text):
    lines = ["wide = torch.zeros(1).expand(2**32)", "tall = torch.zeros(1, 1).expand(2**32, 1)"]
    lines += ["none = torch.zeros(0, 1, 1).expand(0, 2**31, 1)", f"Z = {text}"]
    program = Program.parse("\n".join(lines))
    for state in (
        PlaygroundState(program=program, selection="Z"),
        chosen_operands(PlaygroundState(program=program, selection="wide"), ("wide", "tall"), "+"),
    ):
        result = compute_broadcast(broadcast_request(state), Job())
        assert result.problem is None or "overflow" not in str(result.problem)
        assert all(one.reader is None or one.reader.shape == one.stretched for one in result.operands)
        assert len(result.operands) == 2
        assert all(one.note for one in result.operands if one.reader is None)
