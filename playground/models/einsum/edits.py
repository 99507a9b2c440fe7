"""The user's actions on the Einsum panel, each a pure edit of the state."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from playground.models.einsum.equation import parse_equation
from playground.models.einsum.fixes import EQUATION, PATIENCE
from playground.models.einsum.labels import Indexing, Shape, index_labels
from playground.models.einsum.presets import Preset
from playground.models.language.fills import default_made
from playground.models.language.names import fresh_name
from playground.models.problem import Fix, ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Expression, Made
from playground.models.state import EinsumState, PlaygroundState

MAXIMUM_TRIES = 2000
ARANGE_ELEMENTS = 100
"""New operands up to this size are ranges; larger ones are drawn from a normal distribution."""


def with_equation(state: PlaygroundState, equation: str) -> PlaygroundState:
    """Set the typed equation."""
    return replace(state, einsum=replace(state.einsum, equation=equation, patient=False))


def with_operand(state: PlaygroundState, position: int, text: str) -> PlaygroundState:
    """Set the operand at `position`; an empty text at the end removes it."""
    operands = [*state.einsum.operands]
    operands.extend([""] * (position + 1 - len(operands)))
    operands[position] = text
    while operands and not operands[-1]:
        operands.pop()
    return replace(state, einsum=replace(state.einsum, operands=tuple(operands)))


def operand_made(state: PlaygroundState, position: int, shape: Shape) -> PlaygroundState:
    """Add a new tensor of this shape to the program, as operand `position`."""
    name = fresh_name(state.program.names)
    program = state.program.appended(name, _made(shape, len(state.program.bindings)))
    return with_operand(replace(state, program=program), position, name)


def _made(shape: Shape, seed: int) -> Made:
    if math.prod(shape) <= ARANGE_ELEMENTS:
        return default_made("arange", shape)
    return replace(default_made("normal", shape), seed=seed)


def with_fix(state: PlaygroundState, fix: Fix) -> PlaygroundState:
    """The state after one of this panel's fixes: `target` tells if it is an equation, operands or a new tensor."""
    kind, _, places = fix.target.partition(".")
    if kind == "make":
        for position, shape in zip(places.split(","), fix.code.split("; "), strict=True):
            state = operand_made(state, int(position), shape_of_text(shape))
        return state
    if kind == "operand":
        positions, texts = places.split(","), fix.code.split("; ")
        for position, text in zip(positions, texts * len(positions) if len(texts) == 1 else texts, strict=True):
            state = with_operand(state, int(position), text)
        return state
    if kind == "drop":
        return with_operand(state, int(places), "")
    if kind == PATIENCE:
        return replace(state, einsum=replace(state.einsum, patient=True))
    return with_equation(state, fix.code) if kind == EQUATION else state


def shape_of_text(text: str) -> Shape:
    """`"make (4, 5)"` as (4, 5)."""
    inside = text[text.index("(") + 1 : text.rindex(")")]
    return tuple(int(size) for size in inside.split(",") if size.strip())


def keep_code(equation: str, operands: Sequence[str]) -> str:
    """`torch.einsum("ij,jk->ik", A, B)`."""
    return f'torch.einsum("{equation}", {", ".join(operands)})'


def kept_name(program: Program, equation: str, operands: Sequence[str]) -> str | None:
    """The program's tensor that already is this einsum, or None."""
    code = "".join(keep_code(equation, operands).split())
    for binding in program.bindings:
        if isinstance(binding.source, Expression) and "".join(binding.source.text.split()) == code:
            return binding.name
    return None


def einsum_of_line(program: Program, name: str) -> EinsumState | None:
    """The equation and operands of a line that is a `torch.einsum(...)` call; None for all other lines."""
    binding = program.get(name)
    if binding is None or not isinstance(binding.source, Expression):
        return None
    text = binding.source.text
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "torch.einsum" or call.keywords or not call.args:
        return None
    first = call.args[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    operands = tuple(ast.get_source_segment(text.strip(), argument) or "" for argument in call.args[1:])
    return EinsumState(first.value, operands)


def name_of_result(program: Program, equation: str, operands: Sequence[str]) -> str:
    """The result's name: as kept in the program, otherwise the name it would get."""
    return kept_name(program, equation, operands) or fresh_name(program.names)


def result_kept(state: PlaygroundState) -> PlaygroundState:
    """Add the result as a program line; if the line exists already, only select it."""
    equation, operands = state.einsum.equation, state.einsum.operands
    name = kept_name(state.program, equation, operands)
    if name is None:
        name = fresh_name(state.program.names)
        program = state.program.appended(name, Expression(keep_code(equation, operands)))
        return replace(state, program=program, selection=name)
    return replace(state, selection=name)


def with_preset(state: PlaygroundState, preset: Preset, shapes: Mapping[str, Shape]) -> PlaygroundState:
    """The preset's equation with fitting operands: the current ones, others of the program, or new ones."""
    equation = parse_equation(preset.equation)
    count = len(equation.inputs)
    names = [name for name in state.program.names if name in shapes]
    present = tuple(name for name in state.einsum.operands[:count] if name in shapes)
    different = itertools.permutations(names, len(set(preset.places)))
    choices = itertools.chain([present], (tuple(few[place] for place in preset.places) for few in different))
    for chosen in itertools.islice(choices, MAXIMUM_TRIES):
        if len(chosen) < count or len(set(zip(chosen, preset.places, strict=True))) > len(set(preset.places)):
            continue  # too few, or two tensors where the preset uses one twice
        if _fits(equation_text=preset.equation, shapes=[shapes[name] for name in chosen]):
            return replace(
                state, einsum=replace(state.einsum, equation=preset.equation, operands=tuple(chosen), patient=False)
            )
    return _with_made_operands(state, preset)


def known_shapes(state: PlaygroundState, computed: Mapping[str, Shape]) -> dict[str, Shape]:
    """The last computed shapes, and those of generated tensors."""
    made = {b.name: b.source.shape for b in state.program.bindings if isinstance(b.source, Made)}
    return {**computed, **made}


def _fits(equation_text: str, shapes: Sequence[Shape]) -> bool:
    """True if the equation fits these shapes without stretching any."""
    try:
        indexing = index_labels(parse_equation(equation_text), shapes)
    except ProblemError:
        return False
    return not any(label.stretched for label in indexing.labels.values())


def _with_made_operands(state: PlaygroundState, preset: Preset) -> PlaygroundState:
    program = state.program
    made: dict[int, str] = {}
    for place, shape in zip(preset.places, preset.shapes, strict=True):
        if place not in made:
            made[place] = fresh_name(program.names)
            program = program.appended(made[place], _made(shape, len(program.bindings)))
    operands = tuple(made[place] for place in preset.places)
    einsum = replace(state.einsum, equation=preset.equation, operands=operands)
    return replace(state, program=program, einsum=einsum)


def is_resizable(state: PlaygroundState, indexing: Indexing, name: str) -> bool:
    """True if all operands with this letter are generated tensors that can be resized there."""
    label = indexing.labels[name]
    return bool(label.occurrences) and all(
        _made_operand(state, indexing, place.operand) is not None
        for place in label.occurrences
        if place not in label.stretched
    )


def _made_operand(state: PlaygroundState, indexing: Indexing, operand: int) -> Made | None:
    if operand >= len(state.einsum.operands):
        return None
    binding = state.program.get(state.einsum.operands[operand])
    return binding.source if binding is not None and isinstance(binding.source, Made) else None


def with_letter_size(state: PlaygroundState, indexing: Indexing, name: str, size: int) -> PlaygroundState:
    """Set a letter's size on all its axes in all generated operands; returns the same state if that is impossible."""
    label = indexing.labels.get(name)
    if label is None or size < 0 or not is_resizable(state, indexing, name):
        return state
    program = state.program
    for place in label.occurrences:
        if place in label.stretched:
            continue
        operand = state.einsum.operands[place.operand]
        binding = program.get(operand)
        if binding is None or not isinstance(binding.source, Made) or place.axis >= len(binding.source.shape):
            return state
        shape = list(binding.source.shape)
        shape[place.axis] = size
        program = program.with_source(operand, replace(binding.source, shape=tuple(shape)))
    return replace(state, program=program)
