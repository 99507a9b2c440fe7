"""The numbers beside the plots, of one layer."""

import torch
from torch import nn

from playground.models.formatting import digits
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.run.build import build
from playground.models.network.run.passes import run_passes
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.watch.watch import measure_module
from playground.widgets.network.layer_numbers import gradient_rows, spread_rows, zero_rows

OVERFLOWING = NetworkSpec(
    depth=9,
    width=30,
    batch=20,
    activation="relu",
    init="kaiming_normal",
    gain=6.0,
    dtype="float16",
    input="digits",
    loss="cross_entropy",
)


def values_of(rows):
    return {name: value for name, value, _meaning in rows}


def test_gradients_that_are_not_finite_are_counted_beside_the_rms_of_the_others():
    page = compute_network(NetworkRequest(OVERFLOWING))
    passes = run_passes(build(OVERFLOWING))
    seen = set()
    for layer in range(1, OVERFLOWING.depth + 1):
        by_activations, by_weights = passes.activation_gradients[layer - 1], passes.weight_gradients[layer - 1]
        odd = [int((~tensor.isfinite()).sum()) for tensor in (by_activations, by_weights)]
        assert values_of(gradient_rows(page, layer)).get("not finite") == (
            f"{odd[0]:,}, {odd[1]:,}" if any(odd) else None
        )
        seen.add(any(odd))
    assert True in seen


def test_finite_gradients_say_nothing_of_others():
    page = compute_network(NetworkRequest(NetworkSpec(depth=3, width=12, batch=5)))
    assert "not finite" not in values_of(gradient_rows(page, 2))


def test_the_gradient_of_the_biases_stands_beside_that_of_the_weights():
    spec = NetworkSpec(depth=4, width=12, batch=5, activation="tanh", init="lecun_normal", bias_std=0.3)
    page = compute_network(NetworkRequest(spec))
    passes = run_passes(build(spec))
    for layer in range(1, 5):
        rms = passes.bias_gradients[layer - 1].double().square().mean().sqrt().item()
        assert values_of(gradient_rows(page, layer))["biases"] == digits(rms)
    moving = compute_network(NetworkRequest(spec, moving=True))
    assert [name for name, _, _ in gradient_rows(moving, 2)] == [name for name, _, _ in gradient_rows(page, 2)]


def test_a_watched_layer_has_the_numbers_that_were_measured_of_it_and_no_others():
    torch.manual_seed(0)
    module, batch = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.ReLU()), torch.randn(20, 8)
    result = measure_module(module, batch)
    page, named = result.page(), ("activations", "weights", "weights' std")
    for place, layer in enumerate(result.layers, start=1):
        spread, gradients, zeros = (values_of(of(page, place)) for of in (spread_rows, gradient_rows, zero_rows))
        assert spread["rms"] == digits(layer.activation.rms)
        assert spread["std across inputs"] == digits(layer.spread)
        assert "rms, theory" not in spread
        assert gradients["activations"] == digits(layer.activation_gradient.rms)
        assert gradients["weights"] == ("none" if layer.weight_gradient is None else digits(layer.weight_gradient.rms))
        assert set(gradients) == set(named if layer.weight is not None else named[:2])
        assert zeros["dead units"] == f"{round(layer.dead_fraction * 6)} of 6"
        assert ("saturated" in zeros) == (layer.kind == "Tanh")


class Sparse(nn.Module):
    def forward(self, x):
        return x.to_sparse()


def test_a_layer_that_returns_no_plain_values_has_no_numbers():
    page = measure_module(nn.Sequential(Sparse()), torch.eye(3)).page()
    assert page.network.depth == 1
    assert spread_rows(page, 1) == zero_rows(page, 1) == []
    assert values_of(gradient_rows(page, 1)) == {"activations": "none", "weights": "none"}
