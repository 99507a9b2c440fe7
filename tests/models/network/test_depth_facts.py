"""The facts about depth: 50 layers of 100 units, 200 inputs."""

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.pinned import curves_of
from playground.models.network.run.build import build
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec

QUICK = Detail(histograms=(), quick=True)
BOOK = NetworkSpec()


def first_layer(flags):
    return next((layer for layer, flag in enumerate(flags, 1) if flag), None)


@pytest.mark.processor
def test_d1_standard_normal_weights_overflow_near_layer_38():
    result = run_network(BOOK)
    rms = result.tables["activation"].rms
    assert np.median(rms[1:30] / rms[:29]) == pytest.approx(10, rel=0.05)
    inf = first_layer(layer.activation.inf_count > 0 for layer in result.layers)
    nan = first_layer(layer.activation.nan_count > 0 for layer in result.layers)
    assert abs(inf - 38) <= 1
    assert nan in (inf, inf + 1), "it depends on the order in which a processor adds the products"


@pytest.mark.processor
@pytest.mark.parametrize(("dtype", "layer"), [("float32", 46), ("float16", 9)])
def test_d2_a_hundredth_ends_at_exactly_zero(dtype, layer):
    result = run_network(NetworkSpec(weight_std=0.01, dtype=dtype), detail=QUICK)
    assert abs(first_layer(one.activation.zero_fraction == 1 for one in result.layers) - layer) <= 1


@pytest.mark.processor
def test_d2_bfloat16_ends_where_its_products_do():
    """In IEEE arithmetic at the smallest subnormal number; some processors make 0 of all that are subnormal."""
    result = run_network(NetworkSpec(weight_std=0.01, dtype="bfloat16"), detail=QUICK)
    zero = first_layer(one.activation.zero_fraction == 1 for one in result.layers)
    exact = run_network(NetworkSpec(weight_std=0.01, dtype="float64"), detail=QUICK).tables["activation"].maximum
    numbers = torch.finfo(torch.bfloat16)
    flushed, kept = (first_layer(exact < least) for least in (numbers.smallest_normal, numbers.smallest_normal * 2**-7))
    assert flushed - 1 <= zero <= kept + 1


def test_d3_a_tenth_keeps_the_std_but_one_draw_is_one_draw():
    finals = [
        curves_of(run_network(NetworkSpec(weight_std=0.1, seed=seed), detail=QUICK)).std[-1] for seed in range(25)
    ]
    assert np.median(finals) == pytest.approx(0.945, abs=0.12)
    assert np.quantile(finals, 0.05) == pytest.approx(0.66, abs=0.15)
    assert np.quantile(finals, 0.95) == pytest.approx(1.35, abs=0.25)


def test_d4_relu_halves_the_second_moment_not_the_variance():
    z = torch.randn(4_000_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64).relu()
    assert float(z.mean()) == pytest.approx(0.39894, abs=1e-3)
    assert float(z.std()) == pytest.approx(0.58382, abs=1e-3)
    assert float(z.square().mean().sqrt()) == pytest.approx(0.70711, abs=1e-3)


def test_d5_he_keeps_the_rms_and_the_std_is_then_below():
    runs = [
        run_network(NetworkSpec(activation="relu", init="kaiming_normal", seed=seed, width=400, depth=10), detail=QUICK)
        for seed in range(6)
    ]
    assert np.median([run.layers[-1].activation.rms for run in runs]) == pytest.approx(1, abs=0.15)
    shares = [run.layers[0].activation.std / run.layers[0].activation.rms for run in runs]
    assert np.median(shares) == pytest.approx(0.826, abs=0.01)


def test_d6_relu_with_a_tenth_ends_at_two_to_the_minus_25():
    finals = [
        run_network(NetworkSpec(activation="relu", weight_std=0.1, seed=seed), detail=QUICK).layers[-1].activation.rms
        for seed in range(25)
    ]
    assert np.median(np.log2(finals)) == pytest.approx(-25, abs=1.2)


def test_d7_zero_init_leaves_only_the_last_bias_a_gradient():
    result = run_network(NetworkSpec(init="zeros", input="digits", loss="cross_entropy", activation="tanh"))
    for layer in result.layers:
        assert layer.weight_gradient.zero_fraction == 1
        assert layer.bias_gradient.zero_fraction == 1
        assert layer.activation_gradient.zero_fraction == 1
    assert result.head.weight_gradient.zero_fraction == 1
    assert result.head.bias_gradient.rms > 0


@pytest.mark.processor
def test_d7_constant_init_gives_all_units_the_same_gradient():
    spec = NetworkSpec(depth=4, width=6, batch=20, init="constant", weight_value=0.1, activation="tanh")
    network = build(spec).requiring_grad()
    gradients = torch.autograd.grad(network.loss(network.forward(network.inputs)), network.weights)
    for gradient in gradients:
        assert torch.allclose(gradient, gradient[:1].expand_as(gradient))


def test_d8_small_weights_make_both_vanish():
    result = run_network(NetworkSpec(activation="tanh", init="lecun_normal", gain=0.5))
    assert result.layers[-1].activation.rms < 1e-10
    assert result.layers[0].activation_gradient.rms < 1e-10 * result.layers[-1].activation_gradient.rms


def test_d10_a_healthy_std_can_hide_equal_outputs():
    spec = NetworkSpec(depth=30, width=400, batch=50, activation="relu", init="kaiming_normal", bias_std=0.3)
    last = run_network(spec).layers[-1]
    assert 0.3 < last.activation.std < 10
    assert last.spread_across_inputs < 0.35 * last.activation.std
    assert last.cosine_between_inputs > 0.95
