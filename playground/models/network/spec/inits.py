"""The initialisations, each with its formula, fan convention and source.

A weight is (fan_out, fan_in) as in `torch.nn.Linear`, and the layer computes `x @ weight.T`. A scheme is a kind of draw
times a scale that depends only on the fans, so a whole network is one multiplication of cached draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from playground.models.network.spec.spec import NetworkSpec
from playground.models.registry import Registry

Scale = Callable[[int, int, NetworkSpec], float]
DRAW_MOMENTS = {
    "normal": (0.0, 1.0),
    "uniform": (0.5, 1 / 12),
    "truncated": (0.0, 0.7737413),
    "sparse": (0.0, 0.1),
    "ones": (1.0, 0.0),
}
SPARSE_KEPT = 0.1


@dataclass(frozen=True, slots=True)
class InitScheme:
    """`weight = scale(fan_in, fan_out, spec) * draw`, or, if `symmetric`, `scale * (2 * draw - 1)`.

    `parameter` names the field of the spec that the scheme uses ("weight_std", "weight_value"), `fans` says which fan
    it uses; `measured`: the weights are rescaled by measurements on the data (LSUV); `own_bias`: the scheme also draws
    the biases.
    """

    name: str
    label: str
    formula: str
    fans: str
    source: str
    sampler: str
    scale: Scale
    symmetric: bool = False
    parameter: str = ""
    measured: bool = False
    own_bias: bool = False

    def mean(self, fan_in: int, fan_out: int, spec: NetworkSpec) -> float:
        """The expected weight, before the gain."""
        mean = 0.0 if self.symmetric else DRAW_MOMENTS.get(self.sampler, (0.0, 0.0))[0]
        return self.scale(fan_in, fan_out, spec) * mean

    def variance(self, fan_in: int, fan_out: int, spec: NetworkSpec) -> float:
        """The variance of a weight, before the gain: 0.01 for `kaiming_normal` with fan_in 200."""
        scale = self.scale(fan_in, fan_out, spec)
        if self.sampler == "orthogonal":
            return scale * scale / max(fan_in, fan_out)
        if self.sampler == "eye":
            share = 1 / max(fan_in, fan_out)
            return share * (1 - share) * scale * scale
        return DRAW_MOMENTS[self.sampler][1] * (4 if self.symmetric else 1) * scale * scale


def _one(_fan_in: int, _fan_out: int, _spec: NetworkSpec) -> float:
    return 1.0


def _over_fan_in(factor: float) -> Scale:
    def scale(fan_in: int, _fan_out: int, _spec: NetworkSpec) -> float:
        return math.sqrt(factor / fan_in)

    return scale


def _over_both_fans(factor: float) -> Scale:
    def scale(fan_in: int, fan_out: int, _spec: NetworkSpec) -> float:
        return math.sqrt(factor / (fan_in + fan_out))

    return scale


def _zero(_fan_in: int, _fan_out: int, _spec: NetworkSpec) -> float:
    return 0.0


def _std(_fan_in: int, _fan_out: int, spec: NetworkSpec) -> float:
    return spec.weight_std


def _value(_fan_in: int, _fan_out: int, spec: NetworkSpec) -> float:
    return spec.weight_value


GLOROT = "Glorot and Bengio 2010"
HE = "He, Zhang, Ren and Sun 2015"
LECUN = "LeCun, Bottou, Orr and Mueller 1998"
INIT_SCHEMES: Registry[InitScheme] = Registry("init")
_REGISTERED = (
    InitScheme("zeros", "zeros", "W = 0", "no fan", "torch.nn.init.zeros_", "ones", _zero),
    InitScheme("constant", "constant", "W = value", "no fan", "torch.nn.init.constant_", "ones", _value,
               parameter="weight_value"),
    InitScheme("normal", "normal, std by hand", "N(0, std^2)", "no fan", "torch.nn.init.normal_", "normal", _std,
               parameter="weight_std"),
    InitScheme("uniform", "uniform, 0 to 1", "U(0, 1), mean 1/2, variance 1/12", "no fan", "torch.nn.init.uniform_",
               "uniform", _one),
    InitScheme("xavier_normal", "xavier normal", "N(0, 2 / (fan_in + fan_out))", "both fans", GLOROT, "normal",
               _over_both_fans(2)),
    InitScheme("xavier_uniform", "xavier uniform", "U(-b, b), b = sqrt(6 / (fan_in + fan_out))", "both fans", GLOROT,
               "uniform", _over_both_fans(6), symmetric=True),
    InitScheme("kaiming_normal", "He normal", "N(0, 2 / fan_in)", "fan_in, gain sqrt 2 of relu built in", HE, "normal",
               _over_fan_in(2)),
    InitScheme("kaiming_uniform", "He uniform", "U(-b, b), b = sqrt(6 / fan_in)",
               "fan_in, gain sqrt 2 of relu built in", HE, "uniform", _over_fan_in(6), symmetric=True),
    InitScheme("lecun_normal", "normal, 1/fan_in", "N(0, 1 / fan_in)", "fan_in", LECUN, "normal", _over_fan_in(1)),
    InitScheme("lecun_uniform", "uniform, 1/fan_in", "U(-b, b), b = sqrt(3 / fan_in)", "fan_in", LECUN, "uniform",
               _over_fan_in(3), symmetric=True),
    InitScheme("orthogonal", "orthogonal", "W.T W = I, all singular values 1", "variance 1 / max(fan_in, fan_out)",
               "Saxe, McClelland and Ganguli 2013", "orthogonal", _one),
    InitScheme("truncated_normal", "truncated normal", "N(0, std^2) cut at 2 std, variance 0.774 std^2", "no fan",
               "torch.nn.init.trunc_normal_", "truncated", _std, parameter="weight_std"),
    InitScheme("identity", "identity", "W = I", "variance is not random", "Le, Jaitly and Hinton 2015", "eye", _one),
    InitScheme("sparse", "sparse, 10 % kept", "N(0, 10 / fan_in), 9 in 10 weights of each input 0",
               "fan_in, variance 1 / fan_in", "Martens 2010", "sparse", _over_fan_in(1 / SPARSE_KEPT)),
    InitScheme("lsuv", "LSUV", "orthogonal, then divided by the std of the pre-activations, at most twice",
               "measured on the data", "Mishkin and Matas 2015", "orthogonal", _one, measured=True),
    InitScheme("torch_default", "torch.nn.Linear", "U(-b, b), b = 1 / sqrt(fan_in), for biases too",
               "fan_in, variance 1 / (3 fan_in)", "kaiming_uniform_ with a = sqrt 5", "uniform", _over_fan_in(1),
               symmetric=True, own_bias=True),
)  # fmt: skip
for _scheme in _REGISTERED:
    INIT_SCHEMES.register(_scheme)
