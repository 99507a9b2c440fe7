"""`.pt`: checks that a pickle only describes tensors, as torch.save's do, so that its memory use fits its size.

A pickle may name an object once and use it a million times: copy a long list by reference, or call something that
allocates. Nothing is run here; the opcodes are only read in order.
"""

from __future__ import annotations

import itertools
import os
import pickle
import pickletools
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import torch

from playground.models.apart import is_possible, run_apart
from playground.models.files.disk import CountedFile, check_budget, open_regular, plain_name, readable_size
from playground.models.files.tensor_format import (
    LARGEST_TENSOR_COUNT,
    LoadedFile,
    TensorFormat,
    Tensors,
    plain_tensor,
    storage_refusal,
    values_refusal,
)
from playground.models.formatting import bytes_in_words
from playground.models.job import Job
from playground.models.problem import Problem, ProblemError, refuse

LARGEST_PLAIN = 2_000_000
"""In bytes; a state dict of 1000 tensors takes some 200,000."""
MOST_STATES = 64
"""The most dictionaries copied into objects, like a state dict's versions: one per state dict."""
ORDERED = "collections OrderedDict"
REBUILDING = frozenset({"torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"})
_PUTS = frozenset({"BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"})
_GETS = frozenset({"BINGET", "LONG_BINGET", "GET"})


def is_plain_pickle(data: bytes) -> bool:
    """True if it creates only tensors, numbers, texts, and dictionaries and lists of them, each of them once."""
    if len(data) > LARGEST_PLAIN:
        return False
    try:
        codes = [(code.name, argument) for code, argument, _ in pickletools.genops(data)]
    except Exception:  # a damaged pickle raises all kinds of exceptions; torch reports them when it opens the file
        return False
    if sum(name == "BUILD" for name, _ in codes) > MOST_STATES:
        return False
    return all(_is_plain_global(argument) for name, argument in codes if name == "GLOBAL") and _calls_are_plain(codes)


def _is_plain_global(name: object) -> bool:
    module, _, item = str(name).partition(" ")
    kind = module in ("torch", "torch.storage") and (item.endswith("Storage") or item[:1].islower())
    return name in REBUILDING or name == ORDERED or kind


def _calls_are_plain(codes: list[tuple[str, object]]) -> bool:
    """True if each ordered dictionary is created empty, none is a copy of another, and NEWOBJ is not used."""
    bare = [(name, argument) for name, argument in codes if name not in _PUTS]
    ordered = _memo_of_ordered(codes)
    for place, (name, argument) in enumerate(bare):
        is_ordered = (name == "GLOBAL" and argument == ORDERED) or (name in _GETS and argument in ordered)
        if is_ordered and [code for code, _ in bare[place + 1 : place + 3]] != ["EMPTY_TUPLE", "REDUCE"]:
            return False
        if name in ("NEWOBJ", "NEWOBJ_EX", "STACK_GLOBAL", "INST", "OBJ", "DUP"):
            return False
    return True


def _memo_of_ordered(codes: list[tuple[str, object]]) -> set[object]:
    """The memo numbers of the ordered dictionary class."""
    return {
        number
        for (name, argument), (put, number) in itertools.pairwise(codes)
        if name == "GLOBAL" and argument == ORDERED and put in _PUTS
    }


ZIP_MAGIC = b"PK\x03\x04"
DEEPEST = 100
LONGEST_KEY = 400
MOST_VISITED = 100_000
"""The most dictionary and list entries visited: by reference, a small file can contain any number of them."""
LARGEST_PICKLE = 16_000_000
LARGEST_UNTRIED = 100_000
REHEARSAL_SECONDS, BYTES_A_SECOND = 20.0, 50_000_000
REHEARSAL_BYTES = 200_000_000
"""The memory that opening any file may take, beyond what its size explains."""


def load_pt(path: Path, budget: int, job: Job) -> LoadedFile:
    """The tensors of the file; keys of nested dictionaries and lists are joined by dots: `layer.0.weight`.

    A file that could expand beyond its size is first opened in a separate process.
    """
    size = readable_size(path)
    name = plain_name(path)
    with open_regular(path) as file:
        beginning = file.read(4)
        file.seek(0)
        is_plain = False
        if beginning == ZIP_MAGIC:
            is_plain = is_plain_pickle(_checked_pickle(path, name, budget))
        else:
            check_budget(name, size, budget)
        if not is_plain:
            _rehearse(path, name, min(size, budget), job)
        job.check()
        content = _content(file, name)
    return _collect(content, path, name)


def _content(file: BinaryIO, name: str) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        refuse(_refusal_text(error, name))


def rehearse_load(path: str, name: str) -> None:
    """Open the file with bounded memory and time and discard its content; raises ProblemError if that fails."""
    with open_regular(Path(path)) as file:
        _content(file, name)


def _rehearse(path: Path, name: str, size: int, job: Job) -> None:
    if not is_possible():
        if readable_size(path) > LARGEST_UNTRIED:
            refuse(f"{name} is not in the form that torch.save writes, and is too large to try.")
        return
    seconds = REHEARSAL_SECONDS + size / BYTES_A_SECOND
    try:
        run_apart(rehearse_load, (os.fspath(path), name), job, memory=2 * size + REHEARSAL_BYTES, seconds=seconds)
    except MemoryError:
        refuse(f"{name} asks for more memory than a file of {bytes_in_words(size)} can need. It was not opened.")
    except ProblemError as error:
        if error.problem.badge == "crashed":
            refuse(f"{name} asks for more memory than a file of {bytes_in_words(size)} can need. It was not opened.")
        if error.problem.badge == "too long":
            refuse(
                f"{name} takes more than {seconds:.0f} seconds, far more than its {bytes_in_words(size)} should need."
            )
        raise


def _checked_pickle(path: Path, name: str, budget: int) -> bytes:
    """The archive's description of its contents, which must fit the budget."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            check_budget(f"{name}, unpacked,", sum(member.file_size for member in members), budget)
            inside = [member for member in members if member.filename.endswith("data.pkl")]
            if not inside:
                refuse(f"{name} is a zip archive, but not one that torch.save wrote.")
            if inside[0].file_size > LARGEST_PICKLE or inside[0].compress_type != zipfile.ZIP_STORED:
                limit = bytes_in_words(LARGEST_PICKLE)
                refuse(
                    f"{name} describes its tensors in {bytes_in_words(inside[0].file_size)}, the limit is {limit} as "
                    "torch.save writes them."
                )
            return archive.read(inside[0])
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, UnicodeDecodeError, EOFError, OSError, RuntimeError):
        refuse(f"{name} is cut off or damaged: its table of contents is missing.")


def _refusal_text(error: Exception, name: str) -> str:
    """A message to replace torch's, which advises to load the file unsafely."""
    text = str(error)
    called = re.search(r"GLOBAL ([\w.]+)|Unsupported (?:global|class|type):? (?:GLOBAL )?([\w.]+)", text)
    if called:
        culprit = called[1] or called[2]
        return f"{name} names {culprit}, which is not a tensor. Reading it could run code, so it was not opened."
    if "TorchScript" in text:
        return f"{name} is a TorchScript program, not tensors. Save its state_dict()."
    if isinstance(error, RecursionError | MemoryError):
        return f"{name} is nested too deeply or asks for too much memory. It was not opened."
    if isinstance(error, pickle.UnpicklingError | EOFError | KeyError | IndexError | UnicodeDecodeError):
        return f"{name} is not a tensor file that torch.save wrote, or it is damaged. Nothing in it was run."
    return f"{name} is cut off or damaged: torch cannot read it."


def _collect(content: object, path: Path, name: str) -> LoadedFile:
    tensors: dict[str, torch.Tensor] = {}
    problems: list[Problem] = []
    left_out: list[str] = []
    for visited, (key, value) in enumerate(_parts(content)):
        if visited >= MOST_VISITED or len(tensors) >= LARGEST_TENSOR_COUNT:
            if not tensors:
                refuse(f"{name} has no tensor among its first {MOST_VISITED:,} entries, and more were not looked at.")
            most = f"{len(tensors):,} tensors" if visited < MOST_VISITED else f"{MOST_VISITED:,} entries"
            problems.append(Problem(f"{name} contains more; the first {most} are opened."))
            break
        if value is _TOO_DEEP:
            problems.append(Problem(f"{name}: entries nested deeper than {DEEPEST} levels are skipped."))
            break
        if isinstance(value, Mapping | list | tuple):
            continue
        if not isinstance(value, torch.Tensor):
            left_out.append(f"{key or 'it'} ({type(value).__name__})")
            continue
        refusal = values_refusal(value)
        if refusal:
            problems.append(Problem(f"{key or path.stem} in {name} is skipped: {refusal}."))
        else:
            tensors[key or path.stem] = plain_tensor(value)
    if not tensors and not problems:
        refuse(f"{name} contains no tensors{f', only {_few(left_out)}' if left_out else ''}.")
    notes = (f"{name}: {_few(left_out)} {'is' if len(left_out) == 1 else 'are'} skipped: not tensors.",)
    return LoadedFile(tensors, tuple(problems), notes if left_out else ())


_TOO_DEEP = object()
_NOTHING = object()


def _parts(content: object) -> Iterator[tuple[str, object]]:
    """Iterate over dictionaries and lists and their entries, without recursion."""
    stack: list[Iterator[tuple[str, object]]] = [iter([("", content)])]
    while stack:
        key, value = next(stack[-1], ("", _NOTHING))
        if value is _NOTHING:
            stack.pop()
        elif isinstance(value, Mapping | list | tuple):
            if len(stack) > DEEPEST:
                yield key, _TOO_DEEP
                return
            yield key, value
            stack.append(_inside(key, value))
        else:
            yield key, value


def _inside(parent: str, value: Mapping[object, object] | Sequence[object]) -> Iterator[tuple[str, object]]:
    items: Iterable[tuple[object, object]] = value.items() if isinstance(value, Mapping) else enumerate(value)
    return ((_joined(parent, key), inner) for key, inner in items)


def _few(words: list[str]) -> str:
    shown = ", ".join(words[:3])
    return f"{shown} and {len(words) - 3:,} more" if len(words) > 3 else shown


def _joined(parent: str, key: object) -> str:
    own = str(key) if isinstance(key, str | int | float) else type(key).__name__
    text = f"{parent}.{own[:LONGEST_KEY]}" if parent else own
    return text[:LONGEST_KEY]


def save_pt(path: Path, tensors: Tensors) -> int:
    """Write a dictionary, or the tensor itself if it is one; strides are kept, storage outside the tensor is not."""
    plain = {name: _own(tensor) for name, tensor in tensors.items()}
    content = next(iter(plain.values())) if len(plain) == 1 else plain
    with CountedFile(path) as file:
        torch.save(content, file)  # type: ignore[arg-type]
    return file.written


def _own(tensor: torch.Tensor) -> torch.Tensor:
    plain = plain_tensor(tensor)
    return plain.clone() if _is_small_part(plain) else plain


def _dense_bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _is_small_part(tensor: torch.Tensor) -> bool:
    return tensor.untyped_storage().nbytes() > _dense_bytes(tensor)


def pt_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """Only autograd, and the storage outside a view."""
    losses = ["requires_grad is not kept."] if tensor.requires_grad else []
    if not storage_refusal(tensor) and _is_small_part(tensor):
        losses.append(
            f"It is a view of {bytes_in_words(tensor.untyped_storage().nbytes())}: only its own "
            f"{bytes_in_words(_dense_bytes(tensor))} are written, so it no longer shares."
        )
    return tuple(losses)


PT = TensorFormat(
    name="pt",
    words="PyTorch tensors",
    suffixes=(".pt", ".pth", ".bin", ".ckpt"),
    load=load_pt,
    save=save_pt,
    losses=pt_losses,
    refusal=storage_refusal,
    holds_many=True,
)
