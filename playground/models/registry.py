"""Named entries in the order in which menus, documentation and tests list them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from playground.models.problem import refuse


class Named(Protocol):
    """Anything with a `name`."""

    @property
    def name(self) -> str:
        """The key in its registry, in the field's own words."""
        ...


Entry = TypeVar("Entry", bound=Named)


class Registry(Mapping[str, Entry]):
    """`Registry("activation")`: name to entry, in order; refuses a name twice and suggests near misses."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, Entry] = {}

    def register(self, entry: Entry) -> Entry:
        """Add an entry under its name and return it; a bug (`ValueError`) if the name is taken."""
        if entry.name in self._entries:
            raise ValueError(f"{self.noun} {entry.name!r} is registered twice")
        self._entries[entry.name] = entry
        return entry

    def registers(self, make: Callable[..., Entry], **fields: object) -> Callable[[Callable[..., object]], Entry]:
        """Decorator: build an entry by `make(function=decorated, **fields)` and register it."""

        def decorate(function: Callable[..., object]) -> Entry:
            return self.register(make(function=function, **fields))

        return decorate

    def find(self, name: str) -> Entry:
        """The entry of this name; a `ProblemError` that suggests the nearest names otherwise."""
        if name not in self._entries:
            near = difflib.get_close_matches(name, self._entries, n=3)
            hint = f" Near it: {', '.join(near)}." if near else ""
            refuse(f"There is no {self.noun} called {name!r}.{hint}")
        return self._entries[name]

    def __getitem__(self, name: str) -> Entry:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
