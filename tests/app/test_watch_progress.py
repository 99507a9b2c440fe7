"""While a module is watched, a bar over the open window says how far it is, and Cancel does what Ctrl+C does."""

import threading

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QProgressBar, QPushButton
from torch import nn

import playground
from playground.app import start
from playground.app.watch_progress import WatchProgress


@pytest.fixture
def handle(qtbot, monkeypatch):
    monkeypatch.setattr(start, "PATIENCE", 0.0)
    opened = playground.show(block=False)
    qtbot.waitUntil(lambda: not opened.window.furniture.workspace._busy, timeout=60_000)
    yield opened
    opened.close()
    opened.window.deleteLater()


def bars():
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, WatchProgress)]


class Seen(nn.Module):
    """Looks at the bar while it runs, and slowly enough to be told of."""

    def __init__(self, look):
        super().__init__()
        self.look = look

    def forward(self, x):
        QTest.qWait(60)
        self.look()
        return x


class Noting(nn.Module):
    def __init__(self, note):
        super().__init__()
        self.note = note

    def forward(self, x):
        self.note()
        return x


def test_it_moves_and_goes(handle):
    values = []

    def look():
        shown = [bar for bar in bars() if bar.isVisible()]
        values.extend(bar.findChild(QProgressBar).value() for bar in shown)

    playground.watch(nn.Sequential(*(Seen(look) for _ in range(12))), torch.ones(2, 3), name="slow")
    assert len(set(values)) > 3
    assert values == sorted(values)
    assert not bars()


def test_cancel_ends_it_as_an_interrupt_does(handle):
    ran = []

    def press():
        ran.append(1)
        for bar in bars():
            if bar.isVisible():
                QTest.mouseClick(bar.findChild(QPushButton), Qt.MouseButton.LeftButton)

    with pytest.raises(KeyboardInterrupt):
        playground.watch(nn.Sequential(*(Seen(press) for _ in range(40))), torch.ones(2, 3), name="given up")
    assert len(ran) < 40
    assert not bars()


def test_without_a_window_and_in_another_thread_there_is_none(handle):
    seen = []
    module = nn.Sequential(*(nn.Identity() for _ in range(3)), Noting(lambda: seen.append(len(bars()))))
    thread = threading.Thread(target=lambda: playground.watch(module, torch.ones(2, 3), name="elsewhere"))
    thread.start()
    thread.join()
    assert seen == [0]
