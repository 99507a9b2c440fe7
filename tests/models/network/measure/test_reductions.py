"""Buffers that are used again."""

import numpy as np
import pytest
import torch

from playground.models.network.measure import reductions
from playground.models.network.measure.reductions import (
    CHUNK,
    MOST_KEPT,
    PIECE,
    Stacks,
    count_zeros,
    extremes_of,
    layers_of,
    piece_of,
    scratch,
    stacked,
    sum_rows,
)

CPU = torch.device("cpu")


def test_the_same_shape_gives_the_very_tensor_of_the_call_before():
    first = scratch((3, 4), torch.float32, CPU, "test")
    assert scratch((3, 4), torch.float32, CPU, "test") is first
    assert scratch((3, 4), torch.float32, CPU, "other") is not first
    assert scratch((4, 3), torch.float32, CPU, "test").shape == (4, 3)


def test_a_larger_shape_takes_new_memory_and_a_smaller_one_a_part_of_it():
    scratch((2, 2), torch.float32, CPU, "growing")
    large = scratch((5, 7), torch.float32, CPU, "growing").fill_(1.0)
    small = scratch((2, 3), torch.float32, CPU, "growing")
    assert small.data_ptr() == large.data_ptr()
    assert bool((small == 1).all())


def test_layers_lie_a_multiple_apart():
    stack = scratch((3, 2, 5), torch.float32, CPU, "apart", multiple=16)
    assert stack.stride() == (16, 5, 1)
    assert stack.flatten(1).shape == (3, 10)


def test_layers_are_the_very_tensors_as_long_as_the_stack_is():
    stack, other = torch.zeros(3, 2), torch.ones(3, 2)
    layers = layers_of(stack, "test")
    assert [layer.shape for layer in layers] == [(2,)] * 3
    assert layers_of(stack, "test") is layers
    assert bool((layers_of(other, "test")[0] == 1).all())


def test_one_slot_may_be_asked_for_with_layers_apart_and_close():
    apart = scratch((3, 5), torch.float32, CPU, "either", multiple=8)
    close = scratch((3, 5), torch.float32, CPU, "either")
    assert (apart.stride(), close.stride()) == ((8, 1), (5, 1))
    assert apart.data_ptr() != close.data_ptr()


def test_a_buffer_larger_than_is_kept_leaves_no_memory_behind():
    most = MOST_KEPT // 8
    kept = scratch((1, 10), torch.float64, CPU, "large")
    large = scratch((1, most + 1), torch.float64, CPU, "large")
    assert large.shape == (1, most + 1)
    assert scratch((1, 10), torch.float64, CPU, "large").data_ptr() == kept.data_ptr()
    assert scratch((1, most + 1), torch.float64, CPU, "large").data_ptr() != large.data_ptr()


def test_runs_of_equal_shape_are_stacked():
    shapes = [(2, 3), (2, 3), (3, 2), (2, 3), (2, 3)]
    layers = [torch.full(shape, float(layer)) for layer, shape in enumerate(shapes)]
    for found in (list(Stacks(layers, "test")), [(start, stack.clone()) for start, stack in stacked(layers)]):
        assert [(start, tuple(stack.shape)) for start, stack in found] == [
            (0, (2, 2, 3)),
            (2, (1, 3, 2)),
            (3, (2, 2, 3)),
        ]
        for start, stack in found:
            assert [float(layer.mean()) for layer in stack] == list(range(start, start + len(stack)))


def test_stacks_that_are_too_many_to_be_kept_take_turns_in_one_buffer():
    part = CHUNK // 4
    layers = [torch.full((part,), float(layer)) for layer in range(10)]
    together = Stacks(layers, "turns")
    for _ in range(2):
        found = [(start, len(stack), float(stack[0, 0]), stack.data_ptr()) for start, stack in together]
        assert [one[:3] for one in found] == [(0, 4, 0.0), (4, 4, 4.0), (8, 2, 8.0)]
        assert len({one[3] for one in found}) == 1
    assert not any(slot.startswith("turns") for _dtype, _device, slot, _multiple in reductions._workspace.buffers)


@pytest.mark.processor
@pytest.mark.parametrize("count", [1, 2, 7, 2047, 2048, 2049, 4099, 6400, 20_000, 20_011])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_of_every_length_are_summed_whole(count, dtype):
    x = torch.randn(3, count, generator=torch.Generator().manual_seed(count), dtype=dtype) + 0.1
    wide = x.numpy().astype(np.longdouble)
    mean, norm = sum_rows(x)
    digits = 1e-6 if dtype == torch.float32 else 1e-14
    assert mean == pytest.approx(wide.mean(1).astype(float), rel=digits, abs=digits)
    assert norm == pytest.approx(np.sqrt((wide**2).sum(1)).astype(float), rel=digits)


@pytest.mark.parametrize("count", [1, 100, 2048, 2049, 4099, 6400, 20_000, 20_011, 65_536, 4096 * 4096])
def test_a_row_is_cut_into_pieces_of_limited_length(count):
    size = piece_of(count)
    assert 1 <= size <= PIECE
    pieces = -(-count // size)
    assert pieces <= 2 * -(-count // PIECE)
    assert count % size == 0 or size == PIECE


def test_rows_that_lie_apart_are_summed_as_those_that_do_not():
    rows = torch.arange(40, dtype=torch.float32).view(4, 10)[:, :7]
    assert not rows.is_contiguous()
    for found, expected in zip(sum_rows(rows), sum_rows(rows.contiguous()), strict=True):
        assert list(found) == list(expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_extremes_are_torchs_and_a_nan_is_both(dtype):
    x = torch.tensor([[3.0, -1.5, 0.0], [float("nan"), 1.0, 2.0], [float("-inf"), 7.0, 7.0]], dtype=dtype)
    low, high = extremes_of(x)
    assert low == pytest.approx([-1.5, float("nan"), float("-inf")], nan_ok=True)
    assert high == pytest.approx([3.0, float("nan"), 7.0], nan_ok=True)


@pytest.mark.parametrize("zeros", [(0, 0), (1, 0), (0, 5), (3, 2)])
def test_zeros_are_counted_by_rows_whether_or_not_there_are_any(zeros):
    x = torch.ones(2, 5)
    for row, many in enumerate(zeros):
        x[row, :many] = -0.0
    assert tuple(count_zeros(x)) == zeros
