"""Runs a network forward and backward once and measures every layer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from playground.models.formatting import digits
from playground.models.job import Job
from playground.models.network.measure.histograms import Histogram, choose_axis, count_layers
from playground.models.network.measure.measuring import Detail, measure_kinds
from playground.models.network.measure.reductions import Layers, stacked
from playground.models.network.measure.result import HeadResult, NetworkResult
from playground.models.network.measure.statistics import describe_tensor, measure, measure_layers
from playground.models.network.run.build import build
from playground.models.network.run.fast.passes import is_plain, run_directly
from playground.models.network.run.passes import Network, Passes, run_passes, tell
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import predict
from playground.models.network.verdict.verdict import judge
from playground.models.printed import Part, Printed, TextTable, sampled


def run_network(
    spec: NetworkSpec,
    tensors: Mapping[str, torch.Tensor] | None = None,
    detail: Detail | None = None,
    job: Job | None = None,
) -> NetworkResult:
    """Build the network, run it forward and backward once, measure every layer.

    >>> from playground import NetworkSpec
    >>> result = run_network(NetworkSpec(depth=5, activation="relu", init="kaiming_normal"))
    >>> len(result.layers), 0.5 < result.layers[4].activation.rms < 2
    (5, True)

    Each entry of `layers` has the statistics of its activations, pre-activations, weights and gradients; `tensors` are
    the program's, for a spec with one of them as input. Raises a `ProblemError` for a spec that cannot run, and
    `CancelledError` if the job is cancelled.
    """
    detail, job = detail or Detail(), (job or Job()).paced()
    start = time.perf_counter()
    network = build(
        spec,
        tensors,
        lambda layer: tell(job, "LSUV", layer, spec.depth, 0.0),
        lambda layer: tell(job, "drawing", layer, spec.depth, 0.0),
    )
    return measure_network(network, detail, job, start)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NetworkRun(Printed, NetworkResult):
    """A run that prints as the Network page tells it."""

    def told(self) -> tuple[Part, ...]:
        """The verdict, and the numbers of some of the layers."""
        spec = self.spec
        verdict = judge(self, predict(spec, self.input_mean_square, self.features))
        layers = [
            (
                str(layer.index + 1),
                *map(digits, (layer.activation.mean, layer.activation.std, layer.activation.rms)),
                digits(layer.activation_gradient.rms),
                digits(layer.weight_gradient.rms),
                f"{layer.activation.zero_fraction:.0%}",
            )
            for layer in (self.layers[place] for place in sampled(self.depth))
        ]
        head = ("layer", "mean", "std", "rms", "gradient rms", "weight gradient rms", "zeros")
        return (
            f"{spec.depth} layers of {spec.width}, {spec.activation}, {spec.init}, gain {digits(spec.gain)}, "
            f"{self.batch} inputs, seed {spec.seed}: loss {digits(self.loss)}",
            verdict.plain(),
            TextTable(head, layers, "r"),
            f"{len(layers)} of {self.depth} layers" if len(layers) < self.depth else "",
        )


def measure_network(
    network: Network, detail: Detail | None = None, job: Job | None = None, start: float | None = None
) -> NetworkResult:
    """Run an already built network forward and backward once, and measure every layer."""
    detail, job = detail or Detail(), job or Job()
    start = time.perf_counter() if start is None else start
    spec = network.spec
    passes = _passes(network, job)
    seconds = time.perf_counter() - start
    tables, units = measure_kinds(spec.activation, sources(network, passes), detail, job)
    return NetworkRun(
        spec,
        describe_tensor(network.inputs, None),
        passes.loss,
        _head(network, passes),
        batch=network.inputs.shape[0],
        features=network.inputs.shape[1],
        seconds=seconds,
        tables=tables,
        units=units,
        dtype=spec.dtype,
        bias_gradients=measure_layers(passes.bias_gradients, detail.quick),
        quick=detail.quick,
    )


def _passes(network: Network, job: Job) -> Passes:
    """The passes by autograd; those of a plain chain without its graph: faster, and the same to the bit."""
    if not is_plain(network):
        return run_passes(network, job)
    depth = len(network.weights)
    return run_directly(
        network,
        lambda layer: tell(job, "forward", layer, depth, 0.0),
        lambda layer: tell(job, "backward", depth - 1 - layer, depth, 0.45),
    )


def sources(network: Network, passes: Passes) -> dict[str, Layers]:
    """The tensors of each kind, one a layer."""
    return {
        "activation": passes.activations,
        "preactivation": passes.preactivations,
        "activation_gradient": passes.activation_gradients,
        "weight": network.weights,
        "weight_gradient": passes.weight_gradients,
    }


def layer_tensor(
    spec: NetworkSpec, kind: str, layer: int, tensors: Mapping[str, torch.Tensor] | None = None
) -> torch.Tensor:
    """A copy of one layer's tensor: activations are (batch, width). `layer` counts from 0."""
    network = build(spec, tensors)
    return sources(network, run_passes(network))[kind][layer].detach().cpu().clone()


def own_histograms(
    spec: NetworkSpec, kind: str, scale: str, tensors: Mapping[str, torch.Tensor] | None = None
) -> tuple[Histogram, ...]:
    """Each layer's histogram on its own range of values."""
    network = build(spec, tensors)
    found: list[Histogram] = []
    for _start, stack in stacked(sources(network, run_passes(network))[kind]):
        table = measure(stack, quick=True)
        for layer in range(len(stack)):
            one = slice(layer, layer + 1)
            axis = choose_axis(scale, table.rms[one], table.minimum[one], table.maximum[one])
            found.append(count_layers([stack[one]], axis).layer(0))
    return tuple(found)


def _head(network: Network, passes: Passes) -> HeadResult | None:
    if network.head_weight is None:
        return None
    with torch.no_grad():
        logits = network.logits(passes.output)
    return HeadResult(
        describe_tensor(logits), describe_tensor(passes.head_gradients[0]), describe_tensor(passes.head_gradients[1])
    )
