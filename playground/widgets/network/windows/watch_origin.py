"""Where a watched module's first nan comes from: what met what, the line with the operation marked, and the cure."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.watch.origin import Origin
from playground.models.problem import Span
from playground.widgets.code.marks import code_runs
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look, look_holder
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run, parse_runs

_LEFT, _RIGHT = 40, 16
_BAR = 4
_LONGEST = 160


def source_runs(origin: Origin) -> tuple[Run, ...]:
    """The place and the line there, the operation with a squiggle below; of a long one what surrounds that."""
    where = Run(f"{origin.place}  ", role="text2")
    text, span = origin.source.replace("\n", " "), origin.problem.span
    if not text:
        return (where,)
    if len(text) > _LONGEST:
        start = 0 if span is None else max(0, min(span.start - _LONGEST // 4, len(text) - _LONGEST))
        text = f"{'…' * (start > 0)}{text[start : start + _LONGEST]}{'…' * (start + _LONGEST < len(text))}"
        shift = (1 if start else 0) - start
        span = None if span is None else Span(span.start + shift, min(span.stop + shift, len(text)))
    of = (Run(f"   of {origin.shapes}", role="text2"),) if origin.shapes else ()
    return (where, *code_runs(text, faulty=span), *of)


class WatchOrigin(QWidget):
    """`show_origin(origin)`; hidden while there is none. A press on the button copies the cure."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.origin")
        self._code = ""
        self.message = RunsLabel()
        self.line = RunsLabel()
        self.cure = RunsLabel()
        self.tried = TextLabel("", "text2")
        self.copy = Button("Copy", icon_name="copy")
        self.copy.setObjectName("network.watch.origin.copy")
        set_tooltip(self.copy, "Put the code that takes the place of the marked one on the clipboard")
        self.copy.clicked.connect(self._on_copy_clicked)
        self._mended = QWidget()
        row = QHBoxLayout(self._mended)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.cure, 2)
        row.addWidget(self.tried, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(_LEFT, 8, _RIGHT, 8)
        column.setSpacing(6)
        for part in (self.message, self.line, self._mended):
            column.addWidget(part)
        look_holder().changed.connect(self.update)
        self.hide()

    def show_origin(self, origin: Origin | None) -> None:
        """Say where the first nan or inf comes from."""
        self.setVisible(origin is not None)
        if origin is None:
            return
        problem = origin.problem
        self.message.set_content((Run(f"{problem.lead}  ", "bold"), *parse_runs(problem.message)))
        self.line.set_content(source_runs(origin))
        self.setAccessibleName(f"{problem} {origin.place}")
        fix = next(iter(problem.fixes), None)
        self._mended.setVisible(fix is not None)
        if fix is not None:
            self._code = fix.code
            words = f"{fix.gives[:1].upper()}{fix.gives[1:]}:  "
            self.cure.set_content((Run(words), *code_runs(fix.code)))
            self.tried.set_text(fix.meaning)

    def text(self) -> str:
        """All words that are shown."""
        return " ".join(part.text() for part in (self.message, self.line, self.cure) if not part.isHidden())

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._code)
        self.tried.set_text("Copied.")

    def paintEvent(self, _event: QPaintEvent) -> None:
        rect = QRectF(self.rect())
        with QPainter(self) as painter:
            painter.fillRect(rect, look().color("panel"))
            painter.fillRect(QRectF(0, 0, _BAR, rect.height()), look().color("error"))
            painter.fillRect(QRectF(0, rect.bottom() - 1, rect.width(), 1), look().color("hairline"))
