"""The axes of the page end where the number type ends, however far theory goes on."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.models.formatting import bytes_in_words
from playground.models.network.page import REACH, ends_of, ranges_of, run_in_words, sizes_in_words
from playground.models.network.request import compute_network, network_request
from playground.models.network.spec.spec import DTYPES, NetworkSpec
from playground.models.network.watch.watch import measure_module
from playground.models.state import NetworkState, PlaygroundState

BOOK = NetworkSpec(depth=50, width=40, batch=20)


def page(**fields):
    spec = replace(BOOK, **fields)
    return compute_network(network_request(PlaygroundState(network=NetworkState(spec=spec, band=False))))


@pytest.mark.parametrize("dtype", list(DTYPES))
def test_the_ends_are_the_smallest_and_largest_numbers_of_the_dtype(dtype):
    smallest, largest = ends_of(page(depth=2, dtype=dtype))
    last = torch.tensor(smallest.value, dtype=torch.float64).to(DTYPES[dtype])
    assert last > 0
    assert last.double() == smallest.value
    assert largest.value == torch.finfo(DTYPES[dtype]).max
    assert (
        torch.nextafter(torch.zeros(1, dtype=DTYPES[dtype]), torch.ones(1, dtype=DTYPES[dtype])).item() == last.item()
    )
    assert largest.words.startswith(f"{dtype} ends at ")


def test_the_spread_axis_follows_what_float16_can_hold_and_not_theory_to_the_end():
    found = page(dtype="float16")
    theory = found.theory.prediction.rms
    assert theory[-1] > 1e30
    span = ranges_of(found).spread
    assert math.log10(65504) < span.high <= math.log10(65504 * REACH) + 2
    small = page(dtype="float16", weight_std=0.001)
    assert small.theory.prediction.rms[-1] < 1e-50
    assert ranges_of(small).spread.low > -13


def test_theory_within_reach_is_shown_whole():
    found = page(activation="relu", init="lecun_normal", depth=20)
    span = ranges_of(found).spread
    assert span.low <= math.log10(found.theory.prediction.rms.min())
    wide = page(dtype="float64", weight_std=100.0)
    assert ranges_of(wide).spread.high >= math.log10(wide.theory.prediction.rms.max())
    assert np.isfinite(wide.network.tables["activation"].rms).all()


def test_the_layers_that_a_deeper_pinned_network_has_beyond_this_one_take_no_room():
    spec = replace(BOOK, depth=5, activation="relu", init="lecun_normal")
    alone = page(activation="relu", init="lecun_normal", depth=5)
    state = NetworkState(spec=spec, pins=(replace(spec, depth=100),), band=False)
    beside = compute_network(network_request(PlaygroundState(network=state)))
    assert beside.pins[0].curves.rms[-1] < 1e-10
    assert ranges_of(beside).spread.low == ranges_of(alone).spread.low
    first = beside.pins[0].curves.activation_gradient[:5]
    assert ranges_of(beside).gradients.low <= math.log10(first.min())


def test_a_watched_module_has_the_number_type_of_its_layers_where_they_share_one():
    half = measure_module(torch.nn.Linear(3, 2).half(), torch.randn(4, 3).half())
    assert [end.words for end in ends_of(half.page())][1] == "float16 ends at 65504"
    mixed = measure_module(torch.nn.Sequential(torch.nn.Linear(3, 2), Double()), torch.randn(4, 3))
    assert not ends_of(mixed.page())
    whole = measure_module(torch.nn.Flatten(), torch.arange(4))
    assert not ends_of(whole.page())


class Double(torch.nn.Module):
    def forward(self, x):
        return x.double()


def page_words(spec):
    return compute_network(network_request(PlaygroundState(network=NetworkState(spec=spec, band=False))))


@pytest.mark.parametrize(
    ("spec", "weights", "size"),
    [
        (NetworkState().spec, "50 layers, 497,400 weights", 497_400 * 4),
        (NetworkSpec(depth=1, width=1, batch=2, dtype="float16"), "1 layer, 1 weight", 2),
        (NetworkSpec(depth=2, width=3, batch=2, dtype="float64"), "2 layers, 18 weights", 144),
    ],
    ids=["digits", "one", "two"],
)
def test_layers_weights_and_their_bytes(spec, weights, size):
    assert sizes_in_words(page_words(spec)) == f"{weights}, {bytes_in_words(size)}"


def test_the_time_is_that_of_the_passes_and_none_of_a_run_without_all_gradients():
    found = page_words(NetworkSpec(depth=2, width=3, batch=2))
    for seconds, words in ((0.00613, "ran in 6.1 ms"), (0.25, "ran in 250 ms"), (2.34, "ran in 2.3 s")):
        assert run_in_words(replace(found, network=replace(found.network, seconds=seconds))) == words
    assert run_in_words(replace(found, network=replace(found.network, quick=True))) == ""
