"""Fields of 24 px: a check box, a combo box of text, code or badges, and a line edit that elides long text."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QEnterEvent, QFont, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from playground.widgets.look import code_font, icon, look, words_font
from playground.widgets.painting import RADIUS_BADGE, baseline, elided, paint_box, paint_text, text_width
from playground.widgets.text.badges import BADGE, badge_width, paint_axis_badge

_BOX = 16
_GAP = 8
_HEIGHT = 24


class CheckBox(QCheckBox):
    """A switch with a label, in the code font if `code=True`."""

    def __init__(self, text: str, code: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._code = code
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def words(self) -> QFont:
        """The font of the text."""
        return code_font() if self._code else words_font()

    def sizeHint(self) -> QSize:
        return QSize(round(_BOX + _GAP + text_width(self.words(), self.text())) + 2, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(0, (self.height() - _BOX) / 2, _BOX, _BOX)
        on, enabled = self.isChecked(), self.isEnabled()
        border = "edge" if not enabled else "accent" if on else "text2" if self.underMouse() else "field"
        fill = "accent" if on and enabled else "edge" if on else "panel"
        font = self.words()
        with QPainter(self) as painter:
            paint_box(painter, box, look().color(fill), look().color(border), RADIUS_BADGE)
            if on:
                icon("check", "accent_text").paint(painter, QRect(box.toRect().adjusted(2, 2, -2, -2)))
            painter.setFont(font)
            painter.setPen(look().color("text" if enabled else "text3"))
            painter.drawText(QPointF(_BOX + _GAP, baseline(QRectF(self.rect()), font)), self.text())


AXIS_ROLE = int(Qt.ItemDataRole.UserRole) + 100
"""Item data: the axis whose badge represents the item."""

HEIGHT = 24
_LEFT = 10
_RIGHT = 28
_ROW = 24
_BORDER = 8


class ComboBox(QComboBox):
    """Chooses one of a few items; `code=True` sets them in the code font."""

    def __init__(self, code: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._code = code
        self._widest: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFont(self.item_font())
        self.view().setFont(self.item_font())
        self.setItemDelegate(_ItemDelegate(self))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        rows, items = self.view(), self.model()
        if isinstance(rows, QListView):
            rows.setUniformItemSizes(True)  # otherwise each row is measured again on every style change
        for changed in (items.rowsInserted, items.rowsRemoved, items.dataChanged, items.modelReset):
            changed.connect(self._on_items_changed)

    @Slot()
    def _on_items_changed(self) -> None:
        self._widest = None

    def item_font(self) -> QFont:
        """The font of the items."""
        return code_font() if self._code else words_font()

    def add_axis(self, axis: int, text: str | None = None, data: object = None) -> None:
        """Add an item shown as an axis's badge."""
        self.addItem(text if text is not None else str(axis), data if data is not None else axis)
        self.setItemData(self.count() - 1, axis, AXIS_ROLE)

    def sizeHint(self) -> QSize:
        if self._widest is None:
            font = self.item_font()
            self._widest = max((text_width(font, self.itemText(row)) for row in range(self.count())), default=0.0)
        return QSize(min(round(self._widest) + _LEFT + _RIGHT, 320), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 52), HEIGHT)

    def showPopup(self) -> None:
        """Open a list wide enough for all items, even from a narrow box."""
        bar = self.view().verticalScrollBar().sizeHint().width() if self.count() > self.maxVisibleItems() else 0
        self.view().setMinimumWidth(max(self.view().sizeHintForColumn(0) + bar + 2 * _BORDER, self.width()))
        super().showPopup()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the wheel change the item only when the box has focus, so that scrolling past it changes nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        enabled = self.isEnabled()
        border = "edge" if not enabled else "text2" if self.underMouse() else "field"
        role = "text" if enabled else "text3"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color("panel"), look().color(border))
            axis = self.currentData(AXIS_ROLE)
            if axis is not None:
                paint_axis_badge(painter, _LEFT - 2, (self.height() - BADGE) / 2, axis, self.currentText())
            else:
                font = self.item_font()
                text = elided(font, self.currentText() or self.placeholderText(), self.width() - _LEFT - _RIGHT + 6)
                painter.setFont(font)
                painter.setPen(look().color(role if self.currentText() else "text3"))
                painter.drawText(QPointF(_LEFT, baseline(QRectF(self.rect()), font)), text)
            place = QRect(self.width() - 21, (self.height() - 14) // 2, 14, 14)
            icon("chevron-down", "text2" if enabled else "text3").paint(painter, place)


class _ItemDelegate(QStyledItemDelegate):
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        axis = index.data(AXIS_ROLE)
        if axis is None:
            super().paint(painter, option, index)
            return
        bare = QStyleOptionViewItem(option)
        text = str(index.data())
        self.initStyleOption(bare, index)
        bare.text = ""
        widget = option.widget
        widget.style().drawControl(widget.style().ControlElement.CE_ItemViewItem, bare, painter, widget)
        rect = QRectF(option.rect)
        paint_axis_badge(painter, rect.left() + 8, rect.center().y() - BADGE / 2, axis, text)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        axis = index.data(AXIS_ROLE)
        width = badge_width(str(index.data())) + 24 if axis is not None else hint.width() + 8
        return QSize(width, _ROW)


_INSET = 2
"""Qt's own margin to the left and right of the text, beyond the text margins."""


class CutLineEdit(QLineEdit):
    """A line edit without a frame. Typed text scrolls as in any line edit."""

    @property
    def shown_text(self) -> str:
        """The painted text: all of it, or its beginning with an ellipsis."""
        return self.text() if self.hasFocus() else elided(self.font(), self.text(), self._room)

    @property
    def _room(self) -> int:
        margins = self.textMargins()
        return self.width() - 2 * _INSET - margins.left() - margins.right()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus() or text_width(self.font(), self.text()) <= self._room:
            super().paintEvent(event)
            return
        left, base = self.textMargins().left() + _INSET, baseline(QRectF(self.rect()), self.font())
        with QPainter(self) as painter:
            paint_text(painter, left, base, self.shown_text, self.font(), color=look().color("text"))
