"""The description of a file format, the result of reading a file, and lossless conversion of arrays and tensors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch

from playground.models.job import Job
from playground.models.problem import Problem, refuse

Tensors = Mapping[str, torch.Tensor]

LARGEST_TENSOR_COUNT = 1000
"""The most tensors opened from one file; a state dict of 1000 entries is already more than a list can usefully show."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedFile(Mapping[str, torch.Tensor]):
    """The tensors of a file by key, in its order; `problems` say what was skipped, `notes` what was changed.

    `load_tensors("digits.safetensors")["images"].shape == (1797, 8, 8)`.
    """

    tensors: Tensors = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> torch.Tensor:
        return self.tensors[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def said(self) -> tuple[Problem, ...]:
        """All messages about the file: the problems, and the notes as warnings."""
        return (*self.problems, *(Problem(note, severity="warning") for note in self.notes))


@dataclass(frozen=True, slots=True)
class TensorFormat:
    """A file format: `words` is its name for users, the first of `suffixes` is the default suffix.

    `load(path, budget, job)` reads at most `budget` bytes of tensors and checks the job between parts; `save(path,
    tensors)` writes a new file and returns its expected size; `losses(tensor)` says what is lost, `refusal(tensor)` why
    it cannot be written.
    """

    name: str
    words: str
    suffixes: tuple[str, ...]
    load: Callable[[Path, int, Job], LoadedFile]
    save: Callable[[Path, Tensors], int]
    losses: Callable[[torch.Tensor], tuple[str, ...]]
    refusal: Callable[[torch.Tensor], str]
    holds_many: bool


LARGEST_NUMPY_RANK = 64

WIDENED = {
    torch.bfloat16: torch.float32,
    torch.float8_e4m3fn: torch.float32,
    torch.float8_e5m2: torch.float32,
    torch.float8_e4m3fnuz: torch.float32,
    torch.float8_e5m2fnuz: torch.float32,
    torch.float8_e8m0fnu: torch.float32,
    torch.complex32: torch.complex64,
}
"""Dtypes that numpy does not have, and the next one that holds all their values exactly."""


def dtype_name(dtype: torch.dtype) -> str:
    """`dtype_name(torch.float32) == "float32"`."""
    return str(dtype).removeprefix("torch.")


def storage_refusal(tensor: torch.Tensor) -> str:
    """Why a tensor, or its plan, has no plain numbers to write; empty if it has."""
    if tensor.is_nested:
        return "a nested tensor has no strides; write its parts"
    if tensor.layout != torch.strided:
        return f"a {dtype_name(tensor.layout)} tensor has no storage; write its .to_dense()"  # type: ignore[arg-type]
    if tensor.is_quantized:
        return "a quantized tensor cannot be written; write its .dequantize() or .int_repr()"
    return ""


def values_refusal(tensor: torch.Tensor) -> str:
    """Why a tensor has no values to write; empty if it has."""
    return "a tensor on the meta device has a shape but no values" if tensor.is_meta else storage_refusal(tensor)


def plain_tensor(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor detached, on the CPU, with lazy conjugation and negation resolved."""
    return tensor.detach().cpu().resolve_conj().resolve_neg()


def array_of(tensor: torch.Tensor) -> npt.NDArray[np.generic]:
    """The values as a numpy array; dtypes that numpy lacks are widened without loss."""
    plain = plain_tensor(tensor)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="ComplexHalf")
        array: npt.NDArray[np.generic] = plain.to(WIDENED.get(plain.dtype, plain.dtype)).numpy()
    return array


def tensor_of(array: npt.NDArray[np.generic], what: str) -> tuple[torch.Tensor, str]:
    """The array as a tensor that owns its memory, and a note on any change; `what` names it in a refusal."""
    note = ""
    if array.dtype.hasobject:
        refuse(f"{what} contains Python objects. Reading them could run code, so it was not opened.")
    if array.dtype.names is not None:
        refuse(f"{what} is a structured array with fields {', '.join(map(str, array.dtype.names))}: torch has none.")
    if array.dtype.kind in "SUMmVT":
        refuse(f"{what} contains {_kind_words(array.dtype)}, for which torch has no dtype.")
    if array.dtype.kind in "fc" and array.dtype.itemsize > (8 if array.dtype.kind == "f" else 16):
        narrow = np.dtype(np.float64 if array.dtype.kind == "f" else np.complex128)
        note = f"{what} was {array.dtype}, which torch does not have: read as {narrow}."
        array = array.astype(narrow)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if any(stride < 0 for stride in native.strides) or not native.flags.writeable:
        native = native.copy()
    return torch.from_numpy(native), note


def _kind_words(dtype: np.dtype[np.generic]) -> str:
    words = {"S": "byte strings", "U": "text", "T": "text", "M": "dates", "m": "time spans", "V": "raw bytes"}
    return words.get(dtype.kind, str(dtype))
