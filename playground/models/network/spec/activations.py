"""The activations, each with its formula and source; slopes and saturation are computed from the function itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn
from torch.nn import functional

from playground.models.registry import Registry

Function = Callable[[torch.Tensor], torch.Tensor]
Into = Callable[[torch.Tensor, torch.Tensor], object]
BackInto = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], object]
SATURATION_SHARE = 0.01
"""A value is saturated where the activation's slope is below this share of its maximum."""


@dataclass(frozen=True, slots=True)
class Direct:
    """The operations that autograd runs, writing into given tensors: `forward(z, a)`, `backward(da, z, a, dz)`."""

    forward: Into
    backward: BackInto


@dataclass(frozen=True, slots=True)
class Activation:
    """An elementwise function; `label` is its name in menus, `formula` its definition, `source` its reference.

    One without `direct` runs by autograd. `homogeneous`: f(c z) = c f(z) for c > 0.
    """

    name: str
    label: str
    formula: str
    source: str
    function: Function
    direct: Direct | None = None
    homogeneous: bool = False

    def slope(self, z: torch.Tensor) -> torch.Tensor:
        """The derivative at `z`, by autograd, in the same shape and dtype."""
        with torch.enable_grad():
            leaf = z.detach().clone().requires_grad_()
            # The sum's gradient is every slope; passing gradients explicitly would make torch import its compiler.
            (slope,) = torch.autograd.grad(self.function(leaf).sum(), leaf)
        return slope


_aten = torch.ops.aten
_SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946)
_COPY = Direct(lambda z, a: a.copy_(z), lambda da, z, a, dz: dz.copy_(da))
_RELU = Direct(
    lambda z, a: torch.clamp_min(z, 0, out=a),
    lambda da, z, a, dz: _aten.threshold_backward.grad_input(da, a, 0, grad_input=dz),
)
_LEAKY_RELU = Direct(
    lambda z, a: _aten.leaky_relu.out(z, 0.01, out=a),
    lambda da, z, a, dz: _aten.leaky_relu_backward.grad_input(da, z, 0.01, False, grad_input=dz),
)
_TANH = Direct(
    lambda z, a: torch.tanh(z, out=a), lambda da, z, a, dz: _aten.tanh_backward.grad_input(da, a, grad_input=dz)
)
_SIGMOID = Direct(
    lambda z, a: torch.sigmoid(z, out=a), lambda da, z, a, dz: _aten.sigmoid_backward.grad_input(da, a, grad_input=dz)
)
_GELU = Direct(
    lambda z, a: _aten.gelu.out(z, out=a), lambda da, z, a, dz: _aten.gelu_backward.grad_input(da, z, grad_input=dz)
)
_SILU = Direct(
    lambda z, a: _aten.silu.out(z, out=a), lambda da, z, a, dz: _aten.silu_backward.grad_input(da, z, grad_input=dz)
)
_SOFTPLUS = Direct(
    lambda z, a: _aten.softplus.out(z, 1, 20, out=a),
    lambda da, z, a, dz: _aten.softplus_backward.grad_input(da, z, 1, 20, grad_input=dz),
)


def _elu(alpha: float, scale: float) -> Direct:
    return Direct(
        lambda z, a: _aten.elu.out(z, alpha, scale, 1, out=a),
        lambda da, z, a, dz: _aten.elu_backward.grad_input(da, alpha, scale, 1, False, z, grad_input=dz),
    )


ACTIVATIONS: Registry[Activation] = Registry("activation")
_REGISTERED = (
    Activation("identity", "none", "a = z", "no activation: a product of matrices", lambda z: z.clone(), _COPY, True),
    Activation("relu", "relu", "a = max(0, z)", "Nair and Hinton 2010", functional.relu, _RELU, True),
    Activation(
        "leaky_relu",
        "leaky relu",
        "a = max(0.01 z, z)",
        "Maas, Hannun and Ng 2013",
        functional.leaky_relu,
        _LEAKY_RELU,
        True,
    ),
    Activation("tanh", "tanh", "a = (e^z - e^-z) / (e^z + e^-z)", "LeCun et al. 1998", torch.tanh, _TANH),
    Activation(
        "sigmoid", "sigmoid", "a = 1 / (1 + e^-z)", "Rumelhart, Hinton and Williams 1986", torch.sigmoid, _SIGMOID
    ),
    Activation("gelu", "gelu", "a = z Phi(z)", "Hendrycks and Gimpel 2016", functional.gelu, _GELU),
    Activation("silu", "silu", "a = z / (1 + e^-z)", "Elfwing, Uchibe and Doya 2017", functional.silu, _SILU),
    Activation(
        "elu",
        "elu",
        "a = z if z > 0 else e^z - 1",
        "Clevert, Unterthiner and Hochreiter 2015",
        functional.elu,
        _elu(1, 1),
    ),
    Activation(
        "selu",
        "selu",
        "a = 1.0507 z if z > 0 else 1.7581 (e^z - 1)",
        "Klambauer et al. 2017",
        functional.selu,
        _elu(*_SELU),
    ),
    Activation("softplus", "softplus", "a = ln(1 + e^z)", "Dugas et al. 2000", functional.softplus, _SOFTPLUS),
)
for _activation in _REGISTERED:
    ACTIVATIONS.register(_activation)

RECTIFIERS: Mapping[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}
"""The activations that cut about half of the signal, with torch's modules: He's init compensates for the half."""


@cache  # not for speed: it takes gradients, which inside a checkpoint would count as the module's
def saturation_bounds(name: str) -> tuple[float, float]:
    """The pre-activations (below, above) beyond which the slope is below 1 % of its maximum; infinite if nowhere.

    `saturation_bounds("tanh")` is (-2.993, 2.993); for relu (0.0, inf): what is not positive passes no gradient.
    """
    z = torch.arange(-40_000, 40_001, dtype=torch.float64) / 1000
    slope = ACTIVATIONS[name].slope(z).abs()
    steep = torch.nonzero(slope >= SATURATION_SHARE * slope.max() * (1 - 1e-9))
    first, last = int(steep[0]), int(steep[-1])
    below = float(z[first - 1]) if first > 0 else -float("inf")
    above = float(z[last + 1]) if last < len(z) - 1 else float("inf")
    return below, above
