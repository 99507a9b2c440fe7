"""What a window remembers for the next one."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from playground.app.settings import DEFAULT_SIZE, remember_theme, remembered_theme, settings
from playground.app.window import MainWindow


@pytest.mark.parametrize("time", ["first", "second"])
def test_nothing_is_remembered_from_one_test_to_the_next(time):
    assert settings().allKeys() == []
    settings().setValue("window/theme", "dark")
    assert remembered_theme() == "dark"


def test_the_window_comes_back_in_its_size(open_window, qtbot):
    first = open_window()
    first.resize(800, 640)
    QApplication.processEvents()
    first.close()
    second = MainWindow()
    qtbot.addWidget(second)
    assert (second.width(), second.height()) == (800, 640)


def test_splitters_come_back(open_window, qtbot):
    first = open_window((1500, 900))
    columns = first.furniture.pages[0].splitters()[0]
    columns.setSizes([350, 750, 400])
    QApplication.processEvents()
    sizes = columns.sizes()
    first.close()
    second = open_window((1500, 900))
    QApplication.processEvents()
    assert second.furniture.pages[0].splitters()[0].sizes() == sizes


def test_unreadable_settings_leave_the_usual_ones(qtbot, open_window):
    store = settings()
    for key in (
        "window/geometry",
        "tensors/columns",
        "tensors/rows",
        "window/theme",
        "lessons/progress",
        "memory/limit",
    ):
        store.setValue(key, b"\x00\xff nonsense")
    store.sync()
    window = MainWindow()
    qtbot.addWidget(window)
    assert (window.width(), window.height()) == DEFAULT_SIZE
    furnished = open_window()
    assert furnished.isVisible()
    assert remembered_theme() == "system"


def test_the_theme_comes_back(qtbot):
    remember_theme("dark")
    assert remembered_theme() == "dark"


def test_progress_in_lessons_comes_back(open_window, qtbot):
    first = open_window(lesson="4")
    panel = first.furniture.workspace.panels["lessons"]
    panel.view.predicted.emit(1)
    first.close()
    second = open_window()
    store = second.furniture.workspace.store
    assert store.state.lesson.progress_in("04-rows-or-columns").prediction == 1


def test_the_memory_limit_is_set_in_a_form_that_blocks_nothing_and_comes_back(open_window, qtbot):
    first = open_window()
    QTest.mouseClick(first.findChild(QWidget, "status.memory"), Qt.MouseButton.LeftButton)
    form = first.findChild(QWidget, "memory_limit")
    assert form.isVisible()
    assert not form.isModal()
    store = first.furniture.workspace.store
    box = first.findChild(QWidget, "memory_limit.gigabytes")
    box.selectAll()
    QTest.keyClicks(box, "0.0000001\r")
    assert "The limit" in first.findChild(QLabel, "memory_limit.problem").text()
    box.selectAll()
    QTest.keyClicks(box, "1.5\r")
    qtbot.waitUntil(lambda: store.state.memory_budget == 1_500_000_000)
    qtbot.waitUntil(lambda: first.findChild(QWidget, "status.memory").text().endswith(" of 1.5 GB"), timeout=20_000)
    first.furniture.workspace.commands.new_program()
    assert store.state.memory_budget == 1_500_000_000
    first.close()
    second = open_window()
    commands, store = second.furniture.workspace.commands, second.furniture.workspace.store
    assert store.state.memory_budget == 1_500_000_000
    assert not store.history.can_undo
    commands.memory_limit()
    QTest.mouseClick(second.findChild(QWidget, "memory_limit.usual"), Qt.MouseButton.LeftButton)
    assert store.state.memory_budget is None
    second.close()
    assert open_window().furniture.workspace.store.state.memory_budget is None
