"""Each change that a verdict offers is tried before it is offered: what does not help is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playground.models.network.cures import MOST_FIXES, OF_THE_INPUT, SpecFix, all_cures
from playground.models.network.spec import NetworkSpec
from playground.models.network.verdict import Verdict
from playground.models.outcome import ProblemError

SEVERITIES = ("good", "warning", "error")
MOST_TRIALS = 12


def tried(verdict: Verdict, spec: NetworkSpec, judge_spec: Callable[[NetworkSpec], Verdict]) -> Verdict:
    """The verdict with the changes that help, each with what it leads to; `judge_spec` runs and judges a network.

    A change helps where it leads to a milder verdict, or where the input was the cause and no longer is. Those that
    heal come first, each kind in the order of `CURES`; trying ends with the third that heals. Where nothing helps,
    nothing is offered.
    """
    if not verdict.illness:
        return verdict
    rank = SEVERITIES.index(verdict.severity)
    healing: list[SpecFix] = []
    easing: list[SpecFix] = []
    for fix in all_cures(spec, verdict.illness)[:MOST_TRIALS]:
        try:
            after = judge_spec(fix.spec)
        except ProblemError:
            continue
        mends_input = verdict.illness in OF_THE_INPUT and after.illness not in OF_THE_INPUT
        if SEVERITIES.index(after.severity) >= rank and not mends_input:
            continue
        outcome = f"{after.lead} {after.text}".replace("`", "")
        heals = after.severity == "good" or (after.mild and not verdict.mild)
        (healing if heals else easing).append(replace(fix, outcome=outcome))
        if len(healing) == MOST_FIXES:
            break
    return replace(verdict, fixes=tuple((healing + easing)[:MOST_FIXES]))
