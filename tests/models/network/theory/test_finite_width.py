import math

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.finite_width import finite_width_of
from playground.models.network.theory.mean_field import MeanFieldPrediction, predict
from playground.models.network.training.page import TRAINED
from playground.models.network.verdict.verdict import judge

RELU = {"activation": "relu", "init": "kaiming_normal"}
LINEAR = {"activation": "identity", "init": "lecun_normal"}


def test_relu_follows_the_log_normal_law_of_hanin_and_nica():
    spec = NetworkSpec(depth=30, width=100, **RELU)
    found = finite_width_of(spec, [2.0] * 30, 2.0)
    assert found.rms == pytest.approx(5 / 100 * np.arange(1, 31) / 4)
    linear = finite_width_of(NetworkSpec(depth=30, width=100), [1.0] * 30, 1.0)
    assert linear.rms == pytest.approx(2 / 100 * np.arange(1, 31) / 4)


def test_a_linear_layer_against_the_exact_mean_logarithm():
    width = 20
    exact = (math.log(2 / width) + torch.special.digamma(torch.tensor(width / 2)).item()) / 2
    found = finite_width_of(NetworkSpec(depth=1, width=width), [1.0], 1.0)
    assert -found.rms[0] == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("settings", [RELU, LINEAR], ids=["relu", "linear"])
def test_typical_draws_of_one_input_lie_where_it_says(settings):
    off = []
    for seed in range(150):
        spec = NetworkSpec(depth=10, width=24, batch=1, seed=seed, **settings)
        result = run_network(spec, None, Detail(histograms=(), quick=True))
        theory = predict(spec, result.input.rms**2, result.features)
        off.append(math.log(result.tables["activation"].rms[-1] / theory.rms[-1]))
    kappa = 5 if settings is RELU else 2
    expected = -kappa * 10 / 24 / 4
    assert np.median(off) == pytest.approx(expected, abs=0.12)


@pytest.mark.parametrize(
    ("settings", "drawn"),
    [
        ({"depth": 50, "width": 100, **RELU}, True),
        ({"depth": 50, "width": 100, **LINEAR}, True),
        ({"depth": 50, "width": 100, "activation": "tanh", "init": "normal"}, True),
        ({"depth": 500, "width": 4096, **RELU}, True),
        ({"depth": 50, "width": 1, **LINEAR}, False),
        ({"depth": 50, "width": 16, **RELU}, False),
        ({"depth": 2, "width": 1, **LINEAR}, True),
        ({"depth": 500, "width": 100, **RELU}, False),
    ],
)
def test_theory_is_drawn_where_layers_are_wide_for_their_depth(settings, drawn):
    found = predict(NetworkSpec(**settings))
    assert (found.rms is not None) == drawn
    assert (found.narrow_from > 0) != drawn
    assert bool(found.reason) != drawn
    if not drawn:
        assert f"at width {settings['width']}" in found.reason
        assert found.gradient_rms is None


def test_it_says_from_which_layer_on():
    reason = predict(NetworkSpec(depth=50, width=1, **LINEAR)).reason
    assert reason.endswith("at width 1 a draw is off by ×10 from layer 5 on")
    # 2 / 4 a layer: 0.5 * 5 is the first to be more than ln 10
    assert 0.5 * 4 < math.log(10) < 0.5 * 5


def test_gradients_stray_sooner_than_activations():
    found = predict(NetworkSpec(depth=50, width=32, **RELU))
    assert found.rms is not None
    assert found.gradient_rms is None
    assert "at width 32 a draw's gradients are off by ×10 within" in found.gradient_reason


def test_a_contracting_map_forgets_what_chance_did():
    shallow, deep = (
        NetworkSpec(depth=depth, width=8, activation="sigmoid", init="lecun_normal") for depth in (20, 200)
    )
    found = [finite_width_of(spec, [0.3] * spec.depth, 1.0).rms for spec in (shallow, deep)]
    assert found[0][-1] == pytest.approx(found[1][-1])
    assert predict(deep).rms is not None


@pytest.mark.parametrize("gain", [0.0, 1e-30, 1e30])
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "gelu"])
def test_the_extremes_give_numbers(gain, activation):
    spec = NetworkSpec(depth=40, width=3, activation=activation, init="lecun_normal", gain=gain, dtype="float64")
    with np.errstate(over="ignore"):
        found = predict(spec)
    assert found.rms is None or len(found.rms) == 40


def test_the_verdict_on_a_narrow_network_names_the_width_and_not_the_theory():
    spec = NetworkSpec(depth=50, width=1, **LINEAR)
    result = run_network(spec)
    verdict = judge(result, predict(spec, result.input.rms**2, result.features))
    assert verdict.lead.startswith("Activations vanish: ×0.5")
    assert "theory predicts" not in verdict.text
    assert verdict.why == "Theory is for wide layers; at width 1 a draw is off by ×10 from layer 5 on."


def test_the_verdict_on_trained_weights_gives_no_reason_of_the_first_ones():
    spec = NetworkSpec(depth=50, width=100, activation="relu", init="lecun_normal")
    result = run_network(spec, None, Detail(histograms=()))
    assert "sqrt(fan_in / 2)" in judge(result, predict(spec)).why
    assert judge(result, MeanFieldPrediction(reason=TRAINED, gradient_reason=TRAINED)).why == ""
