from dataclasses import replace

import pytest

from playground.models.network.request import compute_network, network_request
from playground.models.network.run_words import sizes_in_words, time_in_words
from playground.models.network.spec import NetworkSpec
from playground.models.network.state import NetworkState
from playground.models.state import PlaygroundState
from playground.models.words import bytes_in_words


def page(spec):
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
    assert sizes_in_words(page(spec)) == f"{weights}, {bytes_in_words(size)}"


def test_the_time_is_that_of_the_passes_and_none_of_a_run_without_all_gradients():
    found = page(NetworkSpec(depth=2, width=3, batch=2))
    for seconds, words in ((0.00613, "ran in 6.1 ms"), (0.25, "ran in 250 ms"), (2.34, "ran in 2.3 s")):
        assert time_in_words(replace(found, network=replace(found.network, seconds=seconds))) == words
    assert time_in_words(replace(found, network=replace(found.network, quick=True))) == ""
