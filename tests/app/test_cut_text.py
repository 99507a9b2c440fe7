"""Nothing is cut that could be shown, and what is cut is told whole in a tooltip."""

import importlib.util
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

_spec = importlib.util.spec_from_file_location("cut_text", Path(__file__).with_name("cut_text.py"))
cut_text = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cut_text)

SIZES = [(1360, 860), (1000, 640)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_text_of_the_worked_example_is_cut(open_window, qtbot, size):
    window = open_window(size)
    tasks = [task for link in window.furniture.workspace.links.values() for task in link.tasks()]
    page = window.furniture.pages[0]
    for tab in ("shape", "broadcast", "einsum", "memory"):
        page.open_tab(tab)
        qtbot.waitUntil(lambda: not any(task.is_busy for task in tasks))
        qtbot.waitUntil(lambda: cut_text.cut_texts(window) == [])
    window.show_page("network")
    qtbot.waitUntil(lambda: window.furniture.workspace.panels["network"].views.page is not None)
    qtbot.waitUntil(lambda: not any(task.is_busy for task in tasks))
    qtbot.waitUntil(lambda: cut_text.cut_texts(window) == [])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_text_of_a_lesson_and_beside_it_is_cut(open_window, qtbot, size):
    window = open_window(size)
    workspace = window.furniture.workspace
    tasks = [task for link in workspace.links.values() for task in link.tasks()]
    left, faults, chosen = [], [], False

    def is_at_rest():
        return not any(task.is_busy for task in tasks)

    def all_is_whole():
        seen = window if chosen else window.furniture.lessons._panel  # the rest is covered until then
        left[:] = cut_text.cut_texts(seen)
        return not left and is_at_rest()

    for number in range(1, 13):
        workspace.commands.open_lesson(str(number))
        for chosen in (False, True):
            if chosen:
                qtbot.mouseClick(window.findChild(QWidget, "lessons.predict.0"), Qt.MouseButton.LeftButton)
            qtbot.waitUntil(is_at_rest, timeout=60_000)
            try:
                qtbot.waitUntil(all_is_whole, timeout=5000)
            except qtbot.TimeoutError:
                faults.append((number, chosen, list(left)))
    assert not faults, faults
