"""The budget: what a line may allocate, checked before each operation."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from playground.models.apart import is_possible, run_apart
from playground.models.formatting import bytes_in_words, time_in_words
from playground.models.job import Job
from playground.models.language.steps import share_storage
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.bounds import nothing, tensors
from playground.models.language.vocabulary.costs import LONG_SECONDS, MOST_SECONDS
from playground.models.language.vocabulary.plans import VALUE_PLANS, einsum_intermediate_bytes
from playground.models.problem import refuse

SMALL = 1 << 25
"""Bytes below which an operation runs directly: planning it would take longer than running it."""


def machine_memory() -> int:
    """This machine's memory in bytes (4 GiB if unknown)."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 4 << 30


def default_budget() -> int:
    """A quarter of the machine's memory, in bytes."""
    return machine_memory() // 4


class NeedsPlanError(Exception):
    """The line may be large or long: plan it on the meta device before it runs."""


class NoValuesError(Exception):
    """The line needs values of a tensor that was too large to compute."""


class Watch:
    """Checks each operation before and after it runs. This base class allows everything: the line was already planned.

    A call that may be long runs in a separate process, so that it can be cancelled.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    def before(
        self, word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], operands: Sequence[torch.Tensor]
    ) -> None:
        """Raise if the call must not be made."""
        self.job.check()
        if word.storage != "fact" and any(tensor.is_meta for tensor in operands):
            raise NoValuesError

    def after(self, word: Word, operands: Sequence[torch.Tensor], results: Sequence[torch.Tensor]) -> None:
        """Record what the call allocated."""

    def call(self, word: Word, positional: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """Make the call, in a cancellable process if it may be long."""
        seconds = word.work((*positional, *keywords.values()))
        if seconds <= LONG_SECONDS:
            return word.call(*positional, **keywords)
        return run_where_cancelled(call_word, (word.name, tuple(positional), keywords), self.job, seconds, word.name)


def run_where_cancelled(
    function: Callable[..., Any], arguments: tuple[Any, ...], job: Job, seconds: float, what: str
) -> Any:
    """Call a function, in a separate process if it may be long and somebody could cancel it."""
    if seconds > LONG_SECONDS:
        job.report(0.0, f"{what}, up to {time_in_words(seconds)}")
        if job.can_be_cancelled and is_possible():
            return run_apart(function, arguments, job)
    return function(*arguments)


def call_word(name: str, positional: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """Call a word of the vocabulary; runs in any process."""
    with QUIET_TORCH:
        return VOCABULARY[name].call(*positional, **keywords)


def makes(word: Word, arguments: Sequence[Any]) -> bool:
    """True if a call makes a tensor from numbers only, so that only its `device` can make it a plan."""
    return word.family == "making" and word.storage == "new" and not tensors(arguments)


def carried(values: Sequence[torch.Tensor]) -> int:
    """The bytes of the storages, each counted once, that a call in another process duplicates."""
    return sum({one.untyped_storage()._cdata: one.untyped_storage().nbytes() for one in values}.values())


class StraightWatch(Watch):
    """Lets small operations run and requests a plan as soon as one could be large or long."""

    def __init__(self, job: Job, limit: int) -> None:
        super().__init__(job)
        self.left = min(limit, SMALL)

    def before(
        self, word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], operands: Sequence[torch.Tensor]
    ) -> None:
        """Raise `NeedsPlanError` unless the upper bound of the call's allocation is small."""
        super().before(word, positional, keywords, operands)
        arguments = (*positional, *keywords.values())
        need = word.need(arguments)
        if word.storage != "view" and word.need is not nothing:
            need = max(need, word.workspace(arguments), max((tensor.nbytes for tensor in operands), default=0))
        if need > self.left or word.work(arguments) > LONG_SECONDS:
            raise NeedsPlanError


class PlanWatch(Watch):
    """Follows a line on the meta device and adds up the memory and time it would take."""

    def __init__(self, job: Job, limit: int) -> None:
        super().__init__(job)
        self.limit = limit
        self.used = 0
        self.depends_on_values = False
        self.largest = 0
        self.sent = 0
        self.seconds = 0.0
        self.is_apart = False

    @property
    def fits(self) -> bool:
        """True if the whole line stays within the limit."""
        return max(self.used, self.largest, self.sent) <= self.limit

    @property
    def needed(self) -> int:
        """The bytes that do not fit: the line's own, or with the copies in another process."""
        own = max(self.used, self.largest)
        return own if own > self.limit else max(own, self.sent)

    def before(
        self, word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], operands: Sequence[torch.Tensor]
    ) -> None:
        """Record temporary memory, and whether the shape is only a bound; nothing is refused before it is planned."""
        self.job.check()
        arguments = (*positional, *keywords.values())
        if word.name == "torch.einsum":
            self.largest = max(self.largest, einsum_intermediate_bytes(arguments[0], operands))
        masks = word.name == "[]" and any(tensor.dtype is torch.bool for tensor in operands)
        self.depends_on_values = self.depends_on_values or masks or word.plan in VALUE_PLANS
        self.seconds += word.work(arguments)
        self.largest = max(self.largest, word.workspace(arguments))
        self.is_apart = word.work(arguments) > LONG_SECONDS
        if word.storage == "fact" and word.need is not nothing:
            self.largest = max(self.largest, *(operand.nbytes for operand in operands), 0)

    def after(self, word: Word, operands: Sequence[torch.Tensor], results: Sequence[torch.Tensor]) -> None:
        """Add the new storages; filling one may need an operand in full, even one with stride 0."""
        for result in results:
            if not any(share_storage(result, operand) for operand in operands):
                self.used += result.untyped_storage().nbytes()
                self.largest = max(self.largest, *(operand.nbytes for operand in operands), 0)
        if self.is_apart:
            self.sent = max(self.sent, self.used + carried(operands) + carried(results))

    def call(self, word: Word, positional: Sequence[Any], keywords: dict[str, Any]) -> Any:
        """Make the call on the meta device."""
        return (word.plan or word.call)(*positional, **keywords)


class CarefulWatch(Watch):
    """Runs a line that cannot be planned as a whole: each call is planned separately, or bounded."""

    def __init__(self, job: Job, limit: int, seconds: float = MOST_SECONDS) -> None:
        super().__init__(job)
        self.limit = self.left = limit
        self.seconds = seconds

    def before(
        self, word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], operands: Sequence[torch.Tensor]
    ) -> None:
        """Refuse a call that does not fit into the remaining budget, or that would take too long."""
        super().before(word, positional, keywords, operands)
        arguments = (*positional, *keywords.values())
        seconds = word.work(arguments)
        meanwhile = 0 if word.storage == "view" else word.workspace(arguments)
        if word.storage != "view" and word.need is not nothing:
            meanwhile = max(meanwhile, *(operand.nbytes for operand in operands), 0)
        need = 0 if word.need is nothing else self._need(word, positional, keywords, meanwhile)
        if seconds > LONG_SECONDS:
            meanwhile += carried(operands) + 2 * need
        if max(need, meanwhile) > self.left:
            size = f"{bytes_in_words(max(need, meanwhile))}, but only {bytes_in_words(self.left)} are left"
            refuse(f"{word.name} may take up to {size} of {bytes_in_words(self.limit)}.", badge="too large")
        if seconds > self.seconds:
            refuse(f"{word.name} may take up to {time_in_words(seconds)}.", badge="too long")
        self.left -= 0 if word.storage in ("view", "fact") else need

    def _need(self, word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], meanwhile: int) -> int:
        """The bytes of a call's result. An error in shapes, which the plan finds, takes priority over one in size."""
        bound = word.need((*positional, *keywords.values()))
        named = {name: _on_meta(value) for name, value in keywords.items() if name != "generator"}
        if makes(word, (*positional, *keywords.values())):
            named["device"] = "meta"
        try:
            planned = tensors((word.plan or word.call)(*_on_meta(positional), **named))
        except Exception as error:  # a call without a plan may raise any exception; the loose bound applies
            if max(bound, meanwhile) > self.left and not needs_values(error):
                raise
            return bound
        return 0 if word.storage == "view" else sum(tensor.nbytes for tensor in planned)


_NO_VALUES = re.compile(
    r"\bmeta\b|not computed|item\(\)|depends on values|data-dependent|is planned here|DispatchKey|fake tensor",
    re.IGNORECASE,
)


def needs_values(error: Exception) -> bool:
    """True if a plan failed for lack of values or of a meta implementation; otherwise the call itself is wrong."""
    has_no_plan = isinstance(error, NotImplementedError) and "ot implemented" in str(error)
    return has_no_plan or "Could not run" in str(error) or _NO_VALUES.search(str(error)) is not None


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    return type(value)(map(_on_meta, value)) if type(value) in (list, tuple) else value


def warm_up() -> None:
    """Import what torch's meta device needs: this takes a second, once, best in a background thread."""
    torch.empty(1, device="meta").exp()
