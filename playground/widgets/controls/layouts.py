"""Layouts that wrap onto further lines: a row of parts, and a title line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from playground.widgets.controls.section import PADDING


class FlowLayout(QLayout):
    """Lays widgets out from left to right, `spacing` apart, in as many lines as the width requires.

    If `centred`, smaller widgets are centred vertically in their line.
    """

    def __init__(self, parent: QWidget | None = None, spacing: int = 8, *, centred: bool = False) -> None:
        super().__init__(parent)
        self._centred = centred
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self.invalidate()  # an already visible widget does not trigger a layout by itself

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


CONTROL, MARGIN, BETWEEN = 24, 8, 6
"""The height of a part, the margin above the first line and below the last, and the gap between lines."""


@dataclass(frozen=True, slots=True)
class FlowPart:
    """How a part behaves: at the `right` end; kept with the one before (`tied`); first in a line of right-hand parts.

    It shrinks to `tight` before a part of its own side moves to the next line, but only to `roomy` to make room for the
    right side; a smaller size hint counts instead.
    """

    item: QLayoutItem
    right: bool = False
    tied: bool = False
    leads: bool = False
    tight: int = 10_000
    roomy: int = 10_000

    def least(self, beside_right: bool) -> int:
        """The width it needs beside right-hand parts, or among its own side."""
        wish = self.item.sizeHint().width()
        return max(self.item.minimumSize().width(), min(wish, self.roomy if beside_right else self.tight))


class TitleFlow(QLayout):
    """`[title] [a] [+] [b]          [button] [verdict]` in one line if it fits, otherwise in two or three."""

    def __init__(self, parent: QWidget, padding: int, spacing: int = 8) -> None:
        super().__init__(parent)
        self._padding = padding
        self._parts: list[FlowPart] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def add(
        self,
        widget: QWidget,
        *,
        right: bool = False,
        tied: bool = False,
        leads: bool = False,
        tight: int = 10_000,
        roomy: int = 10_000,
    ) -> None:
        """Append a widget, see `FlowPart`."""
        self.addWidget(widget)
        item = self._parts.pop().item
        self._parts.append(FlowPart(item, right, tied, leads, tight, roomy))

    def addItem(self, item: QLayoutItem) -> None:
        self._parts.append(FlowPart(item))
        self.invalidate()

    def count(self) -> int:
        return len(self._parts)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._parts[index].item if 0 <= index < len(self._parts) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._parts.pop(index).item if 0 <= index < len(self._parts) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def height_at(self, width: int) -> int:
        """The height of the lines in a title of this width."""
        lines = max(1, len(self._lines(width - 2 * self._padding)))
        return 2 * MARGIN + lines * CONTROL + (lines - 1) * BETWEEN

    def sizeHint(self) -> QSize:
        shown = [part.item.sizeHint().width() for part in self._shown()]
        between = self.spacing() * max(0, len(shown) - 1)
        return QSize(sum(shown) + between + 2 * self._padding, 2 * MARGIN + CONTROL)

    def minimumSize(self) -> QSize:
        widest = max((part.item.minimumSize().width() for part in self._shown()), default=0)
        return QSize(widest + 2 * self._padding, 2 * MARGIN + CONTROL)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        inside = rect.adjusted(self._padding, MARGIN, -self._padding, -MARGIN)
        for place, line in enumerate(self._lines(inside.width())):
            top = inside.top() + place * (CONTROL + BETWEEN)
            self._lay_line(line, QRect(inside.left(), top, inside.width(), CONTROL), place == 0)

    def _shown(self) -> list[FlowPart]:
        return [part for part in self._parts if not part.item.isEmpty() and part.item.sizeHint().width() > 0]

    def _lines(self, width: int) -> list[list[FlowPart]]:
        lines: list[list[FlowPart]] = []
        for part in self._shown():
            if lines and self._needs([*lines[-1], part]) <= width:
                lines[-1].append(part)
            elif part.tied and len(lines[-1]) > 1:
                lines.append([lines[-1].pop(), part])
            else:
                lines.append([part])
        return lines

    def _needs(self, line: Sequence[FlowPart]) -> int:
        beside_right = line[-1].right
        return sum(part.least(beside_right) for part in line) + self.spacing() * (len(line) - 1)

    def _lay_line(self, line: Sequence[FlowPart], rect: QRect, is_first: bool) -> None:
        """Left parts from the left, right parts at the right end; if they wrap, the leading one starts a line."""
        lonely = not is_first and all(part.right for part in line)
        ahead = [part for part in line if part.leads] if lonely else [part for part in line if not part.right]
        if lonely and not ahead:
            ahead = list(line)
        behind = [part for part in line if part not in ahead]
        room = rect.width() - self.spacing() * (len(line) - 1)
        widths = self._widths([*ahead, *behind], room, line[-1].right)
        x = rect.left()
        for place, part in enumerate([*ahead, *behind]):
            if place == len(ahead):
                x = rect.left() + rect.width() - sum(widths[place:]) - self.spacing() * (len(behind) - 1)
            height = min(part.item.sizeHint().height(), CONTROL)
            drop = (CONTROL - height) // 2
            part.item.setGeometry(QRect(QPoint(x, rect.top() + drop), QSize(widths[place], height)))
            x += widths[place] + self.spacing()

    def _widths(self, line: Sequence[FlowPart], room: int, beside_right: bool) -> list[int]:
        """Give each part what it needs, then share out the rest up to each size hint, narrow parts first."""
        wishes = [max(part.item.minimumSize().width(), part.item.sizeHint().width()) for part in line]
        widths = [min(part.least(beside_right), max(room, 0)) for part in line]
        rest = room - sum(widths)
        while rest > 0 and (growing := [k for k in range(len(line)) if widths[k] < wishes[k]]):
            narrowest = min(growing, key=lambda k: widths[k])
            widths[narrowest] += 1
            rest -= 1
        return widths


class FlowTitle(QWidget):
    """A title line as high as its lines need; `flow` holds the parts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.flow = TitleFlow(self, PADDING)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a part changed its size hint, or was hidden or shown
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        height = self.flow.height_at(self.width())
        if height != self.maximumHeight():
            self.setFixedHeight(height)
