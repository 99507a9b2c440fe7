import itertools
import random
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.broadcasting.alignment import broadcast_shape
from playground.models.broadcasting.explain import explain_broadcast
from playground.models.broadcasting.operators import BROADCAST_OPERATORS, SEARCHED, inserted_axes, postfix_text

shape = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def torch_shape(*shapes):
    try:
        return tuple(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        return None


def run(code, **tensors):
    return eval(code, {"torch": torch}, tensors)


def random_pair(rng):
    """Two shapes of which half are related, so that fits, single clashes and plain misfits all come often."""
    first = tuple(rng.choice((0, 1, 1, 2, 2, 3, 3, 4)) for _ in range(rng.randint(0, 4)))
    if rng.random() < 0.5:
        return first, tuple(rng.choice((1, 2, 3, 4)) for _ in range(rng.randint(0, 4)))
    second = [1 if rng.random() < 0.25 else size for size in first][rng.randint(0, 2) :]
    if rng.random() < 0.5:
        rng.shuffle(second)
    return first, tuple(second)


def test_ten_thousand_pairs_agree_with_torch_and_every_offered_fix_works():
    rng = random.Random(0)
    clashes = fits = fixed = 0
    for _ in range(10_000):
        first, second = random_pair(rng)
        explanation = explain_broadcast(first, second)
        expected = torch_shape(first, second)
        assert explanation.shape == expected, (first, second)
        a, b = torch.zeros(first), torch.zeros(second)
        if expected is not None:
            fits += 1
            assert (a + b).shape == expected
            assert explanation.problem is None
            assert explanation.result_bytes == (a + b).untyped_storage().nbytes()
            continue
        clashes += 1
        with pytest.raises(RuntimeError):
            a + b
        for fix in explanation.problem.fixes:
            operands = {"a": a, "b": b}
            operands[fix.target] = run(fix.code, a=a, b=b)
            assert str(tuple((operands["a"] + operands["b"]).shape)) == fix.gives, (first, second, fix)
            assert fix.meaning
            fixed += 1
    assert clashes > 2000
    assert fits > 2500
    assert fixed > 10_000


def test_no_mending_unsqueeze_squeeze_or_transpose_is_left_out():
    rng = random.Random(1)
    for _ in range(1500):
        first, second = random_pair(rng)
        problem = explain_broadcast(first, second).problem
        if problem is None:
            continue
        offered = {fix.code for fix in problem.fixes}
        for name, own, other in (("a", first, second), ("b", second, first)):
            tensor = torch.zeros(own)
            codes = [f"{name}.unsqueeze({k})" for k in range(len(own) + 1)]
            codes += [f"{name}.squeeze({k})" for k in range(len(own)) if own[k] == 1]
            codes += [f"{name}.t()"] if len(own) == 2 else []
            codes += [f"{name}.transpose({i}, {j})" for i in range(len(own)) for j in range(i)] if len(own) > 2 else []
            for code in codes:
                if torch_shape(run(code, **{name: tensor}).shape, other) is not None:
                    swapped = re.sub(r"transpose\((\d), (\d)\)", r"transpose(\2, \1)", code)
                    assert {code, swapped} & offered, (first, second, code)


@settings(deadline=None, max_examples=300)
@given(st.lists(shape, min_size=1, max_size=4))
def test_any_number_of_operands_agrees_with_torch(shapes):
    explanation = explain_broadcast(*shapes)
    assert explanation.shape == torch_shape(*shapes) == broadcast_shape(shapes)
    if explanation.shape is None:
        tensors = dict(zip("abcd", map(torch.zeros, shapes), strict=False))
        for fix in explanation.problem.fixes:
            operands = {**tensors, fix.target: run(fix.code, **tensors)}
            assert str(torch_shape(*(t.shape for t in operands.values()))) == fix.gives


@settings(deadline=None, max_examples=300)
@given(shape, shape)
def test_stretched_axes_are_those_that_expand_gives_stride_zero(first, second):
    explanation = explain_broadcast(first, second)
    if explanation.shape is None or 0 in explanation.shape:
        return
    for row, own in zip(explanation.rows, (first, second), strict=True):
        strides = torch.zeros(own).expand(explanation.shape).stride()
        expanded = tuple(k for k, s in enumerate(strides) if s == 0 and explanation.shape[k] > 1)
        assert row.stretched == expanded


@settings(deadline=None, max_examples=300)
@given(shape, shape)
def test_the_gradient_of_an_operand_sums_over_its_stretched_axes(first, second):
    explanation = explain_broadcast(first, second, operator="*")
    if explanation.shape is None:
        return
    a, b = torch.randn(first, requires_grad=True), torch.randn(second)
    upstream = torch.randn(explanation.shape)
    (a * b).backward(upstream)
    axes = explanation.rows[0].stretched
    total = (upstream * b).sum(axes) if axes else upstream * b
    torch.testing.assert_close(a.grad, total.reshape(first))


def test_the_problem_names_each_operands_own_axis():
    problem = explain_broadcast((3, 4), (3,), names=("A", "v"), spelling="index").problem
    assert problem.message == "Axis 1 of A is 4, axis 0 of v is 3. Neither is 1."
    assert problem.badge == "4 against 3"
    assert (problem.fixes[0].code, problem.fixes[0].gives) == ("v[:, None]", "(3, 4)")
    assert problem.fixes[0].meaning == "v[i] is added to all of row i."


@settings(deadline=None, max_examples=300)
@given(shape, shape, shape)
def test_every_axis_named_in_a_clash_has_the_size_it_is_said_to_have(first, second, third):
    problem = explain_broadcast(first, second, third).problem
    if problem is None:
        return
    shapes = {"a": first, "b": second, "c": third}
    named = re.findall(r"[Aa]xis (\d+) of (\w) is (\d+)", problem.message)
    assert len(named) >= 2
    for axis, name, size in named:
        assert shapes[name][int(axis)] == int(size) != 1
    for one, other in zip(named[::2], named[1::2], strict=True):
        assert one[2] != other[2]
        assert len(shapes[one[1]]) - int(one[0]) == len(shapes[other[1]]) - int(other[0])


def test_the_vector_against_rows_is_mended_by_unsqueeze_one_and_not_by_unsqueeze_zero():
    codes = [fix.code for fix in explain_broadcast((3,), (3, 4)).problem.fixes]
    assert codes[0] == "a.unsqueeze(1)"
    assert "a.unsqueeze(0)" not in codes
    assert explain_broadcast((1, 3), (3, 4)).shape is None


def test_channels_take_two_new_axes_at_once():
    fix = explain_broadcast((64, 3, 256, 256), (3,), names=("x", "mean"), operator="-").problem.fixes[0]
    assert (fix.code, fix.gives) == ("mean[:, None, None]", "(64, 3, 256, 256)")
    assert fix.meaning == "mean[:, None, None] is subtracted from each x[i, :, k, l]."


def test_channels_last_against_channels_first_offers_the_permutation():
    codes = [fix.code for fix in explain_broadcast((64, 256, 128, 3), (3, 256, 128)).problem.fixes]
    assert "b.permute(1, 2, 0)" in codes
    assert "a.permute(0, 3, 1, 2)" in codes


def test_zero_beats_one():
    assert explain_broadcast((0, 3), (1, 3)).shape == (0, 3)
    assert explain_broadcast((0,), (3,)).shape is None
    assert "no elements" in explain_broadcast((0, 3), (1, 3)).sentence


def test_both_stretched_warns_with_the_two_intentions():
    warning = explain_broadcast((64, 1), (64,), names=("pred", "y"), operator="-", spelling="index").warning
    assert warning.severity == "warning"
    assert warning.message == (
        "pred (64, 1) and y (64,) are both stretched: the result is (64, 64), "
        "every element of pred against every element of y."
    )
    paired, outright = warning.fixes[0], warning.fixes[-1]
    assert (paired.code, paired.gives, paired.target) == ("pred.squeeze(1)", "(64,)", "pred")
    assert (outright.code, outright.gives) == ("y[None]", "(64, 64)")


@settings(deadline=None, max_examples=300)
@given(shape, shape)
def test_it_warns_exactly_when_both_operands_are_stretched(first, second):
    explanation = explain_broadcast(first, second)
    if explanation.shape is None:
        return
    copies = [torch.zeros(own).numel() != torch.zeros(explanation.shape).numel() for own in (first, second)]
    if 0 not in explanation.shape:
        assert (explanation.warning is not None) == all(copies)
    for fix in explanation.warning.fixes if explanation.warning else ():
        tensors = {"a": torch.zeros(first), "b": torch.zeros(second)}
        operands = {**tensors, fix.target: run(fix.code, **tensors)}
        assert str(tuple((operands["a"] + operands["b"]).shape)) == fix.gives


@settings(deadline=None, max_examples=300)
@given(shape, shape)
def test_in_place_refuses_exactly_what_torch_refuses(first, second):
    explanation = explain_broadcast(first, second, operator="+=")
    a, b = torch.zeros(first), torch.zeros(second)
    try:
        a.add_(b)
    except RuntimeError:
        assert explanation.shape is None
        assert explanation.problem.fixes or explanation.alignment.clashes
    else:
        assert explanation.shape == first
        assert explanation.result_bytes == 0


def test_in_place_growth_offers_the_new_tensor():
    problem = explain_broadcast((3,), (2, 3), operator="+=").problem
    assert problem.message == (
        "In place, a keeps its shape (3,), but the result would be (2, 3). Out of place, the result is a new tensor."
    )
    assert (problem.fixes[0].code, problem.fixes[0].gives) == ("a + b", "(2, 3)")


def check_sentence(sentence, a, b, symbol):
    """Read the sentence back and check it against torch, element by element."""
    function = BROADCAST_OPERATORS[symbol].function
    result = function(a, b)
    stretched = a if a.numel() < b.numel() else b
    whole = b if stretched is a else a

    def part(of_whole, of_stretched):
        return function(of_stretched, of_whole) if stretched is a else function(of_whole, of_stretched)

    letters = "ijklmn"
    row = re.search(r"all of row i", sentence)
    each_row = re.search(r"each row of \w", sentence)
    each = re.search(r"each \w\[([^\]]*)\]", sentence)
    if row:
        for i in range(result.shape[0]):
            assert torch.equal(result[i], part(whole[i], stretched.reshape(-1)[i]))
    elif each_row:
        for i in range(result.shape[0]):
            assert torch.equal(result[i], part(whole[i], stretched.reshape(-1)))
    elif each:
        slots = each[1].split(", ")
        fixed = [axis for axis, slot in enumerate(slots) if slot != ":"]
        assert all(slots[axis] == letters[axis] for axis in fixed)
        for position in itertools.product(*(range(result.shape[axis]) for axis in fixed)):
            index = [slice(None)] * result.ndim
            for axis, at in zip(fixed, position, strict=True):
                index[axis] = at
            piece = whole[tuple(index)]
            assert torch.equal(result[tuple(index)], part(piece, stretched.reshape(piece.shape)))
    elif "every element of" in sentence.lower() and "combined" not in sentence:
        assert torch.equal(result.reshape(-1), part(whole.reshape(-1), stretched.reshape(())))
    elif "combined with every element" in sentence:
        pairs = sorted(function(x, y).item() for x in a.reshape(-1) for y in b.reshape(-1))
        assert sorted(result.reshape(-1).tolist()) == pairs
    elif "element by element" in sentence:
        assert torch.equal(result.reshape(-1), function(a.reshape(-1), b.reshape(-1)))
    elif "no elements" in sentence:
        assert result.numel() == 0
    else:
        return "formula"
    return "words"


@pytest.mark.parametrize("symbol", SEARCHED)
def test_the_sentence_is_true_of_every_element(symbol):
    rng = random.Random(3)
    said = {"words": 0, "formula": 0}
    for _ in range(150):
        first, second = random_pair(rng)
        explanation = explain_broadcast(first, second, operator=symbol)
        if explanation.shape is None:
            continue
        a = torch.arange(1, 1 + torch.zeros(first).numel()).reshape(first)
        b = torch.arange(1, 1 + torch.zeros(second).numel()).reshape(second) * 2
        said[check_sentence(explanation.sentence, a, b, symbol)] += 1
        check_formula(explanation.formula, a, b, symbol)
    assert said["words"] > 10


def check_formula(formula, a, b, symbol):
    result = BROADCAST_OPERATORS[symbol].function(a, b)
    if result.numel() == 0:
        return
    left, right = formula.split(" = ", 1)
    letters = re.findall(r"\w", left.removeprefix("result"))
    for index in itertools.product(*map(range, result.shape)):
        place = dict(zip(letters, index, strict=True))
        names = {"a": a, "b": b}
        functions = {"maximum": torch.maximum, "minimum": torch.minimum}
        assert eval(right, functions, {**place, **names}) == result[index]


def test_words_follow_the_operator_and_the_side():
    assert explain_broadcast((3, 4), (4,), names=("M", "v")).sentence == "v is added to each row of M."
    assert explain_broadcast((4,), (3, 4), names=("v", "M"), operator="-").sentence == (
        "Each row of M is subtracted from v."
    )
    assert explain_broadcast((3, 4), (), names=("M", "s"), operator="/").sentence == "s divides every element of M."
    assert explain_broadcast((3, 4), (3, 1), names=("A", "v[:, None]")).sentence == "v[i] is added to all of row i."


def test_costs():
    assert explain_broadcast((3, 4), (3, 1), itemsize=8).result_bytes == 96
    assert explain_broadcast((10**9, 1), (10**9,)).result_bytes == 4 * 10**18


@pytest.mark.parametrize(
    ("text", "bracketed"),
    [("A", "A"), ("A + B", "(A + B)"), ("-v", "(-v)"), ("A.t()", "A.t()"), ("(A + B)", "(A + B)"), ("A[0]", "A[0]"),
     ("a if b else c", "(a if b else c)"), ("2", "(2)")],
)  # fmt: skip
def test_text_is_bracketed_before_a_method_is_appended(text, bracketed):
    assert postfix_text(text) == bracketed


def test_inserted_axes_are_found_in_both_spellings():
    assert inserted_axes("v[:, None]", 2) == ("v", {1})
    assert inserted_axes("v.unsqueeze(-1)", 2) == ("v", {1})
    assert inserted_axes("v.sum(0)", 2) == ("v.sum(0)", set())


@settings(deadline=None, max_examples=300)
@given(shape, shape)
def test_the_edit_called_vain_is_vain(first, second):
    explanation = explain_broadcast(first, second)
    words = explanation.vain_edit.replace("`", "")
    assert bool(words) == (explanation.alignment.clashes != () and len(first) != len(second))
    if not words:
        return
    code, edited, axis, size, met = re.search(
        r"help: (\S+) is (\([\d, ]+\)), its axis (\d+) is (\d+) and still clashes with (\d+)", words
    ).groups()
    tensors = {"a": torch.zeros(first), "b": torch.zeros(second)}
    changed = {**tensors, code[0]: run(code, **tensors)}
    assert str(tuple(changed[code[0]].shape)) == edited
    assert changed[code[0]].shape[int(axis)] == int(size) != int(met)
    assert torch_shape(*(tensor.shape for tensor in changed.values())) is None


def test_long_expressions_are_cut_in_sentences_and_whole_in_fixes():
    text = " + ".join(["A"] * 4000)
    clash = explain_broadcast((3, 4), (3,), names=(text, "v")).problem
    assert len(clash.message) < 200
    assert any(fix.target == text and text in fix.code for fix in clash.fixes)
    fits = explain_broadcast((3, 4), (4,), names=(text, "v"))
    assert len(fits.sentence) < 300
    assert len(fits.formula) < 300


def test_no_operands_and_one_operand_fit_as_torch_has_it():
    assert explain_broadcast().shape == torch.broadcast_shapes() == ()
    assert explain_broadcast((3, 4)).shape == torch.broadcast_shapes((3, 4))
