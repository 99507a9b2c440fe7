"""Nothing is cut that could be shown, and what is cut is told whole in a tooltip."""

import importlib.util
from pathlib import Path

import pytest

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


def test_no_text_beside_a_lesson_is_cut(open_window, qtbot):
    window = open_window(SIZES[0])
    workspace = window.furniture.workspace
    tasks = [task for link in workspace.links.values() for task in link.tasks()]
    left = []

    def all_is_whole():
        left[:] = [text for text in cut_text.cut_texts(window) if "Lesson" not in text and "lessons." not in text]
        return not left

    for number in range(1, 13):
        workspace.commands.open_lesson(str(number))
        qtbot.waitUntil(lambda: not any(task.is_busy for task in tasks))
        try:
            qtbot.waitUntil(all_is_whole, timeout=5000)
        except qtbot.TimeoutError:
            pytest.fail(f"beside lesson {number}: {left}")
