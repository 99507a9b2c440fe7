"""Rows of values that are all the same, or nearly."""

import numpy as np
import pytest
import torch

from playground.models.network.measure.statistics import describe_tensor, measure


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.1, -1e-30, 1e30, 2.2477e-150])
def test_values_that_are_all_the_same_have_a_std_of_exactly_zero(value, dtype, quick):
    x = torch.full((2, 641), value, dtype=dtype)
    x[1] = torch.randn(641, generator=torch.Generator().manual_seed(1), dtype=dtype)
    found = measure(x, quick)
    assert found.std[0] == 0.0
    assert found.std[1] == pytest.approx(float(x[1].double().std()), rel=1e-5)


@pytest.mark.parametrize("quick", [False, True])
def test_values_a_few_roundings_apart_have_the_std_they_have(quick):
    steps = torch.randint(0, 4, (3, 6401), generator=torch.Generator().manual_seed(2), dtype=torch.int32)
    x = (torch.tensor([0.1, 0.7, 12.3]).view(torch.int32)[:, None] + steps).view(torch.float32)
    assert measure(x, quick).std == pytest.approx(x.double().std(1).numpy(), rel=1e-4)


def test_float64_values_a_few_roundings_apart_have_the_std_they_have():
    steps = torch.randint(0, 4, (3, 6401), generator=torch.Generator().manual_seed(3))
    numbers = torch.tensor([0.1, 0.7, -12.3], dtype=torch.float64)
    x = (numbers.view(torch.int64)[:, None] + steps).view(torch.float64)
    away = (x - x[:, :1]).numpy()
    assert measure(x).std == pytest.approx(away.std(1, ddof=1), rel=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("count", [2, 3, 6, 9, 18, 50, 1000, *range(2040, 2060), 4099, 20_011])
def test_the_largest_float64_is_mean_and_rms_of_a_row_of_it(count, lost, sign):
    largest = torch.finfo(torch.float64).max
    x = torch.full((count,), sign * largest, dtype=torch.float64)
    x[:lost] = torch.nan
    found = describe_tensor(x)
    assert found.std == 0.0
    assert max(found.rms, abs(found.mean)) <= largest
    assert (found.mean, found.rms) == pytest.approx((sign * largest, largest), rel=1e-14)


@pytest.mark.parametrize("count", [5, 2048, 9409, 16_900, 40_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_std_has_fifteen_digits(count, dtype):
    few = torch.tensor([-1.1, 0.0, 2.3], dtype=dtype)
    for seed in range(5):
        x = few[torch.randint(0, 3, (2, count), generator=torch.Generator().manual_seed(seed))]
        x[1, 0] = torch.inf
        for row, found in zip((x[0], x[1, 1:]), measure(x).std, strict=True):
            assert found == pytest.approx(float(row.numpy().astype(np.longdouble).std(ddof=1)), rel=5e-15, abs=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_what_is_near_zero_is_counted_to_the_last_value(dtype):
    least = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    x = torch.arange(0, 4000, dtype=torch.float64) * least
    stored = x.to(dtype)[torch.arange(4000) % 3 != 1]
    wide = stored.double().numpy().astype(np.longdouble)
    bound = np.sqrt((wide**2).mean()) / 1000
    assert describe_tensor(stored).near_zero_fraction == pytest.approx(((wide > 0) & (wide < bound)).mean(), abs=1e-12)
    assert ((wide > 0) & (wide < bound)).sum() > 0


@pytest.mark.parametrize("count", [1000, 16_900, 40_000])
def test_a_std_keeps_its_digits_beside_a_row_that_is_narrow(count):
    generator = torch.Generator().manual_seed(4)
    x = torch.tensor([-1.0, 0.0, 2.0])[torch.randint(0, 3, (2, count), generator=generator)] * 6e-8
    x[1] = 100 + torch.randint(0, 2, (count,), generator=generator)
    found = measure(x, quick=True)
    assert found.std == pytest.approx(x.double().std(1).numpy(), rel=4e-6)
