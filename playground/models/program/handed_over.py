"""What a call of `playground.show` hands over, by which names, and the values that a handle gives back."""

from __future__ import annotations

import ast
import inspect
import linecache
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.formatting import count_in_words, joined
from playground.models.language.names import fresh_name, name_problem
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.problem import Problem
from playground.models.program.program import Program, as_shown, source_reads, taken
from playground.models.program.sources import Binding, Imported, TensorReference

MOST_NAMED = 6
"""So many of those left out are named in the note."""
NOBODY_EXPECTS = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
"""What is in every namespace: it is left out without a word."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The values to show by their names, in order; `note` says what was left out, and why (None: nothing)."""

    values: Mapping[str, object]
    note: Problem | None = None


def names_in_call(frame: types.FrameType, count: int) -> tuple[str, ...]:
    """The texts of the positional arguments of the call that a frame is making: `show(x, m.weight, x + 1)` gives
    `("x", "weight", "")`. Empty if its source is not known, or does not have so many.
    """
    call = _present_call(frame)
    if call is None or len(call.args) != count or any(isinstance(one, ast.Starred) for one in call.args):
        return ()
    return names_in(call.args)


def names_in(arguments: Sequence[ast.expr]) -> tuple[str, ...]:
    """The name that each has by itself: its variable's or its attribute's; empty for any other expression."""
    return tuple(getattr(one, "id", "") or getattr(one, "attr", "") for one in arguments)


def _present_call(frame: types.FrameType) -> ast.Call | None:
    """The call that the frame is making, read from its source."""
    positions = inspect.getframeinfo(frame, context=0).positions
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    if positions is None or positions.end_lineno is None or not 0 < positions.end_lineno <= len(lines):
        return None
    first, start, stop = positions.lineno, positions.col_offset, positions.end_col_offset
    if first is None or start is None or stop is None:
        return None
    source = [line.encode() for line in lines[first - 1 : positions.end_lineno]]  # columns count bytes
    source[-1] = source[-1][:stop]
    source[0] = source[0][start:]
    try:
        root = ast.parse(b"".join(source), mode="eval").body
    except (SyntaxError, ValueError):  # the file was edited since it was read
        return None
    return root if isinstance(root, ast.Call) else None


def named_by_caller(
    values: Sequence[object],
    written: Sequence[str],
    variables: Mapping[str, object],
    taken: Collection[str] = (),
) -> dict[str, object]:
    """Values by what the caller calls them, else by A, B, ...: `show(x)` shows x.

    `written` are the names in the call, if its source is known; otherwise a value is called by a variable that holds
    it. `taken` are names that are not free.
    """
    names: dict[str, object] = {}
    for place, value in enumerate(values):
        own = [written[place]] if written else reversed([name for name, held in variables.items() if held is value])
        used = {*names, *taken}
        free = (name for name in own if name not in used and not name.startswith("_"))
        name = next((name for name in free if name_problem(name, ()) is None), "")
        names[name or fresh_name(tuple(used | _others(written, place)))] = value
    return names


def _others(written: Sequence[str], place: int) -> set[str]:
    """The names of the arguments that follow: `show(x + 1, A)` must not call the first one A."""
    return set(written[place + 1 :])


def handed_over(positional: Mapping[str, object], named: Mapping[str, object]) -> HandedOver:
    """What can be shown of a call's tensors; raises `TypeError` for a positional one that cannot, or if nothing can.

    Of those passed by name, as from `**locals()`, the rest is left out with a note.
    """
    reasons: dict[str, tuple[object, str]] = {}
    with QUIET_TORCH:  # a numpy array may be read-only, but nothing here writes into it
        values = {name: _shown(name, value) for name, value in positional.items()}
        for name, value in named.items():
            try:
                values[name] = _shown(name, value)
            except TypeError as error:
                reasons[name] = (value, str(error))
    if reasons and not values:
        raise TypeError(" ".join(reason for _, reason in reasons.values()))
    left_out = {name: value for name, (value, _) in reasons.items() if not isinstance(value, NOBODY_EXPECTS)}
    return HandedOver(values, _note({name: value for name, value in left_out.items() if not name.startswith("_")}))


def _shown(name: str, value: object) -> torch.Tensor:
    problem = name_problem(name, ())
    if problem is not None:
        raise TypeError(f"{name!r} cannot be the name of a tensor: {problem.message}")
    return as_shown(name, value)


def _note(left_out: Mapping[str, object]) -> Problem | None:
    if not left_out:
        return None
    named = [f"{name} ({_kind(value)})" for name, value in list(left_out.items())[:MOST_NAMED]]
    more = len(left_out) - len(named)
    words = joined([*named, *([f"{more} more"] if more else [])])
    count = count_in_words(len(left_out), "variable")
    verb = "is" if len(left_out) == 1 else "are"
    return Problem(f"{words}.", lead=f"{count} {verb} not shown:", severity="note")


def _kind(value: object) -> str:
    """The type in a word, and for a tensor what makes it one that cannot be shown."""
    if isinstance(value, torch.Tensor):
        if value.is_nested:
            return "a nested tensor"
        kind = "meta" if value.is_meta else "quantized" if value.is_quantized else str(value.layout)
        return f"{kind.removeprefix('torch.')} tensor"
    if isinstance(value, np.ndarray):
        return f"array of {value.dtype}"
    return type(value).__name__


def shown_variables(namespace: Mapping[str, object], hidden: Collection[str] = ()) -> dict[str, object]:
    """The tensors and arrays of a namespace, except for names that begin with an underscore or are `hidden`."""
    found: dict[str, object] = {}
    for name, value in namespace.items():
        if name.startswith("_") or name in hidden or name_problem(name, ()) is not None:
            continue
        if isinstance(value, torch.Tensor | np.ndarray):
            found[name] = value
    return found


def live_values(program: Program, budget: int | None = None) -> dict[str, torch.Tensor]:
    """The value of each line that has one, by name.

    A tensor that Python handed over, and each view of one, is on Python's own memory instead of on the snapshot of it
    that the panels read. All others are copies: their memory is the app's.
    """
    values = {name: one.tensor for name, one in evaluate(program, budget).items() if one.tensor is not None}
    snapshots = {_storage(values[one.name]) for one in program.bindings if _reference(one) and one.name in values}
    shared = [name for name, value in values.items() if _storage(value) in snapshots]
    copies = taken({name: value for name, value in values.items() if name not in shared})
    live = evaluate(_on_live_memory(program, shared), budget)
    found = {name: live[name].tensor if name in shared else copies[name].tensor for name in values}
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _reference(binding: Binding) -> TensorReference | None:
    """The reference of a line whose tensor Python still holds."""
    source = binding.source
    return source.reference if isinstance(source, Imported) and source.reference.live is not None else None


def _on_live_memory(program: Program, names: list[str]) -> Program:
    """The lines of these names, and those that they read, on the memory that Python holds."""
    needed, bindings = set(names), list[Binding]()
    for binding in reversed(program.bindings):
        if binding.name in needed:
            needed.update(source_reads(binding.source))
            bindings.append(_live(binding))
    return Program(tuple(reversed(bindings)))


def _live(binding: Binding) -> Binding:
    reference = _reference(binding)
    if reference is None or reference.live is None or not isinstance(binding.source, Imported):
        return binding
    return replace(binding, source=replace(binding.source, reference=TensorReference(reference.live)))
