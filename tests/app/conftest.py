import importlib.util
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from playground.app.start import furnish
from playground.app.window import MainWindow

_spec = importlib.util.spec_from_file_location("hand", Path(__file__).with_name("hand.py"))
assert _spec is not None
assert _spec.loader is not None
_hand = importlib.util.module_from_spec(_spec)
sys.modules["hand"] = _hand
_spec.loader.exec_module(_hand)


_IN_MEMORY = "/dev/shm"
"""Each time something is remembered it is written through to the disk, which may take longer than a test."""


@pytest.fixture(autouse=True)
def settings_of_its_own(monkeypatch):
    """No test reads or writes the settings of whoever runs it, or those of another test.

    Programs that a test starts look into the variable. This process has looked once and for all, so Qt is told.
    """
    with TemporaryDirectory(dir=_IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None) as folder:
        monkeypatch.setenv("XDG_CONFIG_HOME", folder)
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, folder)
        yield


@pytest.fixture
def open_window(qtbot):
    """Open the real main window with all its panels; each is closed and deleted after the test."""
    windows = []

    def make(size=(1360, 860), files=(), lesson=None, kept_in=None, new=False):
        window = MainWindow()
        windows.append(window)
        window.resize(*size)
        window.show()
        furnish(window, files, lesson, kept_in, new)
        return window

    yield make
    for window in windows:
        if isValid(window):
            window.close()
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(open_window):
    return open_window()


@pytest.fixture
def store(window):
    return window.furniture.workspace.store


@pytest.fixture
def part(window):
    """Find a part of the window by objectName."""

    def find(name, kind=None):
        found = window.findChild(kind or QWidget, name)
        assert found is not None, f"there is no {name}"
        return found

    return find


@pytest.fixture
def hand(window, qtbot):
    """A user's hand on the real window."""
    return _hand.Hand(window, qtbot)


@pytest.fixture
def network(window, qtbot):
    """A user's hand on the Network page."""
    return _hand.NetworkHand(window, qtbot)
