"""What of the network page can be computed in a process of its own while the hand is moving."""

from __future__ import annotations

from dataclasses import replace

from playground.models.network.checks import check_spec
from playground.models.network.estimate import estimate
from playground.models.network.pinned_runs import PINNED, run_pins
from playground.models.network.request import NetworkPageResult, NetworkRequest, features_of
from playground.models.network.spec import NetworkSpec
from playground.models.outcome import ProblemError

BRIEF_SECONDS = 0.25
"""A run of so long is over before anybody would cancel it."""
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
    return estimate(spec, features_of(spec, {})).seconds < BRIEF_SECONDS


def without_pins(request: NetworkRequest) -> NetworkRequest:
    """What the other process is asked: the pinned networks, and the tensors that may feed them, stay here."""
    return replace(request, pins=(), program=None)


def complete_moving(request: NetworkRequest, page: NetworkPageResult) -> NetworkPageResult:
    """The page of `without_pins(request)` as that of the request, with its pinned networks as they are known here."""
    return replace(page, request=request, pins=run_pins(request.pins, request.spec, request.program, None))
