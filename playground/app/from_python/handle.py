"""What `playground.show` returns: the window's tensors, its program and its pictures, also after it is closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from PySide6.QtCore import QCoreApplication, QEventLoop

from playground.app.pictures import picture
from playground.app.window import MainWindow
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.files.disk import write_whole
from playground.models.files.session_file import SUFFIX, save_session
from playground.models.formatting import count_in_words, joined, shape_in_words
from playground.models.problem import Problem, ProblemError, refuse
from playground.models.program.handed_over import HandedOver, handed_over, live_values
from playground.models.program.program import Program, program_of, with_handed_over
from playground.models.state import PlaygroundState

UPDATE = ("handle", "update")
"""Updates in a row, as from a loop, are one step to undo."""
MOST_LISTED = 12
PngFile = bytes


class Picture:
    """A picture as PNG: `bytes()` of it, `save(path)`, and a notebook shows it."""

    def __init__(self, what: str, data: PngFile) -> None:
        self._what, self._data = what, data

    def bytes(self) -> PngFile:
        """The bytes of the PNG file."""
        return self._data

    def __bytes__(self) -> PngFile:
        return self._data

    def _repr_png_(self) -> PngFile:
        return self._data

    def __repr__(self) -> str:
        return f"<picture of {self._what}: PNG, {len(self._data):,} bytes>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, atomically; raises `ProblemError` if the disk refuses."""
        data = self._data

        def write(fresh: Path) -> int:
            return fresh.write_bytes(data)

        write_whole(path, write)


class Handle:
    """A window on tensors of Python, whose memory it shares: a write there shows here at the next event.

    `handle["B"]` and `handle.tensors` are the values of the program's lines, those that were passed in being the
    caller's own memory. `update`, `save`, `picture` and `close` do what they say. Once the window is closed, all that
    only reads gives its last state, and the others raise a `RuntimeError` that says so.
    """

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self._note = ""

    @property
    def is_closed(self) -> bool:
        """Whether the window has been closed."""
        return self.window.is_closed

    @property
    def _state(self) -> PlaygroundState:
        store = self.window.furniture.workspace.store
        if not self.is_closed:
            store.refresh()
        return store.state

    @property
    def program(self) -> Program:
        """The program as the user has edited it."""
        return self._state.program

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The value of each line that has one, by name: see `handle[name]`."""
        state = self._state
        return live_values(state.program, state.memory_budget)

    def __getitem__(self, name: str) -> torch.Tensor:
        """The value of a line. A tensor that was passed in, or a view of one, is on the caller's memory; others are
        copies. Raises `KeyError` if there is no such line, `ProblemError` if it has no value.
        """
        evaluated = self._evaluated()
        if name not in evaluated:
            raise KeyError(f"There is no tensor {name!r} in the program. It has {joined(tuple(evaluated)) or 'none'}.")
        if evaluated[name].tensor is None:
            raise ProblemError(evaluated[name].problem or Problem(f"{name} has no value."))
        return self.tensors[name]

    def _evaluated(self) -> Mapping[str, Evaluated]:
        state = self._state
        return evaluate(state.program, state.memory_budget)

    def update(self, *, note: str = "", **tensors: object) -> None:
        """Show other tensors under these names, new names as new lines, and handle the window's events once.

        The other lines stay as the user has edited them. `note` is said in the status line: "step 3". Raises
        `TypeError` for what cannot be shown, `RuntimeError` if the window is closed.
        """
        furniture = self._open_window("update").furniture
        given = handed_over(tensors, {})
        store = furniture.workspace.store
        if given.values:
            state = store.state
            names, program = tuple(given.values), with_handed_over(state.program, given.values)
            store.apply(replace(state, program=program, selection=state.selection or names[0]), UPDATE)
        if note:
            furniture.status.say(note)
        QCoreApplication.processEvents(_events_to_handle())

    def picture(self, panel: str = "window") -> Picture:
        """A picture of the "window" or of a panel: "tensors", "shape", "broadcast", "einsum", "memory" or "network".

        Waits until all is computed. Raises `ProblemError` for another name, `RuntimeError` if the window is closed.
        """
        return Picture(f"the {panel}", picture(self._open_window("picture"), panel))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the session, with its tensors, to a .safetensors file that the app and any such reader open.

        Raises `ProblemError` if that is impossible.
        """
        if Path(path).suffix.lower() != SUFFIX:
            refuse(f"{Path(path).name}: a session is written as {SUFFIX}.")
        save_session(path, self._state.at_rest())

    def close(self) -> None:
        """Close the window and wait for its computations; closing it again does nothing."""
        if not self.is_closed:
            self.window.close()

    def show_given(self, given: HandedOver) -> None:
        """Begin with these tensors, and say what was left out."""
        furniture = self.window.furniture
        if given.values:
            furniture.workspace.commands.replace_program(program_of(given.values))
            furniture.status.say(f"{count_in_words(len(given.values), 'tensor')} shared with Python: writes show here")
        furniture.notice.set_problem(given.note)
        self._note = "" if given.note is None else str(given.note)

    def _open_window(self, wanted: str) -> MainWindow:
        if self.is_closed:
            raise RuntimeError(
                f"The window is closed, so there is nothing to {wanted}. Its last tensors and program are still here: "
                "handle.tensors, handle.program; playground.show(...) opens another one."
            )
        return self.window

    def __repr__(self) -> str:
        state = "closed window" if self.is_closed else "window"
        lines = [_line(one) for one in self._evaluated().values()]
        more = [f"  and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
        head = f"<playground {state} on {count_in_words(len(lines), 'tensor')}>"
        return "\n".join([head, *lines[:MOST_LISTED], *more, *([self._note] if self._note else [])])


def _events_to_handle() -> QEventLoop.ProcessEventsFlag:
    """All; but in a notebook's cell not the messages of its next cells, which would be taken from the kernel."""
    flags = QEventLoop.ProcessEventsFlag
    return flags.ExcludeSocketNotifiers if "ipykernel" in sys.modules else flags.AllEvents


def _line(one: Evaluated) -> str:
    known = one.tensor if one.tensor is not None else one.meta
    if known is None:
        return f"  {one.name}  {one.code}: {one.problem}"
    return f"  {one.name}  {shape_in_words(tuple(known.shape))} {str(known.dtype).removeprefix('torch.')}  {one.code}"
