import pytest
import torch

from playground.models.network.measure.reductions import CHUNK
from playground.models.network.run.build import build
from playground.models.network.run.fast.passes import _loss, is_plain, run_directly
from playground.models.network.run.passes import run_passes
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec


def nothing(_layer):
    pass


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"dtype": "float64"},
        pytest.param({"bias_std": 0.3, "batch": 33, "width": 17}, marks=pytest.mark.processor),
        {"input": "digits", "loss": "cross_entropy"},
        {"width": 1},
        {"batch": 1},
        {"batch": 11, "width": 9},
        {"batch": 3, "width": 5, "dtype": "float64"},
        pytest.param({"weight_std": 1e12, "init": "normal"}, marks=pytest.mark.processor),
    ],
    ids=str,
)
def test_the_direct_passes_are_autograds_to_the_bit(activation, fields):
    spec = NetworkSpec(**{"depth": 7, "activation": activation, "init": "kaiming_normal", **fields})
    network = build(spec)
    assert is_plain(network) == (ACTIVATIONS[activation].direct is not None)
    direct, usual = run_directly(network, nothing, nothing), run_passes(network)
    assert direct.loss == usual.loss or direct.loss != direct.loss
    for found, expected in (
        (direct.preactivations, usual.preactivations),
        (direct.activations, usual.activations),
        (direct.activation_gradients, usual.activation_gradients),
        (direct.weight_gradients, usual.weight_gradients),
        (direct.bias_gradients, usual.bias_gradients),
        (direct.head_gradients, usual.head_gradients),
        ([direct.output], [usual.output]),
    ):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other.detach(), rtol=0, atol=0, equal_nan=True)


@pytest.mark.processor
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [0.0, -0.0, 1e-45, 1e-39, 1e-20, 1.0, 1e19, 2e38, float("inf"), float("nan")])
def test_the_gradient_of_the_mean_square_is_autograds_to_the_bit(scale, dtype):
    network = build(NetworkSpec(depth=2, width=7, batch=3, dtype=dtype))
    values = torch.linspace(-1.7, 1.7, 21, dtype=network.inputs.dtype).reshape(3, 7) * scale
    loss, found, rest = _loss(network, values)
    leaf = values.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network.loss(leaf), leaf)
    assert rest == ()
    torch.testing.assert_close(loss, float(network.loss(values)), rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.processor
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("value", [0.0, -0.0, 1e-45, -1e-45, 20.0, 20.1, 3e38, -3e38, float("inf"), float("nan")])
def test_the_direct_operations_at_odd_values(activation, value):
    rule = ACTIVATIONS[activation].direct
    z = torch.full((3, 5), value, requires_grad=True)
    expected = ACTIVATIONS[activation].function(z)
    (slope,) = torch.autograd.grad(expected, z, torch.full((3, 5), 0.7))
    a, dz = torch.empty(3, 5), torch.empty(3, 5)
    rule.forward(z.detach(), a)
    rule.backward(torch.full((3, 5), 0.7), z.detach(), a, dz)
    torch.testing.assert_close(a, expected.detach(), rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(dz, slope, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"normalisation": "layer"},
        {"residual": "plain"},
        {"dropout": 0.1},
        {"dtype": "bfloat16"},
        {"depth": 300, "width": 128},
    ],
    ids=str,
)
def test_what_is_no_plain_chain_runs_by_autograd(fields):
    assert not is_plain(build(NetworkSpec(**{"depth": 3, "init": "kaiming_normal", **fields})))


def test_a_layer_of_many_inputs_is_too_large_for_the_buffers():
    spec = NetworkSpec(depth=1, width=4, batch=2, input="tensor:A")
    assert is_plain(build(spec, {"A": torch.zeros(2, CHUNK // 4)}))
    assert not is_plain(build(spec, {"A": torch.zeros(2, CHUNK // 4 + 1)}))


def test_a_run_does_not_change_what_an_earlier_one_gave_out():
    network = build(NetworkSpec(depth=4, activation="relu", init="kaiming_normal"))
    first = run_directly(network, nothing, nothing).weight_gradients[2].clone()
    second = run_directly(network, nothing, nothing)
    assert torch.equal(first, second.weight_gradients[2])
