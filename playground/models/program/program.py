"""The program: an ordered tuple of bindings `name = source`, as a notebook writes it.

Tensors that Python hands over become its first lines. What is read from a source is kept: together with the syntax
trees of lines, that saves a half of "an edit in a program of 100 lines".
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.models.formatting import bytes_in_words
from playground.models.language.budget import default_budget
from playground.models.language.fills import made_code, recognise
from playground.models.language.names import RESERVED, fresh_name, name_problem
from playground.models.language.refusals import mutation_problem
from playground.models.language.source import MAXIMUM_PROGRAM, SourceText, check_size, parse_expression, parse_module
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.problem import Fix, Problem, ProblemError, Span, refuse
from playground.models.program.sources import Binding, Expression, Imported, Made, Source, TensorReference

MAXIMUM_BINDINGS = 500
MAXIMUM_LINES = 3000


def parse_source(text: str) -> Source:
    """The source of a typed line: a fill if one could have written it, else the expression without comment.

    `parse_source("torch.zeros((3, 4))") == Made("zeros", (3, 4))`.
    """
    text = text.strip()
    try:
        parsed = parse_expression(text)
    except ProblemError:
        return Expression(text)
    if "#" in text:  # a comment would swallow code that a gesture appends
        text = parsed.segment(parsed.root)
    return recognise(parsed.root) or Expression(text)


@functools.lru_cache(maxsize=4096)
def source_code(source: Source) -> str:
    """The PyTorch text of a source; for an imported tensor, the call that reads its file."""
    match source:
        case Made():
            return made_code(source)
        case Expression(text=text):
            return text
        case Imported(path=path, key=key):
            return imported_code(path, key)


def imported_code(path: str, key: str) -> str:
    """A short text for where a tensor came from: `from digits.safetensors["images"]`, `from Python`.

    Without a file the key is the origin: `from network, layer 7`.
    """
    if not path:
        return f"from {key or 'Python'}"
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return f'from {name}["{key}"]' if key else f"from {name}"


@functools.lru_cache(maxsize=4096)
def source_reads(source: Source) -> tuple[str, ...]:
    """The names that a source uses, in order of appearance; empty if its text cannot be parsed."""
    return tuple(name for name, _ in source_spans(source))


@functools.lru_cache(maxsize=4096)
def source_spans(source: Source) -> tuple[tuple[str, tuple[Span, ...]], ...]:
    """Each name that a source uses, with its places: `(("A", (Span(0, 1),)), ...)`."""
    if not isinstance(source, Expression):
        return ()
    try:
        parsed = parse_expression(source.text)
    except ProblemError:
        return ()
    nodes = [node for node in ast.walk(parsed.root) if isinstance(node, ast.Name) and node.id not in RESERVED]
    spans: dict[str, tuple[Span, ...]] = {}
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        spans[node.id] = (*spans.get(node.id, ()), parsed.span(node))
    return tuple(spans.items())


@dataclass(frozen=True, slots=True)
class Program:
    """The tensors, in order; later lines may use the names of earlier ones.

    >>> Program.parse("A = torch.zeros(3, 4)\\nB = A.t()").names
    ('A', 'B')

    `code` is the program as PyTorch text. It is a value: edits give another program.
    """

    bindings: tuple[Binding, ...] = ()

    @staticmethod
    def parse(text: str) -> Program:
        """The program of a text with one `name = expression` per line; otherwise a `ProblemError` with the place.

        Skips `import torch`, comments and blank lines. A line that cannot be computed is not a problem here:
        `evaluate` reports it, for that line only.
        """
        return _parse_program(text)

    @property
    def code(self) -> str:
        """The program as text, one line per tensor."""
        return "\n".join(f"{binding.name} = {source_code(binding.source)}" for binding in self.bindings)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(binding.name for binding in self.bindings)

    def get(self, name: str) -> Binding | None:
        """The binding with this name, or None."""
        return next((binding for binding in self.bindings if binding.name == name), None)

    def dependents(self, name: str) -> tuple[str, ...]:
        """The names of lines that use `name`, directly or indirectly, in order."""
        touched = {name}
        for binding in self.bindings:
            if touched.intersection(source_reads(binding.source)):
                touched.add(binding.name)
        return tuple(n for n in self.names if n in touched and n != name)

    def fresh_name(self, base: str = "") -> str:
        """An unused name: the first free capital letter, or `base2`, `base3`, ..."""
        return fresh_name(self.names, base)

    def with_source(self, name: str, source: Source) -> Program:
        """The program with another source for `name`."""
        return replace(self, bindings=tuple(Binding(name, source) if b.name == name else b for b in self.bindings))

    def appended(self, name: str, source: Source) -> Program:
        """The program with a line appended."""
        return replace(self, bindings=(*self.bindings, Binding(name, source)))

    def without(self, name: str) -> Program:
        """The program without this line; lines that use it then report that it is missing."""
        return replace(self, bindings=tuple(b for b in self.bindings if b.name != name))

    def renamed(self, old: str, new: str) -> Program:
        """The program with `old` renamed to `new` in every line; raises `ProblemError` if that is impossible."""
        if old == new:
            return self
        problem = name_problem(new, self.names)
        if problem is not None:
            raise ProblemError(problem)
        bindings = (Binding(new if b.name == old else b.name, _renamed(b.source, old, new)) for b in self.bindings)
        return replace(self, bindings=tuple(bindings))


def _renamed(source: Source, old: str, new: str) -> Source:
    """The source with each use of the name replaced; all other characters stay as typed."""
    if not isinstance(source, Expression) or old not in source_reads(source):
        return source
    return parse_source(renamed_text(source.text, old, new))


def renamed_text(text: str, old: str, new: str) -> str:
    """An expression with each use of the name rewritten in place: `renamed_text("A.t() + B", "A", "M") == "M.t() + B"`.

    Raises a `ProblemError` if the text is not an expression.
    """
    parsed = parse_expression(text)
    uses = [node for node in ast.walk(parsed.root) if isinstance(node, ast.Name) and node.id == old]
    for span in sorted((parsed.span(node) for node in uses), key=lambda span: -span.start):
        text = text[: span.start] + new + text[span.stop :]
    return text


def _parse_program(text: str) -> Program:
    check_size(text, MAXIMUM_PROGRAM)
    end = text.find("\n", _place_of_line(text, MAXIMUM_LINES))
    if end >= 0:
        refuse(f"More than {MAXIMUM_LINES:,} lines of text.", Span(end, len(text)), badge="too many lines")
    source = SourceText(text)
    bindings: list[Binding] = []
    for statement in parse_module(source):
        if _is_torch_import(statement):
            continue
        bindings.append(_binding(source, statement, [binding.name for binding in bindings]))
        if len(bindings) > MAXIMUM_BINDINGS:
            refuse(f"More than {MAXIMUM_BINDINGS} lines.", source.span(statement), badge="too many lines")
    return Program(tuple(bindings))


def _place_of_line(text: str, number: int) -> int:
    """The start of the line with this number (from 0); the end of the text if there are fewer."""
    place = 0
    for _ in range(number):
        place = text.find("\n", place) + 1
        if not place:
            return len(text)
    return place


def _is_torch_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import) and [(a.name, a.asname) for a in statement.names] == [("torch", None)]


def _binding(source: SourceText, statement: ast.stmt, taken: list[str]) -> Binding:
    span = source.span(statement)
    problem = mutation_problem(source, statement)
    if problem is not None:
        raise ProblemError(problem)
    match statement:
        case (
            ast.Assign(targets=[ast.Name() as target], value=value)
            | ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value)
        ):
            _check_target(source, statement, target, value, taken)
            return Binding(target.id, _source_of_value(source, value))
        case ast.Assign(targets=[_, _, *_]):
            refuse("One line defines one name. Write a line for each.", span, badge="two names")
        case ast.Assign(targets=[ast.Tuple() | ast.List() as names]):
            refuse(
                "One line defines one tensor. Take the parts by index, each on its own line: name = ...[0].",
                source.span(names),
                badge="two names",
            )
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            refuse("The grid shows values, so a line only needs to make a tensor.", span, badge="print")
        case ast.Expr(value=value):
            code = source.segment(value)
            refuse("The tensor has no name.", span, (Fix(f"{fresh_name(taken)} = {code}"),), badge="no name")
        case ast.Import() | ast.ImportFrom():
            refuse("Only torch is available here, and it needs no import.", span, badge="import")
    refuse("A line has the form name = expression.", span, badge="no tensor")


def _check_target(source: SourceText, statement: ast.stmt, target: ast.Name, value: ast.expr, taken: list[str]) -> None:
    written = source.segment(target)  # Python normalises look-alike letters to plain ones: read the original text
    problem = name_problem(written, taken)
    if problem is None:
        return
    start = source.span(target).start
    place = problem.span or Span(0, len(written))
    fixes = tuple(replace(fix, code=f"{fix.code} = {source.segment(value)}") for fix in problem.fixes)
    raise ProblemError(
        Problem(problem.message, Span(start + place.start, start + place.stop), fixes, badge=problem.badge or "name")
    )


def _source_of_value(source: SourceText, value: ast.expr) -> Source:
    made = recognise(value)
    if made is not None:
        return made
    text = source.segment(value)
    return Expression(f"({text})" if "\n" in text else text)


COPIED_BYTES = 1 << 30
"""Storages with more bytes are not copied."""

QUICKLY_COMPARED = 1 << 20
"""Storages with more bytes are not compared at each edit: smaller ones take less than 0.1 ms."""


def program_of(tensors: Mapping[str, object]) -> Program:
    """`program_of({"A": torch.eye(3)})`: a program of imported tensors; TypeError for values that cannot be shown."""
    for name in tensors:
        problem = name_problem(name, ())
        if problem is not None:
            raise TypeError(f"{name!r} cannot be the name of a tensor: {problem.message}")
    with QUIET_TORCH:  # a numpy array may be read-only, but nothing here writes into it
        references = taken({name: as_shown(name, value) for name, value in tensors.items()})
    return Program(tuple(Binding(name, Imported(reference)) for name, reference in references.items()))


def taken(lives: Mapping[str, torch.Tensor]) -> dict[str, TensorReference]:
    """A snapshot of the tensors: copies on storages that overlap in the same way, so that all panels read one moment.

    Storages of more than `COPIED_BYTES` are not copied: Python's writes are visible at once.
    """
    versions = {name: _version(live) for name, live in lives.items()}
    copies: dict[str, torch.Tensor] = {}
    plain = {name: live for name, live in lives.items() if _is_plain(live)}
    for group in _on_one_memory(plain):
        copies |= _copied_together(group)
    for name, live in lives.items():
        if name not in plain:
            copies[name] = live.cpu().resolve_conj().resolve_neg()
    return {name: TensorReference(copies[name], live, versions[name]) for name, live in lives.items()}


def refreshed(program: Program, most_compared: float = QUICKLY_COMPARED) -> Program:
    """The program with Python's later writes into tensors that it passed in; the same object if there are none.

    Storages of at most so many bytes are compared, which finds writes without a version change (numpy, `.data`).
    """
    held = {b.name: b.source.reference for b in program.bindings if isinstance(b.source, Imported)}
    lives = {name: reference.live for name, reference in held.items() if reference.live is not None}
    changed = {name for name in lives if _differs(held[name], most_compared)}
    if not changed:
        return program
    return _taken_anew(program, lives, changed)


def with_handed_over(program: Program, tensors: Mapping[str, object]) -> Program:
    """The program with tensors of Python in place of the lines of these names, or after the others.

    Those on the memory of one that Python passed in before share its storage. TypeError for what cannot be shown.
    """
    fresh = program_of(tensors)
    for binding in fresh.bindings:
        put = program.appended if program.get(binding.name) is None else program.with_source
        program = put(binding.name, binding.source)
    return _taken_anew(program, _lives(program), set(fresh.names))


def _lives(program: Program) -> dict[str, torch.Tensor]:
    """The tensors that Python holds, by the names of their lines."""
    held = {b.name: b.source.reference for b in program.bindings if isinstance(b.source, Imported)}
    return {name: reference.live for name, reference in held.items() if reference.live is not None}


def _taken_anew(program: Program, lives: Mapping[str, torch.Tensor], changed: set[str]) -> Program:
    """The program with a new snapshot of the `changed` tensors, and of all that share memory with them."""
    plain = {name: live for name, live in lives.items() if _is_plain(live)}
    for group in _on_one_memory(plain):
        if changed.intersection(group):
            changed.update(group)
    with QUIET_TORCH:
        for name, reference in taken({name: lives[name] for name in lives if name in changed}).items():
            source = program.bindings[program.names.index(name)].source
            assert isinstance(source, Imported)
            program = program.with_source(name, replace(source, reference=reference))
    return program


def _differs(reference: TensorReference, most_compared: float) -> bool:
    live, seen = reference.live, reference.tensor
    if live is None or _version(live) != reference.version:
        return live is not None
    if not _is_plain(live) or seen.data_ptr() == live.data_ptr():
        return False
    if live.untyped_storage().nbytes() > most_compared:
        return False
    return not torch.equal(_bytes(live), _bytes(seen)) if live.numel() else False


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """The bytes from the tensor's first element to its last, as integers, so that nan equals itself."""
    reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)) + 1
    start, length = tensor.storage_offset() * tensor.itemsize, reach * tensor.itemsize
    return torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage(), start, (length,), (1,))


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def _is_plain(tensor: torch.Tensor) -> bool:
    """True if the elements are the storage's plain bytes, in CPU memory."""
    return tensor.device.type == "cpu" and not tensor.is_conj() and not tensor.is_neg()


def _on_one_memory(lives: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """The tensors grouped by overlapping memory, whether torch or numpy allocated it."""
    groups: list[dict[str, torch.Tensor]] = []
    end = 0
    for name, live in sorted(lives.items(), key=lambda item: item[1].untyped_storage().data_ptr()):
        start, size = live.untyped_storage().data_ptr(), live.untyped_storage().nbytes()
        if groups and start < end:
            groups[-1][name] = live
        else:
            groups.append({name: live})
        end = max(end, start + size)
    return groups


def _copied_together(group: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors on one copy of the memory that they share."""
    storages = {live.untyped_storage().data_ptr(): live.untyped_storage() for live in group.values()}
    start = min(storages)
    size = max(place + storage.nbytes() for place, storage in storages.items()) - start
    steps = [live.untyped_storage().data_ptr() - start for live in group.values()]
    if size > COPIED_BYTES or any(step % live.itemsize for step, live in zip(steps, group.values(), strict=True)):
        return dict(group)
    memory = torch.empty(size, dtype=torch.uint8)
    for place, storage in storages.items():
        whole = torch.empty(0, dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,))
        memory[place - start : place - start + storage.nbytes()] = whole
    return {
        name: torch.empty(0, dtype=live.dtype).set_(
            memory.untyped_storage(), step // live.itemsize + live.storage_offset(), live.shape, live.stride()
        )
        for step, (name, live) in zip(steps, group.items(), strict=True)
    }


def as_shown(name: str, value: object) -> torch.Tensor:
    """The tensor itself, detached, on the original memory if torch allows."""
    if isinstance(value, torch.Tensor):
        return _strided(name, value)
    if isinstance(value, np.ndarray):
        return _from_numpy(name, value)
    _check_size(name, _listed_elements(value) * LARGEST_ITEM)
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is a {type(value).__name__}, not a tensor, an array or nested numbers.") from error


LARGEST_ITEM = 8


def _listed_elements(value: object) -> int:
    """The number of values in nested lists: by reference, thirty short lists can contain a billion."""
    count, seen = 1, 0
    while isinstance(value, list | tuple) and value and seen < 1000:
        count, value, seen = count * len(value), value[0], seen + 1
    return count


def _check_size(name: str, needed: int) -> None:
    """Refuse a value that must be copied but does not fit."""
    if needed > default_budget():
        limit = bytes_in_words(default_budget())
        raise TypeError(f"{name} needs {bytes_in_words(needed)} as a separate tensor, but the limit is {limit}.")


def _strided(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_nested:
        raise TypeError(f"{name} is a nested tensor: it has no strides to show. Pass one of its parts.")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name} is {tensor.layout}: it has no storage to show. Pass {name}.to_dense().")
    if tensor.is_quantized:
        raise TypeError(f"{name} is quantized. Pass {name}.dequantize() or {name}.int_repr().")
    if tensor.is_meta:
        raise TypeError(f"{name} is on the meta device: it has a shape but no data.")
    if tensor.is_conj() or tensor.is_neg() or tensor.device.type != "cpu":
        _check_size(name, tensor.numel() * tensor.element_size())
    return tensor.detach()


def _from_numpy(name: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype.hasobject or array.dtype.kind in "SUMmV":
        raise TypeError(f"{name} is a numpy array of {array.dtype}, for which torch has no dtype.")
    if array.dtype == np.longdouble and array.dtype.itemsize > 8:
        raise TypeError(f"{name} is a numpy array of {array.dtype}, for which torch has no dtype. Pass float64.")
    if array.dtype.isnative and all(stride >= 0 for stride in array.strides):
        return torch.from_numpy(array)
    _check_size(name, array.nbytes)
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))
