"""Tooltips: words first, code below in the second colour. All parts are treated as plain text."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from playground.widgets.look import look

_PROPERTY = "tooltipParts"


def tooltip_html(words: str, *code_lines: str) -> str:
    """`tooltip_html("Insert an axis", "B.unsqueeze(1)  B[:, None]", "gives (3, 1, 4)")` as rich text."""
    style = f"color:{look().tooltip_text2}; font-family:'JetBrains Mono'; font-size:12px; white-space:pre"
    lines = [f"<div>{escape(words)}</div>"]
    lines += [f'<div style="{style}">{escape(line)}</div>' for line in code_lines]
    return "".join(lines)


_QTS_WAY = QPoint(2, 16)
"""The offset from the requested point to where Qt puts a tooltip's corner; without room, Qt puts it above."""

_GAP = 4
_TALLEST = 120
"""In a widget taller than this, in pixels, the tooltip appears beside the line under the pointer."""

_REACH = 16
"""Pixels above and below the pointer that count as the pointed line."""


def show_beside(widget: QWidget, rect: QRect, html: str, x: int) -> None:
    """Show a tooltip at `x` below the rectangle that it explains, or above if there is no room below."""
    QToolTip.hideText()
    below = widget.mapToGlobal(QPoint(x, rect.bottom() + 1 + _GAP))
    QToolTip.showText(below - _QTS_WAY, html, widget, rect)
    tip = next((one for one in QApplication.topLevelWidgets() if one.metaObject().className() == "QTipLabel"), None)
    screen = widget.screen()
    if not html or tip is None or screen is None:
        return
    bounds = screen.availableGeometry()
    top = below.y()
    if top + tip.height() > bounds.bottom():
        top = widget.mapToGlobal(rect.topLeft()).y() - _GAP - tip.height()
    left = max(bounds.left(), min(below.x(), bounds.right() - tip.width()))
    tip.move(left, max(bounds.top(), top))


def explained(widget: QWidget, place: QPoint) -> QRect:
    """The rectangle that a tooltip here explains: the widget, or the pointed line of a tall one."""
    line = QRect(place.x(), place.y() - _REACH, 1, 2 * _REACH)
    return widget.rect() if widget.height() <= _TALLEST else line & widget.rect()


class _Beside(QObject):
    """Places tooltips beside what they explain; Qt would place them over it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent) or not isinstance(watched, QWidget):
            return False
        if not watched.toolTip():
            return False
        show_beside(watched, explained(watched, event.pos()), watched.toolTip(), event.pos().x())
        return True


_beside = _Beside()


def set_tooltip(widget: QWidget, words: str, *code_lines: str) -> None:
    """Give a widget a tooltip in the look's colours; its text becomes the accessible name if there is none."""
    widget.setProperty(_PROPERTY, [words, *code_lines])
    widget.setToolTip(tooltip_html(words, *code_lines))
    place_beside(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(words)


def place_beside(widget: QWidget) -> None:
    """Place a widget's tooltip beside what it explains, whoever sets its text."""
    widget.installEventFilter(_beside)


def refresh_tooltips() -> None:
    """Apply the current look's colours to all tooltips."""
    for widget in QApplication.allWidgets():
        parts = widget.property(_PROPERTY)
        if parts:
            widget.setToolTip(tooltip_html(*parts))
