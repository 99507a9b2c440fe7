"""What of the network page can be computed in a process of its own while the hand is moving."""

from __future__ import annotations

from dataclasses import replace

from playground.models.network.checks import check_spec
from playground.models.network.estimate import Estimate, estimate
from playground.models.network.measuring import Detail
from playground.models.network.pinned_runs import PINNED
from playground.models.network.request import NetworkPageResult, NetworkRequest, features_of, first_page
from playground.models.network.result import NetworkResult
from playground.models.network.run import run_network
from playground.models.network.spec import NetworkSpec
from playground.models.outcome import ProblemError
from playground.models.tensors.planning import default_budget

BRIEF_SECONDS = 0.75
"""Where an exact run takes so long, one of a moving hand takes a third: it is over before anybody would cancel it."""
REHEARSAL = NetworkRequest(NetworkSpec(), moving=True)


def is_brief(request: NetworkRequest) -> bool:
    """Whether a request can be computed elsewhere: it is over in a moment and needs nothing that is only here."""
    spec = request.spec
    if not request.moving or spec.tensor_name or spec.device != "cpu":
        return False
    try:
        if check_spec(spec) is not None:
            return False
    except ProblemError:
        return False
    if any(PINNED.find(pin, request.program) is None for pin in request.pins):
        return False
    cost = _cost(request)
    budget = request.budget if request.budget is not None else default_budget()
    return cost.seconds < BRIEF_SECONDS and cost.bytes < budget / 4


def _cost(request: NetworkRequest) -> Estimate:
    return estimate(request.spec, features_of(request.spec, {}))


def without_pins(request: NetworkRequest) -> NetworkRequest:
    """What the other process is asked: the pinned networks, and the tensors that may feed them, stay here."""
    return replace(request, pins=(), program=None)


def run_moving(request: NetworkRequest) -> NetworkResult:
    """The run of a request whose hand is moving."""
    return run_network(request.spec, detail=Detail((request.kind,), request.scale, quick=True))


def complete_moving(request: NetworkRequest, result: NetworkResult) -> NetworkPageResult:
    """The page of a request that was run elsewhere: theory, verdict and pinned networks are added here."""
    return first_page(request, result, _cost(request))
