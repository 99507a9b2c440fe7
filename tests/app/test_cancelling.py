"""What takes its time can be cancelled in the bottom line, and a moving bar says so."""

from __future__ import annotations

import time

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QPushButton

import playground
from playground.models.apart import SWITCH, close_all
from playground.models.program.sources import Expression


@pytest.fixture
def handle(qtbot, monkeypatch):
    opened = playground.show(block=False, M=torch.randn(4000, 4000, generator=torch.Generator().manual_seed(0)))
    qtbot.waitUntil(lambda: not opened.window.furniture.workspace._busy, timeout=60_000)
    monkeypatch.delenv(SWITCH, raising=False)
    yield opened
    opened.close()
    opened.window.deleteLater()
    close_all()


def test_a_long_line_is_cancelled_by_hand(qtbot, handle):
    commands = handle.window.furniture.workspace.commands
    cancel = handle.window.findChild(QPushButton, "status.cancel")
    assert not cancel.isVisible()
    commands.replace_program(handle.program.appended("Z", Expression("torch.linalg.svd(M)[1]")))
    qtbot.waitUntil(cancel.isVisible, timeout=20_000)
    bar = handle.window.findChild(QProgressBar, "status.progress")
    assert bar.isVisible()
    assert bar.maximum() == 0, "it moves, and says no share"
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    start = time.monotonic()
    qtbot.waitUntil(lambda: not cancel.isVisible(), timeout=10_000)
    assert time.monotonic() - start < 10
    assert not bar.isVisible()
