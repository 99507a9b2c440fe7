"""A line that follows the pointer: it changes its words without moving what is below."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.runs import Run, layout_runs, paint_placed, plain

LINE = 20


class CellLine(QWidget):
    """Shows runs, wrapped; it grows where it must and shrinks only when it is about something else."""

    def __init__(self, role: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self._runs: tuple[Run, ...] = ()
        self._about: Hashable = None
        self._lines = 1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """What is shown, as plain text."""
        return plain(self._runs)

    def forget_height(self, about: Hashable) -> None:
        """Take the height of one line again when it is about something else."""
        if about != self._about:
            self._about, self._lines = about, 1
            self.updateGeometry()

    def set_content(self, runs: tuple[Run, ...]) -> None:
        """Show other words."""
        if runs == self._runs:
            return
        self._runs = runs
        self.setAccessibleName(plain(runs))
        lines = self._needed(max(self.width(), 60))
        if lines > self._lines:
            self._lines = lines
            self.updateGeometry()
        self.update()

    def _needed(self, width: int) -> int:
        return round(layout_runs(self._runs, width, LINE)[1] / LINE) if self._runs else 1

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._lines, self._needed(width)) * LINE + 2

    def sizeHint(self) -> QSize:
        return QSize(320, self._lines * LINE + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, LINE + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        placed, _ = layout_runs(self._runs, self.width(), LINE)
        with QPainter(self) as painter:
            paint_placed(painter, 0, 0, placed, self._role)
