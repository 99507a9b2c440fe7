"""The table of the present network and the pinned ones: what differs, how each fares, in verdicts and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.models.network.compare import PinnedResult, curves_of, short_name
from playground.models.network.request import NetworkPageResult
from playground.models.network.spec import NetworkSpec
from playground.models.words import digits

HEADS = ("network", "verdict", "last rms", "gradient 1 / last", "zeros, last", "dead, last")
MEANINGS = (
    "What differs from the present network",
    "What its numbers say",
    "rms of the last layer's activations",
    "rms of the gradient by the first layer's activations, over that by the last layer's",
    "Share of the last layer's values that are exactly 0",
    "Share of the last layer's units that are 0 for every input",
)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A network: `mark` is the number of its ghost, "" for the present one; `cells` stand under `HEADS`."""

    mark: str
    spec: NetworkSpec
    cells: tuple[str, ...]
    severity: str
    verdict: str


def comparison(page: NetworkPageResult) -> tuple[ComparisonRow, ...]:
    """The present network first, then the pinned ones in their order."""
    spec, verdict = page.request.spec, page.verdict
    present = PinnedResult(spec, f"now: {short_name(spec)}", curves_of(page.network), verdict.plain(), verdict.severity)
    return tuple(_row(str(place) if place else "", one) for place, one in enumerate((present, *page.pins)))


def _row(mark: str, one: PinnedResult) -> ComparisonRow:
    lead = one.verdict.partition(". ")[0].removesuffix(".")
    numbers = ("", "", "", "")
    if one.curves is not None:
        gradient = one.curves.activation_gradient
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = float(gradient[0] / gradient[-1])
        shares = (float(one.curves.zeros[-1]), float(one.curves.dead[-1]))
        numbers = (digits(float(one.curves.rms[-1])), digits(reach), f"{shares[0]:.0%}", f"{shares[1]:.0%}")
    return ComparisonRow(mark, one.spec, (one.name, lead, *numbers), one.severity, one.verdict)
