"""A part of the memory panel: a hairline, a title, a body; the further ones fold."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from playground.widgets.common.section import Section

TITLE = 32


class Part(Section):
    """`Part("Steps to W")`; `folds=True` starts folded, with a chevron."""

    def __init__(self, title: str, folds: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(title, collapsible=folds, parent=parent)
        self.title_line.setFixedHeight(TITLE)
        self.body_layout.setContentsMargins(16, 0, 6, 8)
        self.body_layout.setSpacing(6)
        if folds:
            self.set_folded(True)

    def add(self, widget: QWidget) -> QWidget:
        """Put a widget below the others."""
        self.body_layout.addWidget(widget)
        return widget
