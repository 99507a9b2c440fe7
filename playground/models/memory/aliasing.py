"""What a write to one element changes: every element of every tensor with bytes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from playground.models.evaluation.reader import exact_text
from playground.models.formatting import joined
from playground.models.memory.layout import sharing_tensors
from playground.models.memory.readers import cell_of, count_readers, elements_of_cell
from playground.models.problem import Problem

SHOWN_ELEMENTS = 64
NAMED_TENSORS = 3


@dataclass(frozen=True, slots=True)
class ChangedElements:
    """The elements of one tensor that a write changes: the first `SHOWN_ELEMENTS` of `count`, old and new value."""

    name: str
    cells: tuple[int, ...]
    indices: tuple[tuple[int, ...], ...]
    count: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class WriteEffect:
    """`name[index] = value` writes `cell`; `changed` lists all tensors it changes, `untouched` the
    others on the same storage, `elsewhere` those on other storages.

    `new` is the value converted to the dtype ("1.5" becomes "1" in int64), `problem` why it cannot be written.
    """

    name: str
    index: tuple[int, ...]
    cell: int
    old: str = ""
    new: str = ""
    changed: tuple[ChangedElements, ...] = ()
    untouched: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    note: str = ""
    problem: Problem | None = None

    @property
    def sentence(self) -> str:
        """ "Cell 6 goes from 26 to 99. That changes W[2,1] and B[1,2]. A and v are on other storages."."""
        return _sentence(self)


def element_code(name: str, index: tuple[int, ...]) -> str:
    """`element_code("W", (2, 1)) == "W[2,1]"`; a tensor without axes is the element itself."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def explain_write(
    name: str, index: tuple[int, ...], value: str, tensors: Mapping[str, torch.Tensor]
) -> WriteEffect | None:
    """What `name[index] = value` would change among `tensors`; nothing is written. None if there is no such element.

    Only the bytes of the written element and its neighbours are copied; torch itself converts the value.
    """
    tensor = tensors.get(name)
    if tensor is None or len(index) != tensor.ndim:
        return None
    if not all(0 <= place < size for place, size in zip(index, tensor.shape, strict=True)):
        return None
    tensor = tensor.detach()
    cell = cell_of(index, tensor.stride(), int(tensor.storage_offset()))
    if tensor.is_meta:
        return _effect_without_values(name, index, cell, tensor, tensors)
    old = _text(tensor[index])
    number, problem = parse_number(value, tensor.dtype)
    if problem is not None:
        return WriteEffect(name, index, cell, old, problem=problem)
    written = _converted(number, tensor)
    if isinstance(written, Problem):
        return WriteEffect(name, index, cell, old, problem=written)
    start = cell * tensor.itemsize
    stop = start + tensor.itemsize
    raw = _storage_form(written, tensor).reshape(1).view(torch.uint8)
    sharing = sharing_tensors(tensor, tensors)
    changed = [
        changes
        for other_name, other in sharing.items()
        if (changes := _changes(other_name, other.detach(), start, stop, raw)) is not None
    ]
    ordered = tuple(sorted(changed, key=lambda changes: changes.name != name))
    rest = _others(ordered, sharing, tensors)
    return WriteEffect(name, index, cell, old, _text(written), ordered, *rest, _rounding_note(number, written))


def _others(
    changed: tuple[ChangedElements, ...], sharing: Mapping[str, torch.Tensor], tensors: Mapping[str, torch.Tensor]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The unchanged tensors on the same storage, and the tensors on other storages."""
    names = {changes.name for changes in changed}
    return (
        tuple(name for name in sharing if name not in names),
        tuple(name for name in tensors if name not in sharing),
    )


def parse_number(text: str, dtype: torch.dtype) -> tuple[bool | int | float | complex, Problem | None]:
    """A typed value as a Python number: "99", "-1e-3", "nan", "inf", "True", "1+2j"."""
    plain = text.strip()
    words = {"true": True, "false": False}
    if plain.lower() in words:
        return words[plain.lower()], None
    for kind in (int, float, complex):
        try:
            if plain.isascii() and "_" not in plain:
                return kind(plain), None
        except ValueError:
            continue
    name = str(dtype).removeprefix("torch.")
    shown = plain if len(plain) <= 20 else plain[:19] + "…"
    return 0, Problem(f"{shown!r} is not a number that a {name} can hold." if plain else "Type the value to write.")


def _converted(number: bool | int | float | complex, tensor: torch.Tensor) -> torch.Tensor | Problem:
    """The value that torch would assign to an element of this dtype."""
    target = torch.zeros((), dtype=tensor.dtype)
    try:
        target.fill_(number)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        name = str(tensor.dtype).removeprefix("torch.")
        first_line = str(error).partition("\n")[0]
        return Problem(f"torch does not write {number} into {name}: {first_line}")
    return target


def _storage_form(element: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """The element as its bytes are stored: a tensor with a conjugate or negative bit stores the opposite."""
    if tensor.is_conj():
        element = element.conj().resolve_conj()
    if tensor.is_neg():
        element = -element
    return element


def _changes(name: str, other: torch.Tensor, start: int, stop: int, raw: torch.Tensor) -> ChangedElements | None:
    """The elements of `other` that change with the bytes `start..stop`; for an unchanged value, all elements there."""
    size = other.itemsize
    first, last = start // size, (stop - 1) // size
    last = min(last, other.untyped_storage().nbytes() // size - 1)
    if last < first:
        return None
    shape, strides, offset = tuple(other.shape), other.stride(), int(other.storage_offset())
    readers = count_readers(shape, strides, offset, first, last + 1).tolist()
    old_cells, new_cells, differs = _written(other, first, last, start, raw)
    cells = tuple(first + place for place, count in enumerate(readers) if count and differs[place])
    indices = tuple(
        index
        for cell in cells
        for index in elements_of_cell(shape, strides, offset, cell, SHOWN_ELEMENTS // max(1, len(cells)))
    )
    if not indices:
        return None
    shown = [cell - first for cell in cells]
    return ChangedElements(
        name,
        cells,
        indices,
        max(sum(readers[place] for place in shown), len(indices)),
        ", ".join(_text(_seen(old_cells[place], other)) for place in shown),
        ", ".join(_text(_seen(new_cells[place], other)) for place in shown),
    )


def _written(
    other: torch.Tensor, first: int, last: int, start: int, raw: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, list[bool]]:
    """Some cells before and after writing `raw` at byte `start`, and which differ; all, if `raw` is already there.

    Often some bytes of a number stay the same: from 1.0 to 2.0, only two of four bytes change.
    """
    size = other.itemsize
    old_cells = _cells(other, first, last)
    new_cells = old_cells.clone()
    held, was = new_cells.view(torch.uint8), old_cells.view(torch.uint8)
    begin, end = max(start, first * size), min(start + len(raw), (last + 1) * size)
    held[begin - first * size : end - first * size] = raw[begin - start : end - start]
    whole = other.untyped_storage()
    there = torch.empty(0, dtype=torch.uint8).set_(whole, start, (len(raw),), (1,))
    is_same = torch.equal(there, raw)
    differs: list[bool] = ((held != was).reshape(-1, size).any(1) | is_same).tolist()
    return old_cells, new_cells, differs


def _cells(tensor: torch.Tensor, first: int, last: int) -> torch.Tensor:
    """A copy of some cells of the storage of `tensor`."""
    flat = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage(), first, (last + 1 - first,), (1,))
    return flat.clone()


def _seen(element: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    """A stored element as the tensor reads it."""
    element = element.conj().resolve_conj() if tensor.is_conj() else element
    return -element if tensor.is_neg() else element


def _text(element: torch.Tensor) -> str:
    element = element.resolve_conj().resolve_neg()
    if "float8" in str(element.dtype):
        return exact_text(float(element.to(torch.float32)), str(element.dtype).removeprefix("torch."))
    return exact_text(element.item(), str(element.dtype).removeprefix("torch."))


def _rounding_note(number: bool | int | float | complex, written: torch.Tensor) -> str:
    held = written.to(torch.float32).item() if "float8" in str(written.dtype) else written.item()
    if held == number or str(held) == str(number) == "nan":
        return ""
    dtype = str(written.dtype).removeprefix("torch.")
    return f"{dtype} stores {number} as {held}."


def _effect_without_values(
    name: str, index: tuple[int, ...], cell: int, tensor: torch.Tensor, tensors: Mapping[str, torch.Tensor]
) -> WriteEffect:
    """The effect on a tensor that is too large to compute: which elements, but no values."""
    changed = []
    sharing = sharing_tensors(tensor, tensors)
    for other_name, other in sharing.items():
        if other.itemsize != tensor.itemsize:
            continue
        where = tuple(other.shape), other.stride(), int(other.storage_offset())
        indices = elements_of_cell(*where, cell, SHOWN_ELEMENTS)
        if indices:
            count = int(count_readers(*where, cell, cell + 1)[0])
            changed.append(ChangedElements(other_name, (cell,), indices, max(count, len(indices)), "", ""))
    ordered = tuple(sorted(changed, key=lambda changes: changes.name != name))
    return WriteEffect(name, index, cell, "", "", ordered, *_others(ordered, sharing, tensors))


def _sentence(effect: WriteEffect) -> str:
    if effect.problem is not None:
        return effect.problem.message
    listed = [words for changes in effect.changed for words in _listed(changes)]
    if not effect.new:
        parts = [f"It is cell {effect.cell:,}.", f"That changes {joined(listed)}."]
    elif effect.new == effect.old:
        parts = [f"Cell {effect.cell:,} is already {effect.old}.", f"It is read by {joined(listed)}."]
    else:
        parts = [f"Cell {effect.cell:,} goes from {effect.old} to {effect.new}.", f"That changes {joined(listed)}."]
    if effect.untouched:
        many = len(effect.untouched) > 1
        parts.append(f"{_named(effect.untouched)} {'are' if many else 'is'} not touched.")
    if effect.elsewhere:
        many = len(effect.elsewhere) > 1
        parts.append(f"{_named(effect.elsewhere)} {'are on other storages' if many else 'is on another storage'}.")
    if effect.note:
        parts.append(effect.note)
    return " ".join(parts)


def _listed(changes: ChangedElements) -> list[str]:
    if changes.count <= 4:
        return [element_code(changes.name, index) for index in changes.indices]
    return [f"{changes.count:,} elements of {changes.name}"]


def _named(names: tuple[str, ...]) -> str:
    return joined(list(names)) if len(names) <= NAMED_TENSORS else f"{len(names)} other tensors"
