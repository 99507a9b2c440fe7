"""The field for the equation: each letter on its colour, the fault underlined, as wide as its text."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.einsum.equation import HINT
from playground.widgets.common.code_edit import CodeEdit
from playground.widgets.common.code_highlighter import BADGE_SPACING
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.einsum.letters import equation_marks

LEAST, MOST = 144, 320
_CHARACTER = 7.8
_PADDING = 28


class EquationEdit(CodeEdit):
    """`edited(text)` with every key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(marker=equation_marks, pixels=13, parent=parent)
        self.setObjectName("einsum.equation")
        self.setPlaceholderText("ij,jk->ik")
        self.setAccessibleName("einsum equation")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        set_tooltip(self, HINT, "i,i-> dot   ij->ji transpose   ii->i diagonal")
        self.textChanged.connect(self.updateGeometry)

    def light(self, letter: str) -> None:
        """Let one letter stand out wherever it is; "" none."""
        self.marker = partial(equation_marks, lit=letter)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        text = self.text()
        letters = len(equation_marks(text))
        width = len(text) * _CHARACTER + letters * BADGE_SPACING + _PADDING
        return QSize(min(MOST, max(LEAST, round(width))), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(LEAST, self.sizeHint().width()), super().minimumSizeHint().height())
