"""Tooltips: words first, code below in the second colour. All parts are plain text, whatever they hold."""

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
"""From where a tooltip is asked for to where Qt puts its corner; where it finds no room, Qt puts it above."""

_GAP = 4
_TALLEST = 120
"""A widget that is taller than this, in pixels, is pointed at in places: its tooltip stands beside the pointed line."""

_REACH = 16
"""Pixels above and below the pointer that hold the line pointed at."""


def show_beside(widget: QWidget, rect: QRect, html: str, x: int) -> None:
    """Show a tooltip below the rectangle that it explains, or above where there is no room below; at `x` of it."""
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
    """What a tooltip at this place speaks of: the widget, or of a tall one the line that is pointed at."""
    line = QRect(place.x(), place.y() - _REACH, 1, 2 * _REACH)
    return widget.rect() if widget.height() <= _TALLEST else line & widget.rect()


class _Beside(QObject):
    """Places tooltips beside what they explain, where Qt would place them over it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent) or not isinstance(watched, QWidget):
            return False
        if not watched.toolTip():
            return False
        show_beside(watched, explained(watched, event.pos()), watched.toolTip(), event.pos().x())
        return True


_beside = _Beside()


def set_tooltip(widget: QWidget, words: str, *code_lines: str) -> None:
    """Give a widget a tooltip whose colours follow the look; its words become the accessible name if it has none."""
    widget.setProperty(_PROPERTY, [words, *code_lines])
    widget.setToolTip(tooltip_html(words, *code_lines))
    place_beside(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(words)


def place_beside(widget: QWidget) -> None:
    """Have the tooltip of a widget, whoever writes it, stand beside what it explains."""
    widget.installEventFilter(_beside)


def refresh_tooltips() -> None:
    """Take the colours of the present look in all tooltips."""
    for widget in QApplication.allWidgets():
        parts = widget.property(_PROPERTY)
        if parts:
            widget.setToolTip(tooltip_html(*parts))
