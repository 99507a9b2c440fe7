import json

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget

from playground.app.lesson_dock import KEY, remembered_progress, save_progress
from playground.models.state import Progress


def test_progress_comes_back_with_what_was_skipped(tmp_path):
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    kept = (Progress("a", 1, 2, True, (0,)), Progress("b"))
    save_progress(settings, kept)
    assert remembered_progress(settings) == kept


def test_what_was_kept_before_steps_could_be_skipped_is_read(tmp_path):
    settings = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    settings.setValue(KEY, json.dumps([{"key": "a", "prediction": 0, "steps": 3, "answered": True}]))
    assert remembered_progress(settings) == (Progress("a", 0, 3, True),)
    for broken in ("{", "[1]", '[{"key": "a"}]', '[{"key":"a","prediction":0,"steps":1,"answered":1,"skipped":4}]'):
        settings.setValue(KEY, broken)
        assert remembered_progress(settings) == ()


def test_next_keeps_the_keyboard_over_a_change_of_page(open_window, qtbot):
    window = open_window((1000, 640))
    window.furniture.workspace.commands.open_lesson("8")
    for key, name, page in (("09", "lessons.next", "network"), ("08", "lessons.back", "tensors")):
        button = window.findChild(QWidget, name)
        qtbot.waitUntil(button.isVisible)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda key=key: window.furniture.workspace.store.state.lesson.key.startswith(key))
        assert window.focusWidget() is button, page
