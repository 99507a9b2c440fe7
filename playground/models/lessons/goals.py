"""The goals of lesson steps: how the app notices that a step is done, and how it does it for the learner.

The panel reports an act by name; `presses` are the objectNames that the app presses to perform it, the last one
repeatedly until the act is reported.

A goal is a part of the state: it is reached when the state contains it, and performed by entering it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import torch

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.lessons.lesson import Pairs
from playground.models.problem import refuse
from playground.models.program.program import parse_source
from playground.models.registry import Registry
from playground.models.state import PlaygroundState, PointedCell


@dataclass(frozen=True, slots=True)
class Act:
    """An act by its name; `words` say when it is done."""

    name: str
    words: str
    presses: tuple[str, ...]


STEP_THROUGH = ("network.open.step_through", "network.step_through.back", "network.step_through.next")
"""Steps back once first: from the last step there is no way forward."""

ACTS: Registry[Act] = Registry("act")
ACTS.register(Act("ladder", "the ladder of speeds has run", ("einsum.ladder.run",)))
ACTS.register(Act("forward_pass", "the step-through was moved on to the loss", STEP_THROUGH))
ACTS.register(Act("backward_pass", "the step-through was moved on to its last step", STEP_THROUGH))
ACTS.register(
    Act("checkpoint", "another distance of checkpoints was chosen", ("network.saved.details", "network.saved.every"))
)


Values = Mapping[str, Evaluated]
_CELL = re.compile(r"\s*(\w+)\s*\[([\d\s,]*)\]\s*")
TOLERANCE = 0.02
"""The relative tolerance for a number set by dragging."""
_LINE = re.compile(r"\s*(\w+)\s*=\s*(.+?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Goal:
    """A kind of goal: `is_reached` detects it in a state, `reach` returns a state with it.

    `place` is the objectName of the part to use next, given the part that the lesson names; "" if the state has nothing
    left to do.
    """

    name: str
    is_reached: Callable[[PlaygroundState, Values, object], bool]
    reach: Callable[[PlaygroundState, object], PlaygroundState]
    place: Callable[[PlaygroundState, object, str], str]
    words: str


GOALS: Registry[Goal] = Registry("goal")
"""In the order a user performs them if a step asks for several."""


def is_step_done(goal: Pairs, state: PlaygroundState, values: Values) -> bool:
    """True if the state has everything that a step asks for."""
    return all(GOALS.find(kind).is_reached(state, values, wanted) for kind, wanted in goal)


def do_step(goal: Pairs, state: PlaygroundState) -> PlaygroundState:
    """The state after the step is done."""
    for kind, wanted in goal:
        state = GOALS.find(kind).reach(state, wanted)
    return state


def _text(wanted: object) -> str:
    return str(wanted).strip()


def goal_cell(wanted: object) -> PointedCell:
    """The cell that a goal names: "r[1, 0]"."""
    match = _CELL.fullmatch(_text(wanted))
    if match is None:
        refuse(f'A cell is written like "r[1, 0]", not {wanted!r}.')
    return PointedCell(match[1], tuple(int(part) for part in match[2].split(",") if part.strip()))


def _line(wanted: object) -> tuple[str, str]:
    match = _LINE.fullmatch(_text(wanted))
    if match is None:
        refuse(f'A line is written like "s = m + c[:, None]", not {wanted!r}.')
    return match[1], match[2]


def _pointed(state: PlaygroundState, _values: Values, wanted: object) -> bool:
    return state.pointed == goal_cell(wanted)


def _point(state: PlaygroundState, wanted: object) -> PlaygroundState:
    cell = goal_cell(wanted)
    is_line = state.program.get(cell.name) is not None
    return replace(state, pointed=cell, selection=cell.name if is_line else state.selection)


def _has_line(state: PlaygroundState, values: Values, wanted: object) -> bool:
    """The line with this name gives the same tensor, however it is written: same shape, dtype and values."""
    name, text = _line(wanted)
    binding = state.program.get(name)
    if binding is None or name not in values:
        return False
    source = parse_source(text)
    if binding.source == source:
        return True
    asked = evaluate(state.program.without(name).appended(name, source), state.memory_budget)[name]
    return asked.tensor is not None and _is_same(values[name].tensor, asked.tensor)


def _is_same(have: torch.Tensor | None, asked: torch.Tensor) -> bool:
    if have is None or have.shape != asked.shape or have.dtype != asked.dtype:
        return False
    return torch.equal(have, asked)


def _add_line(state: PlaygroundState, wanted: object) -> PlaygroundState:
    name, text = _line(wanted)
    source = parse_source(text)
    program = state.program
    known = program.get(name) is not None
    program = program.with_source(name, source) if known else program.appended(name, source)
    return replace(state, program=program, selection=name)


def _has_equation(state: PlaygroundState, _values: Values, wanted: object) -> bool:
    return state.einsum.equation.replace(" ", "") == _text(wanted).replace(" ", "")


def _type_equation(state: PlaygroundState, wanted: object) -> PlaygroundState:
    return replace(state, einsum=replace(state.einsum, equation=_text(wanted)))


def _is_selected(state: PlaygroundState, _values: Values, wanted: object) -> bool:
    return state.selection == _text(wanted)


def _select(state: PlaygroundState, wanted: object) -> PlaygroundState:
    return replace(state, selection=_text(wanted))


def _was_noted(state: PlaygroundState, _values: Values, wanted: object) -> bool:
    return _text(wanted) in state.lesson.noted


def _note(state: PlaygroundState, wanted: object) -> PlaygroundState:
    act = ACTS.find(_text(wanted)).name
    noted = tuple(sorted({*state.lesson.noted, act}))
    return replace(state, lesson=replace(state.lesson, noted=noted))


def _holder(part: str, state: PlaygroundState) -> object:
    held = getattr(state, part)
    return held.spec if part == "network" else held


def _field_goal(part: str) -> tuple[Callable[..., bool], Callable[..., PlaygroundState], Callable[..., str]]:
    """Goals over the fields of one part of the state: `{view_shape = "2, 6"}` of "memory"."""

    def is_reached(state: PlaygroundState, _values: Values, wanted: object) -> bool:
        held = _holder(part, state)
        return all(_fits(getattr(held, name), value) for name, value in _pairs_of(held, wanted))

    def reach(state: PlaygroundState, wanted: object) -> PlaygroundState:
        held = _holder(part, state)
        if part == "network":
            spec = replace(state.network.spec, **dict(_pairs_of(held, wanted)))  # type: ignore[arg-type]
            return replace(state, network=replace(state.network, spec=spec))
        changed = replace(held, **dict(_pairs_of(held, wanted)))  # type: ignore[type-var]
        return replace(state, **{part: changed})  # type: ignore[arg-type]

    def place(state: PlaygroundState, wanted: object, _part: str) -> str:
        held = _holder(part, state)
        missing = [(name, value) for name, value in _pairs_of(held, wanted) if not _fits(getattr(held, name), value)]
        missing.sort(key=lambda pair: not isinstance(pair[1], tuple))  # the operands before their equation
        return _field_place(part, held, *missing[0]) if missing else ""

    return is_reached, reach, place


def _field_place(part: str, held: object, name: str, wanted: object) -> str:
    """The part where a field is set; for a list, the box of the first item that differs."""
    if not isinstance(wanted, tuple):
        return f"{part}.{name}"
    have = getattr(held, name)
    first = next((place for place, one in enumerate(wanted) if have[place : place + 1] != (one,)), len(wanted))
    return f"{part}.{name.removesuffix('s')}.{first}"


def _pairs_of(held: object, wanted: object) -> Pairs:
    if not isinstance(wanted, tuple):
        refuse(f"{wanted!r} must be a table of fields.")
    known = {field.name for field in fields(held)}  # type: ignore[arg-type]
    for name, _value in wanted:
        if name not in known:
            refuse(f"{type(held).__name__} has no field {name!r}: {', '.join(sorted(known))}.")
    return wanted


def _fits(have: object, wanted: object) -> bool:
    if isinstance(wanted, int | float) and isinstance(have, int | float) and not isinstance(wanted, bool):
        return abs(have - wanted) <= TOLERANCE * abs(wanted)
    if isinstance(wanted, str) and isinstance(have, str):
        return re.sub(r"[\s()]", "", have) == re.sub(r"[\s()]", "", wanted)
    if isinstance(wanted, tuple) and isinstance(have, tuple):
        return have[: len(wanted)] == wanted and not any(have[len(wanted) :])
    return have == wanted


def _part_itself(_state: PlaygroundState, _wanted: object, part: str) -> str:
    return part


def _card(state: PlaygroundState, wanted: object, _part: str) -> str:
    return "" if state.selection == _text(wanted) else f"tensors.card.{_text(wanted)}"


def _cell(state: PlaygroundState, wanted: object, part: str) -> str:
    """ "shape.grid r[1, 0]"; the card while another tensor is selected. Grids of other panels are used as they are."""
    cell = goal_cell(wanted)
    if state.pointed == cell:
        return ""
    if state.selection != cell.name and state.program.get(cell.name) is not None:
        return f"tensors.card.{cell.name}"
    return f"{part} {cell.name}[{', '.join(str(place) for place in cell.index)}]" if part else ""


def _equation_place(state: PlaygroundState, wanted: object, _part: str) -> str:
    return "" if _has_equation(state, {}, wanted) else "einsum.equation"


def _register() -> None:
    GOALS.register(Goal("selected", _is_selected, _select, _card, "select a tensor"))
    GOALS.register(Goal("line", _has_line, _add_line, _part_itself, "have a line that gives this tensor"))
    GOALS.register(Goal("einsum", *_field_goal("einsum"), "set einsum"))
    GOALS.register(Goal("equation", _has_equation, _type_equation, _equation_place, "type an einsum equation"))
    GOALS.register(Goal("memory", *_field_goal("memory"), "fill the memory panel"))
    GOALS.register(Goal("network", *_field_goal("network"), "set up the network"))
    GOALS.register(Goal("pointed", _pointed, _point, _cell, "point at a cell"))
    GOALS.register(Goal("act", _was_noted, _note, _part_itself, "do something that leaves no trace in the state"))


_register()
