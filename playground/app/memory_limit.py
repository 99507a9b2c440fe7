"""The form that sets how much memory tensor values may take, and how the choice is saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from playground.models.formatting import bytes_in_words
from playground.models.language.budget import default_budget, machine_memory
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.tooltip import set_tooltip

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState
    from playground.runtime.store import Store

KEY = "memory/limit"
GIGA = 10**9
LEAST = 1000
"""In bytes; below this not even the worked example could be computed."""


def save_limit(settings: QSettings, limit: int | None) -> None:
    """Save the limit in bytes; None is the default."""
    settings.setValue(KEY, "" if limit is None else str(limit))


def remembered_limit(settings: QSettings) -> int | None:
    """The saved limit; None if there is none or it cannot be read."""
    text = str(settings.value(KEY, ""))
    return max(LEAST, int(text)) if text.isascii() and text.isdigit() and len(text) < 20 else None


class MemoryLimitForm(QDialog):
    """Not modal: each number takes effect while it is typed, and larger tensors show their plan at once."""

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("memory_limit")
        self.setWindowTitle("Memory limit")
        self._store = store
        words = QLabel(
            f"Tensors that need more are not computed; their shape, strides and cost are still shown. This "
            f"machine has {bytes_in_words(machine_memory())}; the default limit is a quarter, "
            f"{bytes_in_words(default_budget())}."
        )
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        self.box = NumberBox(1.0, LEAST / GIGA, None, decimals=3, step=0.5, name="The limit")
        self.box.setObjectName("memory_limit.gigabytes")
        self.box.setFixedWidth(112)
        set_tooltip(self.box, "The largest number of bytes for values, in GB of 1,000,000,000 bytes")
        self.refusal = QLabel()
        self.refusal.setObjectName("memory_limit.problem")
        self.refusal.setTextFormat(Qt.TextFormat.PlainText)
        self.usual = Button("Default limit")
        self.usual.setObjectName("memory_limit.usual")
        set_tooltip(self.usual, "A quarter of the machine's memory")
        row = QHBoxLayout()
        for part in (self.box, QLabel("GB"), self.usual):
            row.addWidget(part)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.addWidget(words)
        column.addLayout(row)
        column.addWidget(self.refusal)
        self.setFixedWidth(400)
        self.box.changed.connect(self._on_changed)
        self.box.given_up.connect(self.refusal.setText)
        self.box.gesture_ended.connect(store.end_gesture)
        self.usual.clicked.connect(self._on_usual)
        store.changed.connect(self._on_store_changed)
        self._on_store_changed(store.state)

    def _set(self, limit: int | None, gesture: object = None) -> None:
        state = self._store.state
        self._store.apply(replace(state, memory_budget=limit), ("memory limit", gesture))

    @Slot(object)
    def _on_changed(self, gigabytes: float) -> None:
        self.refusal.clear()
        self._set(max(LEAST, min(round(gigabytes * GIGA), 10**18)), self.box.gesture)

    @Slot()
    def _on_usual(self) -> None:
        self._set(None)
        self._store.end_gesture()

    @Slot(object)
    def _on_store_changed(self, state: PlaygroundState) -> None:
        limit = state.memory_budget
        gigabytes = round(default_budget() / GIGA, 2) if limit is None else limit / GIGA
        same = limit is not None and round(self.box.value * GIGA) == limit
        self.box.set_value(self.box.value if same else gigabytes)
        self.usual.setEnabled(limit is not None)
