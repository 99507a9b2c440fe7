"""The notes of a program: each line planned again with sizes that are equal only where the program ties them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from playground.models.broadcasting.chance.sizes import SizeOrigin, Sizes
from playground.models.broadcasting.chance.telling import ChanceNote, ChanceTeller
from playground.models.broadcasting.chance.trace import (
    ChanceTrace,
    Doubt,
    TracedValues,
    UntraceableError,
    line_sizes,
    meta_tensor,
)
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import shape_in_words
from playground.models.job import CancelledError, Job
from playground.models.language.budget import PlanWatch
from playground.models.language.check import check_expression
from playground.models.language.interpreter import Interpreter
from playground.models.language.source import ExpressionText, parse_expression
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Made


def explain_chance(program: Program, budget: int | None = None, job: Job | None = None) -> tuple[ChanceNote, ...]:
    """The lines that work only because two sizes happen to be equal, with what else they could mean.

    >>> from playground import Program
    >>> note, = explain_chance(Program.parse("A = torch.ones(3, 3)\\nw = torch.ones(3)\\nB = A * w"))
    >>> note.name, note.fixes[0].code
    ('B', 'A * w[:, None]')

    Each size that is written in the program, or imported, is its own, unless the program ties it to another: by
    `A.shape[0]`, by an operation whose only reading needs it, or because one comes from the other. A note says which
    sizes meet (`sizes`), in words what else would fit (`message`), and offers the other reading and the tie as edits
    (`fixes`: the new `code` of the line `target`). Lines that fail are left out. There is one note for each cause.
    `budget` limits the bytes of all values, as in `evaluate`. Raises only `CancelledError`.
    """
    job = job or Job()
    with QUIET_TORCH:
        return _ChanceRun(program, evaluate(program, budget, job), job).notes()


class _ChanceRun:
    """One pass over the lines of a program with symbolic sizes."""

    def __init__(self, program: Program, results: Mapping[str, Evaluated], job: Job) -> None:
        self.program, self.results, self.job = program, results, job
        self.values = TracedValues(Sizes(program.code))
        self.lines: dict[str, ExpressionText] = {}
        self.found: list[tuple[ChanceNote, Doubt]] = []

    def notes(self) -> tuple[ChanceNote, ...]:
        """All notes, in order."""
        for binding in self.program.bindings:
            self.job.check()
            result = self.results[binding.name]
            if result.meta is not None:
                self._follow(binding, result, tuple(result.meta.shape), result.meta.dtype)
        return tuple(note for note, _ in self.found)

    def _follow(self, binding: Binding, result: Evaluated, shape: tuple[int, ...], dtype: torch.dtype) -> None:
        if not isinstance(binding.source, Expression):
            tied = isinstance(binding.source, Made) and binding.source.fill == "eye" and shape[0] == shape[-1]
            sizes = line_sizes(self.values, binding.name, shape, tied)
            self.values.tensors[binding.name] = meta_tensor(sizes, dtype)
            return
        traced = self._traced(binding.source.text, binding.name, result)
        self.values.tensors[binding.name] = self._settled(traced, binding.name, shape, dtype)

    def _traced(self, text: str, name: str, result: Evaluated) -> torch.Tensor | None:
        parsed = self.lines[name] = parse_expression(text)
        shapes = {(step.span.start, step.span.stop): step.shape for step in result.steps if not step.is_stretch}
        trace = ChanceTrace(parsed, self.values, name, shapes)
        try:
            value = trace.run()
        except (UntraceableError, ProblemError):
            value = None
        except CancelledError:
            raise
        except Exception:  # a word that cannot be planned with other sizes: its result is not followed further
            value = None
        for doubt in trace.doubts:
            self._tell(doubt, name, parsed)
        return value if isinstance(value, torch.Tensor) else None

    def _settled(
        self, traced: torch.Tensor | None, name: str, shape: tuple[int, ...], dtype: torch.dtype
    ) -> torch.Tensor:
        """The traced tensor, with a loose size wherever it differs from the true one."""
        sizes = self.values.sizes
        if traced is None or traced.ndim != len(shape):
            return meta_tensor(
                [sizes.fresh(SizeOrigin(name, axis, size, True)) for axis, size in enumerate(shape)], dtype
            )
        now = sizes.shape_now(traced.shape)
        right = [sizes.value(size) == true for size, true in zip(now, shape, strict=True)]
        sizes.seen(now, name)
        if all(right) and now == tuple(traced.shape) and traced.dtype == dtype:
            return traced
        mended = [
            size if fits else sizes.fresh(SizeOrigin(name, axis, true, True))
            for axis, (size, fits, true) in enumerate(zip(now, right, shape, strict=True))
        ]
        tensor = meta_tensor(mended, dtype)
        self.values.note(tensor, self.values.facts_of(traced))
        return tensor

    def _tell(self, doubt: Doubt, name: str, parsed: ExpressionText) -> None:
        known = self._known(doubt)
        if known is not None:
            note, first = self.found[known]
            if name not in note.lines:
                self.found[known] = (replace(note, lines=(*note.lines, name)), first)
            return
        teller = ChanceTeller(name, parsed, self.values.sizes, self.program, self.lines, self._shape_after)
        note_here = teller.told(doubt)
        if note_here is not None:
            self.found.append((note_here, doubt))

    def _known(self, doubt: Doubt) -> int | None:
        """The note with the same cause: the same two sizes, sizes that chance has already made one, or another matrix
        for the same axis."""
        cause, family, met = self._cause(doubt), self._family(doubt), self._met(doubt)
        for place, (_, other) in enumerate(self.found):
            if (len(cause) == 2 and self._cause(other) == cause) or (family and self._family(other) == family):
                return place
            made_one = other.apart is not None or len(self._cause(other)) == 1
            if doubt.apart is not None and made_one and met & self._met(other):
                return place
        return None

    def _met(self, doubt: Doubt) -> frozenset[int]:
        if doubt.reading is not None:
            return frozenset()
        return frozenset(self.values.sizes.now(doubt.size(axis)) for axis in doubt.pair)

    def _cause(self, doubt: Doubt) -> frozenset[int]:
        """The two sizes that are equal by chance, as they are known now."""
        now = self.values.sizes.now
        if doubt.ghost is not None:
            return frozenset({now(doubt.ghost.size), now(doubt.size(doubt.pair[0]))})
        if doubt.other is None:
            return frozenset()
        taken = next(axis for axis in doubt.pair if axis[0] == doubt.other[0])
        return frozenset({now(doubt.size(taken)), now(doubt.size(doubt.other))})

    def _family(self, doubt: Doubt) -> tuple[str, int] | None:
        if (
            doubt.meeting.kind not in ("matmul", "linear")
            or doubt.other is None
            or len(doubt.shapes[doubt.other[0]]) != 2
        ):
            return None
        return doubt.meeting.kind, self.values.sizes.now(doubt.size(doubt.pair[0]))

    def _shape_after(self, name: str, code: str) -> str | None:
        """The shape of a line with other code, planned with the true sizes; None if it fails."""
        names = self.program.names
        above = names[: names.index(name)]
        metas = {one: meta for one in above if (meta := self.results[one].meta) is not None}
        try:
            parsed = parse_expression(code)
            check_expression(parsed, above, names[len(above) + 1 :], name)
            planned = Interpreter(parsed, metas, PlanWatch(self.job, 0), "meta").run()
        except CancelledError:
            raise
        except Exception:
            return None
        return shape_in_words(planned.shape) if isinstance(planned, torch.Tensor) else None
