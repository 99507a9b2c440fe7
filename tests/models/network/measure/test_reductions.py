"""Stacks of layers, and what a pass over their rows tells."""

import numpy as np
import pytest
import torch

from playground.models.network.measure.reductions import (
    CHUNK,
    PIECE,
    count_zeros,
    extremes_of,
    piece_of,
    stacked,
    sum_rows,
)


def test_runs_of_equal_shape_are_stacked():
    shapes = [(2, 3), (2, 3), (3, 2), (2, 3), (2, 3)]
    layers = [torch.full(shape, float(layer)) for layer, shape in enumerate(shapes)]
    found = [(start, stack.clone()) for start, stack in stacked(layers)]
    assert [(start, tuple(stack.shape)) for start, stack in found] == [(0, (2, 2, 3)), (2, (1, 3, 2)), (3, (2, 2, 3))]
    for start, stack in found:
        assert [float(layer.mean()) for layer in stack] == list(range(start, start + len(stack)))


def test_layers_that_lie_in_one_tensor_are_their_own_stack():
    whole = torch.ones(3, 2, 4)
    ((start, stack),) = stacked(whole)
    assert start == 0
    assert stack is whole


def test_stacks_that_are_too_many_to_be_kept_take_turns_in_one_buffer():
    part = CHUNK // 4
    layers = [torch.full((part,), float(layer)) for layer in range(10)]
    found = [(start, len(stack), float(stack[0, 0]), stack.data_ptr()) for start, stack in stacked(layers)]
    assert [one[:3] for one in found] == [(0, 4, 0.0), (4, 4, 4.0), (8, 2, 8.0)]
    assert len({one[3] for one in found}) == 1


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
