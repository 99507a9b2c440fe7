import numpy as np
import pytest
import torch
from torch import nn

from playground.models.network.measure.histograms import SCALES, count_values
from playground.models.network.measure.statistics import describe_tensor
from playground.models.network.watch.layers import WATCHED_KINDS
from playground.models.network.watch.values import (
    SAMPLE,
    Keeper,
    as_numbers,
    batch_axis_of,
    batched,
    count_alone,
    count_kind,
    reduce,
    saturated_share,
    unit_axis,
)
from playground.models.network.watch.watch import measure_module

BATCH = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))


def test_a_copy_is_kept_and_a_sample_of_what_is_too_large():
    keeper = Keeper(budget=100)
    tensor = torch.arange(20.0).reshape(4, 5).t()
    kept = keeper.keep(tensor)
    tensor.zero_()
    assert kept.whole
    assert torch.equal(kept.tensor, torch.arange(20.0).reshape(4, 5).t())
    large = torch.arange(4.0 * SAMPLE)
    sample = keeper.keep(large)
    assert not sample.whole
    assert len(sample.tensor) == SAMPLE
    assert torch.equal(sample.tensor, large[::4])


def test_without_room_small_tensors_keep_their_shape_and_a_sample_is_never_larger_than_said():
    keeper = Keeper(budget=0)
    small = torch.arange(20.0).reshape(4, 5).t()
    kept = keeper.keep(small)
    assert kept.whole
    assert torch.equal(kept.tensor, small)
    for count in (SAMPLE + 1, 2 * SAMPLE - 1, 2 * SAMPLE + 1, 5 * SAMPLE):
        sample = keeper.keep(torch.arange(count))
        assert not sample.whole
        assert SAMPLE // 2 < len(sample.tensor) <= SAMPLE
        assert len(set(sample.tensor.diff().tolist())) == 1


def test_units_of_complex_images_are_their_channels():
    images = torch.complex(torch.ones(2, 3, 4, 5), torch.ones(2, 3, 4, 5))
    images[:, 1] = 0
    reduced = reduce(images, Keeper(), nn.Identity())
    assert (reduced.units, reduced.dead) == (3, pytest.approx(1 / 3))


@pytest.mark.parametrize("scale", SCALES)
def test_all_layers_are_counted_on_one_axis_as_each_alone(scale):
    keeper = Keeper()
    tensors = [BATCH, BATCH.abs() * 100, torch.zeros(3), BATCH.double(), torch.randint(-9, 9, (20, 8)), BATCH * 1e-3]
    kept = [keeper.keep(tensor) for tensor in tensors]
    kept.insert(2, None)
    statistics = [None if k is None else describe_tensor(as_numbers(k.tensor)) for k in kept]
    table = count_kind(kept, statistics, scale)
    for row, values in enumerate(kept):
        if values is None:
            assert table.counts[row].sum() == 0
            continue
        counts, below, above = count_values(as_numbers(values.tensor).flatten()[None], table.axis)
        assert np.array_equal(table.counts[row], counts[0])
        assert (table.below[row], table.above[row]) == (below[0], above[0])
        alone = count_alone(values, statistics[row], scale)
        assert alone.counts.sum() + alone.below + alone.above == (values.tensor != 0).sum()
    assert table.sampled == 0


def test_a_sample_says_that_it_is_one():
    keeper = Keeper(budget=0)
    values = torch.randn(2 * SAMPLE, generator=torch.Generator().manual_seed(0))
    table = count_kind([keeper.keep(values)], [describe_tensor(values)], "log")
    assert table.sampled == SAMPLE
    assert table.counts.sum() + table.below.sum() == SAMPLE


def test_entries_in_lists_of_a_size():
    assert list(batched(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(
    ("shape", "module", "axis"),
    [
        ((4, 5), nn.Linear(1, 1), 1),
        ((4, 6, 5), nn.Linear(1, 1), 2),
        ((4, 6, 5), nn.Conv1d(1, 6, 1), 1),
        ((4, 6, 5, 5), nn.ReLU(), 1),
        ((4, 6, 3, 5, 5), nn.BatchNorm3d(6), 1),
    ],
)
def test_units_lie_along_the_channels_of_images_and_the_last_axis_of_all_else(shape, module, axis):
    tensor = torch.ones(shape)
    assert unit_axis(tensor, module) == axis
    tensor.select(axis, 0).zero_()
    found = reduce(tensor, Keeper(), module)
    assert found.units == shape[axis]
    assert found.dead == pytest.approx(1 / shape[axis])


def test_spread_and_cosine_are_those_over_the_inputs():
    found = reduce(BATCH, Keeper(), nn.ReLU())
    assert found.spread == pytest.approx(BATCH.double().var(0).mean().sqrt().item())
    rows = nn.functional.normalize(BATCH.double())
    cosines = rows @ rows.t()
    expected = (cosines.sum() - len(rows)) / (len(rows) * (len(rows) - 1))
    assert found.cosine == pytest.approx(expected.item())
    assert np.isnan(reduce(BATCH[:1], Keeper(), nn.ReLU()).spread)


def test_time_first_modules_count_their_inputs_along_axis_1():
    first, second = nn.LSTM(8, 4, batch_first=True), nn.LSTM(8, 4)
    assert (batch_axis_of(first), batch_axis_of(second), batch_axis_of(nn.Linear(1, 1))) == (0, 1, 0)
    batch = torch.randn(5, 3, 8, generator=torch.Generator().manual_seed(0))
    layer = measure_module(second, batch).layers[0]
    with torch.no_grad():
        output = second(batch)[0].double()
    assert layer.spread == pytest.approx(output.var(1).mean().sqrt().item(), rel=1e-6)


def test_tanh_and_sigmoid_say_how_much_is_saturated():
    entered = torch.tensor([[-9.0, 0.0, 9.0, 0.5]])
    assert saturated_share(nn.Tanh(), entered) == 0.5
    assert saturated_share(nn.Sigmoid(), entered) == 0.5
    assert saturated_share(nn.ReLU(), entered) is None
    layers = measure_module(nn.Sequential(nn.Linear(8, 4), nn.Tanh()), BATCH * 100).layers
    assert layers[0].saturated_fraction is None
    assert layers[1].saturated_fraction > 0.3


def test_every_kind_and_scale_is_counted_and_kept():
    module = nn.Sequential(nn.Linear(8, 16), nn.ReLU(inplace=True), nn.Linear(16, 2))
    result = measure_module(module, BATCH)
    assert set(result.counted) == {(kind, scale) for kind in WATCHED_KINDS for scale in SCALES}
    hidden = module[0](BATCH)
    assert torch.equal(result.layers[0].kept["activation"].tensor, hidden), "as it was before the ReLU overwrote it"
    assert torch.equal(result.layers[0].kept["weight"].tensor, module[0].weight)
    assert result.layers[0].kept["weight"].tensor.data_ptr() != module[0].weight.data_ptr()
    assert set(result.layers[1].kept) == {"activation", "activation_gradient"}
    relu = result.counted["activation", "log"]
    assert relu.counts[1].sum() + relu.below[1] == (hidden > 0).sum()


def test_the_standard_loss_has_a_gradient_where_a_norm_comes_last():
    module = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8))
    result = measure_module(module, BATCH)
    first, last = (layer.activation_gradient.rms for layer in result.layers)
    assert 0.1 < first / last < 100
    assert measure_module(module, BATCH).loss == result.loss, "the same targets each time"
