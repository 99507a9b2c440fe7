"""Weights known from their draws: the same extremes to the bit, the same moments to float32's digits."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.statistics import measure
from playground.models.network.run import draws as scaled_draws
from playground.models.network.run.build import build
from playground.models.network.run.draws import LastOf, ScaledDraws
from playground.models.network.run.run import run_network
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec

SPEC = NetworkSpec(depth=5, width=12, batch=7, activation="relu")


@pytest.mark.parametrize("scale", [1.0, 0.123, -0.7, 0.0, 1e-30, 1e-44, 1e20, 3e38])
def test_reductions_of_the_draws_are_those_of_the_weights(scale):
    draws = torch.randn(4, 30, 40, generator=torch.Generator().manual_seed(1))
    draws[2, :3] = 0
    whole = draws * scale
    found = ScaledDraws(whole, draws, scale).reductions()
    rows = whole.flatten(1)
    assert np.array_equal(found.low, rows.amin(1).double().numpy())
    assert np.array_equal(found.high, rows.amax(1).double().numpy())
    if found.zeros is not None:
        assert np.array_equal(found.zeros, (rows == 0).sum(1).numpy())
    assert (found.zeros is None) == (abs(scale) < 1e-40)
    if 1e-20 < abs(scale) < 1e15:
        wide = rows.double()
        assert found.mean == pytest.approx(wide.mean(1).numpy(), abs=1e-7 * abs(scale))
        assert found.norm == pytest.approx(wide.norm(dim=1).numpy(), rel=1e-6)


@pytest.mark.parametrize("gain", [1.0, 0.3, 0.0, 1e-25, 1e25, 1e38, 1e42])
@pytest.mark.parametrize("init", list(INIT_SCHEMES))
def test_the_statistics_of_weights_while_dragging_are_those_of_the_tensor(init, gain):
    spec = replace(SPEC, init=init, gain=gain)
    table = run_network(spec, detail=Detail(quick=True)).tables["weight"]
    exact = measure(torch.stack(build(spec).weights))
    for column in ("count", "minimum", "maximum", "zeros", "nans", "infs"):
        assert np.array_equal(getattr(table, column), getattr(exact, column), equal_nan=True), column
    rms = np.nan_to_num(exact.rms, posinf=0.0)
    assert table.rms == pytest.approx(exact.rms, rel=1e-5, nan_ok=True)
    assert table.std == pytest.approx(exact.std, rel=1e-5, nan_ok=True)
    assert np.all(np.isnan(exact.mean) | (np.abs(table.mean - exact.mean) <= 1e-6 * rms))


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, input="digits"),
        replace(SPEC, init="xavier_uniform"),
        replace(SPEC, dtype="float64"),
        replace(SPEC, init="lsuv"),
    ],
    ids=["of another width first", "of uniform draws", "in float64", "measured layer by layer"],
)
def test_weights_that_are_no_one_multiple_are_measured_themselves(spec):
    assert build(spec).scaled is None


def test_the_draws_are_reduced_once_while_the_gain_moves(monkeypatch):
    counted = []
    reduce = scaled_draws._reduce
    monkeypatch.setattr(
        scaled_draws, "_reduce_draws", LastOf(lambda draws: counted.append(len(draws)) or reduce(draws))
    )
    for gain in (1.0, 1.1, 1.2):
        run_network(replace(SPEC, gain=gain), detail=Detail(quick=True))
    assert counted == [5]
    run_network(replace(SPEC, depth=3), detail=Detail(quick=True))
    assert counted == [5, 3]
    for field in ({"residual": "plain"}, {"normalisation": "batch"}, {"dropout": 0.5}):
        run_network(replace(SPEC, depth=3, **field), detail=Detail(quick=True))
    assert counted == [5, 3]
    monkeypatch.setattr("playground.models.network.run.run.CHUNK", 3 * 12 * 12 - 1)
    run_network(replace(SPEC, depth=3), detail=Detail(quick=True))
    run_network(replace(SPEC, depth=2), detail=Detail(quick=True))
    assert counted == [5, 3, 2]


def test_a_tensor_that_was_written_to_is_another():
    sums = LastOf(lambda tensor: float(tensor.sum()))
    x = torch.ones(3)
    assert sums(x) == 3
    x[0] = 5
    assert sums(x) == 7
    assert sums(x[:2]) == 6
    assert sums(torch.zeros(2)) == 0


def test_the_same_memory_read_as_another_dtype_is_another_tensor():
    sums = LastOf(lambda tensor: float(tensor.sum()))
    halves = torch.ones(3, dtype=torch.float16)
    assert sums(halves) == 3
    other = halves.view(torch.bfloat16)
    assert sums(other) == float(other.sum()) != 3
    assert sums(halves) == 3


def test_a_value_is_worked_out_once_as_long_as_the_tensor_stays():
    seen = []
    last = LastOf(lambda tensor: seen.append(tensor.shape))
    x = torch.zeros(4, 3)
    for view in (x, x[:], x.detach()):
        last(view)
    assert len(seen) == 1
    last(x.t())
    assert len(seen) == 2


def test_a_tensor_too_large_to_be_kept_is_let_go_and_so_is_the_one_before(monkeypatch):
    monkeypatch.setattr("playground.models.network.run.draws.MOST_KEPT", 100)
    seen = []
    last = LastOf(lambda tensor: seen.append(tensor.numel()))
    small, large = torch.zeros(25), torch.zeros(26)
    gone = weakref.ref(small)
    for tensor in (small, small, large, large):
        last(tensor)
    assert seen == [25, 26, 26]
    del small, tensor
    assert gone() is None
