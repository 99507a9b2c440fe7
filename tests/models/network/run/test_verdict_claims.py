"""Each sentence of a verdict is checked against plain torch over many settings."""

import itertools
import re

import numpy as np
import pytest
import torch

from playground.models.network.measure.measuring import Detail
from playground.models.network.run.build import build
from playground.models.network.run.passes import run_passes
from playground.models.network.run.run import run_network
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import predict
from playground.models.network.verdict.verdict import judge

NORMS, RESIDUALS = ("none", "layer", "batch"), ("none", "plain", "scaled")
SMALL = NetworkSpec(depth=4, width=6, batch=8)


def random_specs(count, seed):
    draw = np.random.default_rng(seed)
    for number in range(count):
        spec = NetworkSpec(
            depth=int(draw.integers(2, 40)), width=int(draw.integers(2, 40)), batch=int(draw.integers(2, 12)),
            activation=str(draw.choice(list(ACTIVATIONS))),
            init=str(draw.choice(["normal", "lecun_normal", "kaiming_normal", "orthogonal", "uniform", "sparse",
                                  "zeros", "constant", "identity"])),
            gain=float(draw.choice([0.0, 0.1, 0.5, 1.0, 1.5, 3.0, 10.0])),
            weight_std=float(draw.choice([0.0, 1e-300, 0.01, 0.3, 1.0])),
            bias_std=float(draw.choice([0.0, 0.0, 0.5, 30.0])),
            normalisation=str(draw.choice(NORMS)), residual=str(draw.choice(RESIDUALS)),
            dropout=float(draw.choice([0.0, 0.0, 0.5, 0.9])),
            dtype=str(draw.choice(["float16", "bfloat16", "float32", "float64"])), seed=number,
        )  # fmt: skip
        yield spec


def judged(spec):
    result = run_network(spec, detail=Detail(histograms=()))
    return result, judge(result, predict(spec))


def units_stay_equal(spec):
    """Whether all units of each layer have the same weights after two steps of plain gradient descent."""
    network = build(spec)
    for _ in range(2):
        live = network.requiring_grad()
        gradients = torch.autograd.grad(live.loss(live.forward(live.inputs)), live.parameters, materialize_grads=True)
        stepped = tuple(p.detach() - 0.01 * g for p, g in zip(live.parameters, gradients, strict=True))
        network = live.with_parameters(stepped)
    return all(torch.allclose(weight, weight[:1].expand_as(weight), rtol=1e-5) for weight in network.weights)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("bias_std", [0.0, 0.5])
@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("loss", ["mean_square", "cross_entropy"])
def test_units_are_said_to_stay_equal_just_where_they_do(dropout, bias_std, residual, loss):
    source = "digits" if loss == "cross_entropy" else "normal"
    for activation, value in itertools.product(("identity", "tanh", "sigmoid"), (0.1, 0.3)):
        spec = NetworkSpec(depth=3, width=6, batch=8, input=source, loss=loss, init="constant", weight_value=value,
                           activation=activation, residual=residual, dropout=dropout, bias_std=bias_std,
                           dtype="float64")  # fmt: skip
        _, verdict = judged(spec)
        if "stay equal" in verdict.plain():
            assert units_stay_equal(spec), spec
        elif not (dropout or bias_std):
            assert not units_stay_equal(spec), spec


def test_a_rate_goes_the_way_that_the_words_say():
    for spec in random_specs(80, 1):
        _, verdict = judged(spec)
        for word, factor in re.findall(r"(vanish|explode): ×([0-9.e-]+) per layer", verdict.lead):
            assert (float(factor) > 1) == (word == "explode"), (spec, verdict.plain())


def test_the_first_layer_that_is_not_finite_is_the_first_anywhere():
    seen = 0
    for spec in random_specs(120, 2):
        _, verdict = judged(spec)
        named = re.search(r"The first (inf|nan) is at layer ([0-9]+)", verdict.plain())
        if named is None or "Gradients" in verdict.lead:
            continue
        passes = run_passes(build(spec))
        first = next(
            layer
            for layer, (before, after) in enumerate(zip(passes.preactivations, passes.activations, strict=True), 1)
            if not (before.isfinite().all() and after.isfinite().all())
        )  # fmt: skip
        assert int(named[2]) == first, (spec, verdict.plain())
        seen += 1
    assert seen > 2


def test_the_number_type_is_blamed_only_for_values_near_its_end():
    seen = 0
    faint = itertools.product(("float16", "float32"), (0.0, 1e-300, 0.003, 0.05), ("identity", "tanh", "relu", "gelu"))
    for dtype, weight_std, activation in faint:
        spec = NetworkSpec(depth=60, width=20, batch=4, dtype=dtype, weight_std=weight_std, activation=activation)
        result, verdict = judged(spec)
        if "has nothing smaller" not in verdict.plain():
            continue
        seen += 1
        kind = "activation_gradient" if "gradient" in verdict.text else "activation"
        assert (result.tables["weight"].zeros < result.tables["weight"].count).all(), (spec, verdict.plain())
        rms = result.tables[kind].rms
        last = rms[rms > 0][-1 if kind == "activation" else 0] if (rms > 0).any() else 0.0
        assert last < 1e8 * torch.finfo(spec.torch_dtype).smallest_normal, (spec, verdict.plain())
    assert seen > 2


def test_a_network_is_called_healthy_only_where_all_that_makes_it_so_holds():
    seen = 0
    for spec in random_specs(120, 4):
        result, verdict = judged(spec)
        if not verdict.plain().startswith("Healthy"):
            continue
        seen += 1
        rms, gradient = result.tables["activation"].rms, result.tables["activation_gradient"].rms
        assert ((rms >= 0.5) & (rms <= 2)).all(), spec
        assert 0.1 <= gradient[0] / gradient[-1] <= 10, spec
        assert result.units.cosine[-1] <= 0.9 or result.units.cosine[0] > 0.9, spec
    assert seen
