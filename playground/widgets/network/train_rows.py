"""The rows of buttons of the training section: start and rewind in its title, the step shown below its plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from playground.models.network.training_settings import TrainingSettings
from playground.models.network.training_words import settings_in_words, short_settings
from playground.widgets.common.buttons import Button, IconButton
from playground.widgets.common.number_box import NumberBox
from playground.widgets.common.painting import text_width
from playground.widgets.common.section import TitleLine
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.tooltip import set_tooltip


def _icon(icon_name: str, name: str, words: str) -> IconButton:
    button = IconButton(icon_name, words)
    button.setObjectName(name)
    return button


def enable(wanted: Mapping[IconButton, bool], refuges: Sequence[Button | IconButton]) -> None:
    """Enable and disable buttons; the keyboard goes from one that is disabled to the first refuge that is not.

    Else it would go to whatever comes next on the page, and the next key would press that.
    """
    off = {button for button, on in wanted.items() if not on}
    for button, on in wanted.items():
        if not on and button.window().focusWidget() is button:
            next((other for other in refuges if other not in off), button).setFocus()
        button.setEnabled(on)


class TrainTitle(TitleLine):
    """`Train  120 steps, SGD 0.01`, rewind and start."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Train", 0, parent=parent)
        self.choices = Button("", "quiet")
        self.choices.setObjectName("network.train.choices")
        self.rewind = _icon("rewind", "network.train.rewind", "Show step 0 again, with the very same weights")
        self.start = _icon("play", "network.train.start", "Train")
        self.choices.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.choices.setMinimumWidth(24)
        self._lengths: tuple[str, ...] = ("",)
        self._row.setSpacing(6)  # with which the usual settings are whole in the narrowest column
        self.add(self.choices)
        self.add_right(self.rewind)
        self.add_right(self.start)

    def show_settings(self, settings: TrainingSettings) -> None:
        """Say the settings in as many words as there is room for, and in full in the tooltip."""
        self._lengths = short_settings(settings)
        self._fit()
        set_tooltip(self.choices, "Task, optimiser, learning rate, steps", settings_in_words(settings))

    def _fit(self) -> None:
        parts = (self.title, self.rewind, self.start)
        room = self.width() - sum(part.sizeHint().width() + self._row.spacing() for part in parts)
        font = self.choices.button_font()
        words = next((text for text in self._lengths if text_width(font, text) <= room), self._lengths[-1])
        if words != self.choices.text():
            self.choices.setText(words)
            self.choices.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class StepRow(QWidget):
    """`step [0] of 120`, one step more, stop."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.step_box = NumberBox(0, 0, 0, name="step shown")
        self.step_box.setObjectName("network.train.step")
        self.step_box.setFixedWidth(72)
        set_tooltip(self.step_box, "The step that the plots show")
        self.of_steps = TextLabel("of 0", "text2", fixed=True)
        self.one = _icon("step-forward", "network.train.one", "One step more")
        self.stop = _icon("circle-stop", "network.train.stop", "Stop, and forget this run")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 4)
        line.setSpacing(8)
        line.addWidget(TextLabel("step", "text2", fixed=True))
        line.addWidget(self.step_box)
        line.addWidget(self.of_steps)
        line.addStretch(1)
        line.addWidget(self.one)
        line.addWidget(self.stop)

    def show_step(self, shown: int, reached: int) -> None:
        """Say which of the steps made the plots show."""
        self.step_box.set_range(0, reached)
        self.step_box.set_value(shown)
        self.step_box.setEnabled(reached > 0)
        self.of_steps.set_text(f"of {reached:,}")
