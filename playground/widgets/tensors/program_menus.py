"""The parts around the cards: buttons to add a tensor, menus, and the note that a lesson keeps the user's work."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QMenu, QSizePolicy, QWidget

from playground.models.language.fills import FILLS, default_made, made_code
from playground.models.lessons.moves import kept_in_words
from playground.models.program.program import Program
from playground.models.state import PlaygroundState
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import icon, look_holder
from playground.widgets.text.labels import RunsLabel

ROOMY_WIDTH = 268


class AddButtons(QWidget):
    """Tensor, Line, Open; without icons if there is little room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tensor = Button("Tensor", icon_name="plus", opens_menu=True)
        self.line = Button("Line", icon_name="terminal")
        self.open = Button("Open", icon_name="folder-open")
        self.tensor.setObjectName("tensors.add")
        self.line.setObjectName("tensors.line")
        self.open.setObjectName("tensors.open")
        set_tooltip(self.tensor, "New tensor: a range, zeros, random numbers, ...")
        set_tooltip(self.line, "New line of PyTorch code")
        set_tooltip(self.open, "Open tensors from files: .npy, .npz, .pt, .safetensors, .csv, images")
        row = QHBoxLayout(self)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        for button in (self.tensor, self.line, self.open):
            row.addWidget(button)
        row.addStretch(1)
        self.setFixedHeight(40)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the buttons to the width."""
        super().resizeEvent(event)
        roomy = self.width() >= ROOMY_WIDTH
        for button, name in ((self.line, "terminal"), (self.open, "folder-open")):
            button.icon_name = name if roomy else ""
            button.updateGeometry()
        self.tensor.opens_menu = roomy
        self.tensor.updateGeometry()


class KeptNote(QWidget):
    """`show_state` shows the note, or nothing if none of the user's own work is set aside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tensors.kept")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._icon, self._words = QLabel(), RunsLabel(role="text2")
        self._icon.setFixedSize(16, 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        look_holder().changed.connect(self._draw_icon)
        self._draw_icon()
        self.hide()

    def _draw_icon(self) -> None:
        self._icon.setPixmap(icon("book-open", "text2").pixmap(QSize(16, 16), self.devicePixelRatioF()))

    def show_state(self, state: PlaygroundState) -> None:
        """Show what is set aside until the lesson ends."""
        words = kept_in_words(state)
        self._words.set_content(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))


def fills_menu(parent: QWidget) -> ResultMenu:
    """One row per fill, with its initial shape; the action's data is the fill's name."""
    menu = ResultMenu("New tensor", parent)
    for fill in FILLS.values():
        made = default_made(fill.name)
        action = menu.add_result(fill.label, Outcome(made.shape), fill.name)
        action.setToolTip(f"{fill.description}\n{made_code(made)}")
    return menu


def tensor_menu(parent: QWidget, program: Program, name: str) -> QMenu:
    """The menu of one tensor; the action's data is the command's name."""
    menu = QMenu(parent)
    names = program.names
    place = names.index(name)
    users = program.dependents(name)
    used = f" (used by {', '.join(users[:4])}{', ...' if len(users) > 4 else ''})" if users else ""
    for words, command, keys, enabled in (
        ("Edit code", "code", "Enter", True),
        (f"Rename{used and ' in all lines'}", "rename", "F2", True),
        ("Duplicate", "duplicate", "Ctrl+D", True),
        ("Copy code", "copy", "", True),
        ("Export…", "export", "Ctrl+E", True),
        ("", "", "", True),
        ("Move up", "up", "Alt+Up", place > 0),
        ("Move down", "down", "Alt+Down", place < len(names) - 1),
        ("", "", "", True),
        (f"Delete{used}", "delete", "Del", True),
    ):
        if not words:
            menu.addSeparator()
            continue
        action = menu.addAction(f"{words}\t{keys}" if keys else words)
        action.setData(command)
        action.setEnabled(enabled)
    return menu


def program_menu(parent: QWidget, has_tensors: bool) -> QMenu:
    """The menu of the whole program."""
    menu = QMenu(parent)
    for words, command, enabled in (
        ("Copy program as code", "copy_all", has_tensors),
        ("Paste lines", "paste", True),
        ("Delete all", "clear", has_tensors),
    ):
        action = menu.addAction(words)
        action.setData(command)
        action.setEnabled(enabled)
    return menu
