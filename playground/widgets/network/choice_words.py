"""The words of the choices that no registry names, and what the tooltip of a choice says more."""

from __future__ import annotations

from playground.models.network.activations import ACTIVATIONS
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.network.inputs import INPUTS
from playground.models.network.normalisations import NORMALISATIONS
from playground.models.network.spec import NetworkSpec

RESIDUAL_WORDS = {"none": "none", "plain": "x + layer(x)", "scaled": "x + layer(x)/√L"}
LOSS_WORDS = {"mean_square": "mean square", "cross_entropy": "cross entropy"}


def about(field: str, spec: NetworkSpec) -> tuple[str, ...]:
    """Formula, fan convention and source of what is chosen, for the tooltip."""
    if field == "init" and spec.init in INIT_SCHEMES:
        scheme = INIT_SCHEMES[spec.init]
        return (scheme.formula, scheme.fans, scheme.source)
    if field == "activation" and spec.activation in ACTIVATIONS:
        return (ACTIVATIONS[spec.activation].formula, ACTIVATIONS[spec.activation].source)
    if field == "normalisation" and spec.normalisation in NORMALISATIONS:
        return (NORMALISATIONS[spec.normalisation].formula, NORMALISATIONS[spec.normalisation].source)
    if field == "residual" and spec.residual == "scaled":
        return ("x + layer(x) / sqrt(depth), L is the depth",)
    if field == "input" and spec.input in INPUTS:
        return (INPUTS[spec.input].formula, INPUTS[spec.input].source)
    return ()
