"""An ordered tuple of bindings `name = source`, the way a notebook would say it."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass, replace

from playground.models.outcome import Fix, Problem, ProblemError, Span, refuse
from playground.models.tensors.fills import made_code, recognise
from playground.models.tensors.mutation import mutation_problem
from playground.models.tensors.names import RESERVED, fresh_name, name_problem
from playground.models.tensors.source_text import (
    MAXIMUM_PROGRAM,
    SourceText,
    check_size,
    parse_expression,
    parse_module,
)
from playground.models.tensors.sources import Binding, Expression, Imported, Made, Source, TensorReference

__all__ = [
    "Binding",
    "Expression",
    "Imported",
    "Made",
    "Program",
    "Source",
    "TensorReference",
    "parse_source",
    "source_code",
    "source_reads",
    "source_spans",
]

MAXIMUM_BINDINGS = 500
MAXIMUM_LINES = 3000


def parse_source(text: str) -> Source:
    """What a typed line is: a fill if a fill could have written it, else the expression without comment; never refuses.

    `parse_source("torch.zeros((3, 4))") == Made("zeros", (3, 4))`.
    """
    text = text.strip()
    try:
        parsed = parse_expression(text)
    except ProblemError:
        return Expression(text)
    if "#" in text:  # a comment would swallow what a gesture appends
        text = parsed.segment(parsed.root)
    return recognise(parsed.root) or Expression(text)


@functools.lru_cache(maxsize=4096)
def source_code(source: Source) -> str:
    """The PyTorch text of a source; for an imported tensor the call that reads its file."""
    match source:
        case Made():
            return made_code(source)
        case Expression(text=text):
            return text
        case Imported(path=path, key=key):
            return imported_code(path, key)


def imported_code(path: str, key: str) -> str:
    """A short text for where a tensor came from: `from digits.safetensors["images"]`, `from Python`.

    Without a file the key is the place itself: `from network, layer 7`.
    """
    if not path:
        return f"from {key or 'Python'}"
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return f'from {name}["{key}"]' if key else f"from {name}"


@functools.lru_cache(maxsize=4096)
def source_reads(source: Source) -> tuple[str, ...]:
    """The names that a source uses, in order of appearance; none if its text cannot be read."""
    return tuple(name for name, _ in source_spans(source))


@functools.lru_cache(maxsize=4096)
def source_spans(source: Source) -> tuple[tuple[str, tuple[Span, ...]], ...]:
    """Each name that a source uses with the places where it stands: `(("A", (Span(0, 1),)), ...)`."""
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
    """The tensors, in order; later lines may use the names of earlier ones."""

    bindings: tuple[Binding, ...] = ()

    @staticmethod
    def parse(text: str) -> Program:
        """The program of a text with one `name = expression` a line; a `ProblemError` with the place otherwise.

        Lines of `import torch`, comments and blank lines are passed over. A line that cannot be computed is no
        problem here: `evaluate` says so, for that line alone.
        """
        return _parse_program(text)

    @property
    def code(self) -> str:
        """The program as text, one line a tensor."""
        return "\n".join(f"{binding.name} = {source_code(binding.source)}" for binding in self.bindings)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(binding.name for binding in self.bindings)

    def get(self, name: str) -> Binding | None:
        """The binding of this name, or None."""
        return next((binding for binding in self.bindings if binding.name == name), None)

    def dependents(self, name: str) -> tuple[str, ...]:
        """The names whose lines use `name`, directly or through others, in order."""
        touched = {name}
        for binding in self.bindings:
            if touched.intersection(source_reads(binding.source)):
                touched.add(binding.name)
        return tuple(n for n in self.names if n in touched and n != name)

    def fresh_name(self, base: str = "") -> str:
        """A name that no tensor has yet: the first free capital letter, or `base2`, `base3`, ..."""
        return fresh_name(self.names, base)

    def with_source(self, name: str, source: Source) -> Program:
        """The program in which `name` has another source."""
        return replace(self, bindings=tuple(Binding(name, source) if b.name == name else b for b in self.bindings))

    def appended(self, name: str, source: Source) -> Program:
        """The program with one more line at its end."""
        return replace(self, bindings=(*self.bindings, Binding(name, source)))

    def without(self, name: str) -> Program:
        """The program without this line; lines that use it then say that it is missing."""
        return replace(self, bindings=tuple(b for b in self.bindings if b.name != name))

    def renamed(self, old: str, new: str) -> Program:
        """The program in which `old` is called `new` in every line; a `ProblemError` if it cannot be."""
        if old == new:
            return self
        problem = name_problem(new, self.names)
        if problem is not None:
            raise ProblemError(problem)
        bindings = (Binding(new if b.name == old else b.name, _renamed(b.source, old, new)) for b in self.bindings)
        return replace(self, bindings=tuple(bindings))


def _renamed(source: Source, old: str, new: str) -> Source:
    """The source with each use of the name rewritten in place; all other characters stay as typed."""
    if not isinstance(source, Expression) or old not in source_reads(source):
        return source
    return parse_source(renamed_text(source.text, old, new))


def renamed_text(text: str, old: str, new: str) -> str:
    """An expression with each use of the name rewritten in place: `renamed_text("A.t() + B", "A", "M") == "M.t() + B"`.

    Raises a `ProblemError` where the text is no expression.
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
    """Where the line of this number (from 0) begins; the end of the text if there are fewer."""
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
            refuse("One line gives one name. Write a line for each.", span, badge="two names")
        case ast.Assign(targets=[ast.Tuple() | ast.List() as names]):
            refuse(
                "One line gives one tensor. Take the parts by index, each on a line of its own: name = ...[0].",
                source.span(names),
                badge="two names",
            )
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            refuse("Values are shown in the grid: a line makes a tensor.", span, badge="print")
        case ast.Expr(value=value):
            code = source.segment(value)
            refuse("The tensor has no name.", span, (Fix(f"{fresh_name(taken)} = {code}"),), badge="no name")
        case ast.Import() | ast.ImportFrom():
            refuse("Only torch is known here, and it needs no import.", span, badge="import")
    refuse("A line is of the form name = expression.", span, badge="no tensor")


def _check_target(source: SourceText, statement: ast.stmt, target: ast.Name, value: ast.expr, taken: list[str]) -> None:
    written = source.segment(target)  # Python itself folds look-alike letters into plain ones: read what was typed
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
