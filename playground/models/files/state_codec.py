"""Frozen values to JSON and back: every value that comes back is checked against the type of its field."""

from __future__ import annotations

import dataclasses
import math
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Union

from playground.models.problem import ProblemError

Json = Any
KIND = "is"


class MismatchError(ValueError):
    """A value that is not of the type of its field; `where` leads to it."""

    def __init__(self, where: str, words: str) -> None:
        super().__init__(f"{where or 'it'} is {words}")


def encode(value: object, leaf: Callable[[object], Json | None]) -> Json:
    """Dataclasses as objects tagged with their class, tuples as lists, floats that JSON lacks as `{"float": "nan"}`.

    `leaf(value)` may give the JSON of what it knows (tensors), or None.
    """
    special = leaf(value)
    if special is not None:
        return special
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else {"float": repr(value)}
        case complex():
            return {"complex": [encode(value.real, leaf), encode(value.imag, leaf)]}
        case tuple():
            return [encode(item, leaf) for item in value]
        case frozenset():
            return {"set": sorted((encode(item, leaf) for item in value), key=repr)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: encode(getattr(value, one.name), leaf) for one in dataclasses.fields(value) if one.init}
        return {KIND: type(value).__name__, **fields}
    raise TypeError(f"a state cannot hold a {type(value).__name__}: {value!r}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Parts that the object at `path` has besides its known fields; `known` is how these stood in the file."""

    path: tuple[str | int, ...]
    known: Mapping[str, Json]
    parts: Mapping[str, Json]

    def below(self, name: str) -> Unknown:
        """The same, seen from a value that holds all this as its field `name`."""
        return replace(self, path=(name, *self.path))

    def put_back(self, document: Json) -> None:
        """Write the parts into a document again, if the object is still there.

        An item of a list has no name that tells it from its neighbours: it must be as it was.
        """
        place = document
        for step in self.path:
            is_there = (
                step < len(place)
                if isinstance(step, int) and isinstance(place, list)
                else (isinstance(place, dict) and step in place)
            )
            if not is_there:
                return
            place = place[step]
        is_item = any(isinstance(step, int) for step in self.path)
        if isinstance(place, dict) and (not is_item or place == self.known):
            place.update({name: value for name, value in self.parts.items() if name not in place})


def _steps(where: str) -> tuple[str | int, ...]:
    """`"program.bindings[2].source"` as the steps that lead there."""
    return tuple(int(number) if number else name for name, number in re.findall(r"(\w+)|\[(\d+)\]", where))


@dataclass(slots=True)
class Decoder:
    """Reads values of one family of dataclasses; what cannot be read is left at its default and told in `notes`.

    `leaf(json, type)` makes what only it knows of (tensors), or returns `NotImplemented`.
    """

    classes: dict[str, type]
    leaf: Callable[[Json, type], object]
    notes: list[str] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def read(self, data: Json, wanted: Any, where: str = "") -> Any:
        """A value of the type `wanted`; a `MismatchError` if it is none and has no default to fall back to."""
        origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
        if wanted is Any or wanted is object:
            return self._read_any(data, where)
        if origin in (Union, types.UnionType):
            return self._read_union(data, arguments, where)
        if origin is Literal:
            if data not in arguments:
                raise MismatchError(where, f"{_shown(data)}, none of {', '.join(map(str, arguments))}")
            return data
        if origin is tuple or wanted is tuple:
            return self._read_tuple(data, arguments, where)
        if origin is frozenset:
            if not isinstance(data, dict) or not isinstance(data.get("set"), list):
                raise MismatchError(where, f"{_shown(data)}, not a set")
            return frozenset(self.read(item, arguments[0], where) for item in data["set"])
        if isinstance(wanted, type):
            return self._read_plain(data, wanted, where)
        return self._read_any(data, where)

    def _read_plain(self, data: Json, wanted: type, where: str) -> Any:
        special = self.leaf(data, wanted)
        if special is not NotImplemented:
            return special
        if dataclasses.is_dataclass(wanted):
            return self._read_dataclass(data, wanted, where)
        if wanted is type(None) and data is None:
            return None
        if wanted is float:
            return _number(data, where)
        if wanted in (bool, int, str) and type(data) is wanted:
            return data
        raise MismatchError(where, f"{_shown(data)}, not {_TYPE_WORDS.get(wanted, wanted.__name__)}")

    def _read_union(self, data: Json, members: tuple[Any, ...], where: str) -> Any:
        reasons = []
        for member in members:
            if isinstance(member, type) and dataclasses.is_dataclass(member) and _kind(data) != member.__name__:
                continue
            try:
                return self.read(data, member, where)
            except MismatchError as error:
                reasons.append(error)
        raise reasons[0] if reasons else MismatchError(where, f"{_shown(data)}, of no kind that is known")

    def _read_tuple(self, data: Json, items: tuple[Any, ...], where: str) -> tuple[Any, ...]:
        if not isinstance(data, list):
            raise MismatchError(where, f"{_shown(data)}, not a list")
        if len(items) == 2 and items[1] is Ellipsis:
            return tuple(self._read_items(data, items[0], where))
        if len(items) != len(data):
            raise MismatchError(where, f"a list of {len(data)}, not of {len(items)}")
        return tuple(
            self.read(item, kind, f"{where}[{place}]")
            for place, (item, kind) in enumerate(zip(data, items, strict=True))
        )

    def _read_items(self, data: list[Json], kind: Any, where: str) -> Iterator[Any]:
        """All items; of dataclasses those that can be read, so that one bad line does not take the others along."""
        for place, item in enumerate(data):
            try:
                yield self.read(item, kind, f"{where}[{place}]")
            except MismatchError as error:
                if not dataclasses.is_dataclass(kind):
                    raise
                self.notes.append(f"{error}: it is left out.")

    def _read_dataclass(self, data: Json, wanted: type, where: str) -> Any:
        if not isinstance(data, dict) or data.get(KIND, wanted.__name__) != wanted.__name__:
            raise MismatchError(where, f"{_shown(data)}, not {_article(wanted.__name__)}")
        hints = typing.get_type_hints(wanted)
        values: dict[str, Any] = {}
        for one in dataclasses.fields(wanted):
            place = f"{where}.{one.name}" if where else one.name
            if not one.init or one.name not in data:
                continue
            try:
                values[one.name] = self.read(data[one.name], hints[one.name], place)
            except MismatchError as error:
                if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
                    raise
                self.notes.append(f"{error}: the usual value is taken.")
        self._keep_unknown(data, wanted, where)
        try:
            return wanted(**values)
        except (TypeError, ValueError, ProblemError) as error:
            raise MismatchError(where, f"no {wanted.__name__}: {error}") from None

    def _keep_unknown(self, data: dict[str, Json], wanted: type, where: str) -> None:
        names = {one.name for one in dataclasses.fields(wanted)} | {KIND}
        parts = {name: value for name, value in data.items() if name not in names}
        if parts:
            known = {name: value for name, value in data.items() if name in names}
            self.unknown.append(Unknown(_steps(where), known, parts))
            words = ", ".join(sorted(parts))[:80]
            self.notes.append(f"{where or wanted.__name__} has parts that are not known here, and are kept: {words}.")

    def _read_any(self, data: Json, where: str) -> Any:
        """A value of a field that may hold anything: numbers, text, lists of them, and the known dataclasses."""
        match data:
            case None | bool() | str() | int() | float():
                return data
            case list():
                return tuple(self._read_any(item, where) for item in data)
            case {"float": str()}:
                return _number(data, where)
            case {"complex": [real, imaginary]}:
                return complex(_number(real, where), _number(imaginary, where))
            case {"set": list() as items}:
                return frozenset(self._read_any(item, where) for item in items)
        kind = _kind(data)
        if kind in self.classes:
            return self._read_plain(data, self.classes[kind], where)
        raise MismatchError(where, f"{_shown(data)}, of no kind that is known")


def family(root: type) -> dict[str, type]:
    """All dataclasses that a value of `root` can hold, by name."""
    found: dict[str, type] = {}
    waiting: list[Any] = [root]
    while waiting:
        one = waiting.pop()
        if dataclasses.is_dataclass(one) and isinstance(one, type) and one.__name__ not in found:
            found[one.__name__] = one
            waiting += typing.get_type_hints(one).values()
        waiting += [argument for argument in typing.get_args(one) if not isinstance(argument, str)]
    return found


_TYPE_WORDS = {bool: "yes or no", int: "a whole number", str: "text", type(None): "nothing"}


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _kind(data: Json) -> str:
    kind = data.get(KIND, "") if isinstance(data, dict) else ""
    return kind if isinstance(kind, str) else ""


def _number(data: Json, where: str) -> float:
    if isinstance(data, dict) and data.get("float") in ("nan", "inf", "-inf"):
        return float(data["float"])
    if isinstance(data, int | float) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise MismatchError(where, f"{_shown(data)}, beyond the largest float") from None
    raise MismatchError(where, f"{_shown(data)}, not a number")


def _shown(data: Json) -> str:
    if isinstance(data, dict):
        return f"a {_kind(data) or 'table'}"[:40]
    if isinstance(data, list):
        return f"a list of {len(data)}"
    text = repr(data)
    return text if len(text) <= 40 else f"{text[:37]}..."
