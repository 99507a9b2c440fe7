import itertools
import subprocess
import sys

import pytest
import torch

from playground.models.network.run.build import build
from playground.models.network.saved.request import (
    SavedRequest,
    blank_network,
    compute_kept,
    compute_saved,
    measuring_device,
    run_checkpointed_network,
    saved_by,
)
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError
from playground.models.program.program import Program


def spec_of(**fields):
    return NetworkSpec(
        **({"depth": 7, "width": 6, "batch": 5, "activation": "relu", "init": "kaiming_normal"} | fields)
    )


def real(spec):
    """The network with real weights, each in a storage of its own."""
    network = build(spec)
    return network.with_parameters(tuple(p.clone().requires_grad_() for p in network.parameters))


@pytest.mark.parametrize(("activation", "normalisation"), list(itertools.product(ACTIVATIONS, NORMALISATIONS)))
def test_the_bytes_are_those_of_a_real_run(activation, normalisation):
    spec = spec_of(activation=activation, normalisation=normalisation)
    result = compute_saved(SavedRequest(spec, 3))
    assert result.saved.layer_bytes == saved_by(real(spec)).layer_bytes
    assert result.checkpointed == run_checkpointed_network(real(spec), 3)
    assert result.checkpointed.peak == result.peaks[2]
    assert result.under_no_grad == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"residual": "plain"},
        {"residual": "scaled", "dropout": 0.3},
        {"dropout": 0.5},
        {"input": "digits", "loss": "cross_entropy"},
        {"dtype": "float16"},
        {"dtype": "float64", "depth": 1},
        {"width": 1, "batch": 1},
    ],
)
def test_other_networks_too(fields):
    spec = spec_of(**fields)
    result = compute_saved(SavedRequest(spec))
    assert result.saved.layer_bytes == saved_by(real(spec)).layer_bytes
    assert result.checkpointed.every == result.best_every
    assert result.checkpointed.peak == result.peaks[result.best_every - 1] == min(result.peaks)
    assert result.peaks[-1] == result.saved.total_bytes


def test_the_network_of_the_picture():
    spec = NetworkSpec(activation="relu", init="lecun_normal", input="digits", loss="cross_entropy")
    result = compute_saved(SavedRequest(spec))
    assert result.saved.layer_bytes[18] == 80_000
    assert result.title(18).startswith("`4.06 MB`  in 54 tensors, each counted once. Layer 18 keeps 80 kB")
    assert result.without_grad() == "under no_grad nothing is kept"
    assert "checkpoint every" in result.checkpoint_words()


def test_networks_too_large_to_run_are_counted_all_the_same():
    result = compute_saved(SavedRequest(NetworkSpec(depth=80, width=4096, batch=65_536, activation="relu")))
    assert result.saved.total_bytes == 81 * 65_536 * 4096 * 4
    assert result.best_every in range(5, 15)


@pytest.mark.parametrize(
    ("activation", "normalisation", "loss"),
    [("relu", "none", "mean_square"), ("gelu", "batch", "cross_entropy"), ("silu", "layer", "mean_square"),
     ("tanh", "rms", "cross_entropy")],
)  # fmt: skip
def test_the_meta_device_counts_the_same(activation, normalisation, loss):
    spec = spec_of(activation=activation, normalisation=normalisation, loss=loss, residual="plain", dropout=0.2)
    one, other = (blank_network(spec, 64, device) for device in ("cpu", "meta"))
    assert saved_by(one) == saved_by(other)
    assert run_checkpointed_network(one, 3) == run_checkpointed_network(other, 3)


def test_only_large_networks_go_to_the_meta_device():
    assert measuring_device(NetworkSpec(), 100) == "cpu"
    assert measuring_device(NetworkSpec(depth=500), 100) == "cpu"
    assert measuring_device(NetworkSpec(width=4096, batch=4096), 100) == "meta"


def test_a_tensor_as_input_brings_its_own_features():
    program = Program.parse("A = torch.ones(9, 3, 2)")
    spec = spec_of(input="tensor:A", batch=9)
    result = compute_saved(SavedRequest(spec, program=program))
    assert saved_by(real_fed(spec, torch.ones(9, 3, 2))).layer_bytes == result.saved.layer_bytes
    with pytest.raises(ProblemError, match="A"):
        compute_saved(SavedRequest(spec))


def real_fed(spec, tensor):
    network = build(spec, {"A": tensor})
    return network.with_parameters(tuple(p.clone().requires_grad_() for p in network.parameters))


def test_a_faulty_spec_is_refused():
    with pytest.raises(ProblemError, match="depth is 0"):
        compute_saved(SavedRequest(spec_of(depth=0)))


def test_the_list_alone_is_that_of_the_whole():
    spec = spec_of(activation="gelu", dropout=0.2)
    kept, whole = compute_kept(SavedRequest(spec)), compute_saved(SavedRequest(spec))
    assert kept.saved.layer_bytes == whole.saved.layer_bytes
    assert kept.title(2) == whole.title(2)
    assert kept.without_grad() == whole.without_grad() == "under no_grad nothing is kept"


WITHOUT_THE_COMPILER = """
import sys
from playground.models.network.theory.phase import PhaseRequest, compute_phase
from playground.models.network.request import compute_network, network_request
from playground.models.network.saved.request import SavedRequest, compute_kept
from playground.models.network.training.page import saved_request
from playground.models.state import PlaygroundState

request = network_request(PlaygroundState())
compute_kept(saved_request(request))
compute_network(request)
compute_phase(PhaseRequest(request.spec))
loaded = {"torch._dynamo", "sympy", "torch.fx.experimental.symbolic_shapes"} & set(sys.modules)
assert not loaded, loaded
"""


def test_the_page_opens_without_importing_the_compiler_of_torch():
    done = subprocess.run([sys.executable, "-c", WITHOUT_THE_COMPILER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
