"""The menus of the program panel: new tensors, one tensor, the whole program."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from playground.models.tensors.fills import FILLS, default_made, made_code
from playground.models.tensors.program import Program
from playground.widgets.common.result_menu import Outcome, ResultMenu


def fills_menu(parent: QWidget) -> ResultMenu:
    """One row a fill, with the shape it starts with; the action's data is the fill's name."""
    menu = ResultMenu("New tensor", parent)
    for fill in FILLS.values():
        made = default_made(fill.name)
        action = menu.add_result(fill.label, Outcome(made.shape), fill.name)
        action.setToolTip(f"{fill.description}\n{made_code(made)}")
    return menu


def tensor_menu(parent: QWidget, program: Program, name: str) -> QMenu:
    """What can be done with one tensor; the action's data is the name of the command."""
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
    """What can be done with the whole program."""
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
