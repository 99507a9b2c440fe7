"""Pinned configurations: what differs from the present one, in few words, and their curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from playground.models.network.arrays import Floats
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.network.inputs import INPUTS
from playground.models.network.result import NetworkResult
from playground.models.network.spec import NetworkSpec
from playground.models.words import digits

FIELD_WORDS = {
    "weight_std": "std",
    "weight_value": "value",
    "bias_std": "bias std",
    "normalisation": "norm",
}


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """One number a layer of what the plots draw of a network, each (depth,); `zeros` and `dead` are shares."""

    rms: Floats
    std: Floats
    activation_gradient: Floats
    weight_gradient: Floats
    zeros: Floats
    dead: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PinnedResult:
    """A pinned network: its name says what differs, `verdict` how it fares."""

    spec: NetworkSpec
    name: str
    curves: Curves | None
    verdict: str
    severity: str


def curves_of(result: NetworkResult) -> Curves:
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
    """One field of a spec as one would say it: `field_in_words(spec, "gain") == "gain 1.41"`."""
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
    """Whether a field has any effect: the std by hand only where the init takes one."""
    if name in ("weight_std", "weight_value"):
        return spec.init in INIT_SCHEMES and INIT_SCHEMES[spec.init].parameter == name
    return True


def difference(spec: NetworkSpec, other: NetworkSpec) -> str:
    """What `spec` has that `other` has not: "He normal, gain 1.41"; "the same" for equal networks."""
    words = [
        field_in_words(spec, field.name)
        for field in fields(NetworkSpec)
        if getattr(spec, field.name) != getattr(other, field.name)
        and (matters(spec, field.name) or matters(other, field.name))
    ]
    return ", ".join(words) or "the same"


def short_name(spec: NetworkSpec, others: Iterable[NetworkSpec] = ()) -> str:
    """Activation, init and gain: "relu, He normal, gain 1"; where others are called so, first what they have not."""
    names = ["activation", "init"]
    names += [name for name in ("weight_std", "weight_value") if matters(spec, name)]
    names += ["gain"]
    base = ", ".join(field_in_words(spec, name) for name in names)
    same = [other for other in others if other != spec and short_name(other) == base]
    apart = [
        field_in_words(spec, field.name)
        for field in fields(NetworkSpec)
        if field.name not in names
        and matters(spec, field.name)
        and any(getattr(spec, field.name) != getattr(other, field.name) for other in same)
    ]
    return ", ".join([*apart, base])
