"""Builds a network from a spec: checks it, draws its weights and scales them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch

from playground.models.network.run.passes import Network
from playground.models.network.spec.checks import check_batch_norm, check_spec
from playground.models.network.spec.devices import summable
from playground.models.network.spec.inits import INIT_SCHEMES, InitScheme
from playground.models.network.spec.inputs import Batch, load_inputs
from playground.models.network.spec.noise import BANK, draw
from playground.models.network.spec.spec import CLASSES, NetworkSpec
from playground.models.problem import Problem, ProblemError

LSUV_TOLERANCE = 0.1
LSUV_RESCALES = 2


def build(
    spec: NetworkSpec,
    tensors: Mapping[str, torch.Tensor] | None = None,
    after: Callable[[int], None] | None = None,
    drawn: Callable[[int], None] | None = None,
) -> Network:
    """The network of a spec with its inputs, weights and biases; raises a `ProblemError` if the spec is invalid.

    `tensors` holds the values of the tensor that `spec.input` may name; `after(layer)` is called as LSUV goes along,
    `drawn(layer)` as large weights are drawn; either may raise.
    """
    _refuse(check_spec(spec))
    batch = load_inputs(spec, tensors)
    _refuse(check_batch_norm(spec, len(batch.inputs)))
    features = batch.inputs.shape[1]
    weights, biases = _weights(spec, features, drawn), _biases(spec, features)
    head_weight = head_bias = None
    if spec.loss == "cross_entropy":
        head_weight, head_bias = _head(spec)
    labels, inputs = _labels(spec, batch), _to(spec, batch.inputs)
    network = Network(spec, inputs, weights, biases, labels, head_weight, head_bias)
    return _lsuv(network, after) if INIT_SCHEMES[spec.init].measured else network


def _refuse(problem: Problem | None) -> None:
    if problem is not None:
        raise ProblemError(problem)


def _to(spec: NetworkSpec, tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(device=spec.device, dtype=spec.torch_dtype)


def _labels(spec: NetworkSpec, batch: Batch) -> torch.Tensor | None:
    return None if batch.labels is None else batch.labels.to(spec.device)


def _scaled(scheme: InitScheme, draws: torch.Tensor, fan_in: int, fan_out: int, spec: NetworkSpec) -> torch.Tensor:
    """The draws times the scheme's scale and the gain, in the spec's dtype; float64 keeps the full precision."""
    scale = scheme.scale(fan_in, fan_out, spec) * spec.gain
    if spec.dtype == "float64":
        draws = draws.double()
    scaled = torch.mul(draws, 2 * scale).sub_(scale) if scheme.symmetric else draws * scale
    return _to(spec, scaled)


def _square_layers(
    spec: NetworkSpec, scheme: InitScheme, start: int, drawn: Callable[[int], None] | None
) -> tuple[torch.Tensor, ...]:
    """The (width, width) weights from layer `start` on: views of one tensor if the draws are cached."""
    width, seed = spec.width, spec.seed
    if BANK.keeps(spec.depth, (width, width)):
        draws = BANK.draws(scheme.sampler, seed, "weight", spec.depth, (width, width))
        return _scaled(scheme, draws[start:], width, width, spec).unbind()
    weights = []
    for layer in range(start, spec.depth):
        noise = draw(scheme.sampler, seed, "weight", layer, (width, width))
        weights.append(_scaled(scheme, noise, width, width, spec))
        if drawn is not None:
            drawn(layer)
    return tuple(weights)


def _weights(spec: NetworkSpec, features: int, drawn: Callable[[int], None] | None = None) -> tuple[torch.Tensor, ...]:
    scheme = INIT_SCHEMES[spec.init]
    if features == spec.width:
        return _square_layers(spec, scheme, 0, drawn)
    first = BANK.draws(scheme.sampler, spec.seed, "weight", 1, (spec.width, features))[0]
    rest = _square_layers(spec, scheme, 1, drawn) if spec.depth > 1 else ()
    return (_scaled(scheme, first, features, spec.width, spec), *rest)


def _biases(spec: NetworkSpec, features: int) -> tuple[torch.Tensor, ...]:
    if INIT_SCHEMES[spec.init].own_bias:
        draws = BANK.draws("uniform", spec.seed, "bias", spec.depth, (spec.width,))
        bounds = torch.full((spec.depth, 1), spec.gain / math.sqrt(spec.width), dtype=torch.float64)
        bounds[0] = spec.gain / math.sqrt(features)
        return _to(spec, (2 * draws - 1) * bounds).unbind()
    if spec.bias_std == 0:
        return torch.zeros(spec.depth, spec.width, dtype=spec.torch_dtype, device=spec.device).unbind()
    draws = BANK.draws("normal", spec.seed, "bias", spec.depth, (spec.width,))
    return _to(spec, draws * spec.bias_std).unbind()


def _head(spec: NetworkSpec) -> tuple[torch.Tensor, torch.Tensor]:
    """The output layer: the same scheme with fan_out 10, and bias 0 (or with the spec's bias std)."""
    scheme = INIT_SCHEMES[spec.init]
    draws = BANK.draws(scheme.sampler, spec.seed, "head", 1, (CLASSES, spec.width))[0]
    bias = BANK.draws("normal", spec.seed, "head bias", 1, (CLASSES,))[0] * spec.bias_std
    if scheme.own_bias:
        uniform = BANK.draws("uniform", spec.seed, "head bias", 1, (CLASSES,))[0]
        bias = (2 * uniform - 1) * spec.gain / math.sqrt(spec.width)
    return _scaled(scheme, draws, spec.width, CLASSES, spec), _to(spec, bias)


def _lsuv(network: Network, after: Callable[[int], None] | None = None) -> Network:
    """Divide each weight by the std of its pre-activations until that is within 0.1 of 1, at most twice per layer.

    Mishkin and Matas 2015. The gain multiplies the result, so that every layer's std equals the gain.
    """
    gain = network.spec.gain
    weights: list[torch.Tensor] = []
    x = network.inputs
    with torch.no_grad():
        for index, given in enumerate(network.weights):
            weight = given / gain if gain else given
            for _ in range(LSUV_RESCALES):
                entering = torch.nn.functional.linear(x, weight, network.biases[index])
                std = float(summable(entering).double().std(correction=0))
                if not math.isfinite(std) or std == 0 or abs(std - 1) < LSUV_TOLERANCE:
                    break
                weight = weight / std
            weights.append(weight * gain)
            network = network.with_parameters(
                (*weights, *network.weights[index + 1 :], *network.parameters[len(network.weights) :])
            )
            x = network.layer(index, x)
            if after is not None:
                after(index)
    return network


def parameter_counts(spec: NetworkSpec, features: int) -> tuple[int, int]:
    """The numbers of weights and biases, including the output layer's, as Python integers."""
    weights = spec.width * features + (spec.depth - 1) * spec.width**2
    biases = spec.depth * spec.width
    if spec.loss == "cross_entropy":
        weights, biases = weights + CLASSES * spec.width, biases + CLASSES
    return weights, biases
