"""The bounds of what calls hold and how much they work, against what torch's allocator and its counter of flops saw."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from measured_calls import Measured, measured
from torch.utils.flop_counter import FlopCounterMode

from playground.models.language.budget import call_word
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.bounds import nothing, tensors
from playground.models.language.vocabulary.costs import LIGHT, LONG_SECONDS, elements, seconds_each

SCRATCH = 32_768
"""Bytes that a call may hold whatever the size of its operands."""


def is_method_too(word: Word) -> bool:
    """Whether a function is a method as well, of which the same is said."""
    method = VOCABULARY.get(f".{word.short_name}")
    return word.name.startswith("torch.") and method is not None and method.need is word.need


WORDS = [word for word in VOCABULARY.values() if word.storage not in ("view", "fact") and not is_method_too(word)]
ALWAYS = {"+", "torch.nn.functional.conv2d", "torch.nn.functional.scaled_dot_product_attention", "torch.cdist",
          ".diff", "torch.combinations", ".index_put", "torch.linalg.svd", ".logsumexp"}  # fmt: skip


@pytest.fixture(name="calls")
def _calls(every_case: bool) -> dict[str, Measured]:
    return measured_once(every_case)


@functools.cache
def measured_once(every_case: bool) -> dict[str, Measured]:
    """Calls of all words, or of those that hold much and of some others."""
    chosen = random.Random(0).sample(WORDS, len(WORDS) // 24)
    words = WORDS if every_case else [word for word in WORDS if word.name in ALWAYS or word in chosen]
    return measured(words)


def test_no_call_holds_more_than_its_bound(calls: dict[str, Measured]) -> None:
    """Besides what it keeps, the workspace or the widest operand."""
    assert len(calls) > 300
    over = {text: (one.peak, one.bound) for text, one in calls.items() if one.peak > one.bound + SCRATCH}
    assert not over


def test_no_call_keeps_more_than_it_may_need(calls: dict[str, Measured]) -> None:
    over = {text: one.kept for text, one in calls.items() if one.kept > one.word.need(one.arguments)}
    assert not over


def test_the_work_of_a_call_is_at_least_that_of_touching_its_elements(calls: dict[str, Measured]) -> None:
    """A tenth of a pass over the largest of its operands and what it makes: the loosest that is still of use."""
    for text, one in calls.items():
        if one.word.storage == "view or copy" or one.word.need is nothing:
            continue
        made = one.kept // 16
        touched = max([made, *(0 if one.word.name == "[]" else given.numel() for given in tensors(one.arguments))])
        assert one.word.work(one.arguments) >= 0.1 * LIGHT * touched, text


def doubled(arguments: Any) -> Any:
    """The same arguments with each axis of each tensor twice as long."""
    if isinstance(arguments, torch.Tensor):
        shape = [2 * size for size in arguments.shape]
        return torch.empty(shape, dtype=arguments.dtype, device="meta")
    return tuple(map(doubled, arguments)) if isinstance(arguments, list | tuple) else arguments


def test_work_and_workspace_grow_with_the_operands(calls: dict[str, Measured]) -> None:
    for text, one in calls.items():
        larger = doubled(one.arguments)
        if elements(larger) <= elements(one.arguments):
            continue
        assert one.word.work(larger) >= one.word.work(one.arguments), text
        assert one.word.workspace(larger) >= one.word.workspace(one.arguments), text


A, B = torch.ones(30, 40), torch.ones(40, 50)
X, K = torch.ones(2, 3, 20, 20), torch.ones(5, 3, 3, 3)
Q = torch.ones(2, 4, 30, 16)
PRODUCTS: list[tuple[str, Sequence[Any], int | None]] = [
    ("torch.mm", (A, B), None),
    ("@", (A, B), None),
    ("@", (A.expand(3, 30, 40), B), None),
    ("torch.bmm", (Q[0], Q[0].mT), None),
    ("torch.baddbmm", (torch.ones(4, 30, 30), Q[0], Q[0].mT), None),
    ("torch.addmm", (torch.ones(30, 50), A, B), None),
    ("torch.einsum", ("ij,jk->ik", A, B), None),
    ("torch.einsum", ("ij,jk,kl->il", A, B, B.t()), None),
    ("torch.tensordot", (A, B, 1), None),
    ("torch.linalg.multi_dot", ([A, B, B.t()],), None),
    ("torch.nn.functional.linear", (A, B.t()), None),
    ("torch.nn.functional.conv1d", (X[:, :, 0], K[:, :, 0]), None),
    ("torch.nn.functional.conv2d", (X, K), None),
    ("torch.nn.functional.conv2d", (X, K, None, 1, 2), None),
    ("torch.nn.functional.conv3d", (X[:, :, None], K[:, :, None]), None),
    ("torch.nn.functional.scaled_dot_product_attention", (Q, Q, Q), 4 * 8 * 30 * 30 * 16),
    ("torch.nn.functional.bilinear", (A, A, torch.ones(6, 40, 40)), 2 * 30 * 6 * 40 * 40),
]
"""Products, with how many multiplications and additions they are where torch's own counter does not know."""


@pytest.mark.parametrize(
    ("name", "arguments", "known"), PRODUCTS, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(PRODUCTS)]
)
def test_the_work_of_a_product_is_at_least_its_multiplications(
    name: str, arguments: Sequence[Any], known: int | None
) -> None:
    with FlopCounterMode(display=False) as counter:
        call_word(name, arguments, {})
    flops = known or counter.get_total_flops()
    assert flops > 0
    work = VOCABULARY[name].work(arguments) / seconds_each(tensors(arguments))
    assert flops / 2 <= work * 1.01
    assert work <= 60 * flops, "loose, but not beyond use"


@pytest.mark.parametrize(
    "word", [word for word in VOCABULARY.values() if word.family == "making"], ids=lambda w: w.name
)
def test_what_is_made_from_numbers_takes_its_time(word: Word) -> None:
    """A billion elements are made where that can be cancelled."""
    for arguments in ((10**9,), (10**5, 10**5), ((10**5, 10**5),), (0, 9, (10**5, 10**5)), (0.0, 1.0, 10**10)):
        try:
            made = word.call(*arguments, device="meta")
        except (TypeError, RuntimeError, ValueError, AttributeError, IndexError):
            continue
        if isinstance(made, torch.Tensor) and made.numel() >= 10**9 and word.storage == "new":
            assert word.work(arguments) > LONG_SECONDS, (word.name, arguments)
