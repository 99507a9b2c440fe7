import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.formatting import digits
from playground.models.network.measure.measuring import Detail
from playground.models.network.run.build import build
from playground.models.network.run.run import run_network
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import predict
from playground.models.network.verdict.cures import all_cures
from playground.models.network.verdict.reasons import compared
from playground.models.network.verdict.verdict import SEVERITIES, factor_a_layer, judge, tried

RELU = NetworkSpec(activation="relu", init="lecun_normal")


def first(flags):
    """The first layer that has it, counted from 1."""
    return int(np.argmax(flags)) + 1


def verdict_of(spec):
    return judge(run_network(spec, detail=Detail(histograms=(), quick=True)), predict(spec))


def offered_first(spec):
    return tried(verdict_of(spec), spec, verdict_of).fixes[0]


@pytest.mark.processor
@pytest.mark.parametrize(
    ("spec", "severity", "words"),
    [
        (RELU, "error", ("Activations vanish", "By layer 50", "theory predicts ×0.707", "2.98e-8")),
        (replace(RELU, gain=math.sqrt(2)), "good", ("keeps its size", "become alike")),
        (NetworkSpec(activation="tanh", init="lecun_normal", gain=1.4), "good", ("Healthy",)),
        (NetworkSpec(), "error", ("explode", "first inf is at layer {inf}", "3.40e38")),
        (NetworkSpec(dtype="float16"), "error", ("explode: ×9.9", "first inf is at layer {inf}", "65504")),
        (NetworkSpec(weight_std=0.01), "error", ("From layer {zero}", "exactly 0")),
        (NetworkSpec(init="zeros"), "error", ("Nothing gets through", "every gradient")),
        (NetworkSpec(init="constant", weight_value=0.01), "error", ("All units of a layer are the same",)),
        (
            NetworkSpec(activation="tanh", init="lecun_normal", gain=3.0),
            "error",
            ("Gradients explode", "reach layer 1"),
        ),
        (NetworkSpec(activation="sigmoid", init="xavier_normal"), "error", ("Gradients vanish",)),
        (replace(RELU, residual="plain", init="kaiming_normal"), "error", ("Activations explode",)),
        (NetworkSpec(init="lsuv", activation="relu"), "good", ("keeps its size",)),
        (NetworkSpec(activation="tanh", init="lecun_normal"), "warning", ("too small", "0.5 to 2")),
        (NetworkSpec(depth=1), "good", ("One layer",)),
        (
            NetworkSpec(depth=60, activation="relu", init="kaiming_normal", bias_std=3.0, width=300, batch=20),
            "warning",
            ("All inputs give the same output", "cosine"),
        ),
    ],
    ids=lambda value: "" if not isinstance(value, NetworkSpec) else f"{value.activation}-{value.init}-{value.dtype}",
)
def test_what_the_numbers_say(spec, severity, words):
    """The layer at which a number type ends is that of this run: it depends on the processor."""
    result = run_network(spec, detail=Detail(histograms=(), quick=True))
    table, verdict = result.tables["activation"], judge(result, predict(spec))
    assert verdict.severity == severity
    for part in words:
        assert part.format(inf=first(table.infs > 0), zero=first(table.zeros == table.count)) in verdict.plain()


@pytest.mark.processor
@pytest.mark.parametrize(("nan_layer", "words"), [(6, "The first inf is at layer 5, nan from layer 6: float16"),
                                                  (5, "The first inf is at layer 5: float16"),
                                                  (4, "The first nan is at layer 4: float16")])  # fmt: skip
def test_nan_may_come_with_inf_or_before_it_or_after_it(nan_layer, words):
    """Which of them depends on the order in which a processor adds the products."""
    spec = NetworkSpec(depth=8, dtype="float16")
    result = run_network(spec)
    table, layers = result.tables["preactivation"], np.arange(1, 9)
    ended = replace(table, infs=(layers >= 5).astype(int), nans=(layers >= nan_layer).astype(int))
    tables = {**result.tables, "preactivation": ended, "activation": ended}
    verdict = judge(replace(result, tables=tables), predict(spec))
    assert words in verdict.plain()


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
    """What comes first to mind for each illness takes it away."""
    before = verdict_of(spec)
    assert not before.fixes, "nothing is offered before it was tried"
    cures = all_cures(spec, before.illness)
    after = verdict_of(cures[0].spec)
    assert after.lead != before.lead
    assert after.severity != "error" or "explode" in after.lead != "explode" in before.lead
    for fix in cures:
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
    if before.severity == "error":
        assert offered
    elif not offered:
        others = [verdict_of(fix.spec).severity for fix in all_cures(spec, before.illness)]
        assert "good" not in others, "what is not healthy is offered nothing only where nothing makes it so"
    for fix in offered:
        after = verdict_of(fix.spec)
        assert SEVERITIES.index(after.severity) < SEVERITIES.index(before.severity)
        assert fix.outcome == f"{after.lead} {after.text}".replace("`", "")


def test_a_gain_of_0_is_cured_by_a_gain_and_small_ones_are_written_short():
    assert offered_first(NetworkSpec(depth=8, gain=0.0)).label == "Gain 0.1"
    assert offered_first(NetworkSpec(depth=8, weight_std=1e30)).label == "Gain 1e-31"
    assert "Gain" not in offered_first(NetworkSpec(depth=8, init="zeros")).label


def test_a_layer_that_relu_cuts_whole_is_not_blamed_on_the_number_type():
    verdict = verdict_of(NetworkSpec(depth=6, width=1, batch=20, activation="relu", init="lecun_normal", seed=3))
    assert "no pre-activation is above 0: relu cuts them all" in verdict.plain()
    assert "has nothing smaller" not in verdict.plain()


def test_what_biases_bring_back_is_not_said_to_end_at_0():
    spec = NetworkSpec(
        depth=30, width=1, batch=1, activation="relu", init="kaiming_normal", bias_std=0.4, input="digits", seed=0
    )
    result = run_network(spec)
    zeros = result.tables["activation"].zeros == 1
    assert zeros.any()
    assert not zeros[-1]
    verdict = judge(result, predict(spec))
    layer = int(np.argmax(zeros)) + 1
    assert verdict.lead == f"None of the input gets past layer {layer}."
    assert verdict.text.endswith("relu cuts them all, and what follows comes only from the biases.")
    offered = tried(verdict, spec, verdict_of).fixes
    assert offered
    assert all(verdict_of(fix.spec).severity != "error" for fix in offered)


def test_inputs_of_one_direction_that_differ_in_length_are_not_called_alike():
    spec = NetworkSpec(depth=40, width=24, batch=16, activation="relu", init="kaiming_normal")
    result = run_network(spec)
    said = judge(result, predict(spec)).plain()
    share = result.units.spread[-1] / result.tables["activation"].rms[-1]
    assert share > 0.1
    assert said.startswith("All inputs end in the same direction.")
    assert digits(float(share)) in said
    assert "nearly the same output" not in said


def test_half_the_units_off_is_what_aligned_inputs_do_and_no_illness():
    healthy = NetworkSpec(depth=50, width=20, batch=10, activation="relu", init="kaiming_normal")
    result = run_network(healthy)
    assert result.units.dead.max() > 0.5
    assert "Units are dead" not in judge(result, predict(healthy)).plain()
    dead = replace(result, units=replace(result.units, dead=np.full(50, 0.9)))
    assert "90%" in judge(dead, predict(healthy)).plain()


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0.2701, "`0.270`"), (1.24, "`1.24` times those"), (11930.0, "`11,930` times those"),
     (2392.4, "`2,392` times those"), (7.05e6, "`7.05e6` times those"), (99_999.7, "`1.00e5` times those")],
)  # fmt: skip
def test_a_ratio_is_written_as_everywhere(ratio, words):
    assert compared(ratio) == words


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
    assert [fix.label for fix in all_cures(spec, verdict.illness)] == ["Input standard normal"]


def test_zeros_that_came_in_are_blamed_on_the_input():
    spec = NetworkSpec(depth=3, width=5, input="tensor:A", init="kaiming_normal", activation="relu")
    verdict = judge(run_network(spec, {"A": torch.zeros(4, 4)}), predict(spec))
    assert verdict.plain() == "The input is all zeros. Every layer from 1 on is 0 too, whatever its weights are."
    assert all_cures(spec, verdict.illness)[0].spec.input == "normal"


@pytest.mark.parametrize(
    ("values", "dtype", "words", "cure"),
    [
        (1e300, "float32", "As float32 it contains 16 inf, and", "float64"),
        (math.inf, "float32", "As float32 it contains 16 inf, and", "Input standard normal"),
        (math.inf, "float64", "It contains 16 inf, and", "Input standard normal"),
        (math.nan, "float32", "It contains 16 nan, and", "Input standard normal"),
        (0.0, "float32", "The input is all zeros.", "Input standard normal"),
    ],
)
def test_an_ill_input_is_offered_what_takes_that_illness_away(values, dtype, words, cure):
    """Though the network may be ill on its own, as relu with 1 / fan_in is."""
    spec = replace(RELU, input="tensor:A", dtype=dtype, depth=40, width=10)
    tensors = {"A": torch.full((4, 4), values, dtype=torch.float64)}

    def verdict(other):
        return judge(run_network(other, tensors), predict(other))

    before = verdict(spec)
    assert words in before.plain()
    offered = tried(before, spec, verdict).fixes
    assert offered[0].label == cure
    assert "input" not in verdict(offered[0].spec).illness


def test_weights_beyond_the_number_type_are_blamed_and_not_the_layers():
    verdict = verdict_of(NetworkSpec(depth=4, width=10, batch=5, init="lecun_normal", gain=1e40))
    assert verdict.plain().startswith(
        "The weights overflow. In layer 1 every weight is inf or nan: float32 ends at 3.4"
    )


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(RELU, bias_std=1e200), "The biases overflow. Their std is 1.00e200, and float32 ends at 3.40e38."),
        (replace(RELU, bias_std=1e30, dtype="float16"), "The biases overflow. Their std is 1.00e30, and float16 ends"),
        (replace(RELU, bias_std=1e38), "Most of layer 1's output comes from the biases: their std is 1.00e38."),
        (replace(RELU, activation="tanh", bias_std=1e38), "Most of layer 1's output comes from the biases"),
        (replace(RELU, activation="tanh", bias_std=1e4), "tanh is flat: the biases, of std 10000, push them there."),
        (replace(RELU, bias_std=1e4, dtype="float16"), "Gradients vanish"),
    ],
)
def test_biases_that_are_the_cause_are_blamed_and_their_cure_is_offered(spec, words):
    verdict = verdict_of(spec)
    assert words in verdict.plain()
    offered = tried(verdict, spec, verdict_of).fixes
    assert any(fix.label.startswith("Bias std 0") for fix in offered)
    assert all(verdict_of(fix.spec).severity != "error" for fix in offered)


@pytest.mark.parametrize("activation", ["silu", "gelu", "elu", "selu", "softplus"])
@pytest.mark.parametrize("init", ["constant", "uniform"])
def test_weights_of_one_sign_are_blamed_with_every_activation_that_passes_large_values_on(activation, init):
    spec = NetworkSpec(activation=activation, init=init, input="digits")
    why = verdict_of(spec).why
    mean = 10 if init == "constant" else 50
    assert why == f"The weights' mean is not 0: fan_in times the mean is `{mean}`, a factor on each layer."


def test_small_biases_are_not_blamed_and_weights_that_saturate_are():
    exploding = verdict_of(NetworkSpec(bias_std=0.5))
    assert "explode" in exploding.lead
    assert "bias" not in exploding.why
    saturated = verdict_of(NetworkSpec(depth=20, activation="tanh", init="constant", width=1, gain=1e4))
    assert saturated.why.endswith("of the values lie where tanh is flat, with a slope below 1 % of its maximum.")


def test_growth_that_rounds_to_a_factor_of_1_is_not_called_an_explosion():
    verdict = verdict_of(replace(RELU, activation="tanh", bias_std=1e38, dtype="bfloat16"))
    assert verdict.lead == "Activations overflow."


def test_a_single_weight_beyond_the_number_type_is_spoken_of_as_one():
    spec = NetworkSpec(depth=2, width=10, batch=5, init="lecun_normal", dtype="float16")
    peaks = build(replace(spec, dtype="float64")).weights[0].abs().flatten().sort().values
    ill = replace(spec, gain=65520 / float(peaks[-2:].mean()))
    assert "In layer 1 `1` weight is inf or nan: float16 ends at `65504`." in verdict_of(ill).text


def test_a_cross_entropy_that_overflows_is_not_said_to_square_anything():
    spec = NetworkSpec(depth=1, input="digits", loss="cross_entropy", activation="relu", init="lecun_normal", gain=1e30)
    assert "the logits leave the range of float32, which ends at 3.40e38" in verdict_of(spec).plain()


@pytest.mark.parametrize(("dtype", "gain"), [("float32", 1e30), ("float16", 600.0)])
def test_a_mean_square_that_overflows_is_not_healthy_though_every_gradient_is_finite(dtype, gain):
    spec = NetworkSpec(depth=1, init="lecun_normal", dtype=dtype, gain=gain)
    verdict = verdict_of(spec)
    assert verdict.severity == "error"
    assert "The loss is inf: the squares of the last layer's values leave the range" in verdict.plain()
    assert tried(verdict, spec, verdict_of).fixes


def test_dropout_that_leaves_nothing_is_named_and_the_number_type_is_not():
    spec = replace(RELU, depth=20, dropout=0.99)
    verdict = verdict_of(spec)
    assert "every value is exactly 0: dropout takes 99 % of them at each layer" in verdict.plain()
    assert "has nothing smaller" not in verdict.plain()
    offered = tried(verdict, spec, verdict_of).fixes
    assert offered[0].label == "Dropout 0.5"
    fading = verdict_of(replace(RELU, dtype="float16", depth=100, dropout=0.1, gain=0.5))
    assert "float16 has nothing smaller" in fading.plain()


@pytest.mark.parametrize("activation", ["identity", "selu", "leaky_relu"])
def test_what_dropout_takes_is_not_said_to_be_cut_by_an_activation_that_cuts_nothing(activation):
    """Of one unit and one input the pre-activations of a layer are all below 0 half of the time."""
    spec = NetworkSpec(depth=3, width=1, batch=1, activation=activation, init="normal", dropout=0.99)
    runs = [run_network(replace(spec, seed=seed)) for seed in range(12)]
    cut = [run for run in runs if run.tables["preactivation"].maximum[0] < 0 and not run.tables["activation"].rms[0]]
    assert cut
    assert all("dropout takes 99 % of them" in judge(run, predict(run.spec)).text for run in cut)
    relu = replace(cut[0].spec, activation="relu")
    assert "relu cuts them all" in verdict_of(relu).text


def test_theory_whose_squares_leave_the_range_is_not_quoted():
    spec = NetworkSpec(depth=12, width=16, batch=3, activation="elu", init="sparse", gain=1e25, dtype="float64")
    assert predict(spec).rms[-1] == math.inf
    verdict = verdict_of(spec)
    assert verdict.lead.startswith("Activations explode: ×")
    assert "theory" not in verdict.text
    assert "theory predicts" in verdict_of(replace(spec, depth=4)).text


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_weights_that_make_values_smaller_do_not_explain_their_growth(activation):
    spec = NetworkSpec(depth=3, width=8, batch=4, activation=activation, init="lecun_normal", dtype="float16")
    verdict = verdict_of(replace(spec, gain=0.1, bias_std=1e6))
    assert verdict.lead == "The biases overflow."
    assert verdict.why == ""
    by_biases = verdict_of(replace(spec, gain=0.1, bias_std=6e4))
    assert by_biases.lead == "Activations overflow."
    assert by_biases.why == "Most of layer 1's output comes from the biases: their std is `60000`."
    assert "layer" in verdict_of(replace(spec, depth=9, gain=9.0)).why
    kept = replace(spec, gain=math.sqrt(2.0) if activation == "relu" else 1.0)
    assert verdict_of(replace(kept, bias_std=1e6)).why == ""


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_layer_norm_of_one_unit_is_named_and_the_number_type_is_not(activation):
    spec = NetworkSpec(depth=6, width=1, batch=8, activation=activation, init="lecun_normal", normalisation="layer")
    verdict = verdict_of(spec)
    assert "with one unit is the value itself" in verdict.plain()
    assert "has nothing smaller" not in verdict.plain()
    offered = tried(verdict, spec, verdict_of).fixes
    assert [fix.label for fix in offered] == ["Width 100"]


def test_an_inf_that_the_activation_cuts_is_said_to_be_before_it():
    """relu makes 0 of -inf, tanh makes 1 of inf: the activations of that layer are all finite."""
    spec = NetworkSpec(depth=3, width=8, batch=4, activation="tanh", init="lecun_normal", dtype="float16", gain=6e4)
    result = run_network(spec)
    assert result.tables["preactivation"].infs[0]
    assert not result.tables["activation"].infs.any()
    assert "The first inf is at layer 1, before tanh: float16" in judge(result, predict(spec)).plain()
    assert "before" not in verdict_of(replace(spec, activation="identity")).text


@pytest.mark.processor
def test_a_deep_network_that_overflows_early_is_explained_by_its_weights():
    """At width 100 theory holds for some 460 layers without activation; inf comes far sooner."""
    spec = NetworkSpec(depth=500, batch=10)
    assert predict(spec).narrow_from > 400
    verdict = verdict_of(spec)
    assert "first inf is at layer 3" in verdict.plain()
    assert "sqrt(fan_in) times the weights' std, 10." in verdict.why.replace("`", "")


def test_what_grows_without_theory_is_explained_too():
    plain = verdict_of(replace(RELU, residual="plain"))
    assert "adds its output to its input" in plain.why
    for value in (0.1, 0.3):
        verdict = verdict_of(replace(RELU, init="constant", weight_value=value))
        assert f"fan_in times the mean is `{digits(100 * value)}`" in verdict.why
        assert float(verdict.lead.split("×")[1].split()[0]) == pytest.approx(100 * value, rel=0.02)


def test_batch_norm_explodes_by_the_factor_that_is_stated():
    spec = replace(RELU, width=200, batch=300, depth=60, normalisation="batch")
    verdict = verdict_of(spec)
    stated = float(verdict.why.split("`")[1])
    measured = float(verdict.lead.split("×")[1].split()[0])
    assert measured == pytest.approx(stated, rel=0.03)


@pytest.mark.parametrize(
    ("fields", "layer"),
    [
        ({"activation": "sigmoid", "loss": "cross_entropy", "input": "digits"}, 5),
        ({"activation": "relu", "bias_std": 0.5, "loss": "cross_entropy", "input": "digits"}, 5),
        ({"activation": "relu", "bias_std": 0.5, "residual": "plain", "loss": "cross_entropy", "input": "digits"}, 5),
        ({"activation": "softplus", "depth": 1, "loss": "cross_entropy", "input": "digits"}, 1),
        ({"activation": "sigmoid"}, 4),
    ],
    ids=str,
)
def test_weights_of_zero_are_not_healthy_because_activations_are_not_zero(fields, layer):
    spec = NetworkSpec(**{"depth": 5, "width": 20, "batch": 30, "init": "zeros"} | fields)
    verdict = verdict_of(spec)
    assert (verdict.severity, verdict.lead, verdict.illness) == ("error", "Nothing comes back.", "zeros")
    assert verdict.text.startswith(f"Every gradient from layer {layer} down is exactly 0: all weights are 0")
    assert [fix for fix in tried(verdict, spec, verdict_of).fixes if fix.spec.init != "zeros"]


def test_gradients_below_the_number_type_are_not_healthy():
    spec = NetworkSpec(depth=2, width=200, batch=300, init="orthogonal", gain=0.01, dtype="float16")
    result = run_network(spec)
    assert result.tables["activation"].rms[-1] > 5e-5
    assert not result.tables["activation_gradient"].rms.any()
    verdict = judge(result, predict(spec))
    assert (verdict.severity, verdict.lead) == ("error", "Nothing comes back.")
    assert verdict.text == "Every gradient from layer 2 down is exactly 0: float16 has nothing smaller."
