"""The Network page: the network panel, with a lesson beside it when one is open."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from playground.widgets.panel import Panel


class NetworkPage(QWidget):
    """One panel fills the page."""

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(panel, 1)

    def open_side(self, side: QWidget | None) -> None:
        """Stand a lesson at the right of the page, or take it away (None)."""
        while self._row.count() > 1:
            self._row.takeAt(1)
        if side is not None:
            self._row.addWidget(side)
            side.show()
