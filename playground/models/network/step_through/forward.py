"""The forward and backward pass of a small network, one operation at a time, in numbers.

The backward pass is the chain rule written out by hand; every gradient is compared with autograd's for the whole
network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from playground.models.job import Job
from playground.models.network.run.build import build
from playground.models.network.run.passes import Network, dropout_mask
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.backward import ELEMENTWISE, BackwardSteps, LayerValues, named
from playground.models.network.step_through.steps import PassStep, Product
from playground.models.network.training.tasks import with_targets

SMALL_DEPTH, SMALL_WIDTH, SMALL_BATCH, SMALL_CLASSES = 4, 4, 3, 3


@dataclass(frozen=True, slots=True)
class StepThroughRequest:
    """A network small enough to read; `small(spec)` makes one that keeps everything of a spec except its size."""

    spec: NetworkSpec

    @classmethod
    def small(cls, spec: NetworkSpec) -> StepThroughRequest:
        """The request for this spec at most 4 layers deep, 4 units wide and 3 inputs long, on the CPU.

        Digits and tensors of the program would not fit so few units: standard normal inputs replace them, and three
        classes replace the ten of the cross entropy.
        """
        own = replace(spec, depth=min(spec.depth, SMALL_DEPTH), width=min(spec.width, SMALL_WIDTH), device="cpu")
        own = replace(own, batch=min(spec.batch, SMALL_BATCH))
        own = replace(own, input=own.input if own.input in ("normal", "uniform") else "normal")
        return cls(own)


@dataclass(frozen=True, slots=True, eq=False)
class StepThroughResult:
    """The steps in the order they run, forward first; `forward_count` of them are forward."""

    spec: NetworkSpec
    steps: tuple[PassStep, ...]
    forward_count: int

    @property
    def all_agree(self) -> bool:
        """True if the chain rule gave autograd's result in every step."""
        return all(step.agreement.holds for step in self.steps if step.agreement is not None)

    @property
    def overflows(self) -> bool:
        """True if a gradient contains a nan or inf that autograd's does not."""
        return any(step.agreement.overflowed > 0 for step in self.steps if step.agreement is not None)

    def verdict(self) -> str:
        """A sentence that compares the whole backward pass with autograd."""
        if not self.all_agree:
            return "a gradient does not agree with autograd"
        return "some numbers overflow" if self.overflows else "every gradient agrees with autograd"


class _Forward:
    """Runs forward, recording each operation, and keeps every tensor in autograd's graph."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.spec = network.spec
        self.steps: list[PassStep] = []
        self.layers: list[LayerValues] = []
        self.kept: dict[str, torch.Tensor] = {}

    def add(
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
    ) -> torch.Tensor:
        """Record one operation; its result has the name to the left of "=" in its formula."""
        name = formula.partition(" ")[0]
        self.steps.append(
            PassStep(
                "forward",
                layer,
                kind,
                formula,
                rule,
                tuple(named(key, value) for key, value in operands.items()),
                named(name, result),
                products,
                "ij"[: result.dim()],
                function,
            )
        )
        if result.requires_grad:
            self.kept[name] = result
        return result

    def layer(self, n: int, x: torch.Tensor) -> torch.Tensor:
        """The steps of layer `n`, counted from 1; returns its output."""
        spec, inputs = self.spec, f"x{n - 1}"
        adds = spec.residual != "none" and x.shape[1] == spec.width
        activation, norm = ACTIVATIONS[spec.activation], NORMALISATIONS[spec.normalisation]
        activated_name = f"a{n}" if adds or spec.dropout else f"x{n}"
        z = self._linear(n, x, self.network.weights[n - 1], self.network.biases[n - 1], (inputs, f"W{n}", f"b{n}"))
        normalised, before = z, f"z{n}"
        if norm.name != "none":
            before, function = f"n{n}", f"{norm.name}_norm"
            normalised = self.add(
                n,
                "normalise",
                f"n{n} = {function}(z{n})",
                norm.formula,
                operands={f"z{n}": z},
                result=norm.function(z),
                function=function,
            )
        out = activated = self.add(
            n,
            "activate",
            f"{activated_name} = {activation.name}({before})",
            activation.formula,
            operands={before: normalised},
            result=activation.function(normalised),
            function=activation.name,
        )
        mask = dropout_mask(spec, n - 1, activated) if spec.dropout else None
        if mask is not None:
            out = self.add(
                n,
                "dropout",
                f"{f'd{n}' if adds else f'x{n}'} = a{n} * mask{n}",
                "Dropped values become 0, the others are scaled up to keep the mean.",
                operands={f"a{n}": activated, f"mask{n}": mask},
                result=activated * mask,
                products=ELEMENTWISE,
            )
        self.layers.append(LayerValues(x, z, normalised, mask, adds))
        return self._residual(n, x, out, f"d{n}" if spec.dropout else f"a{n}") if adds else out

    def _linear(
        self, n: int, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, names: tuple[str, str, str]
    ) -> torch.Tensor:
        inputs, weights, biases = names
        head = weights == "V"
        return self.add(
            n,
            "linear",
            f"{'y' if head else f'z{n}'} = {inputs} @ {weights}.T + {biases}",
            "The output layer gives one value per class." if head else "Each unit is a weighted sum of its inputs.",
            operands={inputs: x, weights: weight, biases: bias},
            result=torch.nn.functional.linear(x, weight, bias),
            products=(Product(((0, "ik"), (1, "jk"))), Product(((2, "j"),))),
        )

    def _residual(self, n: int, x: torch.Tensor, value: torch.Tensor, name: str) -> torch.Tensor:
        scale = self.spec.residual_scale
        factor = "" if scale == 1.0 else f"{scale:.4g} * "
        return self.add(
            n,
            "residual",
            f"x{n} = x{n - 1} + {factor}{name}",
            "The layer's input is added to its output.",
            operands={f"x{n - 1}": x, name: value},
            result=x + scale * value,
            products=(Product(((0, "ij"),)), Product(((1, "ij"),), scale)),
        )

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """The steps after the last layer; returns the loss."""
        last, network, name = self.spec.depth + 1, self.network, f"x{self.spec.depth}"
        if network.head_weight is None or network.head_bias is None or network.labels is None:
            return self.add(
                last,
                "loss",
                f"L = mean({name}^2)",
                "The mean of the squares of all outputs.",
                operands={name: x},
                result=x.square().mean(),
                products=(Product(((0, "ij"), (0, "ij")), 1 / x.numel()),),
            )
        logits = self._linear(last, x, network.head_weight, network.head_bias, (name, "V", "c"))
        return self.add(
            last,
            "loss",
            "L = cross_entropy(y, labels)",
            "The mean of -log softmax(y) at the correct class.",
            operands={"y": logits, "labels": network.labels},
            result=torch.nn.functional.cross_entropy(logits, network.labels),
            function="cross_entropy",
        )


def _network(spec: NetworkSpec) -> Network:
    """The network of the spec, on the CPU; cross entropy without digits gets an output layer of three classes."""
    spec = replace(spec, device="cpu")
    if spec.loss != "cross_entropy" or spec.input == "digits":
        return build(spec)
    network = build(replace(spec, loss="mean_square"))
    return with_targets(network, network.inputs, torch.arange(len(network.inputs)) % SMALL_CLASSES).network


def compute_step_through(request: StepThroughRequest, job: Job | None = None) -> StepThroughResult:
    """Run the small network forward and backward and record every step; raises `ProblemError` for an invalid spec."""
    job = job or Job()
    with torch.enable_grad():
        network = _network(request.spec).requiring_grad()
        inputs = network.inputs.detach().requires_grad_()
        forward = _Forward(network)
        forward.kept["x0"] = inputs
        x = inputs
        for number in range(1, request.spec.depth + 1):
            job.check()
            x = forward.layer(number, x)
        loss = forward.loss(x)
        gradients = _autograd(network, forward, loss)
    with torch.no_grad():
        backward = BackwardSteps(network, forward.layers, x, gradients)
        backward.run()
    return StepThroughResult(request.spec, (*forward.steps, *backward.steps), len(forward.steps))


def _autograd(network: Network, forward: _Forward, loss: torch.Tensor) -> dict[str, torch.Tensor | None]:
    wanted = dict(forward.kept)
    for number, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        wanted |= {f"W{number}": weight, f"b{number}": bias}
    if network.head_weight is not None and network.head_bias is not None:
        wanted |= {"V": network.head_weight, "c": network.head_bias}
    wanted.pop("L", None)
    found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True)
    return dict(zip(wanted, found, strict=True))
