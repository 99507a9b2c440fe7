"""The command search: type a few letters of what you want, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from playground.widgets.look import look, look_holder

WIDTH, ROW, MOST = 480, 24, 12


def matches(typed: str, words: str) -> bool:
    """Whether every typed word begins a word of the command: "th li" finds "Switch between light and dark theme"."""
    parts = words.lower().replace("...", "").split()
    return all(any(part.startswith(piece) for part in parts) for piece in typed.lower().split())


class CommandPalette(QFrame):
    """A field above a list of all commands that fit what is typed."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("palette")
        self.setAccessibleName("Search commands")
        self._actions: tuple[QAction, ...] = ()
        self._field = QLineEdit()
        self._field.setObjectName("palette.field")
        self._field.setPlaceholderText("Search commands")
        self._field.setAccessibleName("Search commands")
        self._field.textChanged.connect(self._on_text_changed)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setObjectName("palette.list")
        self._list.setAccessibleName("Commands found")
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setUniformItemSizes(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(self._on_item_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self._field)
        column.addWidget(self._list)
        look_holder().changed.connect(self._on_look_changed)
        self._on_look_changed()
        self.hide()

    def open(self, actions: Iterable[QAction]) -> None:
        """Show the commands that can be run now, below the header."""
        self._actions = tuple(action for action in actions if action.isEnabled())
        self._field.clear()
        self._fill("")
        self.setFixedWidth(min(WIDTH, self._window.width() - 32))
        self.move(QPoint((self._window.width() - self.width()) // 2, 48))
        self.show()
        self.raise_()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _fill(self, typed: str) -> None:
        self._list.clear()
        for action in self._actions:
            if matches(typed, action.text()):
                shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                item = QListWidgetItem(f"{action.text()}    {shortcut}" if shortcut else action.text())
                item.setData(Qt.ItemDataRole.UserRole, action)
                self._list.addItem(item)
        if not self._list.count():
            item = QListWidgetItem(f"No command has {typed!r} in its name")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._list.setFixedHeight(ROW * min(MOST, self._list.count()) + 8)
        self.adjustSize()

    def _run(self, item: QListWidgetItem | None) -> None:
        action = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        if isinstance(action, QAction):
            self.hide()
            action.trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys move in the list, Enter runs, Escape and leaving close."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self._list.setCurrentRow(max(0, min(self._list.count() - 1, self._list.currentRow() + step)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self._list.currentItem())
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.hide()
                return True
        if watched is self._field and event.type() == QEvent.Type.FocusOut:
            self.hide()
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_text_changed(self, typed: str) -> None:
        self._fill(typed)

    @Slot(QListWidgetItem)
    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        self._run(item)

    @Slot()
    def _on_look_changed(self) -> None:
        colours = look()
        self.setStyleSheet(
            f"#palette {{ background: {colours.raised}; border: 1px solid {colours.edge}; border-radius: 4px; }}"
            f"QListWidget {{ background: {colours.raised}; outline: 0; }}"
            f"QListWidget::item {{ height: {ROW}px; padding: 0 8px; color: {colours.text}; }}"
            f"QListWidget::item:selected {{ background: {colours.accent}; color: {colours.accent_text};"
            f" border-radius: 3px; }}"
        )
