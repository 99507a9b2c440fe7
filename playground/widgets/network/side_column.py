"""The column of controls at the left of the network page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from playground.widgets.common.painting import fill_background
from playground.widgets.common.section import Hairline

COLUMN = 272


class SideColumn(QScrollArea):
    """Sections below each other with a hairline after each; scrolls where they do not fit."""

    def __init__(self, sections: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QWidget()
        self.setWidget(column)  # before it holds anything: Qt styles anew all that is put into something else
        fill_background(column, "window")
        column.setMinimumWidth(COLUMN - 32)
        below = QVBoxLayout(column)
        below.setContentsMargins(0, 0, 0, 8)
        below.setSpacing(0)
        for section in sections:
            below.addWidget(section)
            below.addWidget(Hairline())
        below.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(COLUMN)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        fill_background(self.viewport(), "window")
