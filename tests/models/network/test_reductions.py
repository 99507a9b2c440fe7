"""Reductions of rows against the same in long doubles."""

import numpy as np
import pytest
import torch

from playground.models.network.reductions import PIECE, count_zeros, extremes_of, piece_of, sum_rows


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
