import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.network.activations import ACTIVATIONS
from playground.models.network.cure_trial import SEVERITIES, tried
from playground.models.network.mean_field import predict
from playground.models.network.network import Detail, NetworkSpec, run_network
from playground.models.network.verdict import factor_a_layer, judge
from playground.models.words import digits

RELU = NetworkSpec(activation="relu", init="lecun_normal")


def verdict_of(spec):
    return judge(run_network(spec, detail=Detail(histograms=(), quick=True)), predict(spec))


@pytest.mark.parametrize(
    ("spec", "severity", "words"),
    [
        (RELU, "error", ("Activations vanish", "By layer 50", "theory says ×0.707", "2.98e-8")),
        (replace(RELU, gain=math.sqrt(2)), "good", ("Healthy",)),
        (NetworkSpec(), "error", ("explode", "first inf is at layer 38", "nan from layer 39", "3.40e38")),
        (NetworkSpec(dtype="float16"), "error", ("explode: ×9.9", "layer 5", "65504")),
        (NetworkSpec(weight_std=0.01), "error", ("From layer 46", "exactly 0")),
        (NetworkSpec(init="zeros"), "error", ("Nothing gets through", "every gradient")),
        (NetworkSpec(init="constant", weight_value=0.01), "error", ("All units of a layer are the same",)),
        (
            NetworkSpec(activation="tanh", init="lecun_normal", gain=3.0),
            "error",
            ("Gradients explode", "reach layer 1"),
        ),
        (NetworkSpec(activation="sigmoid", init="xavier_normal"), "error", ("Gradients vanish",)),
        (replace(RELU, residual="plain", init="kaiming_normal"), "error", ("Activations explode",)),
        (NetworkSpec(init="lsuv", activation="relu"), "good", ("Healthy", "LSUV")),
        (NetworkSpec(depth=1), "good", ("one layer",)),
        (
            NetworkSpec(depth=60, activation="relu", init="kaiming_normal", bias_std=3.0, width=300, batch=20),
            "warning",
            ("All inputs end alike", "cosine"),
        ),
    ],
    ids=lambda value: "" if not isinstance(value, NetworkSpec) else f"{value.activation}-{value.init}-{value.dtype}",
)
def test_what_the_numbers_say(spec, severity, words):
    verdict = verdict_of(spec)
    assert verdict.severity == severity
    for part in words:
        assert part in verdict.plain()


@pytest.mark.parametrize(
    "spec",
    [
        RELU,
        NetworkSpec(),
        NetworkSpec(weight_std=0.01),
        NetworkSpec(activation="tanh", init="lecun_normal", gain=0.5),
        NetworkSpec(activation="tanh", init="lecun_normal", gain=3.0),
        NetworkSpec(init="zeros", activation="relu"),
        NetworkSpec(init="constant", activation="tanh"),
        replace(RELU, residual="plain", init="kaiming_normal"),
    ],
    ids=lambda spec: f"{spec.activation}-{spec.init}-{spec.gain}",
)
def test_every_first_fix_helps(spec):
    """The first button of each illness takes away the illness that it is offered for."""
    before = verdict_of(spec)
    assert before.fixes
    after = verdict_of(before.fixes[0].spec)
    assert after.lead != before.lead
    assert after.severity != "error" or "explode" in after.lead != "explode" in before.lead
    for fix in before.fixes:
        assert fix.label
        assert fix.meaning
        assert fix.spec != spec


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("init", ["zeros", "constant", "lecun_normal", "torch_default", "uniform"])
@pytest.mark.parametrize("gain", [0.3, 3.0])
def test_whatever_is_ill_has_a_change_that_really_helps(activation, init, gain):
    spec = NetworkSpec(depth=30, width=40, batch=40, activation=activation, init=init, gain=gain)
    before = verdict_of(spec)
    if before.severity == "good":
        assert not before.fixes
        return
    offered = tried(before, spec, verdict_of).fixes
    assert offered
    for fix in offered:
        after = verdict_of(fix.spec)
        assert SEVERITIES.index(after.severity) < SEVERITIES.index(before.severity)
        assert fix.outcome == f"{after.lead} {after.text}".replace("`", "")


def test_a_gain_of_0_is_cured_by_a_gain_and_small_ones_are_written_short():
    assert verdict_of(NetworkSpec(depth=8, gain=0.0)).fixes[0].label == "Gain 0.1"
    assert verdict_of(NetworkSpec(depth=8, weight_std=1e30)).fixes[0].label == "Gain 1e-31"
    assert "Gain" not in verdict_of(NetworkSpec(depth=8, init="zeros")).fixes[0].label


def test_a_layer_that_relu_cuts_whole_is_not_blamed_on_the_number_type():
    verdict = verdict_of(NetworkSpec(depth=6, width=1, batch=20, activation="relu", init="lecun_normal", seed=3))
    assert "no pre-activation is above 0: relu cuts them all" in verdict.plain()
    assert "has nothing smaller" not in verdict.plain()


def test_inputs_of_one_direction_that_differ_in_length_are_not_called_alike():
    spec = NetworkSpec(depth=40, width=24, batch=16, activation="relu", init="kaiming_normal")
    result = run_network(spec)
    said = judge(result, predict(spec)).plain()
    share = result.units.spread[-1] / result.tables["activation"].rms[-1]
    assert share > 0.1
    assert said.startswith("All inputs end in one direction.")
    assert digits(float(share)) in said
    assert "nearly the same output" not in said


def test_half_the_units_off_is_what_aligned_inputs_do_and_no_illness():
    healthy = NetworkSpec(depth=50, width=20, batch=10, activation="relu", init="kaiming_normal")
    result = run_network(healthy)
    assert result.units.dead.max() > 0.5
    assert judge(result, predict(healthy)).severity == "good"
    dead = replace(result, units=replace(result.units, dead=np.full(50, 0.9)))
    assert "90%" in judge(dead, predict(healthy)).plain()


def test_the_factor_stops_at_the_first_value_that_is_not_usable():
    assert factor_a_layer(np.array([1.0, 10.0, 100.0, np.inf])) == pytest.approx(10)
    assert factor_a_layer(np.array([1.0, 0.1, 0.0, 0.0])) == pytest.approx(0.1)
    assert math.isnan(factor_a_layer(np.array([0.0, 1.0])))


def test_a_nan_that_came_in_is_blamed_on_the_input():
    tensor = torch.ones(4, 4)
    tensor[0, 0] = math.nan
    spec = NetworkSpec(depth=3, width=5, input="tensor:A", init="lecun_normal")
    verdict = judge(run_network(spec, {"A": tensor}), predict(spec))
    assert "input is not finite" in verdict.plain()
    assert "1 nan" in verdict.plain()
    assert [fix.label for fix in verdict.fixes] == ["Input standard normal"]


def test_zeros_that_came_in_are_blamed_on_the_input():
    spec = NetworkSpec(depth=3, width=5, input="tensor:A", init="kaiming_normal", activation="relu")
    verdict = judge(run_network(spec, {"A": torch.zeros(4, 4)}), predict(spec))
    assert verdict.plain() == "The input is all zeros. Every layer from 1 on is 0 too, whatever its weights are."
    assert verdict.fixes[0].spec.input == "normal"
