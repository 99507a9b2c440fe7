"""`.npz`: a zip of `.npy` members; what they unpack to is added up before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch

from playground.models.files.array_bridge import array_of
from playground.models.files.npy_file import numpy_losses, numpy_refusal, read_array
from playground.models.files.reading import check_budget, open_regular, readable_size, shown_name
from playground.models.files.tensor_format import LARGEST_TENSOR_COUNT, LoadedFile, TensorFormat, Tensors
from playground.models.files.writing import CountedFile
from playground.models.job import Job
from playground.models.outcome import Problem, ProblemError, refuse

ENCRYPTED = 0x1


def load_npz(path: Path, budget: int, job: Job) -> LoadedFile:
    """The arrays of the archive by member name; members that are no arrays are named in the problems."""
    readable_size(path)
    name = shown_name(path)
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return _load_members(archive, name, budget, job)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        refuse(f"{name} is no whole .npz archive: {str(error).splitlines()[0] if str(error) else 'it is damaged'}.")
    except OSError:
        refuse(f"{name} is no whole .npz archive: its parts are not where its table says.")


def _load_members(archive: zipfile.ZipFile, name: str, budget: int, job: Job) -> LoadedFile:
    members = archive.infolist()
    arrays = [member for member in members if member.filename.endswith(".npy")]
    problems = [Problem(f"{name}: {_others_text(members)}")] if len(arrays) < len(members) else []
    if len(arrays) > LARGEST_TENSOR_COUNT:
        problems.append(Problem(f"{name} holds {len(arrays):,} arrays; the first {LARGEST_TENSOR_COUNT:,} are opened."))
        arrays = arrays[:LARGEST_TENSOR_COUNT]
    check_budget(f"{name}, unpacked,", sum(member.file_size for member in arrays), budget)
    tensors: dict[str, torch.Tensor] = {}
    notes: list[str] = []
    for member in arrays:
        key = member.filename.removesuffix(".npy")
        what = f"{shown_name(Path(key))} in {name}"
        if key in tensors:
            problems.append(Problem(f"{what} is there twice; the first is opened."))
            continue
        try:
            tensors[key], note = _read_member(archive, member, what, budget, job)
        except ProblemError as error:
            problems.append(error.problem)
            continue
        notes += [note] if note else []
    return LoadedFile(tensors, tuple(problems), tuple(notes))


def _others_text(members: list[zipfile.ZipInfo]) -> str:
    others = [shown_name(Path(member.filename)) for member in members if not member.filename.endswith(".npy")]
    if len(others) == 1:
        return f"{others[0]} in it is no .npy array and is left out."
    return f"{len(others):,} members are no .npy arrays and are left out, {others[0]} among them."


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, what: str, budget: int, job: Job
) -> tuple[torch.Tensor, str]:
    if member.flag_bits & ENCRYPTED:
        refuse(f"{what} is encrypted.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse(f"{what} is compressed in a way that numpy does not write: its size is known only once unpacked.")
    try:
        with archive.open(member) as stream:
            return read_array(stream, member.file_size, what, budget, job)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        refuse(f"{what} is damaged: {str(error).splitlines()[0] if str(error) else 'it ends early'}.")


def save_npz(path: Path, tensors: Tensors) -> int:
    """Write all tensors, uncompressed, each as a `.npy` member under its name."""
    with CountedFile(path) as file:
        sink = _Unseekable(file)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, tensor in tensors.items():
                array = np.ascontiguousarray(array_of(tensor)).reshape(tuple(tensor.shape))
                with archive.open(f"{name}.npy", "w", force_zip64=array.nbytes > 1 << 30) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
    return file.written


class _Unseekable(io.RawIOBase):
    """A sink that only goes forward, so that what was written is what the file must measure."""

    def __init__(self, file: CountedFile) -> None:
        super().__init__()
        self._counted = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._counted.write(data)  # type: ignore[arg-type]


NPZ = TensorFormat(
    name="npz",
    words="NumPy archive",
    suffixes=(".npz",),
    load=load_npz,
    save=save_npz,
    losses=numpy_losses,
    refusal=numpy_refusal,
    holds_many=True,
)
