"""How far inputs still differ, where they hardly do, and where some are all but nothing."""

import numpy as np
import pytest
import torch

from playground.models.network.measure.statistics import measure
from playground.models.network.measure.units import measure_units

DTYPES = [torch.float32, torch.float64]


def mean_cosine(rows):
    """The mean cosine of all pairs of different rows in numpy's longest float, rows of zeros left out."""
    wide = rows.double().numpy().astype(np.longdouble)
    wide = wide[(wide != 0).any(1)]
    units = wide / np.abs(wide).max(1)[:, None]
    units /= np.sqrt((units**2).sum(1))[:, None]
    table = units @ units.T
    count = len(units)
    return float((table.sum() - np.trace(table)) / (count * (count - 1)))


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_that_all_give_the_same_have_a_spread_of_exactly_zero(dtype, quick):
    x = torch.randn(4, 1, 16, generator=torch.Generator().manual_seed(7), dtype=dtype).expand(4, 100, 16).contiguous()
    x[1] *= 1e-20
    x[2] += 3
    assert measure_units(x, quick).spread == pytest.approx([0.0] * 4, rel=0, abs=0)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_that_hardly_differ_have_the_spread_they_have(dtype, quick):
    generator = torch.Generator().manual_seed(8)
    units = torch.randn(3, 1, 16, generator=generator, dtype=dtype)
    x = units + 1e-6 * torch.randn(3, 100, 16, generator=generator, dtype=dtype)
    expected = x.double().std(1).square().mean(1).sqrt().numpy()
    assert measure_units(x, quick).spread == pytest.approx(expected, rel=1e-4 if quick else 1e-9)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("dtype", "faint"), [(torch.float32, 1e-25), (torch.float32, 1e-42), (torch.float64, 1e-200)])
def test_an_input_far_fainter_than_its_layer_counts_among_the_directions(dtype, faint, quick):
    x = torch.randn(3, 8, 5, generator=torch.Generator().manual_seed(9), dtype=dtype)
    x[0, 2:5] *= faint
    x[1, 3] = 0.0
    x[1, 4] *= faint
    x[2] *= faint
    found = measure_units(x, quick).cosine
    assert found == pytest.approx([mean_cosine(layer) for layer in x], abs=1e-6)


def test_a_layer_with_nan_has_no_cosine_and_leaves_those_of_others():
    x = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(10))
    x[0, 1, 2], x[0, 3] = torch.nan, 1e-30
    for quick in (False, True):
        found = measure_units(x, quick)
        assert np.isnan(found.cosine[0])
        assert found.cosine[1] == pytest.approx(mean_cosine(x[1]), abs=1e-6)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("peak", "faint"), [(1e308, 1e-308), (1e200, 1e-120), (1e151, 2.3e-308), (1e-300, 1e-320)])
def test_an_input_is_a_direction_however_far_below_the_others_it_is(peak, faint, quick):
    x = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(11), dtype=torch.float64).clamp_(-1.7, 1.7)
    x[0, :3] *= peak
    x[0, 3:] *= faint
    x[0, 6] = 0.0
    assert measure_units(x, quick).cosine == pytest.approx([mean_cosine(layer) for layer in x], abs=1e-12)


@pytest.mark.parametrize(("batch", "width"), [(256, 7), (257, 7), (2000, 60), (20_011, 3), (20_000, 30)])
def test_many_inputs_that_give_all_but_the_same_are_added_up_to_six_digits(batch, width):
    x = torch.full((3, batch, width), 0.7371)
    x[1] += 0.02 * torch.randn(batch, width, generator=torch.Generator().manual_seed(12))
    x[2] = torch.where(x[2].cumsum(0) % 2 < 1, 0.3, x[2])
    wide = x.double()
    found, measured = measure_units(x, quick=True), measure(x, quick=True)
    assert measured.mean == pytest.approx(wide.mean((1, 2)).numpy(), rel=1e-5)
    assert measured.rms == pytest.approx(wide.square().mean((1, 2)).sqrt().numpy(), rel=2e-6)
    assert found.spread[0] == 0.0
    assert found.spread == pytest.approx(wide.var(1).mean(1).sqrt().numpy(), rel=1e-4)
