"""One word of the language, and helpers to register it: its arguments, its result, and what it may allocate."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playground.models.language.vocabulary.bounds import nothing
from playground.models.language.vocabulary.costs import DRAWING, HEAVY, LIGHT, WORK, WORKSPACE, casts, each, each_made
from playground.models.language.vocabulary.guards import GUARDS, VALUE_GUARDS, Guard
from playground.models.registry import Registry

Storage = Literal["view", "view or copy", "copy", "new", "fact"]
"""A word's effect on memory: a view, a copy if a view is impossible, always a copy, new values, or no tensor."""

Family = Literal[
    "making", "operators", "reshaping", "copying", "reducing", "mapping", "multiplying", "picking", "facts"
]
Need = Callable[[Sequence[Any]], int]


@dataclass(frozen=True, slots=True)
class Word:
    """A torch function (`torch.sum`), a tensor's method (`.sum`) or property (`.shape`), or an operator (`+`).

    `need` is an upper bound on the bytes that a call allocates, from its arguments; `strings` are the texts that its
    arguments may be; `stretches` means that its tensors broadcast; `plan` returns meta tensors if torch has no plan
    because the shape depends on values.
    """

    name: str
    signature: str
    description: str
    family: Family
    storage: Storage
    call: Callable[..., Any]
    need: Need
    strings: tuple[str, ...] = ()
    stretches: bool = False
    plan: Callable[..., Any] | None = None
    is_property: bool = False

    @property
    def short_name(self) -> str:
        """`sum` of `torch.sum` and of `.sum`."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def work(self) -> Callable[[Sequence[Any]], float]:
        """A loose bound on the seconds a call takes, from its arguments: 0 for views and facts of the layout."""
        if self.storage == "view" or (self.storage == "fact" and self.need is nothing):
            return no_work
        if self.family == "making" and self.short_name not in WORK:
            return each_made(HEAVY if self.short_name in DRAWING else LIGHT, self.need)
        light = self.family in ("copying", "reshaping", "operators", "picking")
        return WORK.get(self.short_name) or each(LIGHT if light else HEAVY)

    @property
    def workspace(self) -> Need:
        """The temporary bytes of a call, besides operands and result."""
        if self.storage == "view" or self.need is nothing:
            return nothing
        own = WORKSPACE.get(self.short_name, nothing)
        return own if self.storage == "view or copy" else lambda arguments: max(own(arguments), CASTS(arguments))

    @property
    def guard(self) -> Guard | None:
        """Checks its shapes and numbers, given by argument name, before planning; returns the reason for a refusal."""
        return GUARDS.get(self.short_name)

    @property
    def value_guard(self) -> Guard | None:
        """Checks its values before the call; returns the reason for a refusal."""
        return VALUE_GUARDS.get(self.short_name)

    @property
    def usage(self) -> str:
        """`torch.sum(input, dim=None)`, as signature help shows it."""
        return f"{self.name}{self.signature}"

    @property
    def most_positional(self) -> int | None:
        """The most positional arguments; None for any number."""
        before = self.signature.strip("()").split("*", 1)[0]
        variadic = re.search(r"\*\w", self.signature) is not None
        return None if variadic else len(_parameters(f"({before})"))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameter names in order."""
        return _parameters(self.signature)


CASTS = casts(1)
"""What any word may need: its operands once more, in the dtype that it computes in."""


def no_work(_: Sequence[Any]) -> float:
    """No time."""
    return 0.0


VOCABULARY: Registry[Word] = Registry("word")
"""Everything that a line may say, by name: `torch.arange`, `.reshape`, `.shape`, `+`."""


@functools.lru_cache(maxsize=1024)
def _parameters(signature: str) -> tuple[str, ...]:
    """The names between commas outside inner brackets."""
    parts, depth = [""], 0
    for character in signature[1:-1]:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    names = (part.partition("=")[0].strip().lstrip("*") for part in parts)
    return tuple(name for name in names if name)


def function(
    name: str,
    signature: str,
    description: str,
    family: Family,
    storage: Storage,
    *,
    need: Need,
    call: Callable[..., Any] | None = None,
    strings: tuple[str, ...] = (),
    stretches: bool = False,
    plan: Callable[..., Any] | None = None,
) -> Word:
    """Register `torch.name`; `name` may be dotted (`nn.functional.pad`)."""
    run = call or _of_torch(name)
    word = Word(f"torch.{name}", signature, description, family, storage, run, need, strings, stretches, plan)
    return VOCABULARY.register(word)


def _of_torch(name: str) -> Callable[..., Any]:
    found: Any = torch
    for part in name.split("."):
        found = getattr(found, part)
    run: Callable[..., Any] = found
    return run


def method(
    name: str,
    signature: str,
    description: str,
    family: Family,
    storage: Storage,
    *,
    need: Need,
    call: Callable[..., Any] | None = None,
    strings: tuple[str, ...] = (),
    stretches: bool = False,
    plan: Callable[..., Any] | None = None,
) -> Word:
    """Register a tensor's method `.name`."""
    call = call or getattr(torch.Tensor, name)
    return VOCABULARY.register(
        Word(f".{name}", signature, description, family, storage, call, need, strings, stretches, plan)
    )


def both(
    name: str,
    signature: str,
    description: str,
    family: Family,
    storage: Storage,
    *,
    need: Need,
    strings: tuple[str, ...] = (),
    stretches: bool = False,
    plan: Callable[..., Any] | None = None,
) -> None:
    """Register the method `.name` and the function `torch.name` that takes the tensor first."""
    method(name, signature, description, family, storage, need=need, strings=strings, stretches=stretches, plan=plan)
    inner = signature.removeprefix("(").removesuffix(")")
    with_input = f"(input, {inner})" if inner else "(input)"
    function(name, with_input, description, family, storage, need=need, strings=strings, stretches=stretches, plan=plan)


def attribute(name: str, description: str, family: Family, storage: Storage, call: Callable[[Any], Any]) -> Word:
    """Register a property `.name`, which takes no brackets."""
    return VOCABULARY.register(Word(f".{name}", "", description, family, storage, call, nothing, is_property=True))
