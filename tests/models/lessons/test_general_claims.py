"""What lessons say in general, and no single check shows, is tried on many cases: each with the sentence it holds."""

import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.lessons.lesson_file import find_lesson, library
from playground.models.memory.view_rule import explain_view

LETTERS = "abij"


def says(key, words):
    """A sentence of a lesson, so that no test here outlives it."""
    lesson, _ = find_lesson(key)
    texts = [lesson.answer.words, *(one.because for one in lesson.predictions), *(one.words for one in lesson.steps)]
    assert any(words in text for text in texts), words


def shares(result, tensor):
    return result.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()


def forward_slices(size):
    ends = st.none() | st.integers(-size - 2, size + 2)
    return st.builds(slice, ends, ends, st.none() | st.integers(1, 3))


PARTS = st.one_of(st.integers(-3, 2), forward_slices(3), st.none(), st.just(Ellipsis))


@settings(deadline=None)
@given(st.lists(PARTS, max_size=5).filter(lambda parts: parts.count(Ellipsis) < 2))
def test_forward_slices_numbers_and_none_are_read_alike_by_numpy_and_torch(parts):
    says("numpy-and-torch-index-alike", "Both read slices with a positive step, numbers and `None` the same way.")
    tensor, index = torch.arange(27.0).reshape(3, 3, 3), tuple(parts)
    try:
        wanted = tensor.numpy()[index]
    except IndexError:
        with pytest.raises(IndexError):
            tensor[index]
        return
    found = tensor[index]
    assert np.array_equal(found.numpy(), wanted)
    assert shares(found, tensor)


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 1), forward_slices(2), st.none()), max_size=6))
def test_among_slices_and_numbers_none_puts_a_1_where_it_stands(parts):
    says("2", "Among slices and numbers, each `None` inserts an axis of size 1 at its place")
    tensor = torch.arange(16.0).reshape(2, 2, 2, 2)
    if len([part for part in parts if part is not None]) > 4:
        return
    sizes, left = [], list(tensor.shape)
    for part in parts:
        if part is None:
            sizes.append(1)
            continue
        size = left.pop(0)
        sizes += [] if isinstance(part, int) else [len(range(size)[part])]
    assert tuple(tensor[tuple(parts)].shape) == (*sizes, *left)


def one_operand_equations():
    for rank in (1, 2, 3):
        for left in itertools.product(LETTERS[:3], repeat=rank):
            kept = sorted(set(left))
            for count in range(len(kept) + 1):
                for right in itertools.permutations(kept, count):
                    yield "".join(left), "".join(right)


def test_einsum_of_one_operand_is_a_view_exactly_where_nothing_is_summed():
    says("einsum-allocates", "With one operand and no sum there is nothing to compute: `einsum` returns a view")
    says("einsum-allocates", "It allocates when it has to add, as for `ii->`, or to multiply.")
    for size in (1, 2):
        for left, right in one_operand_equations():
            tensor = torch.rand((size,) * len(left))
            found = torch.einsum(f"{left}->{right}", tensor)
            assert shares(found, tensor) == (set(left) == set(right)), (left, right, size)


def test_with_an_arrow_the_right_side_alone_decides_what_is_summed():
    says("7", "a letter is summed if and only if it is missing on the right")
    for left, right in one_operand_equations():
        tensor = torch.rand((2,) * len(left))
        letters = sorted(set(left))
        whole = torch.einsum(f"{left}->{''.join(letters)}", tensor)  # the diagonal: nothing is summed
        missing = tuple(axis for axis, letter in enumerate(letters) if letter not in right)
        summed = whole.sum(missing) if missing else whole
        order = [letter for letter in letters if letter in right]
        wanted = summed.permute([order.index(letter) for letter in right])
        assert torch.allclose(torch.einsum(f"{left}->{right}", tensor), wanted)


def test_a_letter_has_one_size_but_for_a_1_in_another_operand():
    says("8", "a letter has one size, except that a 1 is stretched to the size the letter has in another operand")
    for first, second in itertools.product((1, 2, 3), repeat=2):
        a, b = torch.rand(first), torch.rand(second)
        if first == second or 1 in (first, second):
            assert torch.allclose(torch.einsum("i,i->", a, b), (a * b).sum())
        else:
            with pytest.raises(RuntimeError):
                torch.einsum("i,i->", a, b)
        if first != second:
            with pytest.raises(RuntimeError):
                torch.einsum("ii->", torch.rand(first, second))


@pytest.mark.parametrize("left", ["ba", "aB", "Ba", "bAaB", "iji", "jik"])
def test_without_an_arrow_letters_that_appear_once_are_kept_in_alphabetical_order_capitals_first(left):
    says("no-arrow-is-a-scalar", "in alphabetical order, capitals first")
    tensor = torch.rand((2,) * len(left))
    once = sorted(letter for letter in left if left.count(letter) == 1)  # Python sorts capitals first
    assert torch.equal(torch.einsum(left, tensor), torch.einsum(f"{left}->{''.join(once)}", tensor))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 12)), min_size=2, max_size=2))
def test_two_neighbours_merge_only_if_the_first_stride_is_the_second_times_its_size(axes):
    says("view-needs-contiguous", "each longer than 1, may become one only if the first one's stride is")
    (rows, row_stride), (columns, column_stride) = axes
    tensor = torch.zeros(200).as_strided((rows, columns), (row_stride, column_stride))
    merges = min(rows, columns) == 1 or row_stride == column_stride * columns
    try:
        tensor.view(rows * columns)
        assert merges
    except RuntimeError:
        assert not merges
    assert explain_view((rows, columns), (row_stride, column_stride), (rows * columns,)).allowed == merges


def test_tensors_without_elements_have_the_address_0():
    says("equal-data-ptr", "Tensors without elements all have the address 0.")
    x = torch.arange(6.0)
    for empty in (torch.zeros(0), x[:0], x[3:3], x.view(2, 3)[:, :0], torch.empty(2, 0, 3), x.new_empty(0)):
        assert empty.data_ptr() == 0


def test_torch_looks_for_strides_of_0_and_not_for_every_overlap():
    says("expand-is-read-only", "Most methods that write to all elements of `e` are refused")
    refused, let_through = [], []
    for write in ("add_(1)", "mul_(2)", "relu_()", "neg_()", "exp_()", "clamp_(0)", "copy_(torch.ones(3, 3))",
                  "normal_()", "sigmoid_()", "cumsum_(0)", "fill_(0)", "zero_()"):  # fmt: skip
        expanded = torch.ones(3).expand(3, 3)
        try:
            eval(f"expanded.{write}", {"expanded": expanded, "torch": torch})
            let_through.append(write)
        except RuntimeError:
            refused.append(write)
    assert let_through == ["fill_(0)", "zero_()"]
    for overlapping in (torch.ones(4).unfold(0, 2, 1), torch.ones(9).as_strided((3, 3), (1, 1))):
        overlapping.add_(1)


def test_equal_weights_get_equal_gradients_in_each_hidden_layer():
    says("zero-init-learns-nothing", "every unit of a hidden layer gets the same gradient")
    weights = [torch.full((5, 5), 0.1, requires_grad=True) for _ in range(4)]
    signal, target = torch.randn(8, 5), torch.randn(8, 5)
    for weight in weights:
        signal = (signal @ weight.T).tanh()
    ((signal - target) ** 2).mean().backward()
    for weight in weights[:-1]:
        assert torch.allclose(weight.grad, weight.grad[:1].expand(5, 5), atol=1e-7)
        assert weight.grad.abs().max() > 0


@pytest.mark.parametrize("activation", [torch.nn.functional.relu, torch.tanh, torch.nn.functional.softplus, torch.sin])
def test_weights_too_small_make_gradients_vanish_in_a_plain_chain(activation):
    says("12", "In a plain chain of layers, weights that are too small never make gradients explode.")
    signals = [torch.randn(20, 50, requires_grad=True)]
    for _ in range(20):
        signals.append(activation(signals[-1] @ (torch.randn(50, 50) * 0.01).T))
    gradients = torch.autograd.grad(signals[-1].square().sum(), signals[:-1])
    sizes = [float(gradient.double().square().mean().sqrt()) for gradient in gradients]
    assert all(before <= after for before, after in itertools.pairwise(sizes))


def test_the_mean_of_the_targets_is_where_the_wrong_loss_is_smallest():
    says("low-loss-right-shapes", "It then pulls each prediction towards the mean of all targets")
    target = torch.randn(7)
    prediction = torch.full((7, 1), float(target.mean()), requires_grad=True)
    ((prediction - target) ** 2).mean().backward()
    assert prediction.grad.abs().max() < 1e-6


def test_the_code_that_prints_the_cells_of_a_storage_does():
    lesson, _ = find_lesson("3")
    e = torch.tensor([1.0, 2.0, 3.0]).expand(3, 3)
    found = [code for code in re.findall(r"`([^`]+)`", lesson.answer.words) if "as_strided" in code or "set_" in code]
    assert len(found) == 2
    for code in found:
        assert eval(code, {"torch": torch, "e": e}).tolist() == [1.0, 2.0, 3.0]


def test_titles_of_the_twelve_are_questions_and_those_of_the_cards_are_statements():
    for lesson in library():
        assert lesson.title.endswith("?") == (lesson.shelf == "questions"), lesson.title
