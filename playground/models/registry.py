"""Named entries, in the order that menus, documentation and tests list them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from playground.models.problem import refuse


class Named(Protocol):
    """Anything with a `name`."""

    @property
    def name(self) -> str:
        """The key in its registry: the field's own term."""
        ...


Entry = TypeVar("Entry", bound=Named)


class Registry(Mapping[str, Entry]):
    """`Registry("activation")`: name to entry, in order; refuses duplicate names and suggests near misses."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, Entry] = {}

    def register(self, entry: Entry) -> Entry:
        """Add an entry under its name and return it; raises `ValueError`, a bug, if the name is taken."""
        if entry.name in self._entries:
            raise ValueError(f"{self.noun} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry
        return entry

    def registers(self, make: Callable[..., Entry], **fields: object) -> Callable[[Callable[..., object]], Entry]:
        """Decorator: build an entry with `make(function=decorated, **fields)` and register it."""

        def decorate(function: Callable[..., object]) -> Entry:
            return self.register(make(function=function, **fields))

        return decorate

    def find(self, name: str) -> Entry:
        """The entry with this name; otherwise raises a `ProblemError` that suggests the nearest names."""
        if name not in self._entries:
            near = difflib.get_close_matches(name, self._entries, n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            refuse(f"There is no {self.noun} called {name!r}.{hint}")
        return self._entries[name]

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
