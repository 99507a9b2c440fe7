"""Asks for the notes on chance once a panel has nothing else to wait for, and keeps them while they hold."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from playground.models.broadcasting.chance.request import ChanceRequest, ChanceResult, chance_request
from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.problem import Problem
from playground.models.program.edit import edit_code
from playground.models.state import PlaygroundState
from playground.widgets.panel import Panel

SIDE = "chance"
IDLE_MILLISECONDS = 250


class ChanceNotes(QObject):
    """The notes of the panel's program. `changed` when they come, and when an edit ends them."""

    changed = Signal()

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._request: ChanceRequest | None = None
        self._result: ChanceResult | None = None
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MILLISECONDS)
        self._idle.timeout.connect(self._on_idle)

    @property
    def _panel(self) -> Panel:
        """The panel; not kept here, so that nothing but its owner keeps it alive."""
        panel = self.parent()
        assert isinstance(panel, Panel)
        return panel

    def follow(self, state: PlaygroundState) -> None:
        """Ask anew if the program is another one."""
        request = chance_request(state)
        if request == self._request:
            return
        had_notes = bool(self._result and self._result.notes)
        self._request, self._result = request, None
        self._panel.asked.emit(SIDE, None)
        if request is None or not request.program.bindings:
            self._idle.stop()
        else:
            self._idle.start()
        if had_notes:
            self.changed.emit()

    @Slot()
    def _on_idle(self) -> None:
        if not self._panel.is_answered:
            self._idle.start()
        elif self._request is not None:
            self._panel.asked.emit(SIDE, self._request)

    def take(self, outcome: object) -> None:
        """Keep an answer, if it is still about this program."""
        if isinstance(outcome, ChanceResult) and outcome.request == self._request:
            self._result = outcome
            self.changed.emit()

    def of_line(self, name: str) -> tuple[ChanceNote, ...]:
        """The notes of a line; empty while there are none."""
        return self._result.of_line(name) if self._result is not None else ()


def chance_problem(note: ChanceNote | None) -> Problem | None:
    """The edits of a note as a banner shows them, below a sentence that says the rest."""
    if note is None or not note.fixes:
        return None
    return Problem("To say which is meant:", fixes=note.fixes, severity="note")


def with_chance_fix(state: PlaygroundState, target: str, code: str) -> PlaygroundState:
    """The state after an edit that a note offers."""
    return state.with_program(edit_code(state.program, target, code))
