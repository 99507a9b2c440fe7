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
        self.column = QWidget()
        fill_background(self.column, "window")
        self.column.setMinimumWidth(COLUMN - 32)
        self.column_layout = QVBoxLayout(self.column)
        self.column_layout.setContentsMargins(0, 0, 0, 8)
        self.column_layout.setSpacing(0)
        for section in sections:
            self.column_layout.addWidget(section)
            self.column_layout.addWidget(Hairline())
        self.column_layout.addStretch(1)
        self.setWidget(self.column)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(COLUMN)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        fill_background(self.viewport(), "window")
