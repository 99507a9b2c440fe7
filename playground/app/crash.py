"""What an unexpected exception shows: a window with the traceback to copy; the app goes on."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from playground.version import __version__
from playground.widgets.look import code_font


class CrashReport(QDialog):
    """Shows one traceback; not modal, so that the work can still be saved."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("crash")
        self.setWindowTitle("Something went wrong in the app")
        self.resize(720, 420)
        words = QLabel("This is a bug in Tensor Playground, not in what you did. Your tensors are as they were.")
        words.setWordWrap(True)
        self._text = QPlainTextEdit(text)
        self._text.setReadOnly(True)
        self._text.setFont(code_font())
        copy = QPushButton("Copy")
        copy.clicked.connect(self._on_copy_clicked)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(words)
        layout.addWidget(self._text)
        layout.addWidget(buttons)

    @Slot()
    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._text.toPlainText())


class CrashHook(QObject):
    """Replaces `sys.excepthook` while its window lives: at most one report is open at a time."""

    happened = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._report: CrashReport | None = None

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print the traceback and show it."""
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt) or (self._report is not None and self._report.isVisible()):
            return
        lines = "".join(traceback.format_exception(kind, error, trace))
        self._report = CrashReport(f"tensor-playground {__version__}\n\n{lines}", self._window)
        self._report.show()
        self.happened.emit()


def install_crash_report(window: QWidget) -> CrashHook:
    """Show unexpected exceptions in a window above this one."""
    hook = CrashHook(window)
    sys.excepthook = hook.report
    return hook
