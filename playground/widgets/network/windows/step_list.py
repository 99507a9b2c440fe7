"""The steps of a forward and backward pass as a list, each with its formula; mouse or arrow keys choose one."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from playground.models.network.step_through.steps import PassStep
from playground.widgets.look import code_font, look, look_holder, words_font
from playground.widgets.painting import baseline, elided, paint_text

ROW = 24


class StepList(QAbstractScrollArea):
    """`chosen(index)` when another step is chosen."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Steps of the forward and backward pass")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rows: list[tuple[str, int | None]] = []
        self._steps: tuple[PassStep, ...] = ()
        self._chosen = 0
        look_holder().changed.connect(self._repaint)

    @Slot()
    def _repaint(self) -> None:
        self.viewport().update()

    def show_steps(self, steps: tuple[PassStep, ...], chosen: int) -> None:
        """List these steps, with a heading for each direction."""
        self._steps, self._chosen = steps, chosen
        self._rows = []
        heading = ""
        for index, step in enumerate(steps):
            if step.direction != heading:
                heading = step.direction
                self._rows.append(("Forward" if heading == "forward" else "Backward, by the chain rule", None))
            self._rows.append((step.formula, index))
        self._update_range()
        self._reveal()
        self.viewport().update()

    def _update_range(self) -> None:
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(ROW)
        bar.setRange(0, max(0, len(self._rows) * ROW - self.viewport().height()))

    def _reveal(self) -> None:
        place = next((row for row, (_, index) in enumerate(self._rows) if index == self._chosen), 0)
        bar = self.verticalScrollBar()
        top = place * ROW
        if top < bar.value() + ROW:
            bar.setValue(max(0, top - ROW))
        elif top + ROW > bar.value() + self.viewport().height():
            bar.setValue(top + ROW - self.viewport().height())

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._update_range()

    def sizeHint(self) -> QSize:
        return QSize(280, 400)

    def _choose(self, index: int) -> None:
        index = max(0, min(len(self._steps) - 1, index))
        if index != self._chosen and self._steps:
            self.chosen.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int((event.position().y() + self.verticalScrollBar().value()) // ROW)
        if 0 <= row < len(self._rows) and self._rows[row][1] is not None:
            self._choose(int(self._rows[row][1] or 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Up: self._chosen - 1,
            Qt.Key.Key_Down: self._chosen + 1,
            Qt.Key.Key_Left: self._chosen - 1,
            Qt.Key.Key_Right: self._chosen + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self._steps) - 1,
        }
        if event.key() in moves:
            self._choose(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        code, heading = code_font(), words_font()
        offset, width = self.verticalScrollBar().value(), self.viewport().width()
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), look().color("window"))
            for row, (text, index) in enumerate(self._rows):
                box = QRect(0, row * ROW - offset, width, ROW)
                if not box.intersects(self.viewport().rect()):
                    continue
                if index is None:
                    paint_text(painter, 16, baseline(box, heading), text, heading, color=look().color("text3"))
                    continue
                if index == self._chosen:
                    painter.fillRect(box, look().color("selected"))
                    painter.fillRect(QRect(0, box.top(), 4, ROW), look().color("accent"))
                step = self._steps[index]
                broken = step.agreement is not None and not step.agreement.holds
                role = "error" if broken else "text" if index == self._chosen else "text2"
                shown = elided(code, text, width - 32)
                paint_text(painter, 16, baseline(box, code), shown, code, color=look().color(role))
