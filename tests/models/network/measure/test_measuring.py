"""What one kind of tensor tells of another is what a look at it would have told."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.models.network.measure.measuring import Detail, reduce_layers, tables_of
from playground.models.network.measure.reductions import WITHOUT_THREADS, Reductions, add_rows
from playground.models.network.measure.result import KINDS
from playground.models.network.measure.statistics import StatisticsTable, measure
from playground.models.network.run.build import build
from playground.models.network.run.passes import run_passes
from playground.models.network.run.run import run_network, sources
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec

SPEC = NetworkSpec(depth=6, width=9, batch=11, init="kaiming_normal")
ORDERED = [name for name, activation in ACTIVATIONS.items() if activation.keeps_order]


@pytest.mark.parametrize("name", ORDERED)
@given(values=st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=50))
def test_an_activation_that_keeps_the_order_of_floats(name, values):
    z = torch.tensor(sorted(values), dtype=torch.float32)
    close = torch.nextafter(z, torch.tensor(torch.inf))
    function = ACTIVATIONS[name].function
    assert bool((function(z).diff() >= 0).logical_or(function(z)[1:] == function(z)[:-1]).all())
    assert bool((function(close) >= function(z)).all())


def test_relu_is_among_those_that_keep_the_order():
    assert {"relu", "leaky_relu", "identity"} <= set(ORDERED)
    assert "gelu" not in ORDERED


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 20, 30), (2, 600, 300)])
def test_rows_are_added_up_alike_by_numpy_and_by_torch(shape, dtype):
    generator = torch.Generator().manual_seed(8)
    x = torch.randn(shape, generator=generator, dtype=dtype)
    shares = torch.randn(shape[0], 2, shape[1], generator=generator, dtype=dtype)
    assert (shape[1] * shape[2] > WITHOUT_THREADS) == (shape[1] == 600)
    expected = (shares.double() @ x.double()).numpy()
    assert np.allclose(add_rows(shares.numpy(), x), expected, rtol=0, atol=1e-4 if dtype == torch.float32 else 1e-11)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"residual": "plain"},
        {"dropout": 0.4},
        {"normalisation": "layer"},
        {"dtype": "bfloat16"},
        {"dtype": "float64"},
        {"gain": 1e30},
        {"gain": 1e-30},
        {"gain": 1e8},
        {"input": "digits", "loss": "cross_entropy"},
    ],
    ids=str,
)
def test_counts_and_extremes_while_dragging_are_those_of_the_tensors(activation, fields):
    spec = replace(SPEC, activation=activation, **fields)
    found = run_network(spec, detail=Detail(quick=True)).tables
    network = build(spec)
    assert tuple(found) == KINDS
    for kind, tensors in sources(network, run_passes(network, biases=False)).items():
        for layer, tensor in enumerate(tensors):
            exact = measure(tensor.detach().reshape(1, -1))
            for column in ("count", "minimum", "maximum", "zeros", "nans", "infs"):
                one, other = getattr(found[kind], column)[layer], getattr(exact, column)[0]
                assert np.array_equal(one, other, equal_nan=True), (kind, layer, column)


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "softplus"])
@pytest.mark.parametrize("residual", ["none", "plain"])
def test_infinite_values_are_saturated_though_all_finite_ones_of_all_layers_are_not(activation, residual, quick):
    inputs = torch.full((6, 5), 0.1)
    inputs[2], inputs[4] = torch.inf, -torch.inf
    spec = NetworkSpec(depth=1, width=4, batch=6, input="tensor:A", activation=activation, residual=residual,
                       init="constant", weight_value=0.1)  # fmt: skip
    found = run_network(spec, {"A": inputs}, Detail(quick=quick))
    assert found.tables["preactivation"].infs[0] == 8
    sides = {"tanh": 2, "sigmoid": 2, "relu": 1, "softplus": 1}
    assert found.units.saturated[0] == pytest.approx(sides[activation] / 6)


UNCOUNTED = ("near_zeros", "subnormals")
COLUMNS = [field.name for field in fields(StatisticsTable) if field.name not in ("histograms", *UNCOUNTED)]
ODD = {
    "nan": lambda x: x.index_fill(1, torch.tensor([3]), float("nan")),
    "inf": lambda x: x.index_fill(1, torch.tensor([3]), float("inf")),
    "large": lambda x: x * 1e30,
    "small": lambda x: x * 1e-30,
    "zeros": torch.zeros_like,
    "narrow": lambda x: x * 1e-3 + 100,
    "float64": torch.Tensor.double,
}


def normal(layers, count, seed=0):
    return torch.randn(layers, count, generator=torch.Generator().manual_seed(seed))


def assert_same(found, expected):
    for column in COLUMNS:
        digits = 2e-6 if column in ("mean", "std", "rms") else 0.0
        np.testing.assert_allclose(
            getattr(found, column), getattr(expected, column), rtol=digits, atol=digits / 10, err_msg=column
        )
    assert not any(getattr(found, column).any() for column in UNCOUNTED)


@pytest.mark.parametrize("zeros", [False, True])
def test_kinds_of_several_stacks_are_measured_as_each_by_itself(zeros):
    stacks = {"one": [normal(1, 64), normal(4, 100, 1)], "other": [normal(5, 100, 2) + 0.3]}
    if zeros:
        stacks = {kind: [stack.relu() for stack in all_] for kind, all_ in stacks.items()}
    tables = tables_of({kind: [reduce_layers(stack) for stack in all_] for kind, all_ in stacks.items()})
    assert list(tables) == ["one", "other"]
    for kind, all_ in stacks.items():
        start = 0
        for stack in all_:
            assert_same(tables[kind].part(slice(start, start + len(stack))), measure(stack))
            start += len(stack)
        assert len(tables[kind].count) == start


@pytest.mark.parametrize("odd", ODD)
def test_a_kind_that_is_not_ordinary_is_left_out_and_the_others_are_not(odd):
    stack = normal(3, 50)
    stack[1] = ODD[odd](stack)[1].float()
    if odd == "float64":
        stack = stack.double()
    tables = tables_of({"odd": [reduce_layers(stack)], "ordinary": [reduce_layers(normal(2, 70))]})
    assert list(tables) == ["ordinary"]
    assert_same(tables["ordinary"], measure(normal(2, 70)))


def test_a_kind_of_which_something_is_unknown_is_left_out():
    known = reduce_layers(normal(2, 30))
    assert not tables_of({"unknown": [Reductions(30, known.low, known.high)]})
    uncounted = Reductions(30, known.low, known.high, known.mean, known.norm)
    assert not tables_of({"uncounted": [uncounted]})
    assert tables_of({"known": [known]})


@pytest.mark.parametrize("odd", ["nan", "inf", "large", "small", "float64"])
def test_of_values_that_are_not_ordinary_the_extremes_alone_are_sought(odd):
    found = reduce_layers(ODD[odd](normal(2, 30)))
    assert found.sums is None
    assert found.zeros is None
    assert found.low.shape == found.high.shape == (2,)
