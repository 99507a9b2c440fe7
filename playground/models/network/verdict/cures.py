"""Changes that may help a network: each sets another network and says why it may help."""

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
"""Narrower layers may have all units off, or draws that deviate far from wide layers."""


@dataclass(frozen=True, slots=True)
class SpecFix:
    """A fix: the network that it sets, why that may help, and the outcome if it was tried."""

    label: str
    spec: NetworkSpec
    meaning: str
    outcome: str = ""


def applied(fix: SpecFix, judged: NetworkSpec, now: NetworkSpec) -> NetworkSpec:
    """The current network with the fix's changes to the judged one, which may no longer be the current one."""
    changed = {
        field.name: getattr(fix.spec, field.name)
        for field in fields(NetworkSpec)
        if getattr(fix.spec, field.name) != getattr(judged, field.name)
    }
    return replace(now, **changed)


def _critical_gain(spec: NetworkSpec) -> float:
    """The gain at which a squared gradient keeps its size; nan if theory does not apply."""
    if why_not(spec):
        return math.nan
    at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
    critical = critical_weight_variance(spec.activation, bias_variance_of(spec))
    return math.sqrt(critical / at_one) if at_one > 0 and critical > 0 else math.nan


def _he(spec: NetworkSpec) -> SpecFix | None:
    if spec.activation not in RECTIFIERS or (spec.init.startswith("kaiming") and spec.gain == 1):
        return None
    return SpecFix("Init He", replace(spec, init="kaiming_normal", gain=1.0),
                   "Variance 2 / fan_in compensates for the half that a rectifier cuts.")  # fmt: skip


def _gain(spec: NetworkSpec) -> SpecFix | None:
    gain = _critical_gain(spec)
    if not math.isfinite(gain) or math.isclose(gain, spec.gain, rel_tol=0.01):
        return None
    rounded = float(f"{gain:.4g}")
    return SpecFix(f"Gain {rounded:.4g}", replace(spec, gain=rounded),
                   "By theory each layer then preserves its signal: chi1 is 1.")  # fmt: skip


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
        "x + layer(x) / sqrt(depth): each layer passes its input on.",
    )


def _wider(spec: NetworkSpec) -> SpecFix | None:
    better = {"float16": "bfloat16", "bfloat16": "float32"}.get(spec.dtype)
    if better is None:
        return None
    return SpecFix(better, replace(spec, dtype=better), f"{better} extends to 3.4e38.")


def _other_input(spec: NetworkSpec) -> SpecFix | None:
    if not spec.tensor_name:
        return None
    return SpecFix("Input standard normal", replace(spec, input="normal"), "Noise with mean 0 and variance 1 instead.")


def _float64(spec: NetworkSpec) -> SpecFix | None:
    if spec.dtype == "float64" or not has_float64(spec.device):
        return None
    return SpecFix("float64", replace(spec, dtype="float64"), "float64 extends to 1.8e308.")


def _no_bias(spec: NetworkSpec) -> SpecFix | None:
    if not spec.bias_std or INIT_SCHEMES[spec.init].own_bias:
        return None
    return SpecFix(
        "Bias std 0", replace(spec, bias_std=0.0), "Then a layer's output depends only on its inputs and weights."
    )


def _less_dropout(spec: NetworkSpec) -> SpecFix | None:
    if spec.dropout <= 0.5:
        return None
    return SpecFix("Dropout 0.5", replace(spec, dropout=0.5), "The rate that Hinton et al. 2012 used for hidden units.")


def _wide(spec: NetworkSpec) -> SpecFix | None:
    if spec.width >= NARROW:
        return None
    return SpecFix("Width 100", replace(spec, width=100), "With many units, their mean differs from each of them.")


MakeFix = Callable[[NetworkSpec], SpecFix | None]


def _both(first: MakeFix, second: MakeFix) -> MakeFix:
    """Two changes at once, if both change something."""

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
"""Illnesses of the input, not of the network."""
OF_THE_SIGNAL = ("vanish", "explode", "overflow", "gradient", "alike")
"""Illnesses that disappear without biases."""
OF_BIASES = ("explode", "overflow")
"""Illnesses that large biases cause with any activation; saturating activations also lose their slopes."""
LARGE_BIAS = 10.0
"""Above this std the biases are changed first: the weights of any usual init contribute less."""
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
"""The combinations tried after all single changes."""


def all_cures(spec: NetworkSpec, illness: str) -> tuple[SpecFix, ...]:
    """All changes that may help, the most likely first; each changes something, and no two set the same network."""
    found: list[SpecFix] = []
    cures = (*CURES[illness], _wide, _both(_wide, _he), _no_bias) if illness in OF_THE_SIGNAL else CURES[illness]
    if spec.bias_std > LARGE_BIAS and (illness in OF_BIASES or spec.activation in SATURATING):
        cures = (_no_bias, *WITHOUT_BIAS, *CURES[illness])
    if illness in ("explode", "overflow") and spec.residual == "plain":
        cures = (_residual, *cures)
    together = () if illness in (*OF_THE_INPUT, "one unit") else TOGETHER  # a residual would only bypass the cause
    for cure in (*cures, *together):
        fix = cure(spec)
        if fix is not None and fix.spec != spec and all(fix.spec != other.spec for other in found):
            found.append(fix)
    return tuple(found)
