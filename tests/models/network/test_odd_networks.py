from dataclasses import replace

import numpy as np
import pytest

from playground.models.network.page import ranges_of
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.saved.request import SavedRequest, compute_saved
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest, compute_step_through
from playground.models.network.theory.phase import PhaseRequest, compute_phase
from playground.models.network.training.optimisers import OPTIMISERS, OptimiserSettings
from playground.models.network.training.page import progress_in_words
from playground.models.network.training.request import TrainingRequest, compute_training
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import ProblemError
from playground.models.program.program import Program

PLAIN = NetworkSpec(depth=4, width=6, batch=5, activation="relu", init="kaiming_normal")
ODD = {
    "one of everything": replace(PLAIN, depth=1, width=1, batch=1),
    "zeros": replace(PLAIN, init="zeros"),
    "constant": replace(PLAIN, init="constant"),
    "gain 0": replace(PLAIN, gain=0.0),
    "gain 1e30": replace(PLAIN, gain=1e30),
    "gain 1e200": replace(PLAIN, gain=1e200),
    "zeros times 1e200": replace(PLAIN, init="zeros", gain=1e200, dtype="float64"),
    "std 1e200": replace(PLAIN, init="normal", weight_std=1e200, activation="tanh"),
    "weight 1e200": replace(PLAIN, init="constant", weight_value=-1e200),
    "bias std 1e200": replace(PLAIN, bias_std=1e200, dtype="float64"),
    "gain 1e-30": replace(PLAIN, gain=1e-30),
    "negative gain": replace(PLAIN, gain=-1.0),
    "float16 overflow": replace(PLAIN, dtype="float16", gain=50.0, depth=12),
    "bfloat16": replace(PLAIN, dtype="bfloat16"),
    "float64": replace(PLAIN, dtype="float64", activation="gelu"),
    "nan from layer 2 on": replace(PLAIN, activation="identity", gain=1e25, depth=30),
    "lsuv": replace(PLAIN, init="lsuv"),
    "sparse": replace(PLAIN, init="sparse", width=12),
    "torch default": replace(PLAIN, init="torch_default"),
    "batch norm": replace(PLAIN, normalisation="batch"),
    "all at once": replace(
        PLAIN, normalisation="layer", residual="scaled", dropout=0.5, bias_std=1.0, activation="selu"
    ),
}
BROKEN = {
    "depth 0": replace(PLAIN, depth=0),
    "width 0": replace(PLAIN, width=0),
    "nan std": replace(PLAIN, weight_std=float("nan")),
    "negative std": replace(PLAIN, bias_std=-1.0),
    "batch 1 with batch norm": replace(PLAIN, batch=1, normalisation="batch"),
    "no such activation": replace(PLAIN, activation="relus"),
}


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("name", list(ODD))
def test_every_network_has_its_page(name, moving):
    page = compute_network(NetworkRequest(ODD[name], moving=moving))
    ranges = ranges_of(page)
    assert page.verdict.lead
    for span in (ranges.spread, ranges.gradients, ranges.values):
        assert np.isfinite((span.low, span.high)).all()
        assert span.low < span.high


def test_inputs_whose_squares_leave_the_range_have_their_page():
    spec = replace(PLAIN, input="tensor:A", dtype="float64", gain=1e-3)
    program = Program.parse("A = torch.ones(5, 6, dtype=torch.float64) * 1e200")
    page = compute_network(NetworkRequest(spec, program=program))
    assert page.network.input.rms == pytest.approx(1e200)
    assert page.network.input_mean_square == np.inf
    assert np.isfinite(page.network.tables["activation"].rms).all()


@pytest.mark.parametrize("init", ["kaiming_normal", "lsuv"])
@pytest.mark.parametrize("moving", [False, True])
def test_a_tensor_of_one_row_is_refused_by_batch_norm(init, moving):
    spec = replace(PLAIN, input="tensor:A", normalisation="batch", init=init)
    program = Program.parse("A = torch.ones(1, 6)")
    with pytest.raises(ProblemError, match="but 1 input has none") as refused:
        compute_network(NetworkRequest(spec, program=program, moving=moving))
    assert [(fix.target, fix.code) for fix in refused.value.problem.fixes] == [("normalisation", "layer")]
    assert compute_network(NetworkRequest(replace(spec, normalisation="layer"), program=program)).verdict.lead


@pytest.mark.parametrize("optimiser", list(OPTIMISERS))
@pytest.mark.parametrize("task", ["digits", "regression"])
@pytest.mark.parametrize("name", list(ODD))
def test_every_network_trains_or_says_where_it_broke(name, task, optimiser):
    settings = TrainingSettings(
        task=task, optimiser=optimiser, rates=OptimiserSettings(learning_rate=0.01), target=4, shown=-1
    )
    result = compute_training(TrainingRequest(ODD[name], settings))
    assert (result.reached == 4) == (result.failure is None)
    assert len(result.losses) >= result.reached
    if result.failure is not None:
        assert "Training stopped there." in progress_in_words(result)
    else:
        assert np.isfinite(result.losses[:4]).all()


@pytest.mark.parametrize("name", list(ODD))
def test_every_network_can_be_looked_at_closer(name):
    spec = ODD[name]
    assert compute_step_through(StepThroughRequest.small(spec)).all_agree
    saved = compute_saved(SavedRequest(spec))
    assert saved.checkpointed.peak == saved.peaks[saved.checkpointed.every - 1]
    measured = compute_phase(PhaseRequest(replace(spec, depth=min(spec.depth, 3)), "measured"))
    assert not np.isnan(measured.values).any()
    assert measured.words


@pytest.mark.parametrize("name", list(BROKEN))
def test_what_cannot_be_built_is_refused_by_all_alike(name):
    spec = BROKEN[name]
    for compute in (
        lambda: compute_training(TrainingRequest(spec, TrainingSettings(target=1))),
        lambda: compute_step_through(StepThroughRequest(spec)),
        lambda: compute_saved(SavedRequest(spec)),
        lambda: compute_phase(PhaseRequest(spec, "measured")),
    ):
        with pytest.raises(ProblemError):
            compute()
