"""One line at the bottom that stands for a panel that has no room: its title and its result, still live."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look, look_holder, words_font
from playground.widgets.common.painting import baseline
from playground.widgets.common.runs import cut_runs, paint_runs
from playground.widgets.common.tooltip import place_beside
from playground.widgets.panel import Panel

HEIGHT = 32
TITLE_WIDTH = 80
MARGIN = 16


class FoldedLine(QWidget):
    """Shows the panel's summary, code as code; a click or Enter asks to open the panel."""

    opened = Signal(str)

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._key = panel.key
        self.setObjectName(f"folded.{panel.key}")
        self.setAccessibleName(f"Open {panel.title}")
        place_beside(self)
        self.setToolTip(f"Open {panel.title}")
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        panel.summary_changed.connect(self._on_panel_summary_changed)
        look_holder().changed.connect(self.update)

    @Slot()
    def _on_panel_summary_changed(self) -> None:
        self.setAccessibleDescription(self._panel.summary())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click opens the panel."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space open the panel."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A hairline above, the title in grey, the summary beside it, cut with an ellipsis."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("hover" if self.underMouse() else "panel"))
            painter.fillRect(0, 0, self.width(), 1, colours.color("hairline"))
            painter.setFont(words_font())
            painter.setPen(colours.color("text2"))
            box = self.rect().adjusted(MARGIN, 0, -MARGIN, 0)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(box, middle, self._panel.title)
            box.setLeft(box.left() + TITLE_WIDTH)
            runs = cut_runs(self._panel.summary_runs(), box.width())
            paint_runs(painter, box.left(), baseline(QRectF(box), words_font()), runs)
            if self.hasFocus():
                painter.setPen(colours.color("accent"))
                painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
