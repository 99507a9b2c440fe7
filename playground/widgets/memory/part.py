"""A part of the Memory panel: a hairline, a title and a body; later parts collapse. Also the widths of code in them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtWidgets import QWidget

from playground.models.language.names import cut_name
from playground.widgets.controls.section import Section
from playground.widgets.look import code_font
from playground.widgets.painting import text_width

LONGEST_NAME = 16


def short_name(name: str) -> str:
    """A tensor's name beside boxes."""
    return cut_name(name, LONGEST_NAME)


def code_width(text: str, pixels: int = 12) -> float:
    """The width of a line of code, in pixels."""
    return len(text) * _advance(pixels)


@lru_cache(maxsize=8)
def _advance(pixels: int) -> float:
    return text_width(code_font(pixels), "0" * 10) / 10


TITLE = 32


class FoldingPart(Section):
    """`FoldingPart("Steps to W")`; `folds=True` starts collapsed, with a chevron."""

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
