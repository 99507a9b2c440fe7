"""Turns gestures on the Shape panel into edited states: each step of a drag starts from the line before the drag."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

from playground.models.evaluation.selected import ShapeResult
from playground.models.problem import Problem
from playground.models.program.edit import Edit, append_operation, permute_axes, resize_axis, squeeze_axis, try_edit
from playground.models.program.gesture import (
    gesture_operation,
    gesture_words,
    insert_axis,
    inserted_words,
    moved_axis,
    moved_words,
    resized_words,
    squeezed_words,
)
from playground.models.program.gestures import GESTURES, Gesture
from playground.models.program.program import Program
from playground.models.state import PlaygroundState


class ShapeEdits:
    """Remembers the program before the current gesture, until something else changes the program."""

    def __init__(self) -> None:
        self._base: PlaygroundState | None = None
        self._present = PlaygroundState()
        self._made: tuple[Program, str] | None = None
        """The program and the selection that the gesture produced last."""
        self._result: ShapeResult | None = None
        self._gesture: Hashable = None

    def begin(self, state: PlaygroundState, result: ShapeResult, gesture: Hashable) -> None:
        """Start from the program before this gesture, and from the current state in everything else."""
        self._present = state
        if self._base is None or gesture is None or gesture != self._gesture:
            self._base, self._result, self._gesture = state, result, gesture
            self._made = (state.program, state.selection)

    def is_overtaken_by(self, state: PlaygroundState) -> bool:
        """True if a state does not come from the current gesture: continuing from its start would undo other edits."""
        return self._base is not None and (state.program, state.selection) != self._made

    def end(self) -> None:
        """Called when the user lets go."""
        self._base = self._made = self._result = self._gesture = None

    def reverted(self, state: PlaygroundState) -> tuple[PlaygroundState, Hashable] | None:
        """The state without the current gesture; None if there is none."""
        base, gesture = self._base, self._gesture
        self.end()
        return None if base is None else (_with_line_of(state, base, base.shape.last_gesture), gesture)

    def resize(self, sizes: tuple[tuple[int, int], ...]) -> PlaygroundState | Problem:
        """Set other sizes along some axes; sizes too large for a slice become the largest possible."""
        base, result = self._base, self._result
        assert base is not None
        assert result is not None
        state, words = base, ""
        for axis, wanted in sizes:
            size = wanted if result.made else min(wanted, result.whole[axis])
            program, whole = state.program, result.whole
            edit = try_edit(lambda p=program, a=axis, s=size, w=whole: resize_axis(p, result.name, a, s, w))
            if isinstance(edit, Problem):
                return edit
            words = resized_words(result.name, axis, size, edit.code, made=result.made)
            state = replace(state, program=edit.program, selection=edit.name)
        return self._begun() if state.program == base.program else self._with(state, words)

    def move(self, axis: int, place: int) -> PlaygroundState | Problem:
        """Move an axis to another place."""
        result = self._result
        assert result is not None
        if axis == place:
            return self._begun()
        order = moved_axis(len(result.layout.shape), axis, place)
        words = moved_words(result.name, axis, place, order)
        return self._try(lambda program: permute_axes(program, result.name, order), words)

    def insert(self, place: int) -> PlaygroundState | Problem:
        """Insert an axis of size 1."""
        result = self._result
        assert result is not None
        rank = len(result.layout.shape)
        method, _ = insert_axis(place, rank)
        words = inserted_words(result.name, place, rank)
        return self._try(lambda program: append_operation(program, result.name, method), words)

    def squeeze(self, axis: int) -> PlaygroundState | Problem:
        """Remove an axis of size 1."""
        result = self._result
        assert result is not None
        words = squeezed_words(result.name, axis, len(result.layout.shape))
        return self._try(lambda program: squeeze_axis(program, result.name, axis), words)

    def perform(self, gesture: Gesture, texts: Mapping[str, str]) -> PlaygroundState | Problem:
        """Apply a menu gesture with its field values."""
        result = self._result
        assert result is not None

        def edit(program: object) -> Edit:
            operation = gesture_operation(gesture, result.layout, texts)
            return append_operation(program, result.name, operation)  # type: ignore[arg-type]

        return self._try(edit, gesture_words(gesture.label, result.name, ""), gesture)

    def _try(self, edit: Callable[..., Edit], words: str, gesture: Gesture | None = None) -> PlaygroundState | Problem:
        base, result = self._base, self._result
        assert base is not None
        assert result is not None
        done = try_edit(lambda: edit(base.program))
        if isinstance(done, Problem):
            return done
        if gesture is not None:
            code = done.code if done.name == result.name else done.code.removeprefix(result.name)
            words = gesture_words(gesture.label, result.name, code)
        return self._with(replace(base, program=done.program, selection=done.name), words)

    def _begun(self) -> PlaygroundState:
        """The program before the gesture."""
        assert self._base is not None
        return self._with(self._base, self._base.shape.last_gesture)

    def _with(self, line: PlaygroundState, words: str) -> PlaygroundState:
        self._made = (line.program, line.selection)
        return _with_line_of(self._present, line, words)


def _with_line_of(state: PlaygroundState, line: PlaygroundState, words: str) -> PlaygroundState:
    """A state with another state's program and selection."""
    if (line.program, line.selection) == (state.program, state.selection):
        return state
    shape = replace(state.shape, last_gesture=words, cells=None)
    return replace(state, program=line.program, selection=line.selection, pointed=None, shape=shape)


def registered(name: str) -> Gesture:
    """The gesture with this name."""
    return GESTURES.find(name)
