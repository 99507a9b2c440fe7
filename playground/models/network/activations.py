"""The activations, each with its formula and source; slopes and saturation are computed from the function itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch.nn import functional

from playground.models.registry import Registry

Function = Callable[[torch.Tensor], torch.Tensor]
SATURATION_SHARE = 0.01
"""A value is saturated where the slope of the activation stays below this share of its steepest slope."""


@dataclass(frozen=True, slots=True)
class Activation:
    """An elementwise function; `label` is what a menu says, `formula` its definition, `source` where it comes from."""

    name: str
    label: str
    formula: str
    source: str
    function: Function

    def slope(self, z: torch.Tensor) -> torch.Tensor:
        """The derivative at `z`, by autograd, in the same shape and dtype."""
        with torch.enable_grad():
            leaf = z.detach().clone().requires_grad_()
            value = self.function(leaf)
            (slope,) = torch.autograd.grad(value, leaf, torch.ones_like(value))
        return slope


ACTIVATIONS: Registry[Activation] = Registry("activation")
_REGISTERED = (
    Activation("identity", "none", "a = z", "no activation: a product of matrices", lambda z: z.clone()),
    Activation("relu", "relu", "a = max(0, z)", "Nair and Hinton 2010", functional.relu),
    Activation("leaky_relu", "leaky relu", "a = max(0.01 z, z)", "Maas, Hannun and Ng 2013", functional.leaky_relu),
    Activation("tanh", "tanh", "a = (e^z - e^-z) / (e^z + e^-z)", "LeCun et al. 1998", torch.tanh),
    Activation("sigmoid", "sigmoid", "a = 1 / (1 + e^-z)", "Rumelhart, Hinton and Williams 1986", torch.sigmoid),
    Activation("gelu", "gelu", "a = z Phi(z)", "Hendrycks and Gimpel 2016", functional.gelu),
    Activation("silu", "silu", "a = z / (1 + e^-z)", "Elfwing, Uchibe and Doya 2017", functional.silu),
    Activation("elu", "elu", "a = z if z > 0 else e^z - 1", "Clevert, Unterthiner and Hochreiter 2015", functional.elu),
    Activation(
        "selu",
        "selu",
        "a = 1.0507 z if z > 0 else 1.7581 (e^z - 1)",
        "Klambauer et al. 2017",
        functional.selu,
    ),
    Activation("softplus", "softplus", "a = ln(1 + e^z)", "Dugas et al. 2000", functional.softplus),
)
for _activation in _REGISTERED:
    ACTIVATIONS.register(_activation)


@cache
def saturation_bounds(name: str) -> tuple[float, float]:
    """The pre-activations (below, above) beyond which the slope stays under 1 % of the steepest; infinite if nowhere.

    `saturation_bounds("tanh")` is (-2.993, 2.993); for relu (0.0, inf): what is not positive passes no gradient.
    """
    z = torch.arange(-40_000, 40_001, dtype=torch.float64) / 1000
    slope = ACTIVATIONS[name].slope(z).abs()
    steep = torch.nonzero(slope >= SATURATION_SHARE * slope.max() * (1 - 1e-9))
    first, last = int(steep[0]), int(steep[-1])
    below = float(z[first - 1]) if first > 0 else -float("inf")
    above = float(z[last + 1]) if last < len(z) - 1 else float("inf")
    return below, above
