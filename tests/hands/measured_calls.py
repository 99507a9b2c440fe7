"""Calls of every word of the vocabulary of a medium size, with the bytes that each allocated at most."""

from __future__ import annotations

import bisect
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile, record_function

from playground.models.language.budget import call_word
from playground.models.language.vocabulary import Word
from playground.models.language.vocabulary.bounds import tensors

SIDE = 100
MOST_BYTES = 60_000_000
"""Calls that may make more are not measured."""
LOOSE = frozenset({
    "conv1d", "conv2d", "conv3d", "scaled_dot_product_attention", "cdist", "interpolate", "unfold", "bilinear", "addmv",
    "baddbmm", "batch_norm", "bernoulli", "multinomial", "renorm", "bincount", "cross", "solve_triangular", "cholesky",
    "select_scatter", "view_as_complex",
})  # fmt: skip
"""Words whose bounds are far above what these calls make."""
GENERATOR = torch.Generator().manual_seed(0)
M = torch.randn(SIDE, SIDE, generator=GENERATOR)
TENSORS: dict[str, torch.Tensor] = {
    "plain": M,
    "turned": M.t(),
    "expanded": M[0].expand(SIDE, SIDE),
    "double": (M @ M.t() + SIDE * torch.eye(SIDE)).double(),
    "half": M.half(),
    "complex": torch.complex(M, M.t()),
    "whole": (M * 9).long().abs(),
    "short": (M * 9).to(torch.int8).abs(),
    "truth": M > 0,
    "row": M[0].repeat(3),
    "bit row": M[0] > 0,
    "batch": torch.randn(8, 40, 60, generator=GENERATOR),
    "image": torch.randn(2, 3, 60, 60, generator=GENERATOR),
    "film": torch.randn(1, 3, 12, 24, 24, generator=GENERATOR),
}
KERNELS = {3: (4, 40, 5), 4: (4, 3, 5, 5), 5: (4, 3, 3, 3, 3)}
Call = tuple[tuple[Any, ...], dict[str, Any]]


def _sizes(tensor: torch.Tensor) -> Iterator[tuple[Any, ...]]:
    """Arguments that are numbers, sizes and dtypes."""
    shape = tuple(tensor.shape)
    yield from ((), (1,), (-1,), (0, 1), (2,), (0.5,), (0, 50), (0, 0, 50), (0, 1, 50), (0, 0, 2), (0, 5, 2))
    yield from ((shape[::-1],), (shape,), (tensor.numel(),), (tuple(range(tensor.ndim))[::-1],), ((2,) * tensor.ndim,))
    yield from ((torch.float64,), (torch.int8,), ((1, 1),), (SIDE, SIDE), (0.0, 1.0), ((SIDE, SIDE), 7.0))
    yield from ((1, (2, SIDE // 2)), ((9, 9), (2, 2)), (shape[-1:],), (tensor.ndim - 1, 0))
    yield from ((3, 0), (0, 3, 2), (0.0, 1.0, (SIDE, SIDE)), (0, 9, (SIDE, SIDE)), (SIDE * SIDE, SIDE))


def _tensors(tensor: torch.Tensor) -> Iterator[tuple[Any, ...]]:
    """Arguments that are tensors, alone or among others."""
    places = (torch.arange(tensor.numel()) % tensor.shape[-1]).reshape(tensor.shape)
    some = torch.arange(tensor.shape[0])
    yield from (
        (tensor,),
        (tensor.mT if tensor.ndim > 1 else tensor,),
        (tensor, tensor),
        (tensor, tensor, tensor),
        (tensor[0],),
        (tensor, 0.5),
    )
    yield from ((-1, places), (-1, places, tensor), (0, some), (0, some, tensor), (0, some, 1.0), (places,))
    yield from ((tensor.real > 0,), (tensor.real > 0, 2), (tensor.real > 0, tensor), ((some,), tensor), (some,))
    yield from (
        (-1, places, tensor, "sum"),
        (tensor.flatten(),),
        (tensor[0].sum(), 0, 1),
        (2, 0, 1.0),
        (None, None, None, None, True),
        (0.5, 0, 1.0),
        (tensor.flatten()[:SIDE].real.sort()[0],),
    )
    yield ((places[0].clone(), places[0].clone()), tensor.flatten()[: tensor.shape[-1]], True)


def _special(word: Word, tensor: torch.Tensor) -> Iterator[Call]:
    """What only a few words take."""
    if tensor.ndim in KERNELS:
        kernel = torch.ones(KERNELS[tensor.ndim], dtype=tensor.dtype)
        for more in ({}, {"padding": 2}):
            yield (tensor, kernel), more
        yield (tensor, (3,) * (tensor.ndim - 2)), {}
    if word.short_name == "cdist":
        yield from (((tensor, tensor), {"p": power}) for power in (1.0, 3.0, torch.inf))
    if word.short_name == "combinations":
        yield (tensor.flatten()[:SIDE], 3), {}
    if word.short_name == "scaled_dot_product_attention":
        yield (tensor, tensor, tensor), {"is_causal": True}
        yield (tensor, tensor, tensor, torch.ones(tensor.shape[-2:][:1] * 2, dtype=torch.bool)), {}
    if word.short_name == "einsum":
        yield from (((text, tensor, tensor), {}) for text in ("ij,jk->ik", "ij,ik->jk", "ij,ij", "ij,ij->ij"))
    if word.short_name == "solve_triangular":
        yield (tensor, tensor), {"upper": False}
    if word.short_name == "interpolate":
        yield from (((tensor,), {"scale_factor": 2, "mode": mode}) for mode in ("nearest", "bilinear", "trilinear"))
    if word.short_name in ("addmv", "baddbmm", "multinomial", "bernoulli", "renorm", "cross", "select_scatter"):
        square = tensor.flatten()[: 27 * 27].reshape(1, 27, 27) if tensor.numel() > 27 * 27 else tensor[None, None]
        yield from (((tensor[0], tensor, tensor[0]), {}), ((square, square, square), {}))
        shares = tensor.real * tensor.real / (tensor.real.max() + 9)
        yield from (((shares, 5), {}), ((shares / (shares.max() + 1),), {}), ((tensor, 2, 0, 1.0), {}))
        yield from (((tensor[..., :3], tensor[..., :3]), {}), ((tensor, tensor[0], 0, 0), {}))
    if word.short_name == "quantile":
        yield (tensor, 0.5, -1), {}
    if word.short_name == "bilinear":
        yield (tensor, tensor, torch.ones(3, tensor.shape[-1], tensor.shape[-1], dtype=tensor.dtype)), {}
    if word.short_name == "embedding":
        yield (tensor.real.long() % 3, torch.ones(3, SIDE)), {}


def calls(word: Word) -> Iterator[tuple[str, Call]]:
    """Calls of a word with every tensor, of which torch refuses many; a text for each."""
    takes_first = word.name.startswith(".") or not word.name.startswith("torch.")
    for kind, tensor in TENSORS.items():
        given: list[Call] = [((tensor, *more), {}) for more in itertools.chain(_sizes(tensor), _tensors(tensor))]
        if word.is_property:
            given = [((tensor,), {})]
        elif not takes_first:
            given += [(more, {}) for more in itertools.chain(_sizes(tensor), _tensors(tensor)) if more]
            given += [(([tensor, tensor],), {}), (([tensor, tensor], -1), {})]
        given += _special(word, tensor)
        yield from ((f"{word.name} of {kind}, {number}", call) for number, call in enumerate(given))


@dataclass(frozen=True)
class Measured:
    """A call that torch made: the bytes that it held at most while it ran, and those that it keeps."""

    word: Word
    arguments: tuple[Any, ...]
    kept: int
    peak: int = 0

    @property
    def bound(self) -> int:
        """What a plan counts: what is kept, and besides it the workspace or the widest operand."""
        if self.word.storage == "view":
            return self.kept
        widest = max((one.nbytes for one in tensors(self.arguments)), default=0)
        return self.kept + max(self.word.workspace(self.arguments), widest)


def measured(words: Sequence[Word], most: int = 60) -> dict[str, Measured]:
    """At most so many calls of each word that torch makes, as torch's own allocator saw them."""
    made: dict[str, Measured] = {}
    with (
        warnings.catch_warnings(action="ignore"),
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled,
    ):
        for word in words:
            made |= itertools.islice(_made(word), most)
    peaks = _peaks(profiled)
    return {text: replace(one, peak=peaks[text]) for text, one in made.items() if text in peaks}


def _made(word: Word) -> Iterator[tuple[str, Measured]]:
    """The calls that torch makes, not measured yet."""
    for text, (positional, keywords) in calls(word):
        arguments = (*positional, *keywords.values())
        try:
            most = 50 * MOST_BYTES if word.short_name in LOOSE else MOST_BYTES
            if max(word.need(arguments), word.workspace(arguments)) > most:
                continue
            with record_function(f"call {text}"):
                result = call_word(word.name, positional, keywords)
        except Exception:  # torch refuses it: there is nothing to measure
            continue
        given = {one.untyped_storage().data_ptr() for one in tensors(arguments)}
        storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in tensors(result)}
        del result
        yield text, Measured(word, arguments, sum(size for place, size in storages.items() if place not in given))


def _peaks(profiled: profile) -> dict[str, int]:
    """The bytes that were held at most between the beginning and the end of each call."""
    assert profiled.profiler is not None
    assert profiled.profiler.kineto_results is not None
    events = profiled.profiler.kineto_results.events()
    memory = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    starts = [start for start, _ in memory]
    peaks = {}
    for event in events:
        if re.match("call ", event.name()):
            first, last = bisect.bisect_left(starts, event.start_ns()), bisect.bisect_right(starts, event.end_ns())
            held = max(itertools.accumulate((size for _, size in memory[first:last]), initial=0))
            peaks[event.name().removeprefix("call ")] = held
    return peaks
