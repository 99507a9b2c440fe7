"""What ran, in a few words for the bottom line of the window."""

from __future__ import annotations

from playground.models.network.request import NetworkPageResult
from playground.models.words import bytes_in_words, count_in_words, digits


def sizes_in_words(page: NetworkPageResult) -> str:
    """`"50 layers, 497,400 weights, 1.99 MB"`: those of the output layer too, without the biases."""
    spec, weights = page.request.spec, page.estimate.weights
    size = bytes_in_words(weights * spec.torch_dtype.itemsize)
    return f"{count_in_words(spec.depth, 'layer')}, {count_in_words(weights, 'weight')}, {size}"


def time_in_words(page: NetworkPageResult) -> str:
    """`"ran in 6.1 ms"`: weights, one forward and one backward pass; "" for a run that left gradients out."""
    if page.network.quick:
        return ""
    seconds = page.network.seconds
    return f"ran in {digits(seconds, 2)} s" if seconds >= 1 else f"ran in {digits(1000 * seconds, 2)} ms"
