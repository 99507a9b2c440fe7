"""Summaries against torch in float64, also where float32 statistics lie."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation import summary as module
from playground.models.evaluation.cache import summary_of
from playground.models.evaluation.summary import summarise
from playground.models.job import CancelledError, Job


@pytest.mark.processor
@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.uint8]
)
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 5), (1,), ()])
def test_against_torch(dtype, shape):
    tensor = (
        torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 200 - (0 if dtype == torch.uint8 else 100)
    ).to(dtype)
    found, exact = summarise(tensor), tensor.double()
    assert found.count == found.finite == tensor.numel()
    assert found.mean == pytest.approx(exact.mean().item(), rel=1e-12, abs=1e-12)
    assert found.total == pytest.approx(exact.sum().item(), rel=1e-12, abs=1e-9)
    assert (found.minimum, found.maximum) == (tensor.min().item(), tensor.max().item())
    assert found.largest == exact.abs().max().item()
    if tensor.numel() > 1:
        assert found.std == pytest.approx(exact.std().item(), rel=1e-10)
    else:
        assert found.std is None


@given(st.lists(st.floats(width=32), min_size=1, max_size=40))
@settings(deadline=None, max_examples=150)
def test_special_values_are_counted(values):
    tensor = torch.tensor(values)
    found = summarise(tensor)
    finite = tensor[torch.isfinite(tensor)].double()
    assert found.nans == int(tensor.isnan().sum())
    assert (found.positive_infinities, found.negative_infinities) == (
        int((tensor == math.inf).sum()),
        int((tensor == -math.inf).sum()),
    )
    assert found.finite == finite.numel()
    assert found.zeros == int((tensor == 0).sum())
    assert found.subnormals == int(((tensor != 0) & (tensor.abs() < torch.finfo(torch.float32).tiny)).sum())
    if finite.numel():
        assert found.mean == pytest.approx(finite.mean().item(), rel=1e-9, abs=1e-45)


def test_extremes_do_not_overflow_or_vanish():
    huge = summarise(torch.tensor([1e36, -1e36, 1e36]))
    assert huge.std == pytest.approx(torch.tensor([1e36, -1e36, 1e36]).double().std().item())
    assert summarise(torch.tensor([1e308, 1.5e308, 1.2e308], dtype=torch.float64)).mean == pytest.approx(1.2333333e308)
    tiny = summarise(torch.tensor([1e-300, 3e-300], dtype=torch.float64))
    assert tiny.std == pytest.approx(math.sqrt(2) * 1e-300)
    assert summarise(torch.tensor([2**64 - 1, 1], dtype=torch.uint64)).total == 2**64
    assert summarise(torch.tensor([2**63 - 1, 2**63 - 1])).total == 2**64 - 2


def test_stretched_tensors_count_each_repetition_without_reading_it():
    found = summarise(torch.tensor([1.0, 2.0, 3.0]).expand(10**12, 3))
    assert (found.count, found.total, found.mean) == (3 * 10**12, 6e12, 2.0)
    small = torch.tensor([1.0, 2.0, 4.0]).expand(5, 3)
    assert summarise(small).std == pytest.approx(small.contiguous().std().item(), rel=1e-6)


def test_empty_and_all_nan():
    assert summarise(torch.zeros(0, 3)).mean is None
    found = summarise(torch.full((4,), math.nan))
    assert (found.mean, found.nans, found.largest) == (None, 4, 0.0)


def test_chunks_join_and_stop_when_cancelled(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    tensor = torch.randn(9, 11, generator=torch.Generator().manual_seed(0))
    for view in (tensor, tensor.t(), tensor[::2, 1:]):
        assert summarise(view).std == pytest.approx(view.double().std().item(), rel=1e-10)
    with pytest.raises(CancelledError):
        summarise(tensor, Job(is_cancelled=lambda: True))


def test_remembered_until_written_to():
    tensor = torch.ones(3)
    first = summary_of(tensor)
    assert summary_of(tensor) is first
    tensor.fill_(2)
    assert summary_of(tensor).mean == 2
