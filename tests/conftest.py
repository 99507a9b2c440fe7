import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("PLAYGROUND_ONE_PROCESS", "1")
if not any(os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")):  # Qt warns of the C locale
    os.environ["LC_ALL"] = "C.UTF-8"

import gc
import logging
import random
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import settings
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from playground.app.theme import install_theme
from playground.widgets.panel import Panel

_SECONDS_FOR_A_THREAD_TO_END = 30.0
_PATIENCE_MILLISECONDS = 30_000
_OF_QT_ITSELF = {"QTipLabel", "QComboBoxPrivateContainer", "QToolTip"}


# The same examples in every run; `--hypothesis-profile=default` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


def pytest_addoption(parser):
    parser.addoption("--every-case", action="store_true", help="run all cases of the long sweeps, not a sample")


@pytest.fixture
def every_case(request):
    """Whether the long sweeps run whole: `make test-whole` asks for it."""
    return request.config.getoption("--every-case")


def pytest_configure(config):
    config.addinivalue_line("qt_log_ignore", "This plugin does not support")
    for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals):
        wait.__kwdefaults__["timeout"] = _PATIENCE_MILLISECONDS


def pytest_collection_finish():
    """What torch, Qt and the tests brought stays for good: the garbage collector passes over it, as it does in the app.

    Walking all of it again and again would take longer than most tests. So would the handlers that pytest hangs three
    times a test onto each logger that passes nothing on, forty of them torch's: what those say now goes on to the root.
    """
    for logger in logging.getLogger().manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.name.partition(".")[0] == "torch":
            logger.propagate = True
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def draws_are_the_same_each_time():
    """What draws from a generator that nobody seeded gives the same numbers in every run and order of the tests."""
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)  # what torch.manual_seed does besides takes longer than most tests
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(0)


@pytest.fixture(autouse=True)
def nothing_leaks(request):
    """Each Qt test begins in the light look, the pointer in the corner, and leaves no window, panel and thread behind.

    Where the test before left the pointer, moving it to the same place would be no move.
    """
    needs_qt = "qtbot" in request.fixturenames
    if needs_qt:
        install_theme(request.getfixturevalue("qapp"), dark=False)
        QCursor.setPos(0, 0)
    threads = set(threading.enumerate())
    yield
    if needs_qt:
        left = _windows_and_panels()
        if left:
            gc.collect()
            left = _windows_and_panels()
        assert not left, f"still there after the test: {left}"
    assert not _threads_beside(threads), f"still running after the test: {_threads_beside(threads)}"


def _windows_and_panels():
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [
        f"{type(widget).__name__} {widget.objectName()}".strip()
        for widget in QApplication.allWidgets()
        if (isinstance(widget, Panel) or (widget.isWindow() and widget.parent() is None))
        and widget.metaObject().className() not in _OF_QT_ITSELF
        and widget.windowType() is not Qt.WindowType.Desktop
    ]


def _threads_beside(known):
    deadline = time.monotonic() + _SECONDS_FOR_A_THREAD_TO_END
    while new := [thread.name for thread in threading.enumerate() if thread not in known and thread.is_alive()]:
        if time.monotonic() > deadline:
            return new
        time.sleep(0.01)
    return []
