"""Every word of the vocabulary, called in many ways: what it says about memory holds, and its bound is a bound."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from functools import cache
from typing import Any

import pytest
import torch

from playground.models.language.completion import signature_help
from playground.models.language.steps import share_storage
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.bounds import tensors
from playground.models.language.vocabulary.plans import VALUE_PLANS
from playground.models.problem import ProblemError

WORDS = list(VOCABULARY.values())
RECEIVERS = [
    lambda: torch.arange(1.0, 13.0).reshape(3, 4) / 13,
    lambda: torch.arange(4.0),
    lambda: torch.arange(24.0).reshape(2, 3, 4),
    lambda: torch.arange(12).reshape(3, 4),
    lambda: torch.eye(3) + 0.5,
    lambda: torch.tensor([True, False, True]),
    lambda: torch.tensor(2.5),
    lambda: torch.arange(6.0).reshape(1, 6, 1),
    lambda: torch.arange(3),
    lambda: torch.complex(torch.arange(1.0, 5.0), torch.ones(4)).reshape(2, 2),
    lambda: torch.arange(24.0).reshape(1, 2, 3, 4),
    lambda: torch.arange(48.0).reshape(1, 2, 2, 3, 4),
]


def _index() -> torch.Tensor:
    return torch.zeros(1, 4, dtype=torch.int64)


ARGUMENTS = [
    lambda t: (),
    lambda t: (0,),
    lambda t: (1,),
    lambda t: (0, 1),
    lambda t: (2,),
    lambda t: (0, 0, 2),
    lambda t: ((4, 3),),
    lambda t: (1, (2, 2)),
    lambda t: (t,),
    lambda t: (t, t),
    lambda t: (t.mT if t.ndim > 1 else t,),
    lambda t: (t.reshape(-1),),
    lambda t: (torch.float64,),
    lambda t: (3, 4),
    lambda t: ((2, 2), (1, 1)),
    lambda t: (0, _index()),
    lambda t: (0, _index(), torch.ones(1, 4)),
    lambda t: (0, torch.tensor([0, 1])),
    lambda t: (0, torch.tensor([0, 1]), t[:2] if t.ndim else t),
    lambda t: (0, torch.tensor([0, 1]), 1.0),
    lambda t: (t.real > 0,),
    lambda t: (t.real > 0, 2),
    lambda t: (t.real > 0, t),
    lambda t: (t, 0.5),
    lambda t: (0.5,),
    lambda t: (5, 2),
    lambda t: ((3, 4), 7.0),
    lambda t: (t[0] if t.ndim else t, 0, 0),
    lambda t: (t.diagonal() if t.ndim > 1 else t,),
    lambda t: (t.reshape(-1)[:3],),
    lambda t: (0, _index(), torch.ones(1, 4), "sum"),
    lambda t: (3,),
    lambda t: ([1.0, 2.0],),
    lambda t: (torch.float32, torch.int64),
    lambda t: ("ij->ji", t),
    lambda t: ((1, 1),),
    lambda t: (torch.tensor([1.0, 2.0, 3.0]),),
    lambda t: (torch.arange(4),),
    lambda t: (t, t, t) if t.ndim == 2 else (torch.ones(3), torch.ones(3, 3), torch.ones(3)),
    lambda t: (torch.ones(2, 3, 3), torch.ones(2, 3, 3), torch.ones(2, 3, 3)),
    lambda t: (torch.ones(2, 3, 4), torch.ones(2, 4, 3)),
    lambda t: (0, 5, 2),
    lambda t: (0, 1, 5),
    lambda t: (0, 10, (2, 3)),
    lambda t: (0.0, 1.0, (3, 4)),
    lambda t: ([t, t],),
    lambda t: ((1, 0),),
    lambda t: (tuple(t.shape[-1:]),),
    lambda t: (torch.ones(4, 4), t),
    lambda t: ([t, t], 0),
    lambda t: (t.mH,) if t.ndim > 1 else (t,),
    lambda t: (torch.ones(3, 2, 2),),
    lambda t: (torch.ones(3, 2, 2, 2),),
    lambda t: (torch.ones(3, 2, 2, 2, 2),),
    lambda t: (torch.ones(2, 3, 2), torch.ones(3, 4, 4), torch.ones(4, 5)),
    lambda t: (torch.ones(3, 2), torch.ones(3, 4), torch.ones(5, 2, 4)),
    lambda t: (torch.ones(5, 2, 3), torch.ones(5, 2, 3), torch.ones(5, 2, 3)),
    lambda t: (torch.tensor([[2, 0, 1]]), torch.arange(12.0).reshape(3, 4)),
    lambda t: (torch.ones(1, 4, 3, 3), 2),
    lambda t: (torch.rand(3, 4), torch.tensor([1, 0, 3])),
    lambda t: (torch.rand(3, 4), torch.ones(3, 4)),
    lambda t: ([torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 5)],),
    lambda t: (torch.view_as_real(torch.ones(3, dtype=torch.complex64)),),
    lambda t: (torch.ones(3, 4), [3.0]),
    lambda t: (torch.ones(2, 3), (3,)),
    lambda t: (2, 0, 1.0),
    lambda t: (None, None, None, None, True),
    lambda t: (torch.zeros(4), torch.ones(4)),
    lambda t: ((torch.tensor([0, 1]),), torch.ones(2, 4)),
    lambda t: ((torch.tensor([1, 1]), torch.tensor([0, 2])), torch.ones(()), True),
]
REQUIRED = {"torch.linalg.solve_triangular": {"upper": False}}
"""Arguments that have to be named."""
METHOD_ONLY = {".manual_seed", ".values", ".indices"}


def _need_of(name: str) -> Any:
    return VOCABULARY[name].need if name in VOCABULARY else None


TRIES = 15
ALONE = [
    word
    for word in WORDS
    if word.name not in METHOD_ONLY
    and not (word.name.startswith("torch.") and _need_of(f".{word.short_name}") is word.need)
]
"""Every word but the functions that are a method as well."""


def test_a_function_and_its_method_are_described_alike() -> None:
    for word in WORDS:
        method = VOCABULARY.get(f".{word.short_name}")
        if word.name.startswith("torch.") and word.name.count(".") == 1 and method is not None and method is not word:
            assert (word.storage, word.family) == (method.storage, method.family), word.name


@cache
def accepted(name: str) -> list[tuple[tuple[Any, ...], Any]]:
    """Calls of a word that torch accepts, with their results."""
    word = VOCABULARY[name]
    found = []
    bound = word.name.startswith(".") or not word.name.startswith("torch.")
    for receiver, arguments in itertools.product(RECEIVERS, ARGUMENTS):
        tensor = receiver()
        given = arguments(tensor)
        for call in [(tensor, *given)] if bound else [(tensor, *given), given]:
            if word.is_property and given:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    result = word.call(*call, **REQUIRED.get(name, {}))
                except Exception:
                    continue
            found.append((call, result))
            if len(found) >= TRIES:
                return found
    return found


@pytest.mark.parametrize("word", ALONE, ids=lambda word: word.name)
def test_some_call_is_accepted(word: Word) -> None:
    assert accepted(word.name), word.usage


@pytest.mark.parametrize("word", ALONE, ids=lambda word: word.name)
def test_what_a_call_allocates_is_within_its_bound(word: Word) -> None:
    for call, result in accepted(word.name):
        inputs = tensors(call)
        new = {
            part.untyped_storage()._cdata: part.untyped_storage().nbytes()
            for part in tensors(result)
            if not any(share_storage(part, given) for given in inputs)
        }
        assert sum(new.values()) <= word.need(call), (word.name, call)


@pytest.mark.parametrize("word", ALONE, ids=lambda word: word.name)
def test_views_are_views_and_copies_are_none(word: Word) -> None:
    for call, result in accepted(word.name):
        inputs, outputs = tensors(call), tensors(result)
        for part in outputs:
            shared = part.numel() == 0 or any(share_storage(part, given) for given in inputs)
            if word.storage == "view" and inputs:
                assert shared, (word.name, call)
            if word.storage == "copy" and part.numel():
                assert not shared or any(part is given for given in inputs), (word.name, call)
        if word.storage == "fact":
            assert not outputs, word.name


@pytest.mark.parametrize("word", [w for w in ALONE if w.plan is not None], ids=lambda word: word.name)
def test_plans_hold(word: Word) -> None:
    """A plan of shapes alone has the result's shape and dtype, or bounds its first axis where values decide."""
    by_values = word.short_name in ("nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "where")
    for call, result in accepted(word.name):
        try:
            planned = word.plan(*_on_meta(call))
        except (ValueError, ProblemError, RuntimeError):
            continue
        if not isinstance(result, torch.Tensor):
            continue
        if by_values:
            assert planned.numel() >= result.numel()
        else:
            assert planned.shape == result.shape, call
        assert planned.dtype == result.dtype, call


@pytest.mark.parametrize("word", [w for w in ALONE if w.storage != "fact"], ids=lambda word: word.name)
def test_plans_lie_in_memory_as_the_results_do(word: Word) -> None:
    """On the meta device every word, planned here or by torch, has the layout that it has when it runs."""
    if word.plan in VALUE_PLANS or word.name == "torch.where":
        return
    for call, result in accepted(word.name):
        with QUIET_TORCH, contextlib.suppress(ValueError, TypeError, ProblemError, RuntimeError, NotImplementedError):
            planned = tensors((word.plan or word.call)(*_on_meta(call), **REQUIRED.get(word.name, {})))
            for ours, real in zip(planned, tensors(result), strict=True):
                assert (ours.shape, ours.dtype) == (real.shape, real.dtype), call
                assert _long_strides(ours) == _long_strides(real), call


def _long_strides(tensor: torch.Tensor) -> list[int]:
    """The strides that have a meaning: those of axes longer than 1, where there are elements."""
    return [step for step, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1 and tensor.numel()]


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    return type(value)(map(_on_meta, value)) if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_each_word_is_described(word: Word) -> None:
    assert word.description.endswith("."), word.name
    assert len(word.description) < 110
    if word.signature:
        assert word.signature.startswith("(")
        text = f"{'A' if word.name.startswith('.') else ''}{word.name}("
        help_text = signature_help(text, len(text), {"A": (3, 4)})
        assert help_text is not None
        assert help_text.usage == word.usage


def test_keywords_of_the_signatures_are_torchs_own() -> None:
    """Each parameter with a default can be given by name."""
    tensor = torch.arange(12.0).reshape(3, 4)
    for word, keyword in [(".sum", "dim"), (".std", "correction"), (".sort", "descending"), (".topk", "largest")]:
        assert keyword in VOCABULARY[word].parameters
    assert torch.equal(VOCABULARY[".sum"].call(tensor, dim=0), tensor.sum(0))


def test_every_method_is_one_of_torchs_own() -> None:
    """Whatever a line says runs in any PyTorch session."""
    for word in WORDS:
        if word.name.startswith(".") and word.name not in METHOD_ONLY:
            assert hasattr(torch.Tensor, word.short_name), word.name


def test_no_word_writes() -> None:
    assert not [word.name for word in WORDS if word.short_name.endswith("_")]
    assert not [word.name for word in WORDS if "out" in word.parameters]
