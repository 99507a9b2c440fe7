"""A part of a panel: a title line of 40 px and a collapsible body."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look
from playground.widgets.text.labels import TextLabel

TITLE_HEIGHT = 40
PADDING = 16


class Hairline(QWidget):
    """A line of 1 px between rows or panels."""

    def __init__(self, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fixed, growing = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(fixed if vertical else growing, growing if vertical else fixed)

    def sizeHint(self) -> QSize:
        return QSize(1, 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), look().color("hairline"))


class TitleLine(QWidget):
    """The bold title and widgets beside it: `add` puts them after the title, `add_right` at the far end."""

    pressed = Signal()

    def __init__(self, title: str, padding: int = PADDING, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(TITLE_HEIGHT)
        self.title = TextLabel(title, bold=True, fixed=True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(padding, 0, padding, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.title)
        self._row.addStretch(1)
        self._left_count = 1

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a widget after the title and earlier widgets."""
        self._row.insertWidget(self._left_count, widget, stretch, Qt.AlignmentFlag.AlignVCenter)
        self._left_count += 1

    def add_first(self, widget: QWidget) -> None:
        """Put a widget before the title."""
        self._row.insertWidget(0, widget)
        self._left_count += 1

    def add_right(self, widget: QWidget) -> None:
        """Put a widget at the right end."""
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_title(self, title: str) -> None:
        """Show another title."""
        self.title.set_text(title)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()


class Section(QWidget):
    """A title line and a body below it; if `collapsible`, the chevron or a click on the title line folds it."""

    def __init__(
        self, title: str, *, collapsible: bool = False, padding: int = PADDING, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.title_line = TitleLine(title, padding)
        self.body = QWidget()
        self.body_layout = QVBoxLayout(self.body)
        self.body_layout.setContentsMargins(padding, 0, padding, 8)
        self.body_layout.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title_line)
        column.addWidget(self.body, 1)
        self._chevron: IconButton | None = None
        if collapsible:
            self._chevron = IconButton("chevron-down", f"Collapse {title}")
            self._chevron.clicked.connect(self.toggle)
            self.title_line.add_first(self._chevron)
            self.title_line.pressed.connect(self.toggle)

    @property
    def is_folded(self) -> bool:
        """True if the body is hidden."""
        return self.body.isHidden()

    @Slot()
    def toggle(self) -> None:
        """Fold or unfold."""
        self.set_folded(not self.is_folded)

    def set_folded(self, fold: bool) -> None:
        """Hide or show the body; only the title line stays."""
        if fold == self.is_folded:
            return
        self.body.setVisible(not fold)
        if self._chevron is not None:
            self._chevron.set_icon_name("chevron-right" if fold else "chevron-down")
            words = f"Expand {self.title_line.title.text()}" if fold else f"Collapse {self.title_line.title.text()}"
            self._chevron.setAccessibleName(words)
            set_tooltip(self._chevron, words)
