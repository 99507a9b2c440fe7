"""The page while training: the plots show the network at one step, and the theory of its first weights steps back."""

from __future__ import annotations

import math
from dataclasses import replace

from playground.models.network.mean_field import Prediction
from playground.models.network.request import NetworkPageResult, NetworkRequest
from playground.models.network.saved_request import SavedRequest
from playground.models.network.spec import NetworkSpec
from playground.models.network.state import NetworkState
from playground.models.network.training_cost import training_cost
from playground.models.network.training_request import TrainingRequest, TrainingResult
from playground.models.network.verdict import judge
from playground.models.tensors.program import Program

TRAINED = "no theory drawn: training changed the weights"


def training_request(chosen: NetworkState, program: Program, budget: int | None = None) -> TrainingRequest | None:
    """What there is to train, or None; the program comes along only where a tensor of it is used."""
    settings = chosen.training
    if not settings.asked or chosen.moving:
        return None
    needed = chosen.spec.tensor_name or settings.task == "tensors"
    return TrainingRequest(chosen.spec, settings, chosen.layer, program if needed else None, chosen.scale, budget)


def is_of(training: TrainingResult, chosen: NetworkState) -> bool:
    """Whether a result belongs to the training that is asked for; what was stopped may still be on its way."""
    request = training.request
    return chosen.training.asked and request.spec == chosen.spec and request.settings.run == chosen.training.run


def cost_in_words(chosen: NetworkState) -> str:
    """What training the network takes, from its sizes: "about 1.4 s and 46.2 MB"."""
    return training_cost(chosen.spec, chosen.training, chosen.spec.width, chosen.training.steps).words()


def saved_request(request: NetworkRequest) -> SavedRequest:
    """What the strip of saved tensors asks for beside a request of the page."""
    return SavedRequest(request.spec, program=request.program if request.spec.tensor_name else None)


def with_other_network(chosen: NetworkState, spec: NetworkSpec) -> NetworkState:
    """The state with another network, whose training has not begun."""
    if spec == chosen.spec:
        return chosen
    return replace(chosen, spec=spec, training=replace(chosen.training, target=0, shown=0, agreed=0))


def page_at_step(page: NetworkPageResult, training: TrainingResult | None) -> NetworkPageResult:
    """The page with the trained network in place of the fresh one; the page itself at step 0."""
    if training is None or training.network is None or not training.shown or training.request.spec != page.request.spec:
        return page
    prediction = Prediction(reason=TRAINED, gradient_reason=TRAINED)
    theory = replace(page.theory, prediction=prediction, fixed_point=None, critical_gain=math.nan)
    verdict = judge(training.network, prediction)
    lead = f"Step {training.shown:,}. {verdict.lead}"
    return replace(
        page,
        network=training.network,
        theory=theory,
        verdict=replace(verdict, lead=lead, fixes=()),
        band=None,
        own=(),
    )
