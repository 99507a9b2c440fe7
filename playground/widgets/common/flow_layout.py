"""A row that continues on the next line where it is too long."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Lays widgets out from left to right, `spacing` apart, in as many lines as the width asks for.

    In a `centred` one, lower widgets stand in the middle of their line.
    """

    def __init__(self, parent: QWidget | None = None, spacing: int = 8, *, centred: bool = False) -> None:
        super().__init__(parent)
        self._centred = centred
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()  # a widget that is visible already asks for no layout by itself

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), apply=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, apply=True)

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self.spacing() * max(0, len(shown) - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, apply: bool) -> int:
        x, y, line = rect.left(), rect.top(), 0
        highest = max((item.sizeHint().height() for item in self._items if not item.isEmpty()), default=0)
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            widget = item.widget()
            growing = widget.sizePolicy().horizontalPolicy() if widget is not None else None
            if growing is not QSizePolicy.Policy.Fixed or size.width() > rect.width():
                size.setWidth(min(size.width(), max(item.minimumSize().width(), rect.width())))
            if x > rect.left() and x + size.width() > rect.left() + rect.width():
                x, y, line = rect.left(), y + line + self.spacing(), 0
            if apply:
                drop = (highest - size.height()) // 2 if self._centred else 0
                item.setGeometry(QRect(QPoint(x, y + drop), size))
            x += size.width() + self.spacing()
            line = max(line, highest if self._centred else size.height())
        return y + line - rect.top()
