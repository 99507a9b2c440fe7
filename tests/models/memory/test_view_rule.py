import random

import pytest
import torch

from playground.models.memory.view_rule import contiguous_strides, explain_view, infer_size

BUFFER = torch.zeros(1 << 16, dtype=torch.uint8)
SIZES = (0, 1, 1, 2, 2, 3, 4, 6)


def random_layout(rng):
    """A shape with zeros and ones, and strides: contiguous, permuted, expanded, sliced, or anything."""
    shape = [rng.choice(SIZES) for _ in range(rng.randint(0, 4))]
    strides = list(contiguous_strides(shape))
    order = list(range(len(shape)))
    if rng.random() < 0.5:
        rng.shuffle(order)
    shape, strides = [shape[axis] for axis in order], [strides[axis] for axis in order]
    for axis, size in enumerate(shape):
        chance = rng.random()
        if chance < 0.12:
            strides[axis] = 0
        elif chance < 0.24:
            strides[axis] = rng.randint(0, 30)
        elif size == 1 and chance < 0.6:
            strides[axis] = rng.randint(0, 100)
    if rng.random() < 0.2:
        strides = [2 * stride for stride in strides]
    return tuple(shape), tuple(strides)


def random_new_shape(rng, shape):
    """Mostly a regrouping of the same elements, sometimes with a -1, a 1 or a size that does not fit."""
    factors = [f for size in shape for f in {0: (0,), 4: (2, 2), 6: (2, 3)}.get(size, (size,)) if f != 1]
    if rng.random() < 0.2:
        rng.shuffle(factors)
    new = []
    for factor in factors:
        if new and rng.random() < 0.45:
            new[-1] *= factor
        else:
            new.append(factor)
    while rng.random() < 0.25:
        new.insert(rng.randint(0, len(new)), 1)
    if new and rng.random() < 0.15:
        new[rng.randrange(len(new))] = -1
    if rng.random() < 0.06:
        new.append(rng.choice((-1, 0, 2, 5)))
    return tuple(new)


def test_verdict_and_strides_are_those_of_torch_on_20000_random_views():
    rng = random.Random(11)
    verdicts = {True: 0, False: 0}
    for _ in range(20_000):
        shape, strides = random_layout(rng)
        new_shape = random_new_shape(rng, shape)
        tensor = BUFFER.as_strided(shape, strides)
        try:
            view = tensor.view(new_shape)
        except RuntimeError:
            view = None
        explained = explain_view(shape, strides, new_shape)
        assert explained.allowed == (view is not None), (shape, strides, new_shape)
        verdicts[explained.allowed] += 1
        if view is not None:
            assert (explained.shape, explained.strides) == (tuple(view.shape), view.stride()), (
                shape,
                strides,
                new_shape,
            )
    assert min(verdicts.values()) > 2500


def test_each_refusal_names_a_pair_that_breaks_the_rule_and_reshape_that_copies():
    rng = random.Random(12)
    seen = 0
    for _ in range(5000):
        shape, strides = random_layout(rng)
        new_shape = random_new_shape(rng, shape)
        explained = explain_view(shape, strides, new_shape)
        if explained.blocking is None:
            continue
        seen += 1
        first, second = explained.blocking
        assert first < second
        assert all(shape[axis] == 1 for axis in range(first + 1, second))
        assert strides[first] == explained.found_stride != explained.needed_stride == strides[second] * shape[second]
        assert explained.shape[explained.new_axis] > 1
        tensor = BUFFER.as_strided(shape, strides)
        assert tensor.reshape(new_shape).untyped_storage().data_ptr() != BUFFER.untyped_storage().data_ptr()
        assert explained.reshape_kind == "copy"
        for fix in explained.fixes:
            if fix.code.startswith(".view("):
                split = tuple(int(size) for size in fix.code[6:-1].split(","))
                assert tensor.view(split).numel() == tensor.numel()
    assert seen > 300


def test_the_two_numbers_of_the_rule():
    explained = explain_view((4, 3), (1, 4), (2, 6), name="W")
    assert explained.message == (
        "The 6 would span axes 0 and 1 of W. For that, stride 0 must be stride 1 times size 1, "
        "which is 4*3 = 12. It is 1."
    )
    assert explained.blocking == (0, 1)
    assert [fix.code for fix in explained.fixes] == [".reshape(2, 6)", ".view(2, 2, 3)"]
    assert explained.reshape_bytes == 48


def test_contiguity_is_not_required():
    explained = explain_view((12,), (2,), (3, 4))
    assert explained.allowed
    assert explained.strides == (8, 2)


@pytest.mark.parametrize(
    ("new_shape", "allowed"), [((3, 2, 2, 2), True), ((3, 8), False), ((6, 4), False), ((3, 2, 4), True)]
)
def test_a_transposed_tensor_splits_but_does_not_merge(new_shape, allowed):
    tensor = torch.zeros(2, 3, 4).transpose(0, 1)
    assert explain_view(tuple(tensor.shape), tensor.stride(), new_shape).allowed is allowed


@pytest.mark.parametrize(
    ("shape", "new_shape", "words"),
    [
        ((3, 4), (-1, -1), "Only one size can be -1"),
        ((3, 4), (-1, 5), "12/5"),
        ((0, 4), (0, -1), "any size there gives 0 elements"),
        ((3, 4), (0, -1), "it would have 0 elements, not 12"),
        ((3, 4), (5, 2), "(5, 2) has 10 elements, but the tensor has 12"),
        ((3, 4), (), "() has 1 element, but the tensor has 12"),
        ((3, 4), (-2, 6), "-2 is neither"),
    ],
)
def test_sizes_that_do_not_fit_are_told_by_their_numbers(shape, new_shape, words):
    full, reason = infer_size(shape, new_shape)
    assert full is None
    assert words in reason


def test_sizes_that_do_not_fit_suggest_a_view_that_does():
    assert [fix.code for fix in explain_view((6,), (1,), (4, 2)).fixes] == [".view(3, 2)"]
