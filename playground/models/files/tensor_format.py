"""What a file format is, and what comes out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import torch

from playground.models.job import Job
from playground.models.outcome import Problem

Tensors = Mapping[str, torch.Tensor]

LARGEST_TENSOR_COUNT = 1000
"""How many tensors of one file are opened; a state dict of 1000 entries is larger than any list can usefully show."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedFile(Mapping[str, torch.Tensor]):
    """The tensors of a file by key, in its order; `problems` say what was left out, `notes` what was changed.

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
        """All that is to be told about the file: the problems, and the notes as warnings."""
        return (*self.problems, *(Problem(note, severity="warning") for note in self.notes))


@dataclass(frozen=True, slots=True)
class TensorFormat:
    """A file format: `words` name it for people, the first of `suffixes` is the usual ending.

    `load(path, budget, job)` reads at most `budget` bytes of tensors and looks at the job between parts;
    `save(path, tensors)` writes a fresh file and returns the size it must have; `losses(tensor)` says what does not
    survive, `refusal(tensor)` why it cannot be written.
    """

    name: str
    words: str
    suffixes: tuple[str, ...]
    load: Callable[[Path, int, Job], LoadedFile]
    save: Callable[[Path, Tensors], int]
    losses: Callable[[torch.Tensor], tuple[str, ...]]
    refusal: Callable[[torch.Tensor], str]
    holds_many: bool
