"""Open and save tensors in any registered format, and add them to the program as lines."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import torch

from playground.models.files.csv_file import CSV
from playground.models.files.disk import beginning_of, foreign_kind, plain_name, readable_size, write_whole
from playground.models.files.npy_file import MAGIC as NPY_MAGIC
from playground.models.files.npy_file import NPY, NPZ
from playground.models.files.pt_file import PT, ZIP_MAGIC
from playground.models.files.safetensors_file import SAFETENSORS
from playground.models.files.tensor_format import LoadedFile, TensorFormat, values_refusal
from playground.models.job import CancelledError, Job
from playground.models.language.budget import default_budget
from playground.models.language.names import fresh_name, name_problem
from playground.models.problem import Fix, ProblemError, refuse
from playground.models.program.program import Program
from playground.models.program.sources import Imported, TensorReference
from playground.models.registry import Registry

LONGEST_NAME = 40


def import_bindings(program: Program, loaded: LoadedFile, path: str | os.PathLike[str]) -> Program:
    """The program with an added line for each tensor of the file, named by its key if that is a free, valid name."""
    for key, tensor in loaded.tensors.items():
        name = clean_name(key, program.names)
        program = program.appended(name, Imported(TensorReference(tensor), os.fspath(path), key))
    return program


def clean_name(key: str, taken: Collection[str] = ()) -> str:
    """A valid name for an arbitrary key: `clean_name("layer.0.weight") == "layer_0_weight"`."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    text = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_")[:LONGEST_NAME].rstrip("_")
    if not text or text[0].isdigit():
        text = f"t{text}"
    if name_problem(text) is not None:
        text = f"{text}_"
    return fresh_name(taken, text) if text in taken else text


FORMATS: Registry[TensorFormat] = Registry("file format")
for _format in (NPY, NPZ, PT, SAFETENSORS, CSV):
    FORMATS.register(_format)


def load_tensors(path: str | os.PathLike[str], budget: int | None = None, job: Job | None = None) -> LoadedFile:
    """The tensors of a file, recognised by its first bytes, then by its suffix: `.tensors`, `.problems`, `.notes`.

    >>> import tempfile, torch
    >>> from playground import save_tensors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/a.npz", {"A": torch.ones(2, 3)})
    ...     load_tensors(f"{folder}/a.npz").tensors["A"].shape
    torch.Size([2, 3])

    At most `budget` bytes are allocated (None: the default memory budget). Nothing in the file is run, and only regular
    files are opened. Raises `ProblemError` if no tensor can be read.
    """
    file = Path(path)
    readable_size(file)
    chosen = _format_inside(file)
    limit = default_budget() if budget is None else budget
    try:
        loaded = chosen.load(file, limit, job or Job())
    except (ProblemError, CancelledError):
        raise
    except (MemoryError, RecursionError):
        refuse(f"{plain_name(file)} needs more memory than there is. It was not opened.")
    except OSError as error:
        refuse(f"{plain_name(file)} cannot be read: {error.strerror or error}.")
    except Exception as error:
        refuse(f"{plain_name(file)} is damaged: {type(error).__name__} while reading it as {chosen.words}.")
    if not loaded.tensors and loaded.problems:
        raise ProblemError(loaded.problems[0])
    notes = loaded.notes
    if file.suffix.lower() not in chosen.suffixes and file.suffix.lower() in _suffixes():
        notes = (f"{plain_name(file)} is actually a {chosen.suffixes[0]} file and was read as one.", *notes)
    return LoadedFile(MappingProxyType(dict(loaded.tensors)), loaded.problems, notes)


def save_tensors(path: str | os.PathLike[str], tensors: Mapping[str, torch.Tensor], format: str | None = None) -> None:
    """Write tensors of any shape in a format (None: by the path's suffix), atomically.

    >>> import tempfile, torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tensors(f"{folder}/a.safetensors", {"A": torch.ones(2, 3)})

    Raises `ProblemError` if the format cannot hold them or the disk refuses them; an old file stays unchanged.
    """
    file = Path(path)
    chosen = format_of(file) if format is None else FORMATS.find(format)
    name = plain_name(file)
    if not tensors:
        refuse(f"{name} was not saved: there is no tensor to write.")
    if len(tensors) > 1 and not chosen.holds_many:
        many = [one.suffixes[0] for one in FORMATS.values() if one.holds_many]
        refuse(f"{name} was not saved: {chosen.suffixes[0]} holds one tensor, not {len(tensors)}. "
               f"{', '.join(many)} can hold many.")  # fmt: skip
    for key, tensor in tensors.items():
        reason = values_refusal(tensor) or chosen.refusal(tensor)
        if reason:
            refuse(f"{key} was not saved as {chosen.suffixes[0]}: {reason}.")
    write_whole(file, partial(_save_by, chosen, dict(tensors)))


def _save_by(chosen: TensorFormat, tensors: Mapping[str, torch.Tensor], fresh: Path) -> int:
    return chosen.save(fresh, tensors)


def losses(tensor: torch.Tensor, format: str) -> tuple[str, ...]:
    """What the format would lose of this tensor, to show before writing; empty if it reads back the same."""
    reason = values_refusal(tensor)
    return (f"It cannot be written: {reason}.",) if reason else planned_losses(tensor, format)


def planned_losses(planned: torch.Tensor, format: str) -> tuple[str, ...]:
    """`losses` for a tensor planned on the meta device and not computed: shape, strides and dtype are enough."""
    chosen = FORMATS.find(format)
    reason = chosen.refusal(planned)
    return (f"It cannot be written: {reason}.",) if reason else chosen.losses(planned)


def format_of(path: str | os.PathLike[str]) -> TensorFormat:
    """The format for a path's suffix; raises `ProblemError` with the known suffixes."""
    file = Path(path)
    suffix = file.suffix.lower()
    chosen = next((one for one in FORMATS.values() if suffix in one.suffixes), None)
    if chosen is None:
        endings = [one.suffixes[0] for one in FORMATS.values()]
        said = f"{suffix} is not a known file format" if suffix else "it has no suffix"
        fixes = tuple(Fix(file.with_suffix(ending).name) for ending in endings) if file.name else ()
        refuse(f"{plain_name(file)}: {said}. Known formats are {', '.join(endings)}.", fixes=fixes)
    return chosen


def _suffixes() -> set[str]:
    return {suffix for one in FORMATS.values() for suffix in one.suffixes}


def _format_inside(file: Path) -> TensorFormat:
    """By the first bytes if they are conclusive; otherwise by the suffix."""
    beginning = beginning_of(file)
    if beginning.startswith(NPY_MAGIC):
        return NPY
    kind = foreign_kind(beginning)
    if kind:
        named = f", although it is named {file.suffix}" if file.suffix.lower() in _suffixes() else ""
        refuse(f"{plain_name(file)} is {kind}{named}. It contains no tensors that can be opened here.")
    if beginning.startswith(ZIP_MAGIC) and file.suffix.lower() not in (*NPZ.suffixes, *PT.suffixes):
        return NPZ
    if beginning.startswith(ZIP_MAGIC) and file.suffix.lower() in NPZ.suffixes:
        return NPZ
    if beginning[8:9] == b"{" and int.from_bytes(beginning[:8], "little") < readable_size(file):
        return SAFETENSORS
    return format_of(file)
