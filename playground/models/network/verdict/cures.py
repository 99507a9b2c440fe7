"""The changes that would help a network: each sets another one, and says why it would help."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from playground.models.network.spec.activations import RECTIFIERS
from playground.models.network.spec.devices import has_float64
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.critical import critical_weight_variance
from playground.models.network.theory.mean_field import bias_variance_of, weight_variance_of, why_not
from playground.models.network.verdict.reasons import SATURATING

MOST_FIXES = 3
NARROW = 10
"""Layers of fewer units may have all of them off, or draws far from what wide layers do."""


@dataclass(frozen=True, slots=True)
class SpecFix:
    """A button: the network that it sets, why that would help, and what came of it where it was tried."""

    label: str
    spec: NetworkSpec
    meaning: str
    outcome: str = ""


def applied(fix: SpecFix, judged: NetworkSpec, now: NetworkSpec) -> NetworkSpec:
    """The present network with what the fix changes in the one that was judged: another may be asked for meanwhile."""
    changed = {
        field.name: getattr(fix.spec, field.name)
        for field in fields(NetworkSpec)
        if getattr(fix.spec, field.name) != getattr(judged, field.name)
    }
    return replace(now, **changed)


def _critical_gain(spec: NetworkSpec) -> float:
    """The gain at which a squared gradient keeps its size; nan where theory does not apply."""
    if why_not(spec):
        return math.nan
    at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
    critical = critical_weight_variance(spec.activation, bias_variance_of(spec))
    return math.sqrt(critical / at_one) if at_one > 0 and critical > 0 else math.nan


def _he(spec: NetworkSpec) -> SpecFix | None:
    if spec.activation not in RECTIFIERS or (spec.init.startswith("kaiming") and spec.gain == 1):
        return None
    return SpecFix("Init He", replace(spec, init="kaiming_normal", gain=1.0),
                   "Variance 2 / fan_in makes up for the half that a rectifier cuts.")  # fmt: skip


def _gain(spec: NetworkSpec) -> SpecFix | None:
    gain = _critical_gain(spec)
    if not math.isfinite(gain) or math.isclose(gain, spec.gain, rel_tol=0.01):
        return None
    rounded = float(f"{gain:.4g}")
    return SpecFix(f"Gain {rounded:.4g}", replace(spec, gain=rounded),
                   "Here theory has each layer pass on what it gets: chi1 is 1.")  # fmt: skip


def _xavier(spec: NetworkSpec) -> SpecFix | None:
    if spec.activation in RECTIFIERS or (spec.init.startswith("xavier") and spec.gain == 1):
        return None
    return SpecFix("Init Xavier", replace(spec, init="xavier_normal", gain=1.0), "Variance 2 / (fan_in + fan_out).")


def _default(spec: NetworkSpec) -> SpecFix | None:
    return SpecFix(
        "Init of torch.nn.Linear", replace(spec, init="torch_default", gain=1.0), "Uniform, 1 / sqrt(fan_in)."
    )


def _norm(spec: NetworkSpec) -> SpecFix | None:
    if spec.normalisation != "none":
        return None
    return SpecFix(
        "Norm: layer", replace(spec, normalisation="layer"), "Gives every input mean 0 and variance 1 again."
    )


def _residual(spec: NetworkSpec) -> SpecFix | None:
    if spec.residual == "scaled":
        return None
    return SpecFix(
        "Residual" if spec.residual == "none" else "Residual / sqrt(depth)",
        replace(spec, residual="scaled"),
        "x + layer(x) / sqrt(depth): what comes in goes on.",
    )


def _wider(spec: NetworkSpec) -> SpecFix | None:
    better = {"float16": "bfloat16", "bfloat16": "float32"}.get(spec.dtype)
    if better is None:
        return None
    return SpecFix(better, replace(spec, dtype=better), f"{better} reaches to 3.4e38.")


def _other_input(spec: NetworkSpec) -> SpecFix | None:
    if not spec.tensor_name:
        return None
    return SpecFix("Input standard normal", replace(spec, input="normal"), "Noise of mean 0 and variance 1 instead.")


def _float64(spec: NetworkSpec) -> SpecFix | None:
    if spec.dtype == "float64" or not has_float64(spec.device):
        return None
    return SpecFix("float64", replace(spec, dtype="float64"), "float64 reaches to 1.8e308.")


def _no_bias(spec: NetworkSpec) -> SpecFix | None:
    if not spec.bias_std or INIT_SCHEMES[spec.init].own_bias:
        return None
    return SpecFix("Bias std 0", replace(spec, bias_std=0.0), "Then a layer gives what its inputs make of its weights.")


def _less_dropout(spec: NetworkSpec) -> SpecFix | None:
    if spec.dropout <= 0.5:
        return None
    return SpecFix("Dropout 0.5", replace(spec, dropout=0.5), "The share of Hinton et al. 2012 for hidden units.")


def _wide(spec: NetworkSpec) -> SpecFix | None:
    if spec.width >= NARROW:
        return None
    return SpecFix("Width 100", replace(spec, width=100), "Many units, whose mean is not each of them.")


MakeFix = Callable[[NetworkSpec], SpecFix | None]


def _both(first: MakeFix, second: MakeFix) -> MakeFix:
    """Two changes at once, where both change something."""

    def make(spec: NetworkSpec) -> SpecFix | None:
        one = first(spec)
        two = None if one is None else second(one.spec)
        if one is None or two is None:
            return None
        label = two.label[:1].lower() + two.label[1:]
        return SpecFix(f"{one.label}, {label}", two.spec, f"{one.meaning} {two.meaning}")

    return make


CURES: dict[str, tuple[MakeFix, ...]] = {
    "vanish": (_he, _gain, _xavier, _norm, _residual),
    "explode": (_he, _gain, _xavier, _norm, _residual),
    "zeros": (_gain, _he, _xavier, _default),
    "overflow": (_he, _gain, _wider, _xavier, _norm),
    "gradient": (_gain, _residual, _he, _norm, _xavier),
    "alike": (_norm, _residual, _gain),
    "input": (_other_input,),
    "input range": (_float64, _other_input),
    "dropout": (_less_dropout, _norm, _residual),
    "one unit": (_wide,),
}
OF_THE_INPUT = ("input", "input range")
"""Illnesses of what comes in, not of the network."""
OF_THE_SIGNAL = ("vanish", "explode", "overflow", "gradient", "alike")
"""Those that go where biases do."""
OF_BIASES = ("explode", "overflow")
"""Those that large biases cause with any activation; those that saturate have their slopes taken too."""
LARGE_BIAS = 10.0
"""Above this std the biases are what is changed first: weights of any usual init give less."""
WITHOUT_BIAS = (_both(_no_bias, _he), _both(_no_bias, _xavier))
TOGETHER = (
    _both(_he, _residual),
    _both(_xavier, _residual),
    _both(_he, _norm),
    _both(_xavier, _norm),
    _both(_norm, _residual),
    *WITHOUT_BIAS,
    _both(_wide, _residual),
)
"""What is tried after each single change."""


def all_cures(spec: NetworkSpec, illness: str) -> tuple[SpecFix, ...]:
    """All changes that may help, the likeliest first, each of which changes something; none sets the same twice."""
    found: list[SpecFix] = []
    cures = (*CURES[illness], _wide, _both(_wide, _he), _no_bias) if illness in OF_THE_SIGNAL else CURES[illness]
    if spec.bias_std > LARGE_BIAS and (illness in OF_BIASES or spec.activation in SATURATING):
        cures = (_no_bias, *WITHOUT_BIAS, *CURES[illness])
    if illness in ("explode", "overflow") and spec.residual == "plain":
        cures = (_residual, *cures)
    together = () if illness in (*OF_THE_INPUT, "one unit") else TOGETHER  # a residual would only go past its cause
    for cure in (*cures, *together):
        fix = cure(spec)
        if fix is not None and fix.spec != spec and all(fix.spec != other.spec for other in found):
            found.append(fix)
    return tuple(found)
