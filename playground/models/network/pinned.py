"""Pinned networks: what differs from the current one, their curves, and their verdicts; each runs once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from playground.models.formatting import digits
from playground.models.network.arrays import Floats
from playground.models.network.measure.result import Measured, NetworkResult
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.inputs import INPUTS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import predict
from playground.models.network.verdict.verdict import Verdict, judge
from playground.models.problem import Problem, ProblemError
from playground.models.program.program import Program

FIELD_WORDS = {
    "weight_std": "std",
    "weight_value": "value",
    "bias_std": "bias std",
    "normalisation": "norm",
}


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """A network's curves in the plots, one number per layer, each (depth,); `zeros` and `dead` are shares."""

    rms: Floats
    std: Floats
    activation_gradient: Floats
    weight_gradient: Floats
    zeros: Floats
    dead: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PinnedResult:
    """A pinned network: its name says what differs, `verdict` how it performs."""

    spec: NetworkSpec
    name: str
    curves: Curves | None
    verdict: str
    severity: str


def curves_of(result: Measured) -> Curves:
    """The curves of a run."""
    tables = result.tables
    return Curves(
        tables["activation"].rms,
        tables["activation"].std,
        tables["activation_gradient"].rms,
        tables["weight_gradient"].rms,
        tables["activation"].zeros / np.maximum(1, tables["activation"].count),
        result.units.dead,
    )


def field_in_words(spec: NetworkSpec, name: str) -> str:
    """One field of a spec in words: `field_in_words(spec, "gain") == "gain 1.41"`."""
    value = getattr(spec, name)
    if name == "init":
        return INIT_SCHEMES[value].label if value in INIT_SCHEMES else str(value)
    if name == "input":
        return spec.tensor_name or (INPUTS[value].label if value in INPUTS else str(value))
    if name in ("activation", "dtype", "device"):
        return "no activation" if value == "identity" else str(value)
    word = FIELD_WORDS.get(name, name)
    if isinstance(value, float):
        return f"{word} {digits(value, 4)}"
    return f"{word} {str(value).replace('_', ' ')}"


def matters(spec: NetworkSpec, name: str) -> bool:
    """True if a field has any effect: the std, for example, only if the init uses it."""
    if name in ("weight_std", "weight_value"):
        return spec.init in INIT_SCHEMES and INIT_SCHEMES[spec.init].parameter == name
    return True


def difference(spec: NetworkSpec, other: NetworkSpec) -> str:
    """What distinguishes `spec` from `other`: "He normal, gain 1.41"; "the same" for equal networks."""
    words = [
        field_in_words(spec, field.name)
        for field in fields(NetworkSpec)
        if getattr(spec, field.name) != getattr(other, field.name)
        and (matters(spec, field.name) or matters(other, field.name))
    ]
    return ", ".join(words) or "the same"


def setting_name(spec: NetworkSpec, others: Iterable[NetworkSpec] = ()) -> str:
    """Activation, init and gain: "relu, He normal, gain 1"; if others have that name, the differences come first."""
    names = ["activation", "init"]
    names += [name for name in ("weight_std", "weight_value") if matters(spec, name)]
    names += ["gain"]
    base = ", ".join(field_in_words(spec, name) for name in names)
    same = [other for other in others if other != spec and setting_name(other) == base]
    apart = [
        field_in_words(spec, field.name)
        for field in fields(NetworkSpec)
        if field.name not in names
        and matters(spec, field.name)
        and any(getattr(spec, field.name) != getattr(other, field.name) for other in same)
    ]
    return ", ".join([*apart, base])


KEPT = 32
Run = Callable[[NetworkSpec], NetworkResult]


def judge_run(result: NetworkResult) -> Verdict:
    """The verdict on a run, with the theory for its own inputs."""
    return judge(result, predict(result.spec, result.input_mean_square, result.features))


class PinnedRuns:
    """Results of pinned networks; one fed by a tensor, or refused, is valid only while the program stays the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[NetworkSpec, tuple[Program | None, NetworkResult | Problem]] = OrderedDict()

    def find(self, spec: NetworkSpec, program: Program | None) -> NetworkResult | Problem | None:
        """The result of a network; None if it has not run."""
        kept = self._kept.get(spec)
        if kept is None:
            return None
        known, outcome = kept
        fixed = isinstance(outcome, NetworkResult) and not spec.tensor_name
        return outcome if fixed or known == program else None

    def keep(self, spec: NetworkSpec, outcome: NetworkResult | Problem, program: Program | None) -> None:
        """Store a network's result, and drop the least recently used one."""
        self._kept.pop(spec, None)
        self._kept[spec] = (program, outcome)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


PINNED = PinnedRuns()


def run_pins(
    pins: Sequence[NetworkSpec], present: NetworkSpec, program: Program | None, run: Run | None
) -> tuple[PinnedResult, ...]:
    """Each pinned network with its name, curves and verdict; without `run`, only for those that have already run."""
    found = []
    for spec in pins:
        name = difference(spec, present)
        name = setting_name(spec, pins) if name == "the same" else name
        outcome = PINNED.find(spec, program)
        if outcome is None and run is not None:
            try:
                outcome = run(spec)
            except ProblemError as error:
                outcome = error.problem
            PINNED.keep(spec, outcome, program)
        if isinstance(outcome, NetworkResult):
            verdict = judge_run(outcome)
            found.append(PinnedResult(spec, name, curves_of(outcome), verdict.plain(), verdict.severity))
        elif outcome is None:
            found.append(PinnedResult(spec, name, None, "", "good"))
        else:
            found.append(PinnedResult(spec, name, None, str(outcome), outcome.severity))
    return tuple(found)
