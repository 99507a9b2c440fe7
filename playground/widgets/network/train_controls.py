"""The training controls: buttons, the step shown, task, optimiser, learning rate and step count."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QSizePolicy, QWidget

from playground.models.network.training.optimisers import OPTIMISERS
from playground.models.network.training.page import settings_in_words, short_settings
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import TASKS
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.section import TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look
from playground.widgets.painting import RADIUS_CONTROL, paint_box, text_width
from playground.widgets.text.labels import TextLabel

MOST_STEPS = 100_000
TENSORS = "tensors"


class TrainSettings(QFrame):
    """`edited(settings, gesture)` on each choice; a run with other settings starts at step 0."""

    edited = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("network.train.settings")
        self.setAccessibleName("Training settings")
        self._settings = TrainingSettings()
        self._names: tuple[str, ...] = ()
        self.task = self._combo("network.train.task", "The training task")
        for kind in TASKS.values():
            self.task.addItem(kind.title, kind.name)
            self.task.setItemData(self.task.count() - 1, kind.words, Qt.ItemDataRole.ToolTipRole)
        self.optimiser = self._combo("network.train.optimiser", "How gradients update the weights")
        for entry in OPTIMISERS.values():
            self.optimiser.addItem(entry.title, entry.name)
            words = f"{entry.formula}. {entry.source}. Remembers {entry.memory}."
            self.optimiser.setItemData(self.optimiser.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        self.inputs = self._combo("network.train.inputs", "The tensor with one input per row", code=True)
        self.targets = self._combo("network.train.targets", "The targets: whole numbers are classes", code=True)
        self.rate = self._number("network.train.rate", "learning rate", 0.01, 0.0, 1e30, decimals=2, step=0.005)
        self.momentum = self._number("network.train.momentum", "momentum", 0.9, 0.0, 1.0, decimals=2, step=0.05)
        self.steps = self._number("network.train.steps", "steps per run", 120, 1, MOST_STEPS, decimals=None, step=10)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(16, 12, 16, 12)
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(8)
        for words, field in (
            ("Task", self.task), ("Inputs", self.inputs), ("Targets", self.targets), ("Optimiser", self.optimiser),
            ("Learning rate", self.rate), ("Momentum", self.momentum), ("Steps", self.steps),
        ):  # fmt: skip
            self._form.addRow(TextLabel(words, "text2", fixed=True), field)
        for combo in (self.task, self.optimiser, self.inputs, self.targets):
            combo.activated.connect(self._on_chosen)
        for box in (self.rate, self.momentum, self.steps):
            box.changed.connect(self._on_typed)
        self.show_settings(self._settings, ())

    def _combo(self, name: str, words: str, code: bool = False) -> ComboBox:
        combo = ComboBox(code=code)
        combo.setObjectName(name)
        combo.setMinimumWidth(140)
        set_tooltip(combo, words)
        return combo

    def _number(
        self, name: str, words: str, value: float, low: float, high: float, *, decimals: int | None, step: float
    ) -> NumberBox:
        box = NumberBox(value, low, high, decimals=decimals, step=step, name=words)
        box.setObjectName(name)
        box.setMinimumWidth(96)
        set_tooltip(box, words.capitalize())
        return box

    def show_settings(self, settings: TrainingSettings, names: tuple[str, ...]) -> None:
        """Set the controls; `names` are the tensors to choose from."""
        self._settings = settings
        for combo, chosen in ((self.inputs, settings.inputs), (self.targets, settings.targets)):
            if names != self._names or combo.count() == 0:
                combo.clear()
                combo.addItem("choose a tensor" if names else "no tensors yet", "")
                for name in names:
                    combo.addItem(name, name)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))
        self._names = names
        self.task.setCurrentIndex(self.task.findData(settings.task))
        self.optimiser.setCurrentIndex(self.optimiser.findData(settings.optimiser))
        self.rate.set_value(settings.rates.learning_rate)
        self.momentum.set_value(settings.rates.momentum)
        self.steps.set_value(settings.steps)
        for field in (self.inputs, self.targets):
            self._form.setRowVisible(field, settings.task == TENSORS)
        self._form.setRowVisible(self.momentum, "momentum" in OPTIMISERS[settings.optimiser].reads)
        if self.isVisible():
            self.adjustSize()

    def popup_below(self, anchor: QWidget) -> None:
        """Open below a widget."""
        self.adjustSize()
        self.move(anchor.mapToGlobal(QPoint(0, anchor.height() + 4)))
        self.show()
        self.task.setFocus()

    @Slot(int)
    def _on_chosen(self, _index: int) -> None:
        chosen = replace(
            self._settings,
            task=self.task.currentData(),
            optimiser=self.optimiser.currentData(),
            inputs=self.inputs.currentData() or "",
            targets=self.targets.currentData() or "",
        )
        self._edit(chosen, None)

    @Slot(object)
    def _on_typed(self, _value: object) -> None:
        rates = replace(self._settings.rates, learning_rate=float(self.rate.value), momentum=float(self.momentum.value))
        sender = next((box for box in (self.rate, self.momentum, self.steps) if box.hasFocus()), self.rate)
        self._edit(
            replace(self._settings, rates=rates, steps=int(self.steps.value)), (sender.objectName(), sender.gesture)
        )

    def _edit(self, settings: TrainingSettings, gesture: Hashable) -> None:
        if settings == self._settings:
            return
        if replace(settings, steps=0) != replace(self._settings, steps=0):
            settings = replace(settings, target=0, shown=0)
        self.show_settings(settings, self._names)
        self.edited.emit(settings, gesture)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), look().color("raised"))
            paint_box(painter, self.rect(), look().color("raised"), look().color("edge"), RADIUS_CONTROL)


def _icon(icon_name: str, name: str, words: str) -> IconButton:
    button = IconButton(icon_name, words)
    button.setObjectName(name)
    return button


def enable(wanted: Mapping[IconButton, bool], refuges: Sequence[Button | IconButton]) -> None:
    """Enable and disable buttons; focus moves from a disabled button to the first enabled refuge.

    Otherwise it would move to whatever is next on the page, and the next key would press that.
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
        self._row.setSpacing(6)  # with this width the default settings fit in the narrowest column
        self.add(self.choices)
        self.add_right(self.rewind)
        self.add_right(self.start)

    def show_settings(self, settings: TrainingSettings) -> None:
        """Describe the settings in as many words as fit, and in full in the tooltip."""
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
    """`step [0] of 120`, single step, stop."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.step_box = NumberBox(0, 0, 0, name="step shown")
        self.step_box.setObjectName("network.train.step")
        self.step_box.setFixedWidth(72)
        set_tooltip(self.step_box, "The step that the plots show")
        self.of_steps = TextLabel("of 0", "text2", fixed=True)
        self.one = _icon("step-forward", "network.train.one", "Train one more step")
        self.stop = _icon("circle-stop", "network.train.stop", "Stop and discard this run")
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
        """Show which of the computed steps the plots show."""
        self.step_box.set_range(0, reached)
        self.step_box.set_value(shown)
        self.step_box.setEnabled(reached > 0)
        self.of_steps.set_text(f"of {reached:,}")
