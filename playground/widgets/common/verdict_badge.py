"""What an operation did, in a word: view, copy, same, new, imported, too large, problem."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import look, words_font
from playground.widgets.common.painting import RADIUS_BADGE, baseline, paint_box, text_width

VERDICT_HEIGHT = 16
_PADDING = 6


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """The roles that a kind of verdict is painted in; an empty role is not painted."""

    text: str
    fill: str = ""
    border: str = ""
    dashed: bool = False


VERDICTS: dict[str, VerdictStyle] = {
    "view": VerdictStyle("text2", border="field", dashed=True),
    "copy": VerdictStyle("warning", "warning_fill", "warning"),
    "new": VerdictStyle("text", "hover"),
    "same": VerdictStyle("text2"),
    "imported": VerdictStyle("text", "hover"),
    "too large": VerdictStyle("warning", "warning_fill", "warning"),
    "problem": VerdictStyle("error", "error_fill", "error"),
}
"""By kind: the kinds that `Step.kind` has, and what a card can say besides."""


def verdict_width(text: str) -> int:
    """The width of a verdict's badge in pixels."""
    return round(text_width(words_font(), text)) + 2 * _PADDING


def paint_verdict(
    painter: QPainter, x: float, y: float, kind: str, text: str = "", *, on_accent: bool = False
) -> float:
    """Paint a verdict with its top left corner at (x, y); returns its width.

    The text is the kind's own unless given ("copy 48 B", "view of B"). On the accent colour of a chosen menu row what
    has no fill of its own takes the colour of the text there.
    """
    style = VERDICTS.get(kind, VERDICTS["new"])
    label = text or kind
    rect = QRectF(round(x), round(y), verdict_width(label), VERDICT_HEIGHT)
    plain = on_accent and not style.fill
    fill = look().color(style.fill) if style.fill else None
    border = look().color("accent_text" if plain else style.border) if style.border else None
    if fill is not None or border is not None:
        paint_box(painter, rect, fill, border, RADIUS_BADGE, dashed=style.dashed)
    font = words_font()
    painter.setFont(font)
    painter.setPen(look().color("accent_text" if plain else style.text))
    painter.drawText(QPointF(rect.left() + _PADDING, baseline(rect, font)), label)
    return rect.width()


class VerdictBadge(QWidget):
    """`VerdictBadge("copy", "copy 48 B")`; hidden while its kind is empty."""

    def __init__(self, kind: str = "", text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._kind, self._text = "", ""
        self.set_verdict(kind, text)

    @property
    def kind(self) -> str:
        """The kind shown."""
        return self._kind

    @property
    def text(self) -> str:
        """The words shown."""
        return self._text

    def set_verdict(self, kind: str, text: str = "") -> None:
        """Show another verdict; an empty kind hides the badge."""
        self._kind, self._text = kind, text or kind
        self.setAccessibleName(self._text)
        if self.parentWidget() is not None:
            self.setVisible(bool(kind))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(verdict_width(self._text), VERDICT_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_verdict(painter, 0, (self.height() - VERDICT_HEIGHT) / 2, self._kind, self._text)
