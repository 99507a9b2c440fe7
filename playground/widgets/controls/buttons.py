"""Buttons: primary, secondary (with a border), quiet (without), and 24 px icon buttons."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import icon, look, words_font
from playground.widgets.painting import baseline, paint_box, text_width

HEIGHT = 24
ICON = 16
_PADDING = 11
_GAP = 6


class Button(QPushButton):
    """A text button; `kind` is "primary", "secondary" or "quiet"; `opens_menu` draws a chevron on the right."""

    def __init__(
        self,
        text: str,
        kind: str = "secondary",
        icon_name: str = "",
        opens_menu: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.kind, self.icon_name, self.opens_menu = kind, icon_name, opens_menu
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_kind(self, kind: str) -> None:
        """Become another kind of button, keeping the size."""
        self.kind = kind
        self.update()

    def button_font(self) -> QFont:
        """The label's font: medium on the primary button."""
        return words_font(QFont.Weight.Medium if self.kind == "primary" else QFont.Weight.Normal)

    def sizeHint(self) -> QSize:
        width = text_width(words_font(QFont.Weight.Medium), self.text()) + 2 * _PADDING if self.text() else 8.0
        width += (ICON + (_GAP if self.text() else 0)) if self.icon_name else 0
        width += ICON if self.opens_menu else 0
        return QSize(max(HEIGHT, round(width)), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def colors(self) -> tuple[QColor | None, QColor | None, str]:
        """Fill, border and text role in the current state."""
        hovered = self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            bordered = self.kind != "quiet"
            return (
                (look().color("raised") if bordered else None),
                (look().color("hairline") if bordered else None),
                "text3",
            )
        if self.kind == "primary":
            fill = look().color("accent")
            if self.isDown() or hovered:
                fill = fill.darker(112 if self.isDown() else 106) if not look().dark else fill.lighter(106)
            return fill, fill, "accent_text"
        if self.isChecked():
            return look().color("selected"), look().color("accent") if self.kind == "secondary" else None, "accent"
        if self.isDown():
            return look().color("hairline"), look().color("field") if self.kind == "secondary" else None, "text"
        if hovered:
            return look().color("hover"), look().color("field") if self.kind == "secondary" else None, "text"
        if self.kind == "quiet":
            return None, None, "text2"
        return look().color("raised"), look().color("edge"), "text"

    def paintEvent(self, _event: QPaintEvent) -> None:
        fill, border, role = self.colors()
        with QPainter(self) as painter:
            if fill is not None or border is not None:
                paint_box(painter, self.rect(), fill, border)
            self.paint_content(painter, role)

    def paint_content(self, painter: QPainter, role: str) -> None:
        """Paint icon, label and chevron in the middle of the button."""
        font = self.button_font()
        words = text_width(font, self.text())
        chevron = ICON if self.opens_menu else 0
        total = words + chevron
        if self.icon_name:
            total += ICON + (_GAP if self.text() else 0)
        x = round((self.width() - total) / 2)
        top = (self.height() - ICON) // 2
        mode_role = role if role != "text" or not self.icon_name else "text"
        if self.icon_name:
            icon(self.icon_name, mode_role).paint(painter, QRect(x, top, ICON, ICON))
            x += ICON + _GAP
        painter.setFont(font)
        painter.setPen(look().color(role))
        painter.drawText(QPointF(x, baseline(QRectF(self.rect()), font)), self.text())
        if self.opens_menu:
            place = QRect(self.width() - ICON - 5, top, ICON, ICON)
            icon("chevron-down", role).paint(painter, place)


class IconButton(Button):
    """A 24 by 24 icon button; framed when it is alone, quiet in a row of others."""

    def __init__(
        self, icon_name: str, words: str, *code_lines: str, framed: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "secondary" if framed else "quiet", icon_name, parent=parent)
        self.setAccessibleName(words)
        set_tooltip(self, words, *code_lines)

    def sizeHint(self) -> QSize:
        return QSize(HEIGHT, HEIGHT)

    def set_icon_name(self, icon_name: str) -> None:
        """Show another icon."""
        if icon_name != self.icon_name:
            self.icon_name = icon_name
            self.update()

    def paint_content(self, painter: QPainter, role: str) -> None:
        place = QRect((self.width() - ICON) // 2, (self.height() - ICON) // 2, ICON, ICON)
        shown = "text2" if role == "text" and not self.underMouse() else role
        painter.setOpacity(1.0 if self.isEnabled() else 0.4)
        icon(self.icon_name, shown).paint(painter, place, Qt.AlignmentFlag.AlignCenter)
