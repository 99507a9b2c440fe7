"""A hundred runs of whatever the app computes leave no tensor and no step of autograd alive."""

import gc
import threading
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.autograd.graph import Node

from playground.models.broadcasting.chance.request import ChanceRequest
from playground.models.einsum.ladder import LadderRequest
from playground.models.einsum.ways import WaysRequest
from playground.models.evaluation.evaluate import CACHE
from playground.models.job import Job
from playground.models.network.saved.request import SavedRequest
from playground.models.network.send_layer import LayerTensorRequest
from playground.models.network.spec.noise import BANK, NoiseBank
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest
from playground.models.network.theory.phase import PhaseRequest
from playground.models.network.training.pinned import PinnedTrainingRequest
from playground.models.network.training.request import TrainingRequest
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.watch.verdict import judge_watched
from playground.models.network.watch.watch import measure_module
from playground.models.program.program import Program
from playground.models.state import EinsumState, LessonState, NetworkState, PlaygroundState
from playground.runtime.panels import PANELS

RUNS = 100
A_FEW = 12
"""Enough to see a tensor more at each run."""
WARM = 3
SPEC = NetworkSpec(depth=3, width=4, batch=5, activation="relu", init="lecun_normal")
DROPPED = replace(SPEC, dropout=0.2, residual="plain", normalisation="layer", bias_std=0.1)
SETTINGS = TrainingSettings(steps=2, target=2)


def state_of(seed):
    program = Program.parse(f"A = torch.arange({6 + seed % 3}.)\nB = A.relu() * {seed}\nC = B.sum()")
    return PlaygroundState(
        program=program,
        selection="B",
        einsum=EinsumState("i,i->", ("A", "B")),
        network=NetworkState(spec=replace(DROPPED, seed=seed), band=seed % 2 == 0, seeds=2),
        lesson=LessonState("12-initialisation") if seed % 10 == 0 else LessonState(),
    )


REQUESTS = {
    "chance": lambda seed: ChanceRequest(Program.parse(f"A = torch.ones(4, 4)\nw = torch.ones(4)\nB = A * w * {seed}")),
    "ways": lambda seed: WaysRequest(state_of(seed).program, 'torch.einsum("i,i->", A, B)', ("A @ B",)),
    "ladder": lambda _seed: LadderRequest(4),
    "layer_tensor": lambda seed: LayerTensorRequest(replace(DROPPED, seed=seed), "weight_gradient", 2),
    "phase": lambda seed: PhaseRequest(replace(SPEC, seed=seed), "measured" if seed % 50 else "theory"),
    "pinned_training": lambda seed: PinnedTrainingRequest((replace(SPEC, seed=seed),), SETTINGS),
    "saved": lambda seed: SavedRequest(replace(DROPPED, seed=seed), 0),
    "saved_details": lambda seed: SavedRequest(replace(DROPPED, seed=seed), seed % 4),
    "step_through": lambda seed: StepThroughRequest.small(replace(DROPPED, seed=seed)),
    "training": lambda seed: TrainingRequest(replace(SPEC, seed=seed), SETTINGS),
}


def living():
    """How many tensors and steps of a backward pass Python knows of, besides those that bounded caches keep."""
    CACHE.clear()
    BANK.clear()
    gc.collect()
    return sum(issubclass(kind, torch.Tensor | Node) for kind in map(type, gc.get_objects()))


def panel(spec):
    return lambda seed: spec.compute(spec.request(state_of(seed)), Job())


def side(compute, request):
    return lambda seed: compute(request(seed), Job(is_cancelled=lambda: False))


def watched(_seed):
    module = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2).requires_grad_(False), nn.Dropout())
    batch = torch.ones(3, 4)
    judge_watched(measure_module(module, batch, lambda y: 1e9 * y.square().sum()), module, batch)


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        z = 300 * self.linear(x)
        return torch.where(z <= 0, torch.exp(z), 1 + z)


def watched_nan(_seed):
    module, batch = Broken(), torch.randn(3, 4)
    judge_watched(measure_module(module, batch), module, batch)


COMPUTATIONS = {
    **{spec.key: panel(spec) for spec in PANELS},
    **{name: side(compute, REQUESTS[name]) for spec in PANELS for name, compute in spec.sides.items()},
    "watched module": watched,
    "watched module with a nan": watched_nan,
}


@pytest.mark.parametrize("name", COMPUTATIONS)
def test_no_tensor_lives_on(name, every_case):
    compute, left = COMPUTATIONS[name], []
    runs = RUNS if every_case else A_FEW

    def work():
        for seed in range(WARM):
            compute(seed)
        before = living()
        for seed in range(runs):
            compute(WARM + seed)
        left.append(living() - before)

    thread = threading.Thread(target=work)  # as in the app: what a thread keeps for its next run goes with it
    thread.start()
    thread.join()
    assert left
    assert left[0] < runs / 4, f"{left[0]} tensors more after {runs} runs"


def test_draws_that_are_kept_are_bounded_in_number_and_in_bytes():
    bank = NoiseBank(limit=4 * 1000, most=20)
    for seed in range(100):
        bank.draws("normal", seed, "weight", 1, (2, 2))
        assert len(bank._kept) <= 20
    bank.draws("normal", 0, "weight", 1, (30, 30))
    bank.draws("normal", 1, "weight", 1, (30, 30))
    assert sum(kept.nbytes for kept in bank._kept.values()) <= bank.limit
