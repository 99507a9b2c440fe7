"""Short ways to register words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.models.tensors.vocabulary.bounds import nothing
from playground.models.tensors.vocabulary.word import VOCABULARY, Family, Need, Storage, Word


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
    """Register a property `.name` that is read without brackets."""
    return VOCABULARY.register(Word(f".{name}", "", description, family, storage, call, nothing, is_property=True))
