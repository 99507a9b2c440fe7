"""Request and result for what is saved for the backward pass: the bytes of every layer, and with checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from playground.models.formatting import bytes_in_words, count_in_words
from playground.models.job import Job
from playground.models.network.run.passes import Network
from playground.models.network.saved.checkpointing import CheckpointedRun, all_peaks, run_checkpointed
from playground.models.network.saved.tensors import EnterLayer, SavedTensors, record_saved
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.inputs import INPUTS, load_inputs, tensors_of
from playground.models.network.spec.spec import CLASSES, NetworkSpec
from playground.models.problem import ProblemError
from playground.models.program.program import Program

MOST_OPERATIONS = 1e10
MOST_VALUES = 3e7
HALF_COST = 20
"""How many times longer half precision takes on a CPU."""


@dataclass(frozen=True, slots=True)
class SavedRequest:
    """The network, and the number of layers between checkpoints (0: the number that keeps the least).

    `program` supplies the input tensor if the spec names one.
    """

    spec: NetworkSpec
    every: int = 0
    program: Program | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KeptResult:
    """What is kept for the backward pass, layer by layer, with the total under no_grad."""

    request: SavedRequest
    saved: SavedTensors
    under_no_grad: int

    def title(self, layer: int) -> str:
        """`"**4.06 MB** in 54 tensors, each counted once. Layer 18 keeps 80 kB"`, layers from 1."""
        total = f"`{bytes_in_words(self.saved.total_bytes)}`"
        kept = bytes_in_words(self.saved.layer_bytes[layer]) if 0 <= layer < len(self.saved.layer_bytes) else "nothing"
        tensors = count_in_words(self.saved.counted, "tensor")
        return f"{total}  in {tensors}, each counted once. Layer {layer} keeps {kept}"

    def without_grad(self) -> str:
        """What a run under `torch.no_grad` kept, as measured: "under no_grad nothing is kept"."""
        kept = "nothing" if not self.under_no_grad else bytes_in_words(self.under_no_grad)
        return f"under no_grad {kept} is kept"


@dataclass(frozen=True, slots=True, eq=False)
class SavedResult(KeptResult):
    """What is kept, and what checkpoints would keep instead.

    `peaks[k - 1]` is the computed peak with a checkpoint every k layers; `checkpointed` was measured, at `every` or at
    the best stretch if none was requested.
    """

    peaks: tuple[int, ...]
    best_every: int
    checkpointed: CheckpointedRun

    def checkpoint_words(self) -> str:
        """The peak with a checkpoint every k layers, and its cost."""
        run, total = self.checkpointed, self.saved.total_bytes
        depth = self.request.spec.depth
        if run.every >= depth or not total:
            return "A single layer cannot be split, so checkpoints would save nothing."
        share = run.peak / total
        again = count_in_words(run.layers_run_again, "layer")
        return (
            f"A checkpoint every {count_in_words(run.every, 'layer')} keeps at most `{bytes_in_words(run.peak)}`, "
            f"{share:.0%} of it, and runs {again} a second time."
        )


def measuring_device(spec: NetworkSpec, features: int) -> str:
    """ "cpu" if a run is short and small, otherwise "meta", which needs no memory: both count the same."""
    fans = features + (spec.depth - 1) * spec.width
    operations = 6 * spec.batch * spec.width * fans * (1 if spec.torch_dtype.itemsize >= 4 else HALF_COST)
    values = spec.depth * spec.batch * spec.width + spec.width * fans
    return "cpu" if operations < MOST_OPERATIONS and values < MOST_VALUES else "meta"


def blank_network(spec: NetworkSpec, features: int, device: str) -> Network:
    """A network with the spec's shapes and arbitrary values: leaves that require gradients, all 0 on the CPU."""

    def leaf(*shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=spec.torch_dtype, device=device, requires_grad=True)

    fans = (features, *[spec.width] * (spec.depth - 1))
    weights = tuple(leaf(spec.width, fan) for fan in fans)
    biases = tuple(leaf(spec.width) for _ in fans)
    inputs = torch.zeros((spec.batch, features), dtype=spec.torch_dtype, device=device)
    if spec.loss != "cross_entropy":
        return Network(spec, inputs, weights, biases)
    labels = torch.zeros(spec.batch, dtype=torch.int64, device=device)
    return Network(spec, inputs, weights, biases, labels, leaf(CLASSES, spec.width), leaf(CLASSES))


def saved_by(network: Network) -> SavedTensors:
    """What autograd keeps of this network's forward pass and loss, on its tensors' device."""
    depth = len(network.weights)

    def forward(enter: EnterLayer) -> torch.Tensor:
        x = network.inputs
        for index in range(depth):
            enter(index + 1)
            x = network.layer(index, x)
        enter(depth + 1)
        return network.loss(x)

    return record_saved(forward, network.parameters, depth, (network.inputs,))


def run_checkpointed_network(network: Network, every: int) -> CheckpointedRun:
    """Run the network with a checkpoint every `every` layers and measure what is kept."""
    layers = [_Layer(network, index) for index in range(len(network.weights))]
    return run_checkpointed(layers, network.inputs, network.loss, network.parameters, every)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer of a network as a function."""

    network: Network
    index: int

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.network.layer(self.index, x)


def input_features(spec: NetworkSpec, tensors: Mapping[str, torch.Tensor]) -> int:
    """The number of values in one input; raises `ProblemError` if the input tensor is missing or unsuitable."""
    if spec.tensor_name:
        return int(load_inputs(spec, tensors).inputs.shape[1])
    return INPUTS.find(spec.input).features(spec)


def compute_kept(request: SavedRequest, job: Job | None = None) -> KeptResult:
    """Run forward and list what is kept; large networks run on the meta device, which needs no memory.

    Raises a `ProblemError` where the spec does not fit.
    """
    return _kept(request, _network_of(request, job or Job()))


def compute_saved(request: SavedRequest, job: Job | None = None) -> SavedResult:
    """List what is kept, then run forward and backward with checkpoints and measure what those keep.

    The first backward pass through a checkpoint makes torch import sympy, which takes half a second: use `compute_kept`
    for the list only. Raises a `ProblemError` if the spec is invalid.
    """
    job = job or Job()
    spec = request.spec
    network = _network_of(request, job)
    kept = _kept(request, network)
    boundaries = [network.inputs.nbytes] + [spec.batch * spec.width * spec.torch_dtype.itemsize] * (spec.depth - 1)
    peaks = all_peaks(kept.saved, boundaries)
    best = min(range(1, spec.depth + 1), key=lambda every: (peaks[every - 1], every))
    job.check()
    with torch.enable_grad():
        checkpointed = run_checkpointed_network(network, request.every or best)
    return SavedResult(request, kept.saved, kept.under_no_grad, peaks, best, checkpointed)


def _network_of(request: SavedRequest, job: Job) -> Network:
    problem = check_spec(request.spec)
    if problem is not None:
        raise ProblemError(problem)
    features = input_features(request.spec, tensors_of(request.program, job))
    job.check()
    return blank_network(request.spec, features, measuring_device(request.spec, features))


def _kept(request: SavedRequest, network: Network) -> KeptResult:
    with torch.enable_grad():
        saved = saved_by(network)
    with torch.no_grad():
        under_no_grad = saved_by(network).total_bytes
    return KeptResult(request, saved, under_no_grad)
