"""What is measured of all layers is what each tensor tells by itself, also while the hand drags."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.reductions import add_rows
from playground.models.network.measure.result import KINDS
from playground.models.network.measure.statistics import measure
from playground.models.network.run.build import build
from playground.models.network.run.passes import run_passes
from playground.models.network.run.run import run_network, sources
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec

SPEC = NetworkSpec(depth=6, width=9, batch=11, init="kaiming_normal")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 20, 30), (2, 600, 300)])
def test_rows_are_added_up_in_shares(shape, dtype):
    generator = torch.Generator().manual_seed(8)
    x = torch.randn(shape, generator=generator, dtype=dtype)
    shares = torch.randn(shape[0], 2, shape[1], generator=generator, dtype=dtype)
    expected = (shares.double() @ x.double()).numpy()
    assert np.allclose(add_rows(shares, x), expected, rtol=0, atol=1e-4 if dtype == torch.float32 else 1e-11)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"residual": "plain"},
        {"dropout": 0.4},
        {"normalisation": "layer"},
        {"dtype": "bfloat16"},
        {"dtype": "float64"},
        {"gain": 1e30},
        {"gain": 1e-30},
        {"gain": 1e8},
        {"input": "digits", "loss": "cross_entropy"},
    ],
    ids=str,
)
def test_counts_and_extremes_while_dragging_are_those_of_the_tensors(activation, fields):
    spec = replace(SPEC, activation=activation, **fields)
    found = run_network(spec, detail=Detail(quick=True)).tables
    network = build(spec)
    assert tuple(found) == KINDS
    for kind, tensors in sources(network, run_passes(network)).items():
        for layer, tensor in enumerate(tensors):
            exact = measure(tensor.detach().reshape(1, -1))
            for column in ("count", "minimum", "maximum", "zeros", "nans", "infs"):
                one, other = getattr(found[kind], column)[layer], getattr(exact, column)[0]
                assert np.array_equal(one, other, equal_nan=True), (kind, layer, column)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "softplus"])
@pytest.mark.parametrize("residual", ["none", "plain"])
def test_infinite_values_are_saturated_though_all_finite_ones_of_all_layers_are_not(activation, residual, quick):
    inputs = torch.full((6, 5), 0.1)
    inputs[2], inputs[4] = torch.inf, -torch.inf
    spec = NetworkSpec(depth=1, width=4, batch=6, input="tensor:A", activation=activation, residual=residual,
                       init="constant", weight_value=0.1)  # fmt: skip
    found = run_network(spec, {"A": inputs}, Detail(quick=quick))
    assert found.tables["preactivation"].infs[0] == 8
    sides = {"tanh": 2, "sigmoid": 2, "relu": 1, "softplus": 1}
    assert found.units.saturated[0] == pytest.approx(sides[activation] / 6)


@pytest.mark.parametrize("gain", [1.0, 0.3, 0.0, 1e-25, 1e25, 1e38, 1e42])
@pytest.mark.parametrize("init", list(INIT_SCHEMES))
def test_the_statistics_of_weights_while_dragging_are_those_of_the_tensor(init, gain):
    spec = NetworkSpec(depth=5, width=12, batch=7, activation="relu", init=init, gain=gain)
    table = run_network(spec, detail=Detail(quick=True)).tables["weight"]
    exact = measure(torch.stack(build(spec).weights))
    for column in ("count", "minimum", "maximum", "zeros", "nans", "infs"):
        assert np.array_equal(getattr(table, column), getattr(exact, column), equal_nan=True), column
    rms = np.nan_to_num(exact.rms, posinf=0.0)
    assert table.rms == pytest.approx(exact.rms, rel=1e-5, nan_ok=True)
    assert table.std == pytest.approx(exact.std, rel=1e-5, nan_ok=True)
    assert np.all(np.isnan(exact.mean) | (np.abs(table.mean - exact.mean) <= 1e-6 * rms))
