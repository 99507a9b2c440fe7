"""The pinned networks of the page: each is run once, and said what differs and how it fares."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from playground.models.network.compare import PinnedResult, curves_of, difference, short_name
from playground.models.network.mean_field import predict
from playground.models.network.result import NetworkResult
from playground.models.network.spec import NetworkSpec
from playground.models.network.verdict import Verdict, judge
from playground.models.outcome import Problem, ProblemError
from playground.models.tensors.program import Program

KEPT = 32
Run = Callable[[NetworkSpec], NetworkResult]


def verdict_of(result: NetworkResult) -> Verdict:
    """How a run fares, the theory for its own inputs beside it."""
    return judge(result, predict(result.spec, result.input_mean_square, result.features))


class PinnedRuns:
    """What came of pinned networks; that of one fed by a tensor, or refused, as long as the program stays as it is."""

    def __init__(self) -> None:
        self._kept: OrderedDict[NetworkSpec, tuple[Program | None, NetworkResult | Problem]] = OrderedDict()

    def find(self, spec: NetworkSpec, program: Program | None) -> NetworkResult | Problem | None:
        """What is known of a network, None where it has not run."""
        kept = self._kept.get(spec)
        if kept is None:
            return None
        known, outcome = kept
        fixed = isinstance(outcome, NetworkResult) and not spec.tensor_name
        return outcome if fixed or known == program else None

    def keep(self, spec: NetworkSpec, outcome: NetworkResult | Problem, program: Program | None) -> None:
        """Keep what came of a network, and forget the one that was used longest ago."""
        self._kept.pop(spec, None)
        self._kept[spec] = (program, outcome)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


PINNED = PinnedRuns()


def run_pins(
    pins: Sequence[NetworkSpec], present: NetworkSpec, program: Program | None, run: Run | None
) -> tuple[PinnedResult, ...]:
    """Each pinned network with its name, curves and verdict; with no `run`, only those that ran before have any."""
    found = []
    for spec in pins:
        name = difference(spec, present)
        name = short_name(spec, pins) if name == "the same" else name
        outcome = PINNED.find(spec, program)
        if outcome is None and run is not None:
            try:
                outcome = run(spec)
            except ProblemError as error:
                outcome = error.problem
            PINNED.keep(spec, outcome, program)
        if isinstance(outcome, NetworkResult):
            verdict = verdict_of(outcome)
            found.append(PinnedResult(spec, name, curves_of(outcome), verdict.plain(), verdict.severity))
        elif outcome is None:
            found.append(PinnedResult(spec, name, None, "", "good"))
        else:
            found.append(PinnedResult(spec, name, None, str(outcome), outcome.severity))
    return tuple(found)
