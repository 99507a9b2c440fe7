"""Evaluating, einsum and networks against bare torch."""

from __future__ import annotations

from dataclasses import replace

import torch

from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.program.program import Program
from playground.models.program.sources import Expression
from playground.models.state import EinsumState, PlaygroundState
from tests.benchmarks.benchmark import Benchmark, Pair


def network(width: int, batch: int) -> Pair:
    """A run with all statistics and histograms, against forward and backward of the same network."""
    spec = NetworkSpec(depth=50, width=width, batch=batch, activation="relu", init="kaiming_normal")
    gains = iter(range(1, 10**9))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, width, generator=generator)
    weights = [
        (torch.randn(width, width, generator=generator) * (2 / width) ** 0.5).requires_grad_() for _ in range(50)
    ]

    def ours() -> object:
        return run_network(replace(spec, gain=1 + next(gains) * 1e-4))

    def bare() -> object:
        y = x
        for weight in weights:
            y = torch.relu(y @ weight)
        return torch.autograd.grad(y.square().mean(), weights)

    return ours, bare


def editing() -> Pair:
    """An edit at the end of a program of 100 lines, against what torch does for the edited line."""
    lines = ["T0 = torch.arange(250000.).reshape(500, 500)"]
    lines += [f"T{number} = T{number - 1} + 1" for number in range(1, 100)]
    program = Program.parse("\n".join(lines))
    evaluate(program)
    numbers = iter(range(2, 10**9))
    matrix = torch.arange(250000.0).reshape(500, 500)

    def ours() -> object:
        return evaluate(program.with_source("T99", Expression(f"T98 @ T98 + {next(numbers)}")), None, Job())

    def bare() -> object:
        return matrix @ matrix + next(numbers)

    return ours, bare


def einsum() -> Pair:
    """What the einsum panel computes, on a long contraction along its best path."""
    lines = [f"{name} = torch.ones(48, 48)" for name in "ABDE"] + ["C = torch.ones(48, 48, 48, 48)"]
    program = Program.parse("\n".join(lines))
    equation, names = "pi,qj,ijkl,rk,sl->pqrs", tuple("ABCDE")
    state = PlaygroundState(program=program, einsum=EinsumState(equation=equation, operands=names))
    values = evaluate(program)
    operands = [values[name].tensor for name in names]
    request = einsum_request(state)
    return (lambda: compute_einsum(request, Job())), (lambda: torch.einsum(equation, *operands))


BENCHMARKS = (
    Benchmark(
        "a network of 50 x 100 x 200, all statistics", "bare forward and backward", 1.6, lambda: network(100, 200)
    ),
    Benchmark(
        "a network of 50 x 256 x 256, all statistics", "bare forward and backward", 1.6, lambda: network(256, 256)
    ),
    Benchmark("an edit in a program of 100 lines", "torch's own work on that line", 2.0, editing),
    Benchmark("an einsum of five operands", "torch.einsum", 1.1, einsum),
)
