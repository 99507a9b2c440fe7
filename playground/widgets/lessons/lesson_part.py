"""One of the four parts of a lesson: a mark, a title, and what stands below it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.widgets.common.buttons import Button
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import Hairline
from playground.widgets.lessons.step_mark import StepMark

CODE_COLUMNS = 36
"""So many characters of code fit into a part of a lesson, beside its scroll bar."""


class LessonPart(QWidget):
    """`add` puts widgets below the title; a hairline closes the part."""

    def __init__(self, number: int, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mark = StepMark(number)
        self.title = RunsLabel(f"**{title}**")
        self._body = QVBoxLayout()
        self._body.setSpacing(8)
        self._body.addWidget(self.title)
        row = QHBoxLayout()
        row.setSpacing(12)
        column = QVBoxLayout()
        column.addWidget(self.mark)
        column.addStretch(1)
        row.addLayout(column)
        row.addLayout(self._body, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 12, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(row)
        whole.addWidget(Hairline())

    def add(self, *widgets: QWidget) -> None:
        """Put widgets below what is there."""
        for widget in widgets:
            if isinstance(widget, Button):
                self._body.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                self._body.addWidget(widget)

    def set_title(self, title: str) -> None:
        """Show another title, in bold; its code stays code."""
        pieces = enumerate(title.split("`"))
        self.title.set_content("".join(f"`{one}`" if at % 2 else f"**{one}**" for at, one in pieces if one))
