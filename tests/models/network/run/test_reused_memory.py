"""Runs one after the other in a thread share their memory, and tell what each tells in a thread of its own."""

import pickle
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from playground.models.job import CancelledError, Job
from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.result import KINDS, NetworkResult
from playground.models.network.run.run import own_histograms, run_network
from playground.models.network.spec.spec import NetworkSpec

START = NetworkSpec(depth=5, width=16, batch=17, activation="relu", init="kaiming_normal")
CHANGES = {
    "depth": (1, 2, 5, 11),
    "width": (1, 3, 16, 64, 97),
    "batch": (1, 2, 17, 100),
    "dtype": ("float32", "float32", "float64", "bfloat16", "float16"),
    "activation": ("relu", "identity", "tanh", "gelu"),
    "residual": ("none", "none", "plain"),
    "dropout": (0.0, 0.0, 0.4),
    "normalisation": ("none", "none", "layer"),
    "input": ("normal", "digits"),
    "init": ("kaiming_normal", "torch_default", "sparse", "lsuv", "zeros"),
    "gain": (1.0, 0.9, 1e-30, 1e30, 1e12),
    "bias_std": (0.0, 0.0, 0.3),
    "seed": (0, 1),
}
PLAIN = {
    "depth": (2, 5),
    "width": (16, 64),
    "dtype": ("float32", "float64"),
    "input": ("normal", "digits"),
    "gain": (1.0, 0.9),
}
"""Changes of a network whose passes write into buffers."""
EXACT = ("count", "minimum", "maximum", "zeros", "near_zeros", "nans", "infs", "subnormals")
ROUNDED = ("mean", "std", "rms")
UNITS = ("dead", "saturated", "spread", "cosine")


def drag(seed, steps, changes=CHANGES):
    """A sequence of networks, each a setting or two away from the one before, and how each is measured."""
    chance, spec = random.Random(seed), START
    for _ in range(steps):
        for name in chance.sample(list(changes), chance.choice((0, 1, 1, 2))):
            spec = replace(spec, **{name: chance.choice(changes[name])})
        histograms = tuple(kind for kind in KINDS if chance.random() < 0.3)
        yield spec, Detail(histograms, "log", quick=chance.random() < 0.7)


def in_a_thread_of_its_own(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def contents(result: NetworkResult) -> bytes:
    return pickle.dumps(replace(result, seconds=0.0))


def assert_same(found: NetworkResult, expected: NetworkResult) -> None:
    """Counts and extremes are the same; sums may differ in their last digits, as memory may begin elsewhere."""
    digits = 1e-5 if found.quick else 1e-12
    for kind in KINDS:
        one, other = found.tables[kind], expected.tables[kind]
        for column in EXACT:
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column), err_msg=f"{kind} {column}")
        for column in ROUNDED:
            away = getattr(one, column) - getattr(other, column)
            assert not (np.abs(away) > digits * other.rms).any(), (kind, column)
            np.testing.assert_array_equal(np.isnan(getattr(one, column)), np.isnan(getattr(other, column)))
        assert (one.histograms is None) == (other.histograms is None)
        if one.histograms is not None:
            np.testing.assert_array_equal(one.histograms.counts, other.histograms.counts)
    for column in UNITS:
        one, other = getattr(found.units, column), getattr(expected.units, column)
        np.testing.assert_allclose(one, other, rtol=100 * digits, atol=digits if column == "cosine" else 0.0)


@pytest.mark.parametrize("changes", [CHANGES, PLAIN], ids=["all", "plain"])
@pytest.mark.parametrize("seed", range(4))
def test_a_run_tells_the_same_after_any_other(seed, changes):
    kept = []
    for spec, detail in drag(seed, 25, changes):
        found = run_network(spec, detail=detail)
        expected = in_a_thread_of_its_own(lambda spec=spec, detail=detail: run_network(spec, detail=detail))
        assert_same(found, expected)
        kept.append((found, contents(found)))
    assert all(contents(result) == before for result, before in kept)


def test_a_run_tells_the_same_after_one_that_was_cancelled_and_after_histograms_of_their_own():
    for step, (spec, detail) in enumerate(drag(7, 20)):
        asked = iter(range(100_000))
        job = Job(is_cancelled=lambda asked=asked, step=step: next(asked) >= step)
        with suppress(CancelledError):
            run_network(replace(spec, gain=2.0, batch=31), detail=detail, job=job)
        own_histograms(replace(spec, depth=3), KINDS[step % len(KINDS)], "log")
        expected = in_a_thread_of_its_own(lambda spec=spec, detail=detail: run_network(spec, detail=detail))
        assert_same(run_network(spec, detail=detail), expected)


def test_two_threads_at_once_do_not_disturb_each_other():
    sequences = [list(drag(seed, 20)) for seed in (8, 9)]
    expected = [[run_network(spec, detail=detail) for spec, detail in sequence] for sequence in sequences]
    both = threading.Barrier(2)

    def run(sequence):
        both.wait()
        return [run_network(spec, detail=detail) for spec, detail in sequence]

    with ThreadPoolExecutor(2) as pool:
        for found, wanted in zip(pool.map(run, sequences), expected, strict=True):
            for one, other in zip(found, wanted, strict=True):
                assert_same(one, other)
