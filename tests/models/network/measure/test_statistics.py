import math
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.network.measure.histograms import SCALES, Axis, choose_axis, count_layers
from playground.models.network.measure.statistics import describe_tensor, measure, measure_layers
from playground.models.network.measure.units import measure_units

DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}


def exact(values):
    """Mean, std and rms in numpy's longest float, scaled so that nothing overflows."""
    wide = np.asarray(values, dtype=np.longdouble)
    scale = np.abs(wide).max() or np.longdouble(1)
    wide = wide / scale
    mean = wide.mean()
    std = np.sqrt(((wide - mean) ** 2).sum() / max(1, len(wide) - 1))
    return tuple(float(part * scale) for part in (mean, std, np.sqrt((wide**2).mean())))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.0, 1e36, 1e-30, 1e-38, 1e-42, 6e4])
def test_moments_survive_the_extremes(dtype, scale):
    values = torch.randn(5000, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * scale
    stored = values.to(DTYPES[dtype])
    finite = stored[torch.isfinite(stored)]
    found = describe_tensor(stored)
    if not len(finite):
        assert (found.inf_count, math.isnan(found.std)) == (len(stored), True)
        return
    mean, std, rms = exact(finite.double().numpy())
    assert found.std == pytest.approx(std, rel=1e-12)
    assert found.rms == pytest.approx(rms, rel=1e-12)
    assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-12 * max(std, 1e-300))
    assert found.inf_count == len(stored) - len(finite)
    assert found.minimum == float(finite.min())
    assert found.maximum == float(finite.max())
    tiny = torch.finfo(DTYPES[dtype]).tiny
    assert found.subnormal_count == int(((stored != 0) & (stored.double().abs() < tiny)).sum())
    assert found.zero_fraction == pytest.approx(float((stored == 0).double().mean()))
    counted = found.histogram
    zeros = int((stored == 0).sum())
    assert int(counted.counts.sum()) + counted.below + counted.above + zeros + found.inf_count == len(stored)


def test_whole_numbers_are_not_rounded_to_float32():
    values = torch.tensor([2**24 + 1, 2**40 + 1, -(2**33) - 1, 0])
    found = describe_tensor(values, "linear")
    assert (found.minimum, found.maximum, found.mean) == (-(2**33) - 1, 2**40 + 1, float(values.double().mean()))
    assert (found.zero_fraction, found.subnormal_count, int(found.histogram.counts.sum())) == (0.25, 0, 3)


def test_float64_near_its_largest_value():
    values = torch.tensor([1.7e308, -1.7e308, 1.0, 0.0, math.nan, math.inf, -math.inf], dtype=torch.float64)
    for scale in SCALES:
        found = describe_tensor(values, scale)
        mean, std, rms = exact([1.7e308, -1.7e308, 1.0, 0.0])
        assert (found.std, found.rms) == pytest.approx((std, rms))
        assert found.mean == pytest.approx(mean, abs=1e300)
        assert (found.nan_count, found.inf_count) == (1, 2)
        assert int(found.histogram.counts.sum()) + found.histogram.below + found.histogram.above == 3


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=40))
@settings(deadline=None, max_examples=150)
def test_any_float32_values(values):
    stored = torch.tensor(values, dtype=torch.float32)
    finite = [value for value in values if math.isfinite(value)]
    found = describe_tensor(stored)
    assert found.nan_count == sum(math.isnan(value) for value in values)
    assert found.inf_count == sum(math.isinf(value) for value in values)
    if finite:
        mean, std, rms = exact(finite)
        assert found.rms == pytest.approx(rms, rel=1e-9)
        assert found.std == pytest.approx(std, rel=1e-9, abs=1e-9 * rms)
        assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-12 * rms)
    else:
        assert math.isnan(found.std)
    shown = found.histogram
    zeros = sum(value == 0 for value in finite)
    assert int(shown.counts.sum()) + shown.below + shown.above == len(finite) - zeros


@pytest.mark.parametrize("kind", ["constant", "empty", "zeros", "nans", "infs", "one"])
def test_degenerate_tensors(kind):
    values = {
        "constant": torch.full((50,), 3.5),
        "empty": torch.empty(0, 4),
        "zeros": torch.zeros(9),
        "nans": torch.full((4,), math.nan),
        "infs": torch.tensor([math.inf, -math.inf]),
        "one": torch.tensor(2.0),
    }[kind]
    for scale in SCALES:
        found = describe_tensor(values, scale)
        assert found.count == values.numel()
        if kind in ("constant", "one"):
            assert found.std == 0
            assert int(found.histogram.counts.max()) == values.numel()
        if kind in ("nans", "infs"):
            assert math.isnan(found.mean)
            assert not found.histogram.counts.any()


def test_a_mean_far_from_zero_keeps_its_digits():
    values = 1000 + torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    for quick in (False, True):
        assert measure(values[None], quick).std[0] == pytest.approx(float(values.double().std()), rel=2e-5)


@pytest.mark.parametrize("quick", [False, True])
def test_layers_of_different_shapes_are_measured_one_by_one(quick):
    generator = torch.Generator().manual_seed(5)
    layers = [torch.randn(shape, generator=generator) for shape in [(3, 4), (3, 4), (5, 2), (3, 4), (1, 1)]]
    table = measure_layers(layers, quick)
    for index, layer in enumerate(layers):
        assert table.rms[index] == pytest.approx(float(layer.double().square().mean().sqrt()), rel=1e-5)
        assert table.count[index] == layer.numel()


@pytest.mark.parametrize("scale", SCALES)
def test_counts_are_numpys(scale):
    values = torch.randn(20_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 3
    table = measure(values[None])
    axis = choose_axis(scale, table.rms, table.minimum, table.maximum)
    found = count_layers([values[None]], axis)
    if scale == "log":
        expected = np.histogram(np.log10(np.abs(values.numpy())), axis.rows, (axis.low, axis.high))[0]
    elif scale == "linear":
        expected = np.histogram(values.numpy(), axis.rows, (axis.low * axis.unit, axis.high * axis.unit))[0]
    else:
        away = np.maximum(0, np.log10(np.abs(values.numpy())) - axis.floor) * np.sign(values.numpy())
        expected = np.histogram(away, axis.rows, (axis.low, axis.high))[0]
    assert np.abs(found.counts[0] - expected).sum() <= 4
    assert found.sampled == 0


def test_a_sample_says_that_it_is_one():
    values = torch.randn(3, 40_000)
    found = count_layers([values], Axis("log", -3, 1, 32), sample=2000)
    assert found.sampled == 2000
    assert 1900 <= int(found.counts[0].sum() + found.below[0] + found.above[0]) <= 2200


@pytest.mark.parametrize("scale", SCALES)
def test_positions_and_values_are_inverse(scale):
    axis = Axis(scale, -4, 4, 64, floor=-3, unit=10.0)
    for value in (0.5, -0.5, 12.0) if scale != "log" else (0.5, 12.0):
        assert axis.value(axis.position(value)) == pytest.approx(value)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e30, 1e-30])
def test_units_against_plain_torch(quick, scale):
    x = torch.randn(4, 20, 7, generator=torch.Generator().manual_seed(2))
    x[:, :, 3] = 0
    x[2, 5] = 0
    part = measure_units(x * scale, quick)
    dead, spread, cosine = part.dead, part.spread, part.cosine
    wide = x.double()
    assert dead == pytest.approx([1 / 7] * 4)
    assert spread == pytest.approx((wide.std(1).square().mean(1).sqrt() * scale).numpy(), rel=1e-5)
    for layer in range(4):
        rows = wide[layer][wide[layer].norm(dim=1) > 0]
        table = torch.nn.functional.cosine_similarity(rows[:, None], rows[None], dim=2)
        mean = float((table.sum() - len(rows)) / (len(rows) * (len(rows) - 1)))
        assert cosine[layer] == pytest.approx(mean, abs=1e-5)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
@pytest.mark.parametrize("signed", [False, True])
def test_a_unit_is_dead_only_if_every_value_is_zero(signed, scale, dtype, quick):
    x = torch.rand(3, 6, 8, generator=torch.Generator().manual_seed(4), dtype=dtype) * scale
    x[:, :, 0] = 0.0
    x[1, :, 1] = -0.0
    x[1, :, 2] = 0.0
    x[1, 3, 2] = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
    x[2, :, 3] = 0.0
    if signed:
        x[:, 0, 4], x[:, 1, 4], x[:, 2:, 4] = scale, -scale, 0.0
        x[0] = -x[0]
    expected = (x == 0).all(1).double().mean(1).numpy()
    assert measure_units(x, quick).dead == pytest.approx(expected)
    assert expected == pytest.approx([1 / 8, 2 / 8, 2 / 8])


@pytest.mark.parametrize("scale", [1e-44, 1e-30, 1e-14, 1e14, 1e36])
def test_float32_far_from_one_is_measured_to_nine_digits(scale):
    x = torch.randn(5, 400, generator=torch.Generator().manual_seed(5)) * scale
    found, wide = measure(x, quick=True), x.double().numpy()
    assert found.mean == pytest.approx(wide.mean(1), rel=1e-9)
    assert found.std == pytest.approx(wide.std(1, ddof=1), rel=1e-9)
    assert found.rms == pytest.approx(np.sqrt((wide**2).mean(1)), rel=1e-9)
    assert np.array_equal(found.minimum, wide.min(1))
    assert np.array_equal(found.maximum, wide.max(1))


@pytest.mark.parametrize("scale", [None, "log"])
def test_a_table_is_the_same_after_it_has_been_sent(scale):
    x = torch.randn(7, 40, generator=torch.Generator().manual_seed(9))
    x[2, :3], x[4, 1] = 0, math.inf
    table = measure(x)
    if scale is not None:
        axis = choose_axis(scale, table.rms, table.minimum, table.maximum)
        table = replace(table, histograms=count_layers([x], axis))
    sent = pickle.loads(pickle.dumps(table))
    for field in fields(table):
        one, other = getattr(table, field.name), getattr(sent, field.name)
        if field.name == "histograms":
            assert (one is None) == (other is None)
            assert one is None or (one.axis == other.axis and np.array_equal(one.counts, other.counts))
        else:
            assert one.dtype == other.dtype
            assert np.array_equal(one, other, equal_nan=True), field.name
    assert sent.layer(4).inf_count == 1


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_layer_of_a_stack_is_measured_as_if_it_were_alone(dtype, quick):
    top = torch.finfo(dtype).max
    x = torch.randn(9, 300, generator=torch.Generator().manual_seed(6), dtype=dtype)
    x *= torch.tensor([1.0, 1e-30, 1.0, 1.0, 1.0, 1e30, 1.0, 1.0, 1.0], dtype=dtype)[:, None]
    x[2, 7], x[3] = math.nan, math.nan
    x[4, :3] = torch.tensor([math.inf, -math.inf, math.nan])
    x[6], x[6, 0], x[7, 5], x[8] = math.inf, 3.0, top, -7.25
    whole, columns = measure(x, quick), ("count", "zeros", "nans", "infs", "minimum", "maximum")
    for row in range(len(x)):
        finite = x[row][torch.isfinite(x[row])].double().numpy()
        alone = measure(x[row : row + 1], quick)
        for column in columns:
            assert np.array_equal(getattr(whole, column)[row], getattr(alone, column)[0], equal_nan=True), column
        expected = exact(finite) if len(finite) else (math.nan,) * 3
        mean, std, rms = (float(getattr(whole, column)[row]) for column in ("mean", "std", "rms"))
        digits = 1e-5 if quick else 1e-12
        assert (std, rms) == pytest.approx(expected[1:], rel=digits, nan_ok=True)
        assert mean == pytest.approx(expected[0], abs=digits * rms if rms == rms else 0, nan_ok=True)
        assert whole.nans[row] == int(x[row].isnan().sum())
        assert whole.infs[row] == int(x[row].isinf().sum())
        assert (whole.minimum[row], whole.maximum[row]) == pytest.approx(
            (finite.min(), finite.max()) if len(finite) else (math.nan, math.nan), rel=0, nan_ok=True
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", SCALES)
def test_a_power_of_ten_that_fills_a_layer_is_in_a_bin(scale, dtype):
    for exponent in range(-37, 38):
        found = describe_tensor(torch.full((9,), -float(f"1e{exponent}"), dtype=dtype), scale).histogram
        assert (int(found.counts.sum()), found.below, found.above) == (9, 0, 0), exponent


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [1, 3, 100, 1000])
def test_values_that_hardly_differ_are_all_on_the_linear_axis_and_in_their_bins(dtype, steps):
    generator = torch.Generator().manual_seed(11)
    for number in (0.7, -12.3, 1e-3, 1e4):
        one = torch.tensor([number], dtype=DTYPES[dtype])
        step = torch.nextafter(one, one + one.abs()) - one
        stored = (one + step * torch.randint(0, steps + 1, (500,), generator=generator)).to(DTYPES[dtype])
        found = describe_tensor(stored, "linear").histogram
        assert (int(found.counts.sum()), found.below, found.above) == (int((stored != 0).sum()), 0, 0)
        places = stored.double().numpy() / found.axis.unit
        middle = np.searchsorted(np.cumsum(found.counts), np.arange(500), side="right")
        width = (found.axis.high - found.axis.low) / found.axis.rows
        assert found.axis.low + (middle + 0.5) * width == pytest.approx(np.sort(places), abs=0.6 * width)


@pytest.mark.parametrize("scale", ["log", "signed_log"])
def test_the_end_of_a_wide_axis_is_in_a_bin_too(scale):
    for low in (-40, -20, -7, 0):
        for high in range(low, 37):
            ends = torch.tensor([[float(f"1e{low}")], [float(f"1e{high}")], [-float(f"1e{high}")]]).expand(3, 5)
            table = measure(ends)
            found = count_layers([ends], choose_axis(scale, table.rms, table.minimum, table.maximum))
            assert (found.counts.sum(1).tolist(), found.above.tolist()) == ([5, 5, 5], [0, 0, 0]), (low, high)


def test_an_axis_has_no_decade_above_values_that_stay_below_it():
    almost = torch.tensor([[0.9999, -0.9999, 0.5]])
    table = measure(almost)
    assert choose_axis("log", table.rms, table.minimum, table.maximum).high == 0
