from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

import playground
from playground.models.network.watch import WATCHED
from playground.widgets.network.watch_help import SNIPPET
from playground.widgets.network.watch_view import WatchView


def test_the_lines_are_copied_and_go_away_when_something_was_watched(shown):
    view = shown(WatchView(), 1360, 800)
    assert view.help.isVisible()
    QTest.mouseClick(view.help.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == SNIPPET
    assert view.help.said.text() == "Copied."


def test_the_lines_run_and_list_a_model(monkeypatch):
    shows = []
    monkeypatch.setattr(playground, "show", lambda: shows.append(len(WATCHED.entries)))
    monkeypatch.setattr(WATCHED, "_entries", [])
    exec(SNIPPET, {})
    assert shows == [1]
    assert len(WATCHED.entries[0].result.layers) == 3
