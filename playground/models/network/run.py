"""Runs a network forward and backward once and measures every layer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.models.job import Job
from playground.models.network.activations import saturates_at_zero
from playground.models.network.build import build
from playground.models.network.direct_passes import is_plain, run_directly
from playground.models.network.forward import Network
from playground.models.network.histograms import CACHED, SAMPLE, Histogram, choose_axis, count_layers
from playground.models.network.layer_statistics import (
    Floats,
    Reductions,
    StatisticsTable,
    describe_tensor,
    measure,
    measure_layers,
    measure_stacks,
)
from playground.models.network.passes import Passes, run_passes, tell
from playground.models.network.result import KINDS, HeadResult, NetworkResult
from playground.models.network.scaled_draws import LastOf
from playground.models.network.spec import NetworkSpec
from playground.models.network.stacks import Stacks, stacked
from playground.models.network.unit_statistics import UnitPart, UnitTable, measure_saturation, measure_units


@dataclass(frozen=True, slots=True)
class Detail:
    """How much to measure: histograms of which kinds on which scale; `quick` while the hand is dragging."""

    histograms: tuple[str, ...] = KINDS
    scale: str = "log"
    quick: bool = False


def run_network(
    spec: NetworkSpec,
    tensors: Mapping[str, torch.Tensor] | None = None,
    detail: Detail | None = None,
    job: Job | None = None,
) -> NetworkResult:
    """Build the network, run it forward and backward once, measure every layer; raises a `ProblemError` for a bad spec.

    `run_network(NetworkSpec(activation="relu", init="kaiming_normal")).layers[49].activation.rms` is close to 1.
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


def measure_network(
    network: Network, detail: Detail | None = None, job: Job | None = None, start: float | None = None
) -> NetworkResult:
    """Run a network that is built already forward and backward once, and measure every layer."""
    detail, job = detail or Detail(), job or Job()
    start = time.perf_counter() if start is None else start
    spec = network.spec
    passes = _passes(network, job, biases=not detail.quick)
    seconds = time.perf_counter() - start
    stacks = {kind: Stacks(all_, kind, passes.whole.get(kind)) for kind, all_ in sources(network, passes).items()}
    parts = _unit_parts(stacks["activation"], detail.quick)
    found = {"activation": {start: part.found for start, part in parts.items() if part.found}}
    if detail.quick and network.scaled is not None and "weight" in passes.whole:
        found["weight"] = {0: network.scaled.reductions()}
    tables = _tables(stacks, detail, job, found)
    units = _units(spec, stacks["preactivation"], tables, tuple(parts.values()))
    return NetworkResult(
        spec,
        tables,
        units,
        _describe_inputs(network.inputs),
        passes.loss,
        measure_layers(passes.bias_gradients) if passes.bias_gradients else None,
        _head(network, passes),
        batch=network.inputs.shape[0],
        features=network.inputs.shape[1],
        seconds=seconds,
        quick=detail.quick,
    )


def _passes(network: Network, job: Job, biases: bool) -> Passes:
    """The passes of a plain chain without autograd's graph: faster, and the same to the bit."""
    if not is_plain(network):
        return run_passes(network, job, biases)
    depth = len(network.weights)
    if not job.is_listened_to:
        return run_directly(network, lambda _layer: job.check(), lambda _layer: job.check(), biases)
    return run_directly(
        network,
        lambda layer: tell(job, "forward", layer, depth, 0.0),
        lambda layer: tell(job, "backward", depth - 1 - layer, depth, 0.45),
        biases,
    )


def sources(network: Network, passes: Passes) -> dict[str, Sequence[torch.Tensor]]:
    """The tensors of each kind, one a layer."""
    return {
        "activation": passes.trace.activations,
        "preactivation": passes.trace.preactivations,
        "activation_gradient": passes.activation_gradients,
        "weight": network.weights,
        "weight_gradient": passes.weight_gradients,
    }


def layer_tensor(
    spec: NetworkSpec, kind: str, layer: int, tensors: Mapping[str, torch.Tensor] | None = None
) -> torch.Tensor:
    """One layer's tensor itself, a copy that belongs to nobody: activations are (batch, width). `layer` from 0."""
    network = build(spec, tensors)
    return sources(network, run_passes(network, biases=False))[kind][layer].detach().cpu().clone()


def own_histograms(
    spec: NetworkSpec, kind: str, scale: str, tensors: Mapping[str, torch.Tensor] | None = None
) -> tuple[Histogram, ...]:
    """Each layer's histogram on the range of its own values."""
    network = build(spec, tensors)
    found: list[Histogram] = []
    for _start, stack in stacked(sources(network, run_passes(network, biases=False))[kind]):
        table = measure(stack, quick=True)
        for layer in range(len(stack)):
            one = slice(layer, layer + 1)
            axis = choose_axis(scale, table.rms[one], table.minimum[one], table.maximum[one])
            found.append(count_layers([stack[one]], axis).layer(0))
    return tuple(found)


_describe_inputs = LastOf(describe_tensor)


def _tables(
    stacks: Mapping[str, Stacks], detail: Detail, job: Job, found: Mapping[str, Mapping[int, Reductions]]
) -> dict[str, StatisticsTable]:
    """The statistics of each kind; `found`: reductions that are known, by kind and a stack's first layer."""
    tables = {}
    for step, (kind, layers) in enumerate(stacks.items()):
        job.check()
        job.report(0.9 + 0.02 * step, f"statistics, {kind.replace('_', ' ')}s")
        counted = kind in detail.histograms
        tables[kind] = _measured(layers, detail, counted, found.get(kind, {}))
    return tables


def _measured(layers: Stacks, detail: Detail, counted: bool, found: Mapping[int, Reductions]) -> StatisticsTable:
    """The statistics of one kind of tensor, and its histograms on one axis for all layers where they are wanted."""
    table = measure_stacks(layers, detail.quick, found)
    if not counted:
        return table
    axis = choose_axis(detail.scale, table.rms, table.minimum, table.maximum)
    return replace(
        table, histograms=count_layers((stack for _start, stack in layers), axis, SAMPLE if detail.quick else 0)
    )


def _unit_parts(activations: Stacks, quick: bool) -> dict[int, UnitPart]:
    """What the units tell, by the first layer of each part."""
    parts: dict[int, UnitPart] = {}
    for start, stack in activations:
        size = len(stack) if quick else max(1, CACHED // max(1, stack[0].numel()))
        for first in range(0, len(stack), size):
            parts[start + first] = measure_units(stack[first : first + size], quick)
    return parts


def _units(
    spec: NetworkSpec, preactivations: Stacks, tables: Mapping[str, StatisticsTable], parts: Sequence[UnitPart]
) -> UnitTable:
    return UnitTable(
        np.concatenate([part.dead for part in parts]),
        _saturated(spec, preactivations, tables),
        np.concatenate([part.spread for part in parts]),
        np.concatenate([part.cosine for part in parts]),
    )


def _saturated(spec: NetworkSpec, preactivations: Stacks, tables: Mapping[str, StatisticsTable]) -> Floats:
    """The saturated share of each layer: of relu, whose saturated values are its zeros, those counted already."""
    before, after = tables["preactivation"], tables["activation"]
    if saturates_at_zero(spec.activation) and spec.residual == "none" and not spec.dropout:
        return np.asarray(after.zeros / after.count, dtype=np.float64)
    shares = [
        measure_saturation(
            stack,
            spec.activation,
            before.minimum[start : start + len(stack)],
            before.maximum[start : start + len(stack)],
        )
        for start, stack in preactivations
    ]
    return np.concatenate(shares)


def _head(network: Network, passes: Passes) -> HeadResult | None:
    if network.head_weight is None:
        return None
    with torch.no_grad():
        logits = network.logits(passes.output)
    return HeadResult(
        describe_tensor(logits), describe_tensor(passes.head_gradients[0]), describe_tensor(passes.head_gradients[1])
    )
