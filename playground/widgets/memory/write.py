"""What would a write change? The user gives an element and a value; the program stays the same."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from playground.models.memory.aliasing import WriteEffect
from playground.models.memory.in_place import Trial
from playground.models.memory.request import MemoryResult
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font
from playground.widgets.memory.part import FoldingPart, short_name
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run

MOST_BOXES = 8
_BOX = 46


class WritePart(FoldingPart):
    """`index_edited(index)`, `value_edited(text)`; `preview_changed(on)` to show the new values in the cells."""

    index_edited = Signal(object, object)
    value_edited = Signal(str)
    preview_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Write", parent=parent)
        self.setObjectName("memory.write")
        self._row = QWidget()
        self._flow = FlowLayout(self._row, spacing=6)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._row.setSizePolicy(policy)
        self.before = TextLabel("W[", code=True, fixed=True)
        self.after = TextLabel("] =", code=True, fixed=True)
        self.boxes: list[NumberBox] = []
        self.value = QLineEdit()
        self.value.setObjectName("memory.write_value")
        self.value.setFont(code_font())
        self.value.setFixedSize(70, 24)
        self.value.setMaxLength(60)
        self.value.setAccessibleName("value to write")
        set_tooltip(self.value, "A number, nan, inf, True, or 1+2j")
        self.value.textEdited.connect(self._on_value_edited)
        self.button = Button("Show what changes")
        self.button.setObjectName("memory.write_preview")
        self.button.setCheckable(True)
        set_tooltip(self.button, "Show the new values in the storage above; the program is not changed")
        self.button.toggled.connect(self._on_button_toggled)
        self.sentence = RunsLabel()
        self.sentence.setObjectName("memory.write_effect")
        self.trials = RunsLabel()
        self.trials.setObjectName("memory.in_place")
        for widget in (self._row, self.sentence, self.trials):
            self.add(widget)
        self._shape: tuple[int, ...] | None = None
        self._show_row(())

    def _show_row(self, shape: tuple[int, ...]) -> None:
        """One box per axis, for the first few axes."""
        for widget in (self.before, *self.boxes, self.after, self.value, self.button):
            self._flow.removeWidget(widget)
        for box in self.boxes:
            box.hide()
            box.deleteLater()
        self.boxes = []
        self._shape = shape
        for axis, size in enumerate(shape[:MOST_BOXES]):
            box = NumberBox(0, 0, max(0, size - 1), name=f"Index {axis}", parent=self._row)
            box.setFixedWidth(_BOX + 7 * max(0, len(str(size - 1)) - 2))
            box.setObjectName(f"memory.write_index.{axis}")
            set_tooltip(box, f"Index along axis {axis}, 0 to {max(0, size - 1)}")
            box.setEnabled(size > 0)
            box.changed.connect(self._on_box_changed)
            self.boxes.append(box)
        for widget in (self.before, *self.boxes, self.after, self.value, self.button):
            self._flow.addWidget(widget)
            widget.show()

    def show_text(self, value: str) -> None:
        """Show the typed value."""
        if self.value.text() != value:
            self.value.blockSignals(True)
            self.value.setText(value)
            self.value.blockSignals(False)

    def show_index(self, index: tuple[int, ...]) -> None:
        """Show the element."""
        for box, place in zip(self.boxes, index, strict=False):
            box.blockSignals(True)
            box.set_value(place)
            box.blockSignals(False)

    def show_result(self, result: MemoryResult) -> None:
        """Show what would change, and which in-place operations torch allows."""
        if result.layout.shape != self._shape:
            self._show_row(result.layout.shape)
        shape = result.layout.shape
        self.before.set_text(f"{short_name(result.name)}[" if shape else f"{short_name(result.name)}[()] =")
        self.after.setVisible(bool(shape))
        self.show_effect(result.write)
        self.trials.set_content(trial_runs(result.trials))
        set_tooltip(self.trials, "Each was tried on a copy with the same layout", *refusals(result.trials))

    def show_effect(self, effect: WriteEffect | None) -> None:
        """Show the element, and what would change."""
        if effect is not None:
            self.show_index(effect.index)
        self.sentence.set_content(effect_runs(effect))

    @Slot(object)
    def _on_box_changed(self, _value: object) -> None:
        box = self.sender()
        index = [int(one.value) for one in self.boxes]
        index += [0] * (len(self._shape or ()) - len(index))
        self.index_edited.emit(tuple(index), box.gesture if isinstance(box, NumberBox) else None)

    @Slot(str)
    def _on_value_edited(self, text: str) -> None:
        self.value_edited.emit(text)

    @Slot(bool)
    def _on_button_toggled(self, on: bool) -> None:
        self.preview_changed.emit(on)


def effect_runs(effect: WriteEffect | None) -> tuple[Run, ...]:
    """The sentence, with the elements as code."""
    if effect is None:
        return (Run("There is no element to write to.", role="text2"),)
    if effect.problem is not None:
        return (Run(effect.problem.message, role="error"),)
    runs: list[Run] = []
    for piece in effect.sentence.split(" "):
        word = piece.rstrip(".,")
        runs.append(Run(word, "bold code") if word.endswith("]") else Run(word))
        runs.append(Run(piece[len(word) :] + " "))
    return tuple(run for run in runs if run.text)


def trial_runs(trials: tuple[Trial, ...]) -> tuple[Run, ...]:
    """What torch allows, and what it refuses."""
    runs: list[Run] = []
    for allowed, words, role in ((True, "Goes through: ", "good"), (False, "Refused: ", "error")):
        codes = [trial.code for trial in trials if trial.allowed == allowed]
        if codes:
            runs.append(Run(words, role=role))
            for place, code in enumerate(codes):
                stop = "." if place == len(codes) - 1 else ","
                runs += [Run(code + stop, "code"), Run(" ")]
    return tuple(runs)


def refusals(trials: tuple[Trial, ...], width: int = 90) -> list[str]:
    """The first line of torch's message, for each distinct reason."""
    reasons = dict.fromkeys(trial.reason for trial in trials if trial.reason)
    return [reason if len(reason) <= width else reason[: width - 1] + "…" for reason in reasons][:4]
