"""Settings given as text: `--set network.depth=30` for a state, `--set gain=0.5:2:16` for a grid of networks."""

from __future__ import annotations

import dataclasses
import difflib
import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from playground.models.files.state_codec import Decoder, Json, MismatchError
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError, refuse
from playground.models.program.program import Program
from playground.models.state import NetworkState, PlaygroundState

LARGEST_GRID = 100_000
"""So many values of one setting; a typing error should not fill the memory."""


def _no_leaf(_data: Json, _wanted: type) -> object:
    return NotImplemented


def with_settings(state: PlaygroundState, settings: Sequence[str]) -> PlaygroundState:
    """The state with each `path=value` in place: `network.depth=30`, `einsum.equation=ij,jk->ik`, `program=A = ...`.

    A field of the network itself follows `network.` directly. Raises `ProblemError` for an unknown path or a value that
    does not fit; the network is checked once all are in place.
    """
    for setting in settings:
        path, value = _split(setting)
        state = _with(state, tuple(path.split(".")), value, path)
    if any(setting.startswith("network.") for setting in settings):
        problem = check_spec(state.network.spec)
        if problem is not None:
            raise ProblemError(problem)
    return state


def grid_of(settings: Sequence[str]) -> Mapping[str, tuple[Any, ...]]:
    """The values of each field of `NetworkSpec`: `{"depth": (10, 50), "gain": (0.5, 1.25, 2.0)}`.

    A value is one, several with commas between, or `first:last:count`, evenly spaced.
    """
    grid: dict[str, tuple[Any, ...]] = {}
    for setting in settings:
        path, text = _split(setting)
        name = path.removeprefix("network.")
        wanted = _type_of(NetworkSpec, name, path)
        texts = [one for part in text.split(",") for one in _spread(part, wanted, path)]
        grid[name] = tuple(_read(one, wanted, path) for one in texts)
    return grid


def _split(setting: str) -> tuple[str, str]:
    path, equals, value = setting.partition("=")
    if not equals or not path.strip():
        refuse(f"--set {setting}: write a name, then =, then a value, as in --set network.depth=30.")
    return path.strip(), value.strip()


def _with(value: Any, path: Sequence[str], text: str, whole: str) -> Any:
    name, rest = path[0], path[1:]
    if isinstance(value, NetworkState) and name not in _fields(NetworkState):
        return replace(value, spec=_with(value.spec, path, text, whole))
    wanted = _type_of(type(value), name, whole)
    if not rest:
        return replace(value, **{name: _read(text, wanted, whole)})
    below = getattr(value, name)
    if not dataclasses.is_dataclass(below):
        refuse(f"--set {whole}: {name} has no parts.")
    return replace(value, **{name: _with(below, rest, text, whole)})


def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _type_of(kind: type, name: str, path: str) -> Any:
    if name not in _fields(kind):
        near = difflib.get_close_matches(name, _fields(kind), n=2)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(_fields(kind))}."
        refuse(f"--set {path}: there is no {name!r} here. {hint}")
    return typing.get_type_hints(kind)[name]


def _spread(text: str, wanted: Any, path: str) -> list[str]:
    """`0.5:2:4` as four texts; any other text as itself."""
    parts = text.split(":")
    if wanted not in (int, float) or len(parts) != 3:
        return [text]
    try:
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
    except ValueError:
        refuse(f"--set {path}: {text} is not first:last:count, as in 0.5:2:16.")
    if not 1 <= count <= LARGEST_GRID:
        refuse(f"--set {path}: {count} values; there must be from 1 to {LARGEST_GRID:,}.")
    step = (last - first) / max(count - 1, 1)
    values = [first + step * place for place in range(count)]
    if wanted is float:
        return [repr(value) for value in values]
    if any(not value.is_integer() for value in values):
        refuse(f"--set {path}: {text} gives {values[1]:g}, and {path} must be a whole number.")
    return [str(int(value)) for value in values]


def _read(text: str, wanted: Any, path: str) -> Any:
    if wanted is Program:
        return Program.parse("\n".join(line.strip() for line in text.split(";")))
    last: MismatchError | None = None
    for data in _readings(text):
        try:
            return Decoder({}, _no_leaf).read(data, wanted, path)
        except MismatchError as error:
            last = error
    refuse(f"--set {last}." if last else f"--set {path}: {text!r} cannot be read.")


def _readings(text: str) -> list[Json]:
    """What a text may stand for: JSON, true and false as Python writes them, the text itself."""
    named: dict[str, Json] = {"True": True, "False": False, "None": None}
    if text in named:
        return [named[text], text]
    try:
        return [json.loads(text), text]
    except ValueError:
        return [text]
