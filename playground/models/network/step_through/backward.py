"""The backward pass of the step-through: the chain rule, layer by layer, each step compared with autograd.

The tests check every rule against autograd, and so does the step-through whenever it shows one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from playground.models.network.run.passes import Network
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.normalisations import EPSILON
from playground.models.network.step_through.steps import Agreement, PassStep, Product, StepTensor
from playground.models.registry import Registry

Backward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class NormRule:
    """How a gradient passes a normalisation: `function(dy, z, y)` is the gradient of z, `formula` its text.

    `divisor(z)` is the rule's divisor, to estimate how much it amplifies rounding.
    """

    name: str
    formula: str
    function: Backward
    divisor: Callable[[torch.Tensor], torch.Tensor]


NORM_RULES: Registry[NormRule] = Registry("rule of a normalisation")


def _std(z: torch.Tensor, axis: int) -> torch.Tensor:
    return (z.var(axis, unbiased=False, keepdim=True) + EPSILON).sqrt()


def _row_std(z: torch.Tensor) -> torch.Tensor:
    return _std(z, 1)


def _column_std(z: torch.Tensor) -> torch.Tensor:
    return _std(z, 0)


def _row_rms(z: torch.Tensor) -> torch.Tensor:
    return (z.square().mean(1, keepdim=True) + EPSILON).sqrt()


def _through_standardising(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor, axis: int) -> torch.Tensor:
    return (dy - dy.mean(axis, keepdim=True) - y * (dy * y).mean(axis, keepdim=True)) / _std(z, axis)


STANDARDISING = "({dy} - mean({dy}) - {y} * mean({dy} * {y})) / std"


@NORM_RULES.registers(NormRule, name="layer", formula=f"{STANDARDISING}, each row", divisor=_row_std)
def _layer(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return _through_standardising(dy, z, y, 1)


@NORM_RULES.registers(NormRule, name="batch", formula=f"{STANDARDISING}, each column", divisor=_column_std)
def _batch(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return _through_standardising(dy, z, y, 0)


@NORM_RULES.registers(NormRule, name="rms", formula="({dy} - {y} * mean({dy} * {y})) / rms, each row", divisor=_row_rms)
def _rms(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (dy - y * (dy * y).mean(1, keepdim=True)) / _row_rms(z)


def mean_square_backward(outputs: torch.Tensor) -> torch.Tensor:
    """The gradient of `outputs.square().mean()`: 2 x / n."""
    return 2 * outputs / outputs.numel()


def cross_entropy_backward(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The gradient of the mean cross entropy: (softmax(logits) - one_hot(targets)) / batch."""
    hot = functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
    return (logits.softmax(1) - hot) / len(targets)


SUMMED = "kn"
"""Letters for summed axes: k counts units, n inputs."""
ELEMENTWISE = (Product(((0, "ij"), (1, "ij"))),)


@dataclass(frozen=True, slots=True)
class LayerValues:
    """What one layer computed in the forward pass, each (batch, width); `mask` is None without dropout."""

    x: torch.Tensor
    z: torch.Tensor
    normalised: torch.Tensor
    mask: torch.Tensor | None
    adds: bool


def named(name: str, tensor: torch.Tensor) -> StepTensor:
    """A copy of the tensor's numbers, read-only, under a name."""
    values = np.array(tensor.detach().double().numpy())
    values.setflags(write=False)
    return StepTensor(name, values)


def agreement(ours: torch.Tensor, autograd: torch.Tensor | None, scale: float) -> Agreement:
    """Compare our gradient with autograd's (None: none arrives, so zero); its terms are as large as `scale`."""
    theirs = torch.zeros_like(ours) if autograd is None else autograd
    a, b = ours.double(), theirs.double()
    same = (a == b) | (a.isnan() & b.isnan())
    finite = a.isfinite() & b.isfinite()
    difference = float(torch.where(finite, (a - b).abs(), 0.0).max())
    largest = float(torch.where(finite, torch.maximum(a.abs(), b.abs()), 0.0).max())
    limits = torch.finfo(ours.dtype)
    # Both sides round each product and each sum of the few terms; 64 of the smallest steps allow for that.
    within = 64 * limits.eps * max(scale, largest, limits.tiny) if math.isfinite(scale) else math.inf
    return Agreement(bool(same.all()), difference, largest, within, int((~same & ~finite).sum()))


class BackwardSteps:
    """Applies the chain rule from the loss to the first layer and records each use in `steps`."""

    def __init__(
        self, network: Network, layers: Sequence[LayerValues], out: torch.Tensor,
        autograd: Mapping[str, torch.Tensor | None],
    ) -> None:  # fmt: skip
        self.steps: list[PassStep] = []
        self._network = network
        self._spec = network.spec
        self._layers = layers
        self._out = out
        self._autograd = autograd
        self._scales: dict[str, float] = {}

    def run(self) -> None:
        """Record all steps."""
        gradient = self._loss()
        for number in range(self._spec.depth, 0, -1):
            gradient = self._layer(number, gradient)

    def _add(
        self,
        layer: int,
        kind: str,
        formula: str,
        rule: str,
        *,
        operands: dict[str, torch.Tensor],
        result: torch.Tensor,
        products: tuple[Product, ...] = (),
        function: str = "",
        amplifies: float = 1.0,
    ) -> torch.Tensor:
        """Record one use of the chain rule, which gives the gradient to the left of "=" in its formula."""
        name = formula.partition(" ")[0]
        self._scales[name] = self._scale(operands, products, amplifies)
        self.steps.append(
            PassStep(
                "backward",
                layer,
                kind,
                formula,
                rule,
                tuple(named(key, tensor) for key, tensor in operands.items()),
                named(name, result),
                products,
                "ij" if result.dim() == 2 else "j",
                function,
                agreement(result, self._autograd.get(name[1:]), self._scales[name]),
            )
        )
        return result

    def _scale(self, operands: dict[str, torch.Tensor], products: tuple[Product, ...], amplifies: float) -> float:
        """The size of the terms summed in a result: after cancellation their rounding remains."""
        sizes = [self._scales.get(name, float(value.abs().max())) for name, value in operands.items()]
        if not products:
            return 3 * amplifies * sizes[0]
        shapes = [value.shape for value in operands.values()]
        total = 0.0
        for product in products:
            letters = {
                letter: size
                for position, own in product.factors
                for letter, size in zip(own, shapes[position], strict=True)
            }
            summed = math.prod(size for letter, size in letters.items() if letter in SUMMED)
            total += abs(product.coefficient) * summed * math.prod(sizes[position] for position, _ in product.factors)
        return total

    def _loss(self) -> torch.Tensor:
        last, network, x, name = self._spec.depth + 1, self._network, self._out, f"x{self._spec.depth}"
        if network.head_weight is None or network.labels is None:
            return self._add(
                last,
                "loss",
                f"d{name} = 2 * {name} / {x.numel()}",
                "The loss is a mean of squares: its derivative is twice each output, divided by their number.",
                operands={name: x},
                result=mean_square_backward(x),
                products=(Product(((0, "ij"),), 2 / x.numel()),),
            )
        logits = network.logits(x)
        dy = self._add(
            last,
            "loss",
            f"dy = (softmax(y) - one_hot(labels)) / {len(x)}",
            "The gradient of each class is its predicted probability, minus 1 for the correct class.",
            operands={"y": logits, "labels": network.labels},
            result=cross_entropy_backward(logits, network.labels),
            function="softmax - one_hot",
            amplifies=1 / (len(x) * max(1e-30, float(logits.abs().max()))),
        )
        return self._linear(last, dy, x, network.head_weight, ("y", name, "V", "c"))

    def _layer(self, n: int, gradient: torch.Tensor) -> torch.Tensor:
        values = self._layers[n - 1]
        flowing, name = gradient, f"x{n}"
        if values.adds:
            scale = self._spec.residual_scale
            name = f"d{n}" if values.mask is not None else f"a{n}"
            flowing = self._add(
                n,
                "residual",
                f"d{name} = {'' if scale == 1.0 else f'{scale:.4g} * '}dx{n}",
                "A sum passes its gradient to both of its terms.",
                operands={f"dx{n}": gradient},
                result=scale * gradient,
                products=(Product(((0, "ij"),), scale),),
            )
        if values.mask is not None:
            flowing = self._add(
                n,
                "dropout",
                f"da{n} = d{name} * mask{n}",
                "Dropped values pass nothing back, the others are scaled as in the forward pass.",
                operands={f"d{name}": flowing, f"mask{n}": values.mask},
                result=flowing * values.mask,
                products=ELEMENTWISE,
            )
            name = f"a{n}"
        flowing = self._through_activation(n, flowing, name)
        names = (f"z{n}", f"x{n - 1}", f"W{n}", f"b{n}")
        return self._linear(
            n, flowing, values.x, self._network.weights[n - 1], names, skip=gradient if values.adds else None
        )

    def _through_activation(self, n: int, flowing: torch.Tensor, name: str) -> torch.Tensor:
        """From the activation's output back to the pre-activation, through the normalisation if there is one."""
        values, activation = self._layers[n - 1], ACTIVATIONS[self._spec.activation]
        before = f"z{n}" if self._spec.normalisation == "none" else f"n{n}"
        slope = activation.slope(values.normalised)
        operand = f"{activation.name}'({before})"
        flowing = self._add(
            n,
            "activate",
            f"d{before} = d{name} * {operand}",
            "Each value passes its gradient back, times the activation's slope at that value.",
            operands={f"d{name}": flowing, operand: slope},
            result=flowing * slope,
            products=ELEMENTWISE,
        )
        if self._spec.normalisation == "none":
            return flowing
        rule = NORM_RULES[self._spec.normalisation]
        formula = rule.formula.format(dy=f"dn{n}", y=f"n{n}")
        spread = 1 + float(values.normalised.square().max())
        return self._add(
            n,
            "normalise",
            f"dz{n} = {formula}",
            "Mean and std depend on the same numbers, so part of the gradient is subtracted.",
            operands={f"dn{n}": flowing, f"z{n}": values.z, f"n{n}": values.normalised},
            result=rule.function(flowing, values.z, values.normalised),
            function=f"{rule.name}_norm backward",
            amplifies=spread / float(rule.divisor(values.z).min()),
        )

    def _linear(
        self,
        layer: int,
        dz: torch.Tensor,
        x: torch.Tensor,
        weight: torch.Tensor,
        names: tuple[str, str, str, str],
        *,
        skip: torch.Tensor | None = None,
    ) -> torch.Tensor:
        z, inputs, weights, biases = names
        self._add(
            layer,
            "weight",
            f"d{weights} = d{z}.T @ {inputs}",
            "A weight was used once per input: its gradient is the sum over the batch of gradient times input.",
            operands={f"d{z}": dz, inputs: x},
            result=dz.t() @ x,
            products=(Product(((0, "ni"), (1, "nj"))),),
        )
        self._add(
            layer,
            "bias",
            f"d{biases} = d{z}.sum(0)",
            "A bias was stretched along the batch: its gradient is the sum over it.",
            operands={f"d{z}": dz},
            result=dz.sum(0),
            products=(Product(((0, "nj"),)),),
        )
        through = Product(((0, "ik"), (1, "kj")))
        if skip is None:
            return self._add(
                layer,
                "input",
                f"d{inputs} = d{z} @ {weights}",
                "An input reached every unit: its gradients add up.",
                operands={f"d{z}": dz, weights: weight},
                result=dz @ weight,
                products=(through,),
            )
        return self._add(
            layer,
            "input",
            f"d{inputs} = d{z} @ {weights} + dx{layer}",
            "An input reached every unit and the residual sum: all its gradients add up.",
            operands={f"d{z}": dz, weights: weight, f"dx{layer}": skip},
            result=dz @ weight + skip,
            products=(through, Product(((2, "ij"),))),
        )
