"""Checks a spec before anything is drawn; each refusal has the sizes and a fix."""

from __future__ import annotations

import math

import torch

from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.devices import has_float64
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.inputs import INPUTS
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import DTYPES, LOSSES, RESIDUALS, NetworkSpec
from playground.models.problem import Fix, Problem, refuse

LIMITS = {"depth": (1, 500), "width": (1, 4096), "batch": (1, 65_536)}


def devices() -> tuple[str, ...]:
    """The devices of this machine: "cpu", then "cuda" and "mps" if present."""
    present = ["cpu"]
    if torch.cuda.is_available():
        present.append("cuda")
    if torch.backends.mps.is_available():
        present.append("mps")
    return tuple(present)


def check_spec(spec: NetworkSpec) -> Problem | None:
    """The first thing that does not fit, or None."""
    return (
        _check_sizes(spec)
        or _check_names(spec)
        or _check_numbers(spec)
        or check_batch_norm(spec, spec.batch)
        or _check_loss(spec)
    )


def _check_sizes(spec: NetworkSpec) -> Problem | None:
    for name, (least, most) in LIMITS.items():
        value = getattr(spec, name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            nearest = least if not isinstance(value, int) or value < least else most
            return Problem(
                f"The {name} is {value}, but must be from {least} to {most:,}.",
                fixes=(Fix(str(nearest), gives=f"{name} {nearest}", target=name),),
            )
    return None


def _check_names(spec: NetworkSpec) -> Problem | None:
    for registry, name in ((ACTIVATIONS, spec.activation), (INIT_SCHEMES, spec.init),
                           (NORMALISATIONS, spec.normalisation)):  # fmt: skip
        if name not in registry:
            refuse_from = registry.find
            refuse_from(name)
    if not spec.tensor_name:
        INPUTS.find(spec.input)
    for what, name, names in (("dtype", spec.dtype, tuple(DTYPES)), ("residual", spec.residual, RESIDUALS),
                              ("loss", spec.loss, LOSSES)):  # fmt: skip
        if name not in names:
            refuse(f"There is no {what} called {name!r}: there are {', '.join(names)}.")
    present = devices()
    if spec.device not in present:
        return Problem(
            f"This machine has no device {spec.device!r}: it has {', '.join(present)}.",
            fixes=(Fix("cpu", gives="device cpu", target="device"),),
        )
    if spec.dtype == "float64" and not has_float64(spec.device):
        return Problem(
            f"The device {spec.device!r} has no float64.",
            fixes=(
                Fix("float32", gives="dtype float32", target="dtype"),
                Fix("cpu", gives="device cpu", target="device"),
            ),
        )
    return None


def _check_numbers(spec: NetworkSpec) -> Problem | None:
    for name, least in (("gain", -math.inf), ("weight_value", -math.inf), ("weight_std", 0.0), ("bias_std", 0.0)):
        value = getattr(spec, name)
        words = name.replace("_", " ")
        if math.isnan(value) or math.isinf(value):
            return Problem(f"The {words} is {value}, but must be a finite number.", fixes=(_one(name),))
        if value < least:
            return Problem(f"The {words} is {value:g}. A standard deviation must be at least 0.", fixes=(_one(name),))
    if not 0 <= spec.dropout < 1:
        return Problem(
            f"The dropout is {spec.dropout:g}. It is the share of values dropped, from 0 to below 1.",
            fixes=(Fix("0", gives="dropout 0", target="dropout"),),
        )
    return None


def _one(name: str) -> Fix:
    value = "0" if name == "bias_std" else "1"
    return Fix(value, gives=f"{name.replace('_', ' ')} {value}", target=name)


def check_batch_norm(spec: NetworkSpec, inputs: int) -> Problem | None:
    """The problem if so few inputs have no variance to divide by: a tensor may have fewer rows than `spec.batch`."""
    least = NORMALISATIONS[spec.normalisation].least_batch
    if inputs >= least:
        return None
    larger = Fix(str(least), gives=f"batch {least}", target="batch")
    return Problem(
        f"Batch norm divides by the variance over the batch, but {inputs} input has none. "
        f"It needs at least {least} inputs.",
        fixes=(
            *((larger,) if spec.batch < least else ()),
            Fix("layer", gives="norm layer", target="normalisation"),
        ),
    )


def _check_loss(spec: NetworkSpec) -> Problem | None:
    if spec.loss != "cross_entropy" or spec.input == "digits":
        return None
    return Problem(
        "Cross entropy needs labels, but only the digits have labels.",
        fixes=(
            Fix("digits", gives="input digits", target="input"),
            Fix("mean_square", gives="loss mean square", target="loss"),
        ),
    )
