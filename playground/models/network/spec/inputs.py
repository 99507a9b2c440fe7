"""The inputs of a network: noise, the bundled digits, or the rows of any tensor of the program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from safetensors.torch import load_file

from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.network.spec.noise import BANK, layer_seed
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import Fix, refuse
from playground.models.program.program import Program
from playground.models.registry import Registry
from playground.models.resources import resource_path


def tensors_of(program: Program | None, job: Job | None = None, budget: int | None = None) -> dict[str, torch.Tensor]:
    """Name -> tensor for every line with values within the memory budget; empty without a program."""
    if program is None:
        return {}
    results = evaluate(program, budget, job or Job())
    return {name: result.tensor for name, result in results.items() if result.tensor is not None}


DIGITS_PATH = ("data", "digits.safetensors")


@dataclass(frozen=True, slots=True)
class Batch:
    """The inputs, (batch, features) float32 or float64 on the CPU, and their labels, (batch,) int64, if any."""

    inputs: torch.Tensor
    labels: torch.Tensor | None = None


INSTEAD = Fix("normal", gives="input standard normal", target="input")


@dataclass(frozen=True, slots=True)
class InputKind:
    """A source of inputs; `features(spec)` is the number of values in one input, before anything is drawn."""

    name: str
    label: str
    formula: str
    source: str
    features: Callable[[NetworkSpec], int]
    load: Callable[[NetworkSpec], Batch]


@cache
def digit_images() -> tuple[torch.Tensor, torch.Tensor]:
    """The 1,797 hand-written digits: (1797, 64) float32 with mean 0 and std 1 over the whole set, and their labels."""
    path = resource_path(*DIGITS_PATH)
    if not path.is_file():
        refuse(f"The bundled digits are missing: there is no file {path}.", fixes=(INSTEAD,))
    tensors = load_file(path)
    pixels = tensors["images"].flatten(1).double()
    standard = (pixels - pixels.mean()) / pixels.std(correction=0)
    return standard.float(), tensors["labels"].long()


def _normal(spec: NetworkSpec) -> Batch:
    return Batch(BANK.draws("normal", spec.seed, "input", 1, (spec.batch, spec.width))[0])


def _uniform(spec: NetworkSpec) -> Batch:
    return Batch(BANK.draws("uniform", spec.seed, "input", 1, (spec.batch, spec.width))[0])


def _digits(spec: NetworkSpec) -> Batch:
    images, labels = digit_images()
    if spec.batch > len(images):
        refuse(
            f"There are {len(images):,} digits, but the batch is {spec.batch:,}.",
            fixes=(Fix(str(len(images)), gives=f"batch {len(images)}", target="batch"),),
        )
    generator = torch.Generator().manual_seed(layer_seed(spec.seed, "digits", 0))
    chosen = torch.randperm(len(images), generator=generator)[: spec.batch]
    return Batch(images[chosen], labels[chosen])


def _width(spec: NetworkSpec) -> int:
    return spec.width


def _digit_features(_spec: NetworkSpec) -> int:
    return 64


INPUTS: Registry[InputKind] = Registry("input")
_REGISTERED = (
    InputKind("normal", "standard normal", "N(0, 1), as many values as the width", "torch.randn", _width, _normal),
    InputKind("uniform", "uniform, 0 to 1", "U(0, 1), as many values as the width", "torch.rand", _width, _uniform),
    InputKind("digits", "digits, 64 values", "8 by 8 pixels, mean 0 and std 1 over the set",
              "Alpaydin and Kaynak, UCI 1998, CC BY 4.0", _digit_features, _digits),
)  # fmt: skip
for _kind in _REGISTERED:
    INPUTS.register(_kind)


def rows_of(tensor: torch.Tensor, name: str, batch: int | None = None) -> torch.Tensor:
    """The tensor as inputs, (rows, features) float32, or float64 where it is: axis 0 counts inputs, all others are
    flattened; raises a ProblemError if that is impossible. With `batch`, only so many rows."""
    if tensor.dim() == 0:
        refuse(f"{name} has no axes. Inputs need axis 0 to count them and at least one more.",
               fixes=(INSTEAD,))  # fmt: skip
    if tensor.numel() == 0:
        refuse(f"{name} is {tuple(tensor.shape)} and has no values to use as input.", fixes=(INSTEAD,))
    if tensor.is_complex():
        refuse(f"{name} is complex, but the layers are real. Use its real part or its absolute value.",
               fixes=(INSTEAD,))  # fmt: skip
    table = tensor[:, None] if tensor.dim() == 1 else tensor
    rows = table.detach()[:batch].flatten(1).cpu()
    return rows if rows.dtype == torch.float64 else rows.float()


def load_inputs(spec: NetworkSpec, tensors: Mapping[str, torch.Tensor] | None = None) -> Batch:
    """The batch that `spec.input` names; a tensor with fewer rows than `spec.batch` gives all its rows."""
    if spec.tensor_name:
        tensor = (tensors or {}).get(spec.tensor_name)
        if tensor is None:
            refuse(f"The input is the tensor {spec.tensor_name}, which has no values.",
                   fixes=(INSTEAD,))  # fmt: skip
        return Batch(rows_of(tensor, spec.tensor_name, spec.batch))
    return INPUTS.find(spec.input).load(spec)
