"""Each operation's effect on memory, and whether another order of operations would copy less."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import bytes_in_words
from playground.models.language.source import ExpressionText, dotted_name, parse_expression
from playground.models.language.steps import Step
from playground.models.problem import ProblemError
from playground.models.program.program import Program, source_reads
from playground.models.program.sources import Binding, Expression

REARRANGING = frozenset(
    {"contiguous", "clone", "t", "T", "mT", "transpose", "swapaxes", "permute", "movedim", "reshape", "view", "flatten"}
    | {
        "unflatten",
        "unsqueeze",
        "squeeze",
        "expand",
        "expand_as",
        "narrow",
        "select",
        "diagonal",
        "unfold",
        "flip",
        "[",
    }
)
"""Operations that only select and rearrange elements: an elementwise operation may come after them instead."""

CASTS = frozenset({"float", "double", "half", "bfloat16", "int", "long", "short", "char", "byte", "bool"})
_TO_DTYPE = re.compile(r"\.to\(torch\.\w+\)")
_METHOD = re.compile(r"\.(\w+)\s*(\(|$)")
VARIANTS = 40
RUNS = 3
"""This many of the cheapest variants are computed for comparison."""
DEPTH = 3


@dataclass(frozen=True, slots=True)
class StepNote:
    """A step with its verdict ("copy 48 B") and a note on why it had to copy, or what shows that it did not.

    `on_storage`: it shares the last step's storage, since every later step is a view.
    """

    step: Step
    line: str
    verdict: str
    note: str
    on_storage: bool = False


@dataclass(frozen=True, slots=True)
class ChainAdvice:
    """Another spelling of the line that gives the same tensor and writes fewer bytes."""

    code: str
    sentence: str
    saved_bytes: int


def note_steps(name: str, evaluated: dict[str, Evaluated], most: int = 12) -> tuple[StepNote, ...]:
    """The steps of a line, preceded by those of the line that owns its storage."""
    lines = [name]
    while (base := evaluated[lines[0]].view_of) and base in evaluated and base not in lines:
        lines.insert(0, base)
    notes: list[StepNote] = []
    for line in lines:
        notes += [StepNote(step, line, step_verdict(step), _note_of(step)) for step in evaluated[line].steps]
    return _with_storages(notes)[-most:]


def _with_storages(notes: Sequence[StepNote]) -> tuple[StepNote, ...]:
    """Mark the steps that later views share their storage with, going backwards from the last step."""
    marked: list[StepNote] = []
    same = True
    for place in range(len(notes) - 1, -1, -1):
        note = notes[place]
        marked.insert(0, replace(note, on_storage=same))
        starts_line = place > 0 and notes[place - 1].line != note.line
        same = same and note.step.kind in {"view", "same"} and (starts_line or note.step.shares_previous)
    return tuple(marked)


def step_verdict(step: Step) -> str:
    """`"view"`, `"same"`, `"copy 48 B"`, `"new 48 B"`."""
    return f"{step.kind} {bytes_in_words(step.own_bytes)}" if step.kind in {"copy", "new"} else step.kind


def _note_of(step: Step) -> str:
    storage = bytes_in_words(step.storage_bytes)
    if step.kind == "copy":
        return step.reason or "The elements are copied into a new storage."
    if step.kind == "new":
        return f"A new storage: {storage}."
    if step.kind == "same":
        return "The same object: nothing happens."
    whose = f"the storage of {step.base}" if step.base else "the storage of the step before"
    if step.is_stretch:
        return f"Stretched by broadcasting: stride 0 reads {whose} repeatedly, 0 B."
    return f"Reads {whose}, {storage}: no data is moved."


def written_bytes(steps: Sequence[Step]) -> int:
    """The bytes that the copies and new tensors of a line write."""
    return sum(step.own_bytes for step in steps if step.kind in {"copy", "new"})


def count_copies(steps: Sequence[Step]) -> int:
    """The number of steps that are copies."""
    return sum(step.kind == "copy" for step in steps)


@lru_cache(maxsize=16)
def advise_chain(program: Program, name: str, budget: int | None = None) -> ChainAdvice | None:
    """The cheapest spelling that was run and gave the same bits, shape, strides and dtype; or None.

    Two kinds of rewriting are tried: dropping `.contiguous()` or `.clone()`, and moving them or a cast after operations
    that only rearrange. The cost of each variant is planned on the meta device; the cheapest are then computed, within
    the budget, and compared with the line.
    """
    binding = program.get(name)
    if binding is None or not isinstance(binding.source, Expression):
        return None
    chain = _split_chain(binding.source.text)
    if chain is None:
        return None
    prefix = _needed_lines(program, name)
    original = _plan(prefix, name, binding.source.text)
    if original is None or count_copies(original.steps) == 0:
        return None
    cheaper: list[tuple[int, int, str]] = []
    for code in _variants(*chain):
        planned = _plan(prefix, name, code)
        if planned is not None and _same_tensor(original, planned):
            cost = written_bytes(planned.steps)
            if cost < written_bytes(original.steps):
                cheaper.append((cost, len(code), code))
    if not cheaper:
        return None
    computed = evaluate(Program((*prefix, Binding(name, binding.source))), budget)[name]
    for _, _, code in sorted(cheaper)[:RUNS]:
        other = evaluate(Program((*prefix, Binding(name, Expression(code)))), budget)[name]
        if other.tensor is not None and computed.tensor is not None and have_same_bits(computed.tensor, other.tensor):
            return _advice(computed, code, other)
    return None


def have_same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """True if two tensors have the same dtype, shape, strides and elements, including the signs of zeros and nans."""
    if (one.dtype, one.shape, one.stride()) != (other.dtype, other.shape, other.stride()):
        return False
    # contiguous() may keep any stride of a one-element vector, so the elements are copied.
    flat = [torch.empty(one.numel(), dtype=one.dtype).copy_(tensor.reshape(-1)) for tensor in (one, other)]
    return torch.equal(flat[0].view(torch.uint8), flat[1].view(torch.uint8))


def _advice(original: Evaluated, code: str, planned: Evaluated) -> ChainAdvice:
    before, after = written_bytes(original.steps), written_bytes(planned.steps)
    copies = count_copies(planned.steps)
    how = "without a copy" if not copies else "with one copy" if copies == 1 else f"with {copies} copies"
    times = {1: "once", 2: "twice"}.get(count_copies(original.steps), f"{count_copies(original.steps)} times")
    sentence = (
        f"This copies {times} and writes {bytes_in_words(before)}. The same tensor {how}, {bytes_in_words(after)}:"
    )
    if planned.view_of and not original.view_of:
        sentence = f"{sentence[:-1]}, on the storage of {planned.view_of}:"
    return ChainAdvice(code, sentence, before - after)


def _same_tensor(original: Evaluated, other: Evaluated) -> bool:
    one, two = original.meta, other.meta
    if one is None or two is None:
        return False
    if other.view_of and not original.view_of and "clone" in original.code:
        return False
    return one.shape == two.shape and one.stride() == two.stride() and one.dtype == two.dtype


def _needed_lines(program: Program, name: str) -> tuple[Binding, ...]:
    """The lines that a line reads, directly or indirectly."""
    place = program.names.index(name)
    wanted = set(source_reads(program.bindings[place].source))
    kept: list[Binding] = []
    for binding in reversed(program.bindings[:place]):
        if binding.name in wanted:
            wanted.update(source_reads(binding.source))
            kept.insert(0, binding)
    return tuple(kept)


def _plan(prefix: tuple[Binding, ...], name: str, code: str) -> Evaluated | None:
    """The line on the meta device: a budget of no bytes computes nothing."""
    planned = evaluate(Program((*prefix, Binding(name, Expression(code)))), budget=0)[name]
    return None if planned.meta is None else planned


def _split_chain(code: str) -> tuple[str, tuple[str, ...]] | None:
    """`"A.t().reshape(12)"` as `("A", (".t()", ".reshape(12)"))`; None if it is not a chain of methods."""
    try:
        parsed = parse_expression(code)
    except ProblemError:
        return None
    suffixes: list[str] = []
    node = parsed.root
    while (receiver := _receiver(node)) is not None:
        text = parsed.text[parsed.span(receiver).stop : parsed.span(node).stop]
        suffixes.insert(0, text.lstrip(") \n"))
        node = receiver
    if len(suffixes) < 2:
        return None
    return _base_text(parsed, node), tuple(suffixes)


def _receiver(node: ast.expr) -> ast.expr | None:
    match node:
        case ast.Call(func=ast.Attribute(value=value)):
            inner: ast.expr = value
        case ast.Subscript(value=value) | ast.Attribute(value=value):
            inner = value
        case _:
            return None
    return None if dotted_name(inner).split(".")[0] == "torch" else inner


def _base_text(parsed: ExpressionText, node: ast.expr) -> str:
    text = parsed.segment(node)
    return text if isinstance(node, ast.Name | ast.Call) else f"({text})"


def _word(suffix: str) -> str:
    if suffix.startswith("["):
        return "["
    match = _METHOD.match(suffix)
    return match.group(1) if match else ""


def _is_movable(suffix: str) -> bool:
    """True if it works element by element, so that it may come after a rearrangement."""
    word = _word(suffix)
    return (
        suffix in {".contiguous()", ".clone()"}
        or (word in CASTS and suffix.endswith("()"))
        or bool(_TO_DTYPE.fullmatch(suffix))
    )


def _variants(base: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Other spellings, those with the fewest edits first."""
    seen, level = {suffixes}, [suffixes]
    produced = 0
    for _ in range(DEPTH):
        following: list[tuple[str, ...]] = []
        for chain in level:
            for changed in _edits(chain):
                if changed not in seen and produced < VARIANTS:
                    seen.add(changed)
                    following.append(changed)
                    produced += 1
                    yield base + "".join(changed)
        level = following


def _edits(chain: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for place, suffix in enumerate(chain):
        if suffix in {".contiguous()", ".clone()"}:
            yield (*chain[:place], *chain[place + 1 :])
        following = chain[place + 1] if place + 1 < len(chain) else ""
        # A view as another dtype reads the bytes, which a cast has changed.
        if _is_movable(suffix) and _word(following) in REARRANGING and "torch." not in following:
            yield (*chain[:place], following, suffix, *chain[place + 2 :])
