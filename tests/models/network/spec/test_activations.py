import math

import pytest
import torch
from torch.nn import functional

from playground.models.network.spec.activations import ACTIVATIONS, RECTIFIERS, saturation_bounds

ORACLES = {
    "identity": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": lambda z: z * 0.5 * (1 + torch.erf(z / math.sqrt(2))),
    "silu": lambda z: z * torch.sigmoid(z),
    "elu": lambda z: torch.where(z > 0, z, torch.expm1(z)),
    "selu": functional.selu,
    "softplus": lambda z: torch.log1p(torch.exp(z)),
}


def test_the_registry_has_the_ten_names_in_order():
    assert list(ACTIVATIONS) == list(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
def test_values_and_slopes(name):
    z = torch.linspace(-8, 8, 401, dtype=torch.float64) + 0.001
    entry = ACTIVATIONS[name]
    assert torch.allclose(entry.function(z), ORACLES[name](z), atol=1e-12)
    step = 1e-6
    numeric = (entry.function(z + step) - entry.function(z - step)) / (2 * step)
    assert torch.allclose(entry.slope(z), numeric, atol=1e-6)
    assert all((entry.formula, entry.source))


@pytest.mark.parametrize("name", ORACLES)
def test_beyond_the_bounds_the_slope_stays_below_a_hundredth(name):
    below, above = saturation_bounds(name)
    entry = ACTIVATIONS[name]
    steepest = float(entry.slope(torch.linspace(-10, 10, 20_001, dtype=torch.float64)).abs().max())
    beyond = [z for z in (below - 1e-9, below - 1, below - 9, above + 1e-9, above + 1, above + 9) if math.isfinite(z)]
    slopes = entry.slope(torch.tensor([*beyond, 0.5], dtype=torch.float64)).abs()[:-1]
    assert bool((slopes < 0.01 * steepest).all())
    inside = torch.tensor([z for z in (below + 0.002, above - 0.002) if math.isfinite(z)] or [0.5], dtype=torch.float64)
    assert bool((entry.slope(inside).abs() >= 0.0099 * steepest).all())


def test_relu_is_saturated_where_it_is_not_positive():
    assert saturation_bounds("relu") == (0.0, math.inf)
    assert saturation_bounds("identity") == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("name", "gain"), [("linear", 1), ("sigmoid", 1), ("tanh", 5 / 3), ("relu", math.sqrt(2)), ("selu", 0.75)]
)
def test_torchs_gains_are_the_stated_ones(name, gain):
    assert torch.nn.init.calculate_gain(name) == pytest.approx(gain)


@pytest.mark.parametrize("name", RECTIFIERS)
def test_a_rectifier_is_torchs_module_of_that_name_and_cuts_half(name):
    z = torch.linspace(-4, 4, 101)
    module = RECTIFIERS[name]()
    torch.testing.assert_close(module(z), ACTIVATIONS[name].function(z))
    assert module(z)[z < -3].abs().max() < 1.1 < module(z)[z > 3].min()
