"""Edits of the program by gestures: a gesture appends its code, or removes the code that it would undo.

Each function returns the new program and the name to select. An imported tensor has no text to append to, so a
gesture on one writes a new line.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from playground.models.evaluation.evaluate import evaluate
from playground.models.language.fills import FILLS, make, resized
from playground.models.language.source import SourceText, parse_module
from playground.models.offers import helpful
from playground.models.problem import Fix, Problem, ProblemError, refuse
from playground.models.program.gesture import Call, Cut, Index, Operation
from playground.models.program.program import Program, parse_source, source_code
from playground.models.program.sources import Binding, Expression, Imported, Made, Source

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The program after a gesture, the tensor to select, and the code that the gesture wrote (with its base)."""

    program: Program
    name: str
    code: str


def bracketed(code: str) -> str:
    """The code as the head of a chain: `A + v` in brackets, names, calls and indices as they are."""
    try:
        root = ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"({code})"
    plain = isinstance(root, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    return code.strip() if plain else f"({code.strip()})"


def append_operation(program: Program, name: str, operation: Operation) -> Edit:
    """Append an operation's code to a line: `A + v` becomes `(A + v).t()`."""
    binding = program.get(name)
    if binding is None:
        refuse(f"There is no tensor called {name}.")
    if isinstance(binding.source, Imported):
        fresh = program.fresh_name(name)
        code = f"{name}{operation.code}"
        return Edit(program.appended(fresh, Expression(code)), fresh, code)
    code = f"{bracketed(source_code(binding.source))}{operation.code}"
    return Edit(program.with_source(name, parse_source(code)), name, operation.code)


def permute_axes(program: Program, name: str, order: tuple[int, ...]) -> Edit:
    """Permute the axes; merges with a permutation at the end of the line, and removes it if they cancel."""
    source = _source(program, name)
    base, before = _trailing_call(source, "permute")
    if base is None or before is None or sorted(before) != list(range(len(order))):
        return append_operation(program, name, Call("permute", order))
    joined = tuple(before[axis] for axis in order)
    if joined == tuple(range(len(order))):
        return Edit(program.with_source(name, parse_source(base)), name, f".permute({_comma(order)})")
    code = Call("permute", joined).code
    return Edit(program.with_source(name, parse_source(f"{bracketed(base)}{code}")), name, code)


def squeeze_axis(program: Program, name: str, axis: int) -> Edit:
    """Remove an axis of size 1; if the line ends with the unsqueeze that made it, remove that instead."""
    source = _source(program, name)
    base, places = _trailing_call(source, "unsqueeze")
    if base is not None and places == (axis,):
        return Edit(program.with_source(name, parse_source(base)), name, f".squeeze({axis})")
    return append_operation(program, name, Call("squeeze", (axis,)))


def resize_axis(program: Program, name: str, axis: int, size: int, whole: Shape) -> Edit:
    """Set the size of one axis: of the fill if there is one, otherwise by a slice at the end of the line.

    `whole` is the shape without the slice at the end of the line: a slice can be widened up to that. Raises a
    `ProblemError` for a size below 0, more elements than there are, or a fill with fixed rank.
    """
    source = _source(program, name)
    if size < 0:
        refuse(f"Axis {axis} cannot have size {size}. A size must be at least 0.")
    if isinstance(source, Made):
        made = resized(source, axis, size)
        make(made, "meta")
        return Edit(program.with_source(name, made), name, source_code(made))
    if size > whole[axis]:
        refuse(f"Axis {axis} of {name} has {whole[axis]} elements: a slice cannot give {size}.")
    base, kept = split_cut(source_code(source), len(whole)) if isinstance(source, Expression) else ("", None)
    stops = list(kept) if kept is not None else list(whole)
    stops = [min(stop, full) for stop, full in zip(stops, whole, strict=True)]
    stops[axis] = size
    index = cut_index(tuple(stops), whole)
    if isinstance(source, Imported):
        if index is None:
            return Edit(program, name, name)
        return append_operation(program, name, index)
    text = base if kept is not None else source_code(source)
    if index is None:
        return Edit(program.with_source(name, parse_source(text)), name, text)
    return Edit(program.with_source(name, parse_source(f"{bracketed(text)}{index.code}")), name, index.code)


def cut_index(stops: Shape, whole: Shape) -> Index | None:
    """`cut_index((3, 2), (3, 4)).code == "[:, :2]"`; None if nothing is cut off."""
    places = [Cut(stop=stop) if stop < full else Cut() for stop, full in zip(stops, whole, strict=True)]
    while places and places[-1] == Cut():
        places.pop()
    return Index(tuple(places)) if places else None


def split_cut(code: str, rank: int) -> tuple[str, Shape | None]:
    """The text before a trailing `[:a, :b]` and its stops (2^62: the whole axis); None if there is no such slice."""
    root = _parsed(code)
    if not isinstance(root, ast.Subscript):
        return code, None
    places = root.slice.elts if isinstance(root.slice, ast.Tuple) else [root.slice]
    stops: list[int] = []
    for place in places:
        stop = _stop(place)
        if stop is None:
            return code, None
        stops.append(stop)
    if len(stops) > rank:
        return code, None
    base = ast.get_source_segment(code.strip(), root.value) or ""
    return base, (*stops, *(2**62 for _ in range(rank - len(stops))))


def _stop(place: ast.expr) -> int | None:
    """`a` of `:a`, 2^62 of `:`; None for anything else."""
    if not isinstance(place, ast.Slice) or place.lower is not None or place.step is not None:
        return None
    if place.upper is None:
        return 2**62
    if isinstance(place.upper, ast.Constant) and type(place.upper.value) is int:
        return place.upper.value
    return None


def _source(program: Program, name: str) -> Source:
    binding = program.get(name)
    if binding is None:
        refuse(f"There is no tensor called {name}.")
    return binding.source


def _parsed(code: str) -> ast.expr | None:
    try:
        return ast.parse(code.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _trailing_call(source: Source, method: str) -> tuple[str | None, Shape | None]:
    """The text before a trailing `.method(1, 0)` and its integers."""
    if not isinstance(source, Expression):
        return None, None
    root = _parsed(source.text)
    if not isinstance(root, ast.Call) or not isinstance(root.func, ast.Attribute) or root.func.attr != method:
        return None, None
    if root.keywords or not all(isinstance(a, ast.Constant) and type(a.value) is int for a in root.args):
        return None, None
    base = ast.get_source_segment(source.text.strip(), root.func.value)
    return base, tuple(a.value for a in root.args if isinstance(a, ast.Constant) and isinstance(a.value, int))


def _comma(numbers: Shape) -> str:
    return ", ".join(map(str, numbers))


def edit_code(program: Program, name: str, text: str) -> Program:
    """The program with a line replaced by typed code; an imported tensor keeps its source."""
    binding = program.get(name)
    if binding is None or isinstance(binding.source, Imported):
        return program
    return program.with_source(name, parse_source(text))


def duplicate(program: Program, name: str) -> Edit:
    """Duplicate a line under a new name, right below it."""
    place = program.names.index(name)
    fresh = program.fresh_name(name)
    bindings = program.bindings
    copied = (*bindings[: place + 1], Binding(fresh, bindings[place].source), *bindings[place + 1 :])
    return Edit(Program(copied), fresh, source_code(bindings[place].source))


def moved(program: Program, name: str, by: int) -> Program:
    """The program with a line moved up (negative) or down."""
    bindings = list(program.bindings)
    place = program.names.index(name)
    binding = bindings.pop(place)
    bindings.insert(max(0, min(place + by, len(bindings))), binding)
    return Program(tuple(bindings))


def restored(program: Program, binding: Binding, place: int) -> Program:
    """The program with a deleted line restored; unchanged if its name is in use again."""
    if binding.name in program.names:
        return program
    return Program((*program.bindings[:place], binding, *program.bindings[place:]))


def can_resize(source: Source, axis: int, rank: int) -> Problem | None:
    """Why an axis has no handle (None if it has one)."""
    if isinstance(source, Made) and not FILLS[source.fill].fits_rank(rank):
        return Problem("The fill has a fixed rank.")
    return None


def try_edit(edit: object) -> Edit | Problem:
    """Call an edit and catch its refusal: `try_edit(lambda: permute_axes(...))`."""
    try:
        result = edit()  # type: ignore[operator]
    except ProblemError as error:
        return error.problem
    assert isinstance(result, Edit)
    return result


def split_assignment(text: str) -> tuple[str, str] | None:
    """`split_assignment("Q = A + 1") == ("Q", "A + 1")`; None for a text without an assignment."""
    try:
        body = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Assign) or len(body[0].targets) != 1:
        return None
    target = body[0].targets[0]
    code = ast.get_source_segment(text.strip(), body[0].value)
    return (target.id, code) if isinstance(target, ast.Name) and code else None


def pasted(program: Program, text: str) -> Program:
    """The program with the lines of a text appended; names already taken get a number in all pasted lines."""
    lines = Program.parse(text)
    for name in lines.names:
        if name in program.names:
            lines = lines.renamed(name, Program((*program.bindings, *lines.bindings)).fresh_name(name))
    return Program((*program.bindings, *lines.bindings))


def paste_problem(program: Program, text: str, problem: Problem) -> Problem:
    """The problem with a pasted text, with the fixes that give every pasted line a result."""

    def mended(fix: Fix) -> str | None:
        longer = pasted(program, with_statement(text, problem, fix))
        results = evaluate(longer)
        return None if any(results[name].failed for name in longer.names[len(program.names) :]) else ""

    return helpful(problem, mended)


def with_statement(text: str, problem: Problem, fix: Fix) -> str:
    """The pasted text with the refused statement replaced by the fix."""
    source = SourceText(text)
    place = problem.span.start if problem.span is not None else 0
    spans = [source.span(statement) for statement in parse_module(source)]
    faulty = next(span for span in reversed(spans) if span.start <= place)
    return text[: faulty.start] + fix.code + text[faulty.stop :]
