import math

import pytest
import torch

from playground.models.network.run.build import build
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.noise import BANK
from playground.models.network.spec.spec import NetworkSpec

FAN_IN, FAN_OUT = 200, 300
NAMES = [
    *("zeros", "constant", "normal", "uniform", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform"),
    *("lecun_normal", "lecun_uniform", "orthogonal", "truncated_normal", "identity", "sparse", "lsuv", "torch_default"),
]


def first_weight(name, width=FAN_OUT, features=FAN_IN, **fields):
    """A (300, 200) first weight: 200 values come in by a tensor of the program."""
    inputs = torch.randn(50, features, generator=torch.Generator().manual_seed(1))
    spec = NetworkSpec(depth=2, width=width, batch=50, init=name, input="tensor:X", **fields)
    return build(spec, {"X": inputs}).weights[0]


def by_torch(name):
    """The same by torch.nn.init, an independent draw."""
    weight, init = torch.empty(FAN_OUT, FAN_IN), torch.nn.init
    generator = torch.Generator().manual_seed(7)
    makers = {
        "zeros": init.zeros_,
        "constant": lambda w: init.constant_(w, 0.1),
        "normal": lambda w: init.normal_(w, generator=generator),
        "uniform": lambda w: init.uniform_(w, generator=generator),
        "xavier_normal": lambda w: init.xavier_normal_(w, generator=generator),
        "xavier_uniform": lambda w: init.xavier_uniform_(w, generator=generator),
        "kaiming_normal": lambda w: init.kaiming_normal_(w, nonlinearity="relu", generator=generator),
        "kaiming_uniform": lambda w: init.kaiming_uniform_(w, nonlinearity="relu", generator=generator),
        "lecun_normal": lambda w: init.kaiming_normal_(w, nonlinearity="linear", generator=generator),
        "lecun_uniform": lambda w: init.kaiming_uniform_(w, nonlinearity="linear", generator=generator),
        "orthogonal": lambda w: init.orthogonal_(w, generator=generator),
        "truncated_normal": lambda w: init.trunc_normal_(w, generator=generator),
        "identity": init.eye_,
        "sparse": lambda w: init.sparse_(w, 0.9, std=math.sqrt(10 / FAN_IN), generator=generator),
        "torch_default": lambda w: init.kaiming_uniform_(w, a=math.sqrt(5), generator=generator),
    }
    return makers[name](weight)


def test_the_registry_has_the_sixteen_names():
    assert list(INIT_SCHEMES) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "lsuv"])
def test_each_scheme_has_torchs_distribution(name):
    ours, theirs = first_weight(name).double(), by_torch(name).double()
    spread = max(float(theirs.abs().max()), 1e-9)
    assert ours.shape == theirs.shape
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.01 * spread)
    assert float(ours.std(correction=0)) == pytest.approx(float(theirs.std(correction=0)), rel=0.02, abs=1e-9)
    if "uniform" in name or name in ("torch_default", "truncated_normal", "constant", "identity"):
        assert float(ours.abs().max()) == pytest.approx(float(theirs.abs().max()), rel=2e-3)
    assert float((ours == 0).double().mean()) == pytest.approx(float((theirs == 0).double().mean()), abs=1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("lsuv", "identity")])
def test_the_stated_variance_is_that_of_the_draws(name):
    spec = NetworkSpec(init=name)
    weight = first_weight(name).double()
    assert INIT_SCHEMES[name].variance(FAN_IN, FAN_OUT, spec) == pytest.approx(
        float(weight.var(correction=0)), rel=0.03, abs=1e-12
    )
    assert INIT_SCHEMES[name].mean(FAN_IN, FAN_OUT, spec) == pytest.approx(float(weight.mean()), abs=0.005)


@pytest.mark.parametrize(
    ("name", "variance", "bound"),
    [
        ("xavier_uniform", 0.004, 0.10954),
        ("xavier_normal", 0.004, None),
        ("kaiming_uniform", 0.01, 0.17321),
        ("kaiming_normal", 0.01, None),
        ("torch_default", 0.001667, 0.07071),
        ("lecun_normal", 0.005, None),
        ("orthogonal", 1 / 300, None),
        ("truncated_normal", 0.7737, 2.0),
    ],
)
def test_the_facts_of_200_in_300_out(name, variance, bound):
    assert INIT_SCHEMES[name].variance(FAN_IN, FAN_OUT, NetworkSpec()) == pytest.approx(variance, rel=3e-4)
    if bound is not None:
        weight = first_weight(name)
        assert float(weight.abs().max()) <= bound * (1 + 1e-4)
        assert float(weight.abs().max()) >= bound * 0.99


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_weights_and_leaves_torchs_own_generator_alone(name):
    BANK.clear()
    state = torch.random.get_rng_state()
    first = first_weight(name, seed=3)
    BANK.clear()
    assert torch.equal(first_weight(name, seed=3), first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_orthogonal_has_singular_values_of_one():
    values = torch.linalg.svdvals(first_weight("orthogonal").double())
    assert torch.allclose(values, torch.ones_like(values), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_gain_multiplies_whatever_the_init_gives(name):
    plain, doubled = first_weight(name), first_weight(name, gain=2.0)
    assert torch.allclose(doubled, 2 * plain, rtol=1e-5)


def test_torch_default_draws_its_biases_as_linear_does():
    network = build(NetworkSpec(depth=3, width=400, init="torch_default"))
    for bias in network.biases:
        assert float(bias.abs().max()) <= 1 / 20
        assert float(bias.double().std()) == pytest.approx(1 / 20 / math.sqrt(3), rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_lsuv_brings_every_std_within_a_tenth_of_one(seed):
    network = build(NetworkSpec(depth=50, width=100, batch=200, init="lsuv", activation="tanh", seed=seed))
    x = network.inputs
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        assert float(torch.nn.functional.linear(x, weight, bias).std()) == pytest.approx(1, abs=0.1)
        x = network.layer(layer, x)


@pytest.mark.parametrize("entry", INIT_SCHEMES.values(), ids=list(INIT_SCHEMES))
def test_every_scheme_says_formula_fans_and_source(entry):
    assert all((entry.label, entry.formula, entry.fans, entry.source))
