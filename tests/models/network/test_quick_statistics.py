"""What is worked out for all kinds together is what each stack measured by itself would tell."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from playground.models.network.layer_statistics import StatisticsTable, measure
from playground.models.network.quick_statistics import reduce_layers, tables_of
from playground.models.network.reductions import Reductions

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
