"""The description of a fully connected network, as one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

DTYPES: dict[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}
RESIDUALS = ("none", "plain", "scaled")
LOSSES = ("mean_square", "cross_entropy")
CLASSES = 10
TENSOR_INPUT = "tensor:"
"""`input="tensor:A"` feeds the network the rows of the tensor called A."""


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A chain of `depth` layers `x = activation(x @ weight.T + bias)`, each `width` units wide, with `batch` inputs.

    >>> NetworkSpec().depth, NetworkSpec(depth=3).depth
    (50, 3)

    The default is the book's: 50 layers of 100 units, 200 standard normal inputs, no activation, weights from randn.
    `gain` scales the initial weights; `weight_std` and `weight_value` are for the inits that use them. `residual` adds
    the layer's input to its output ("plain"), or to the output divided by sqrt(depth) ("scaled").
    `loss` is the mean square of the last layer's output, or the cross entropy of a ten-class output layer on digits.
    """

    depth: int = 50
    width: int = 100
    batch: int = 200
    input: str = "normal"
    activation: str = "identity"
    init: str = "normal"
    gain: float = 1.0
    weight_std: float = 1.0
    weight_value: float = 0.1
    bias_std: float = 0.0
    normalisation: str = "none"
    residual: str = "none"
    dropout: float = 0.0
    dtype: str = "float32"
    device: str = "cpu"
    loss: str = "mean_square"
    seed: int = 0

    @property
    def torch_dtype(self) -> torch.dtype:
        """The `torch.dtype` of activations, weights and gradients."""
        return DTYPES[self.dtype]

    @property
    def residual_scale(self) -> float:
        """The factor on the layer's output before the layer's input is added; 0 means nothing is added."""
        return {"none": 0.0, "plain": 1.0, "scaled": 1.0 / math.sqrt(self.depth)}[self.residual]

    @property
    def tensor_name(self) -> str:
        """The name of the input tensor, or "" if the input is not a tensor of the program."""
        return self.input.removeprefix(TENSOR_INPUT) if self.input.startswith(TENSOR_INPUT) else ""
