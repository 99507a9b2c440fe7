import itertools
import math

import pytest
import torch

from playground.models.network.run.build import build
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest, compute_step_through
from playground.models.network.step_through.steps import spell


def spec_of(**fields):
    given = {
        "depth": 3,
        "width": 4,
        "batch": 3,
        "activation": "tanh",
        "init": "xavier_normal",
        "bias_std": 0.3,
    } | fields
    return NetworkSpec(**given)


def gradients_of(spec):
    network = build(spec).requiring_grad()
    loss = network.loss(network.forward(network.inputs))
    return float(loss.detach()), torch.autograd.grad(loss, network.parameters)


@pytest.mark.processor
@pytest.mark.parametrize("normalisation", list(NORMALISATIONS))
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_chain_rule_gives_what_autograd_gives(activation, normalisation):
    spec = spec_of(activation=activation, normalisation=normalisation, dtype="float64")
    result = compute_step_through(StepThroughRequest(spec))
    loss, gradients = gradients_of(spec)
    by_name = {step.result.name: step.result.values for step in result.steps}
    assert by_name["L"] == loss
    for number in range(1, 4):
        torch.testing.assert_close(torch.from_numpy(by_name[f"dW{number}"].copy()), gradients[number - 1])
        torch.testing.assert_close(torch.from_numpy(by_name[f"db{number}"].copy()), gradients[3 + number - 1])
    assert all(step.agreement is not None for step in result.steps[result.forward_count :])
    assert result.all_agree


@pytest.mark.parametrize(
    ("residual", "dropout", "loss", "dtype"),
    list(
        itertools.product(
            ["none", "plain", "scaled"], [0.0, 0.4], ["mean_square", "cross_entropy"], ["float32", "float64"]
        )
    ),
)
def test_residual_dropout_and_both_losses_agree_too(residual, dropout, loss, dtype):
    spec = spec_of(
        residual=residual, dropout=dropout, loss=loss, dtype=dtype, input="digits" if loss[0] == "c" else "normal"
    )
    result = compute_step_through(StepThroughRequest(spec))
    assert result.all_agree
    assert float({step.result.name: step.result.values for step in result.steps}["L"]) == gradients_of(spec)[0]


@pytest.mark.processor
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_shown_as_it_is(dtype):
    result = compute_step_through(StepThroughRequest(spec_of(dtype=dtype, activation="relu")))
    assert result.all_agree


@pytest.mark.processor
def test_every_number_that_is_a_sum_of_products_is_spelled_out_to_its_value():
    spec = spec_of(dtype="float64", residual="scaled", dropout=0.3, normalisation="layer")
    counted = 0
    for step in compute_step_through(StepThroughRequest(spec)).steps:
        for index in itertools.product(*(range(size) for size in step.result.values.shape)):
            spelling = spell(step, index)
            assert spelling.value == float(step.result.values[index])
            if step.products:
                assert math.isclose(sum(t.value for t in spelling.terms), spelling.value, rel_tol=1e-9, abs_tol=1e-12)
                counted += 1
            assert spelling.words().startswith(step.result.label(index) + " = ")
    assert counted > 200


def test_a_wrong_gradient_would_be_seen():
    result = compute_step_through(StepThroughRequest(spec_of()))
    step = result.steps[-1]
    assert step.agreement.holds
    assert "autograd" in step.agreement.words()
    wrong = type(step.agreement)(False, 0.1, 1.0, 1e-6)
    assert not wrong.holds
    assert "more than rounding" in wrong.words()


def test_a_large_network_is_cut_to_one_that_can_be_read():
    small = StepThroughRequest.small(NetworkSpec(depth=300, width=4000, batch=999, activation="relu", input="tensor:A"))
    assert (small.spec.depth, small.spec.width, small.spec.batch, small.spec.input) == (4, 4, 3, "normal")
    assert small.spec.activation == "relu"
    assert compute_step_through(small).all_agree


def test_overflow_goes_through_both_ways_alike():
    result = compute_step_through(StepThroughRequest(spec_of(activation="identity", gain=1e30)))
    assert result.all_agree


def test_digits_are_stood_for_by_three_classes():
    small = StepThroughRequest.small(NetworkSpec(input="digits", loss="cross_entropy", activation="relu", depth=2))
    result = compute_step_through(small)
    by_name = {step.result.name: step.result.values for step in result.steps}
    assert by_name["y"].shape == (3, 3)
    assert by_name["dV"].shape == (3, 4)
    assert by_name["dx0"].shape == (3, 4)
    assert result.all_agree


def test_zero_times_inf_is_named_where_autograd_passes_0():
    result = compute_step_through(StepThroughRequest(spec_of(activation="relu", gain=1e30, bias_std=0.0)))
    words = " ".join(step.agreement.words() for step in result.steps if step.agreement is not None)
    assert "0 times inf is nan, but autograd passes 0" in words
    assert result.all_agree
