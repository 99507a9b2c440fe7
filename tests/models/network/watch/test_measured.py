"""A network of the page, and the same one written by hand and watched: one type, the same numbers."""

from dataclasses import fields

import numpy as np
import pytest
from torch import nn

from playground.models.network.measure.result import Measured
from playground.models.network.pinned import Curves, curves_of
from playground.models.network.run.build import build
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.watch.watch import measure_module


class Layer(nn.Module):
    """One layer of a page's network; with a residual it is a block that returns something of its own."""

    def __init__(self, weight, bias, activation, residual):
        super().__init__()
        self.linear, self.activation, self.residual = nn.Linear(weight.shape[1], len(weight)), activation(), residual
        self.linear.weight.data, self.linear.bias.data = weight, bias

    def forward(self, x):
        out = self.activation(self.linear(x))
        return x + out if self.residual else out


CASES = (
    NetworkSpec(depth=4, width=12, batch=20, activation="tanh", init="xavier_normal", bias_std=0.1),
    NetworkSpec(depth=5, width=12, batch=20, activation="relu", init="kaiming_normal", dtype="float64"),
    NetworkSpec(depth=3, width=12, batch=20, activation="tanh", init="xavier_normal", gain=3.0, residual="plain"),
)


def both(spec):
    """The page's result, and the rows of the watched module that stand for what its layers hand on."""
    network = build(spec)
    activation = {"tanh": nn.Tanh, "relu": nn.ReLU}[spec.activation]
    parts = zip(network.weights, network.biases, strict=True)
    module = nn.Sequential(*(Layer(*part, activation, spec.residual == "plain") for part in parts))
    watched = measure_module(module, network.inputs, loss=lambda y: y.square().mean())
    return run_network(spec), watched


def handed_on(spec, watched):
    """The rows of what each layer of the page hands on."""
    return watched.matching(kind="blocks") if spec.residual == "plain" else watched.matching("activation")


def assert_same(one, other):
    assert (one.count == other.count).all()
    for name in ("mean", "std", "rms", "minimum", "maximum"):
        close = 1e-5 * other.rms.max()
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4, atol=close, err_msg=name)


@pytest.mark.processor
@pytest.mark.parametrize("spec", CASES, ids=lambda spec: f"{spec.activation}-{spec.residual}")
def test_the_same_network_measured_either_way_has_the_same_numbers(spec):
    page, watched = both(spec)
    rows, linear = handed_on(spec, watched), watched.matching("linear")
    for result in (page, watched, rows):
        assert isinstance(result, Measured)
        assert result.dtype == spec.dtype
    assert page.depth == rows.depth == linear.depth == spec.depth
    assert_same(rows.tables["activation"], page.tables["activation"])
    assert_same(rows.tables["activation_gradient"], page.tables["activation_gradient"])
    assert_same(linear.tables["activation"], page.tables["preactivation"])
    assert_same(linear.tables["weight"], page.tables["weight"])
    assert_same(linear.tables["weight_gradient"], page.tables["weight_gradient"])
    for name in ("count", "dead", "spread", "cosine"):
        np.testing.assert_allclose(getattr(rows.units, name), getattr(page.units, name), rtol=1e-4, atol=1e-5)
    assert watched.loss == pytest.approx(page.loss, rel=1e-4)


@pytest.mark.parametrize("spec", CASES, ids=lambda spec: f"{spec.activation}-{spec.residual}")
def test_the_curves_of_either_are_taken_by_one_function(spec):
    page, watched = both(spec)
    for result in (page, watched):
        curves = curves_of(result)
        assert all(len(getattr(curves, field.name)) == result.depth for field in fields(Curves))


def test_a_row_without_a_tensor_of_a_kind_has_no_values_of_it():
    _, watched = both(CASES[0])
    table = watched.tables["weight"]
    assert list(table.count) == [144, 0] * 4
    assert np.isnan(table.rms[1::2]).all()
