import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from playground.models.job import CancelledError, Job
from playground.models.network.measure.measuring import Detail
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.run.build import build
from playground.models.network.run.run import run_network
from playground.models.network.send_layer import LayerTensorRequest, compute_layer_tensor
from playground.models.network.spec.activations import ACTIVATIONS, saturation_bounds
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.noise import BANK
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError

SMALL = {"depth": 4, "width": 12, "batch": 9, "init": "kaiming_normal", "dtype": "float64"}


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"normalisation": "batch", "bias_std": 0.3},
        {"normalisation": "layer"},
        {"normalisation": "rms", "residual": "scaled"},
        {"residual": "plain"},
        {"input": "digits", "loss": "cross_entropy"},
        {"input": "uniform"},
    ],
    ids=str,
)
def test_every_tensor_is_that_of_a_plain_network(activation, fields):
    spec = NetworkSpec(**{**SMALL, "activation": activation, **fields})
    network = build(spec)
    weights = [w.clone().requires_grad_() for w in network.weights]
    same = network.with_parameters((*weights, *network.parameters[len(weights) :]))
    hidden, by_hidden, loss = plain(same)
    by_weights = torch.autograd.grad(loss, weights)
    result = run_network(spec)
    assert result.loss == pytest.approx(float(loss.detach()), rel=1e-10)
    for layer, found in enumerate(result.layers):
        z, a = hidden[layer]
        for tensor, statistics in (
            (z, found.preactivation),
            (a, found.activation),
            (by_hidden[layer], found.activation_gradient),
            (by_weights[layer], found.weight_gradient),
            (weights[layer], found.weight),
        ):
            values = tensor.detach().double()
            assert statistics.std == pytest.approx(float(values.std()), rel=1e-6)
            assert statistics.rms == pytest.approx(float(values.square().mean().sqrt()), rel=1e-6)
            assert statistics.minimum == pytest.approx(float(values.min()), rel=1e-6)
        assert found.dead_fraction == pytest.approx(float((a == 0).all(0).double().mean()))
        below, above = saturation_bounds(activation)
        assert found.saturated_fraction == float(((z <= below) | (z >= above)).double().mean())


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("fields", [{}, {"residual": "plain"}, {"dropout": 0.3}, {"normalisation": "rms"}], ids=str)
def test_while_dragging_the_numbers_are_the_same(activation, fields):
    spec = NetworkSpec(
        depth=5, width=40, batch=30, activation=activation, init="kaiming_normal", bias_std=0.1, **fields
    )
    whole, quick = run_network(spec), run_network(spec, detail=Detail(quick=True))
    for kind, table in whole.tables.items():
        found = quick.tables[kind]
        for name in ("count", "minimum", "maximum", "zeros", "nans", "infs"):
            assert np.array_equal(getattr(found, name), getattr(table, name)), (kind, name)
        np.testing.assert_allclose(found.mean, table.mean, rtol=1e-5, atol=1e-6 * float(table.rms.max()))
        np.testing.assert_allclose(found.std, table.std, rtol=1e-5)
        np.testing.assert_allclose(found.rms, table.rms, rtol=1e-5)
    assert np.array_equal(quick.units.dead, whole.units.dead)
    assert np.array_equal(quick.units.saturated, whole.units.saturated)
    np.testing.assert_allclose(quick.units.spread, whole.units.spread, rtol=1e-4)
    np.testing.assert_allclose(quick.units.cosine, whole.units.cosine, rtol=1e-4, atol=1e-5)


def plain(network):
    """The same network written down as anybody would: (z, a) a layer, the loss's gradients by each a, the loss."""
    spec, x, hidden = network.spec, network.inputs, []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        z = x @ weight.T + bias
        if spec.normalisation == "batch":
            z = (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()
        elif spec.normalisation == "layer":
            z = (z - z.mean(1, keepdim=True)) / (z.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
        elif spec.normalisation == "rms":
            z = z / (z.square().mean(1, keepdim=True) + 1e-5).sqrt()
        a = ACTIVATIONS[spec.activation].function(z)
        if spec.residual != "none" and a.shape == x.shape:
            a = x + a * (1 if spec.residual == "plain" else spec.depth**-0.5)
        hidden.append((z, a))
        x = a
    loss = x.square().mean()
    if spec.loss == "cross_entropy":
        loss = functional.cross_entropy(x @ network.head_weight.T + network.head_bias, network.labels)
    by_hidden = torch.autograd.grad(loss, [a for _, a in hidden], retain_graph=True)
    return hidden, by_hidden, loss


def test_quick_numbers_agree_with_the_exact_ones():
    spec = NetworkSpec(activation="relu", init="kaiming_normal", depth=20)
    quick, exact = run_network(spec, detail=Detail(quick=True)), run_network(spec)
    for kind, table in exact.tables.items():
        for name in ("mean", "std", "rms", "minimum", "maximum", "zeros"):
            scale = np.abs(table.rms)
            assert getattr(quick.tables[kind], name) == pytest.approx(
                getattr(table, name), rel=2e-5, abs=1e-6 * scale.max()
            )
    assert quick.units.spread == pytest.approx(exact.units.spread, rel=1e-4)
    assert quick.tables["activation"].histograms.sampled > 0
    assert exact.tables["activation"].histograms.sampled == 0


def test_dropout_drops_its_share_and_keeps_the_mean():
    result = run_network(NetworkSpec(depth=1, activation="sigmoid", init="lecun_normal", dropout=0.25))
    assert result.layers[0].activation.zero_fraction == pytest.approx(0.25, abs=0.02)
    whole = run_network(NetworkSpec(depth=1, activation="sigmoid", init="lecun_normal"))
    assert result.layers[0].activation.mean == pytest.approx(whole.layers[0].activation.mean, rel=0.03)


def test_moving_gain_std_or_depth_draws_nothing_again():
    run_network(NetworkSpec(depth=60, seed=123), detail=Detail((), quick=True))
    drawn = BANK.drawn
    for fields in ({"gain": 0.5}, {"weight_std": 0.3}, {"depth": 30}, {"depth": 60}, {"activation": "tanh"}):
        run_network(NetworkSpec(**{"depth": 60, "seed": 123, **fields}), detail=Detail((), quick=True))
    assert BANK.drawn == drawn
    run_network(NetworkSpec(depth=61, seed=123), detail=Detail((), quick=True))
    assert BANK.drawn == drawn + 1


def test_layers_keep_their_noise_when_depth_changes():
    short, long = build(NetworkSpec(depth=3, seed=9)), build(NetworkSpec(depth=30, seed=9))
    assert all(torch.equal(a, b) for a, b in zip(short.weights, long.weights, strict=False))


def test_another_seed_is_another_draw_and_the_same_one_is_the_same():
    one, other, again = (run_network(NetworkSpec(depth=3, seed=seed)).layers[2].activation.rms for seed in (1, 2, 1))
    assert one != other
    assert one == again


@pytest.mark.parametrize("fields", [{"width": 1}, {"batch": 1}, {"depth": 1}, {"width": 1, "batch": 1, "depth": 1}])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_smallest_networks(fields, activation):
    result = run_network(NetworkSpec(**{"depth": 5, "activation": activation, "init": "lecun_normal", **fields}))
    assert all(math.isfinite(layer.activation.std) for layer in result.layers)


def test_depth_500_with_nan_early_still_measures_every_layer():
    result = run_network(NetworkSpec(depth=500, width=20, batch=10, weight_std=1e20), detail=Detail((), quick=True))
    assert len(result.layers) == 500
    assert result.layers[1].activation.inf_count + result.layers[1].activation.nan_count > 0
    assert result.layers[499].activation.nan_count == 200


@pytest.mark.parametrize("gain", [0.0, 1e30])
def test_extreme_gains(gain):
    result = run_network(NetworkSpec(depth=6, width=10, batch=5, gain=gain))
    last = result.layers[-1].activation
    assert last.zero_fraction == 1 if gain == 0 else last.nan_count == 50


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"depth": 0}, "depth is 0"),
        ({"depth": 501}, "depth is 501"),
        ({"width": 0}, "width is 0"),
        ({"width": 10**6}, "width is 1000000"),
        ({"batch": 0}, "batch is 0"),
        ({"weight_std": -1.0}, "is -1"),
        ({"weight_std": math.nan}, "finite"),
        ({"gain": math.inf}, "finite"),
        ({"dropout": 1.0}, "dropout is 1"),
        ({"normalisation": "batch", "batch": 1}, "2 inputs"),
        ({"loss": "cross_entropy"}, "labels"),
        ({"activation": "rellu"}, "relu"),
        ({"init": "kaiming"}, "kaiming_normal"),
        ({"dtype": "int8"}, "dtype"),
        ({"device": "tpu"}, "tpu"),
        ({"input": "digits", "batch": 5000}, "1,797"),
        ({"input": "tensor:A"}, "A"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_in_words(fields, words):
    with pytest.raises(ProblemError) as caught:
        build(NetworkSpec(**fields))
    assert words in str(caught.value)


def test_every_fix_of_a_refusal_mends_it():
    for fields in ({"depth": 0}, {"width": 0}, {"normalisation": "batch", "batch": 1}, {"weight_std": -1.0}):
        spec = NetworkSpec(**fields)
        problem = check_spec(spec)
        assert problem.fixes
        for fix in problem.fixes:
            value = type(getattr(spec, fix.target))(fix.code)
            assert check_spec(NetworkSpec(**{**fields, fix.target: value})) is None


@pytest.mark.parametrize(
    ("tensor", "features"),
    [
        (torch.randn(7, 5), 5),
        (torch.randn(7), 1),
        (torch.randn(4, 2, 3), 6),
        (torch.arange(12).reshape(3, 4), 4),
        (torch.ones(3, 4, dtype=torch.bool), 4),
    ],
)
def test_rows_of_any_tensor_go_in(tensor, features):
    result = run_network(NetworkSpec(depth=2, width=8, input="tensor:A"), {"A": tensor})
    assert (result.batch, result.features) == (len(tensor), features)


@pytest.mark.parametrize("tensor", [torch.tensor(3.0), torch.empty(0, 4), torch.ones(2, 2, dtype=torch.complex64)])
def test_tensors_that_cannot_be_fed_are_refused(tensor):
    with pytest.raises(ProblemError) as caught:
        build(NetworkSpec(input="tensor:A"), {"A": tensor})
    assert "A" in str(caught.value)


def test_nan_in_the_input_is_counted_in_every_layer():
    tensor = torch.ones(4, 4)
    tensor[1, 1] = math.nan
    result = run_network(NetworkSpec(depth=3, width=5, input="tensor:A", init="lecun_normal"), {"A": tensor})
    assert result.input.nan_count == 1
    assert [layer.activation.nan_count for layer in result.layers] == [5, 5, 5]


@pytest.mark.parametrize("when", [1, 30, 60, 103])
def test_a_cancelled_run_stops_between_layers(when):
    asked = 0

    def is_cancelled():
        nonlocal asked
        asked += 1
        return asked > when

    with pytest.raises(CancelledError):
        run_network(NetworkSpec(depth=50, width=8, batch=4), job=Job(is_cancelled=is_cancelled))
    assert asked == when + 1


def test_a_layers_tensor_is_handed_over_whole():
    spec = NetworkSpec(depth=3, width=6, batch=5, activation="tanh", init="lecun_normal")
    network = build(spec)
    x = network.inputs
    for layer in range(2):
        x = network.layer(layer, x)
    handed = compute_layer_tensor(LayerTensorRequest(spec, "activation", 2))
    assert torch.equal(handed.tensor, x)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory of Linux")
def test_memory_stays_flat():
    def update(gain: float) -> None:
        spec = NetworkSpec(depth=10, width=40, batch=30, activation="relu", init="kaiming_normal", gain=gain)
        compute_network(NetworkRequest(spec, moving=True))

    for gain in np.linspace(0.5, 1.5, 50):
        update(float(gain))
    before = resident()
    for gain in np.linspace(0.5, 1.5, 250):
        update(float(gain))
    assert resident() - before < 8 * 2**20


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_inputs_that_are_written_to_are_described_anew():
    rows = torch.randn(20, 8)
    spec = NetworkSpec(depth=2, width=8, batch=20, input="tensor:X")
    first = run_network(spec, {"X": rows}).input
    rows.mul_(3)
    assert run_network(spec, {"X": rows}).input.rms == pytest.approx(3 * first.rms)
