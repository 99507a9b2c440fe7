import math

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.pinned import curves_of
from playground.models.network.run.run import run_network
from playground.models.network.spec.activations import ACTIVATIONS, Activation
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.critical import critical_weight_variance
from playground.models.network.theory.mean_field import (
    fixed_point,
    mean_square,
    mean_square_slope,
    predict,
    variance_map,
)

QUICK = Detail(histograms=(), quick=True)


def integral(function, q):
    """The mean over a normal of variance q, by a fine trapezoid rule with a node on neither side of the kink alone."""
    z = (torch.arange(-400_000, 400_000, dtype=torch.float64) + 0.5) / 40_000
    weights = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi) / 40_000
    return float((function(z * math.sqrt(q)) * weights).sum())


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize("q", [1e-4, 0.57, 1.0, 4.0, 20.0])
def test_the_quadrature_against_a_fine_sum(name, q):
    entry = ACTIVATIONS[name]
    assert mean_square(name, q) == pytest.approx(integral(lambda z: entry.function(z).square(), q), rel=1e-6)
    assert mean_square_slope(name, q) == pytest.approx(integral(lambda z: entry.slope(z).square(), q), rel=1e-6)


def test_tanh_with_a_bias_variance_of_005_is_critical_at_1761():
    point = fixed_point("tanh", weight_variance=1.7610, bias_variance=0.05)
    assert point.q == pytest.approx(0.5700, abs=2e-4)
    assert point.chi1 == pytest.approx(1, abs=2e-4)
    assert critical_weight_variance("tanh", 0.05) == pytest.approx(1.7610, abs=1e-4)


def test_relu_holds_its_variance_at_two_without_bias_only():
    assert critical_weight_variance("relu") == pytest.approx(2)
    assert fixed_point("relu", 2.0).depth_scale == math.inf
    assert fixed_point("relu", 2.0, 0.1).q == math.inf
    assert fixed_point("relu", 1.0).q == 0
    assert fixed_point("relu", 1.0).depth_scale == pytest.approx(1 / math.log(2))
    assert fixed_point("relu", 3.0).q == math.inf


def correlation_after(name, weight, bias, layers):
    """The correlation of two inputs after many layers, by a plain sum over both normals, and its last change."""
    q = fixed_point(name, weight, bias).q
    z = torch.linspace(-8, 8, 401, dtype=torch.float64)
    share = torch.exp(-z.square() / 2)
    share /= share.sum()
    phi, c, change = ACTIVATIONS[name].function, 0.5, math.nan
    for _ in range(layers):
        other = math.sqrt(q) * (c * z[:, None] + math.sqrt(1 - c * c) * z)
        mean = share @ (phi(math.sqrt(q) * z) * (phi(other) @ share))
        before, c = c, (weight * float(mean) + bias) / q
        change = c - before
    return c, change


@pytest.mark.parametrize(("weight", "bias", "scale"), [(2.25, 0.0025, 16.20), (4.0, 0.05, 6.98), (16.0, 0.3, None)])
def test_the_depth_scale_in_chaos_is_that_of_the_correlation(weight, bias, scale):
    """Schoenholz et al. 2017: not the gradient's scale, which is another number there."""
    found = fixed_point("tanh", weight, bias)
    near, far = (correlation_after("tanh", weight, bias, layers) for layers in (120, 121))
    assert found.correlation == pytest.approx(far[0], abs=2e-3)
    if abs(near[1]) > 1e-12:
        assert found.depth_scale == pytest.approx(-1 / math.log(far[1] / near[1]), rel=1e-3)
    if scale is not None:
        assert round(found.depth_scale, 2) == scale
    assert found.gradient_scale == pytest.approx(1 / math.log(found.chi1))
    assert abs(found.gradient_scale / found.depth_scale - 1) > 0.3


def test_the_depth_scale_passes_the_edge_without_a_jump():
    scales = [1 / fixed_point("tanh", 1.7610 + 10.0**power, 0.05).depth_scale for power in (-2, -3, -4, -5)]
    assert scales == sorted(scales, reverse=True)
    ratios = [1 / fixed_point("tanh", w, 0.05).depth_scale for w in (1.7610 + 1e-3, 1.7610 - 1e-3)]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.1)


def test_tanh_without_bias_is_critical_at_one():
    assert critical_weight_variance("tanh") == pytest.approx(1, abs=1e-9)
    assert fixed_point("tanh", 0.5).q == 0
    assert fixed_point("tanh", 0.5).trainable_depth == pytest.approx(6 / math.log(2), rel=1e-6)
    assert critical_weight_variance("identity") == pytest.approx(1)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
@pytest.mark.parametrize(("weight", "bias"), [(0.5, 0.05), (1.2, 0.3), (1.9, 0.01)])
def test_the_fixed_point_is_where_the_map_settles(name, weight, bias):
    point, q = fixed_point(name, weight, bias), 1.0
    for _ in range(3000):
        q = variance_map(name, q, weight, bias)
        if q > 1e12:
            break
    if math.isinf(point.q):
        assert q > 1e3
    else:
        assert q == pytest.approx(point.q, rel=1e-5)
        assert point.chi1 == pytest.approx(weight * mean_square_slope(name, point.q), rel=1e-9)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_the_prediction_agrees_with_wide_networks(name):
    spec = NetworkSpec(depth=10, width=800, batch=40, activation=name, init="lecun_normal", gain=1.2, bias_std=0.2)
    runs = [curves_of(run_network(NetworkSpec(**{**_fields(spec), "seed": seed}), detail=QUICK)) for seed in range(3)]
    theory = predict(spec)
    assert np.median([run.rms for run in runs], axis=0) == pytest.approx(theory.rms, rel=0.06)
    measured = np.median([run.activation_gradient for run in runs], axis=0)
    assert measured == pytest.approx(theory.gradient_rms, rel=0.1)


def _fields(spec):
    return {name: getattr(spec, name) for name in NetworkSpec.__dataclass_fields__}


def test_uniform_inputs_and_their_features_count():
    spec = NetworkSpec(depth=3, width=400, batch=100, input="uniform", activation="relu", init="kaiming_normal")
    assert predict(spec).rms[0] == pytest.approx(math.sqrt(1 / 3))
    assert predict(spec, 4.0).rms[0] == pytest.approx(2)


@pytest.mark.parametrize(
    "fields",
    [
        {"normalisation": "layer"},
        {"dropout": 0.1},
        {"residual": "plain"},
        {"init": "lsuv"},
        {"init": "identity"},
        {"init": "constant"},
        {"init": "uniform"},
    ],
    ids=str,
)
def test_where_the_theory_does_not_apply_it_says_so(fields):
    prediction = predict(NetworkSpec(**{"init": "kaiming_normal", **fields}))
    assert prediction.rms is None
    assert prediction.gradient_rms is None
    assert prediction.reason.startswith("no theory drawn")


def test_the_gradient_of_a_cross_entropy_is_not_predicted():
    prediction = predict(NetworkSpec(input="digits", loss="cross_entropy", init="lecun_normal", activation="tanh"))
    assert prediction.rms is not None
    assert prediction.gradient_rms is None
    assert "cross entropy" in prediction.gradient_reason


@pytest.mark.parametrize("gain", [0.0, 1e-30, 1e30])
def test_extreme_gains_raise_nothing(gain):
    for name in ACTIVATIONS:
        prediction = predict(NetworkSpec(activation=name, init="lecun_normal", gain=gain, depth=40))
        assert len(prediction.rms) == 40


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_an_activation_that_says_it_scales_with_its_input_does(activation):
    z = torch.linspace(-5, 5, 101, dtype=torch.float64)
    entry = ACTIVATIONS[activation]
    scales = all(torch.allclose(entry.function(c * z), c * entry.function(z)) for c in (0.01, 3.0, 1e6))
    assert entry.homogeneous == scales


@pytest.fixture
def erf():
    """An activation whose mean-field integrals have closed forms (Williams 1997), registered for one test."""
    ACTIVATIONS.register(Activation("erf of a test", "erf", "erf(z)", "Williams 1997", torch.special.erf))
    yield "erf of a test"
    del ACTIVATIONS._entries["erf of a test"]


@pytest.mark.parametrize("q", [1e-6, 0.01, 0.57, 1.0, 7.0, 300.0, 1e6])
def test_an_activation_registered_now_has_its_theory_to_ten_digits(erf, q):
    assert mean_square(erf, q) == pytest.approx(2 / math.pi * math.asin(2 * q / (1 + 2 * q)), rel=1e-10)
    assert mean_square_slope(erf, q) == pytest.approx(4 / math.pi / math.sqrt(1 + 4 * q), rel=1e-10)


@pytest.mark.parametrize(("weight", "bias"), [(0.6, 0.0), (1.3, 0.1), (2.5, 0.0), (3.0, 0.4)])
def test_its_fixed_point_solves_the_closed_form(erf, weight, bias):
    found = fixed_point(erf, weight, bias)
    q = found.q
    assert q == pytest.approx(weight * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + bias, rel=1e-9, abs=1e-12)
    chi1 = weight * 4 / math.pi / math.sqrt(1 + 4 * q)
    assert found.chi1 == pytest.approx(chi1, rel=1e-9)
    assert found.gradient_scale == pytest.approx(1 / abs(math.log(chi1)), rel=1e-6)
    c, slope = found.correlation, chi1
    if chi1 > 1:
        assert c == pytest.approx((weight * 2 / math.pi * math.asin(2 * q * c / (1 + 2 * q)) + bias) / q, abs=1e-9)
        slope = weight * 4 / math.pi / math.sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2)
    assert found.depth_scale == pytest.approx(-1 / math.log(slope), rel=1e-6)
    assert found.trainable_depth == 6 * found.depth_scale
    assert critical_weight_variance(erf) == pytest.approx(math.pi / 4, rel=1e-9)


@pytest.mark.parametrize(("name", "share"), [("relu", 0.5), ("leaky_relu", (1 + 1e-4) / 2), ("identity", 1.0)])
def test_what_scales_has_its_theory_in_one_factor(name, share):
    """E[phi^2] = share q and E[phi'^2] = share: chi1 is sw2 times it, and q* solves q = sw2 share q + sb2."""
    for weight, bias in ((0.7, 0.2), (0.9, 0.05)):
        found = fixed_point(name, weight, bias)
        assert found.chi1 == pytest.approx(weight * share, rel=1e-9)
        assert found.q == pytest.approx(bias / (1 - weight * share), rel=1e-9)
    assert critical_weight_variance(name) == pytest.approx(1 / share, rel=1e-9)
