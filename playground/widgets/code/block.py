"""Lines of code to read and copy, in a sunken box."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from playground.widgets.code.marks import Marker, code_marks, code_runs
from playground.widgets.look import code_font, look
from playground.widgets.painting import paint_box, text_width
from playground.widgets.text.runs import paint_runs

LINE = 20
_PADDING = 8


class CodeBlock(QWidget):
    """Shows lines of code; `marker` colours a line. Ctrl+C and the context menu copy all of it."""

    def __init__(
        self, text: str = "", marker: Marker = code_marks, *, line: int = LINE, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._line = line
        self._marker = marker
        self._lines: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_text(text)

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines)

    def set_text(self, text: str | Sequence[str], marker: Marker | None = None) -> None:
        """Show other lines, with another marker if one is given."""
        self._marker = marker if marker is not None else self._marker
        self._lines = tuple(text.splitlines() if isinstance(text, str) else text)
        self.setAccessibleName(self.text())
        self.updateGeometry()
        self.update()

    def set_marker(self, marker: Marker) -> None:
        """Recolour the same lines."""
        self._marker = marker
        self.update()

    def sizeHint(self) -> QSize:
        widest = max((text_width(code_font(), line) for line in self._lines), default=0.0)
        return QSize(round(widest) + 2 * _PADDING, len(self._lines) * self._line + _PADDING)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    @Slot()
    def copy(self) -> None:
        """Copy the code to the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy", QKeySequence.StandardKey.Copy, self.copy)
        menu.popup(event.globalPos())

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color("sunken"), look().color("hairline"))
            painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
            for row, line in enumerate(self._lines):
                base = _PADDING // 2 + row * self._line + self._line // 2 + 4
                paint_runs(painter, _PADDING, base, code_runs(line, self._marker(line)))
