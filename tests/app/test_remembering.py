"""What a window remembers for the next one."""

from PySide6.QtWidgets import QApplication

from playground.main_window import MainWindow
from playground.window_settings import DEFAULT_SIZE, remember_theme, remembered_theme, settings


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
    for key in ("window/geometry", "tensors/columns", "tensors/rows", "window/theme", "lessons/progress"):
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
