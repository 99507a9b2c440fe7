"""The network's controls: one row per field of its spec, as a slider with a box, a choice, or a switch."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.checks import LIMITS, devices
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.inputs import INPUTS
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import DTYPES, TENSOR_INPUT, NetworkSpec
from playground.models.state import NetworkState
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import CheckBox, ComboBox
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.section import TitleLine
from playground.widgets.controls.slider import SliderRow
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.text.labels import TextLabel

RESIDUAL_WORDS = {"none": "none", "plain": "x + layer(x)", "scaled": "x + layer(x)/√L"}
LOSS_WORDS = {"mean_square": "mean square", "cross_entropy": "cross entropy"}


def about(field: str, spec: NetworkSpec) -> tuple[str, ...]:
    """Formula, fan convention and source of the current choice, for the tooltip."""
    if field == "init" and spec.init in INIT_SCHEMES:
        scheme = INIT_SCHEMES[spec.init]
        return (scheme.formula, scheme.fans, scheme.source)
    if field == "activation" and spec.activation in ACTIVATIONS:
        return (ACTIVATIONS[spec.activation].formula, ACTIVATIONS[spec.activation].source)
    if field == "normalisation" and spec.normalisation in NORMALISATIONS:
        return (NORMALISATIONS[spec.normalisation].formula, NORMALISATIONS[spec.normalisation].source)
    if field == "residual" and spec.residual == "scaled":
        return ("x + layer(x) / sqrt(depth), L is the depth",)
    if field == "input" and spec.input in INPUTS:
        return (INPUTS[spec.input].formula, INPUTS[spec.input].source)
    return ()


@dataclass(frozen=True, slots=True)
class NumberField:
    """A numeric field of the spec: label, slider range, digits, meaning."""

    field: str
    label: str
    low: float
    high: float
    meaning: str
    decimals: int | None = None
    logarithmic: bool = False
    hard: tuple[float | None, float | None] = (None, None)


NUMBERS = {
    entry.field: entry
    for entry in (
        NumberField("depth", "Depth", 1, 500, "How many layers, 1 to 500", logarithmic=True, hard=LIMITS["depth"]),
        NumberField("width", "Width", 1, 4096, "How many units a layer has, 1 to 4,096", logarithmic=True,
                    hard=LIMITS["width"]),
        NumberField("batch", "Batch", 1, 2048, "How many inputs are processed at once", logarithmic=True,
                    hard=LIMITS["batch"]),
        NumberField("gain", "Gain", 0.0, 3.0, "Scales the initial weights", decimals=3, hard=(0.0, math.inf)),
        NumberField("weight_std", "Weight std", 0.001, 10.0, "The standard deviation of the weights", decimals=3,
                    logarithmic=True, hard=(0.0, math.inf)),
        NumberField("weight_value", "Value", -1.0, 1.0, "The value of every weight", decimals=3,
                    hard=(-math.inf, math.inf)),
        NumberField("bias_std", "Bias std", 0.0, 1.0, "The standard deviation of the biases; 0 sets them to 0",
                    decimals=3, hard=(0.0, math.inf)),
        NumberField("dropout", "Dropout", 0.0, 0.95, "The share of activations set to 0; the others are scaled up",
                    decimals=2, hard=(0.0, 0.999)),
    )
}  # fmt: skip


LABEL = 68
ROW = 32


class ChoiceRow(QWidget):
    """A label and a box to choose one of a few names."""

    chosen = Signal(str, str)
    """The field and the name."""

    def __init__(self, field: str, label: str, tip: str, code: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field, self._tip = field, tip
        self.names: list[str] = []
        self._shown: tuple[str, tuple[str, ...]] | None = None
        self._words: list[str] = []
        self.box = ComboBox(code=code)
        self.box.setAccessibleName(label)
        self.box.setObjectName(f"network.{field}")
        set_tooltip(self.box, tip)
        self.box.currentIndexChanged.connect(self._on_chosen)
        self.setFixedHeight(ROW)
        name = TextLabel(label, "text2")
        name.setFixedWidth(LABEL)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(name)
        row.addWidget(self.box, 1)

    def set_choices(self, names: Sequence[str], words: Sequence[str]) -> None:
        """Offer these names under these labels."""
        if list(names) == self.names and list(words) == self._words:
            return
        self.names, self._words, self._shown = list(names), list(words), None
        with QSignalBlocker(self.box):
            self.box.clear()
            for text in words:
                self.box.addItem(text)

    def show_name(self, name: str, *lines: str) -> None:
        """Show the chosen name, with details in the tooltip."""
        if (name, lines) == self._shown and self.box.currentIndex() >= 0:
            return
        self._shown = (name, lines)
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.names.index(name) if name in self.names else -1)
        self.box.update()
        set_tooltip(self.box, self._tip, *lines)

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        self._shown = None
        if 0 <= row < len(self.names):
            self.chosen.emit(self.field, self.names[row])


class NetworkControls(QWidget):
    """`changed(state, gesture, moving)` with the edited `NetworkState`; `gesture_ended` when the user lets go."""

    changed = Signal(object, object)
    gesture_ended = Signal()
    given_up = Signal(str)
    """Why a typed value was rejected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = NetworkState()
        self._gesture: Hashable = None
        self._chosen: tuple[object, ...] | None = None
        """The state shown by all controls except the sliders; None if the user has just set one of them."""
        self.numbers: dict[str, SliderRow] = {}
        self.choices: dict[str, ChoiceRow] = {}
        self._make_rows()
        self._lay_out()

    def _make_rows(self) -> None:
        fresh = NetworkState().spec
        for entry in NUMBERS.values():
            row = SliderRow(entry.label, entry.low, entry.high, getattr(fresh, entry.field), decimals=entry.decimals,
                            logarithmic=entry.logarithmic, hard_minimum=entry.hard[0], hard_maximum=entry.hard[1],
                            label_width=LABEL)  # fmt: skip
            row.setObjectName(f"network.{entry.field}.row")
            row.box.setObjectName(f"network.{entry.field}")
            row.slider.setObjectName(f"network.{entry.field}.slider")
            set_tooltip(row.box, entry.meaning)
            set_tooltip(row.slider, entry.meaning, "Hold Shift for fine control")
            row.setProperty("field", entry.field)
            row.changed.connect(self._on_number)
            row.gesture_ended.connect(self._on_gesture_ended)
            row.given_up.connect(self.given_up)
            self.numbers[entry.field] = row
        for field, label, tip, code in (
            ("input", "Input", "The inputs: noise, the bundled digits, or the rows of a tensor", False),
            ("activation", "Activation", "The function after each layer's weights", False),
            ("init", "Init", "How the weights are drawn", False),
            ("normalisation", "Norm", "How the pre-activations are normalised", False),
            ("residual", "Residual", "Whether a layer's input is added to its output", True),
            ("dtype", "dtype", "The number type of activations, weights and gradients", True),
            ("loss", "Loss", "Loss to differentiate", False),
            ("device", "Device", "The device it runs on", True),
        ):
            choice = ChoiceRow(field, label, tip, code)
            choice.chosen.connect(self._on_choice)
            self.choices[field] = choice
        for field, registry in (("activation", ACTIVATIONS), ("init", INIT_SCHEMES), ("normalisation", NORMALISATIONS)):
            self.choices[field].set_choices(list(registry), [entry.label for entry in registry.values()])
        self.choices["residual"].set_choices(list(RESIDUAL_WORDS), list(RESIDUAL_WORDS.values()))
        self.choices["dtype"].set_choices(list(DTYPES), list(DTYPES))
        self.choices["loss"].set_choices(list(LOSS_WORDS), list(LOSS_WORDS.values()))
        present = devices()
        self.choices["device"].set_choices(present, present)
        self._make_seed_row()

    def _make_seed_row(self) -> None:
        self.seed = NumberBox(0, 0, 2**31, name="Seed")
        self.seed.setObjectName("network.seed")
        self.seed.setAccessibleName("Seed")
        set_tooltip(self.seed, "The seed of weights, inputs and masks; the draws do not depend on gain and depth")
        self.seed.changed.connect(self._on_seed)
        self.seed.gesture_ended.connect(self.gesture_ended)
        self.seed.given_up.connect(self.given_up)
        self.band = CheckBox("20 seeds")
        self.band.setObjectName("network.band")
        set_tooltip(self.band, "Draw the 5 to 95 % band over this many seeds")
        self.band.toggled.connect(self._on_band)
        self.seeds = SliderRow("Seeds", 2, 200, 20, logarithmic=True, hard_maximum=1000, label_width=LABEL)
        self.seeds.box.setObjectName("network.seeds")
        set_tooltip(self.seeds.box, "How many seeds the band is computed from, 2 to 1,000")
        set_tooltip(self.seeds.slider, "How many seeds the band is computed from")
        self.seeds.changed.connect(self._on_seeds)
        self.seeds.gesture_ended.connect(self._on_gesture_ended)
        self.seeds.given_up.connect(self.given_up)
        self.seed_row = QWidget()
        self.seed_row.setFixedHeight(ROW)
        name = TextLabel("Seed", "text2")
        name.setFixedWidth(LABEL)
        row = QHBoxLayout(self.seed_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(name)
        row.addWidget(self.seed)
        row.addWidget(self.band)
        row.addStretch(1)

    def _lay_out(self) -> None:
        self.title = TitleLine("Network")
        self.reset = Button("Reset", "quiet")
        self.reset.setObjectName("network.reset")
        set_tooltip(self.reset, "Reset to the initial network; pins stay")
        self.reset.clicked.connect(self._on_reset)
        self.title.add_right(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(0)
        column.addWidget(self.title)
        rows = QVBoxLayout()
        rows.setContentsMargins(16, 0, 16, 0)
        rows.setSpacing(0)
        order = ("depth", "width", "batch", "input", "activation", "init", "weight_std", "weight_value", "gain",
                 "bias_std", "normalisation", "residual", "dtype")  # fmt: skip
        for field in order:
            rows.addWidget(self.numbers[field] if field in self.numbers else self.choices[field])
        rows.addWidget(self.seed_row)
        rows.addWidget(self.seeds)
        for widget in (self.numbers["dropout"], self.choices["loss"], self.choices["device"]):
            rows.addWidget(widget)
        self.choices["device"].setVisible(len(devices()) > 1)
        column.addLayout(rows)

    def show_state(self, state: NetworkState, tensor_names: Sequence[str]) -> None:
        """Set all controls to the state, without a signal."""
        self._state = state
        spec = state.spec
        for field, row in self.numbers.items():
            row.set_value(getattr(spec, field))
        chosen = (*tensor_names, *(getattr(spec, field) for field in self.choices), spec.seed, state.seeds, state.band)
        if chosen != self._chosen:
            self._chosen = chosen
            self._show_choices(state, tensor_names)

    def _show_choices(self, state: NetworkState, tensor_names: Sequence[str]) -> None:
        """Set all except the sliders, which the user may be dragging."""
        spec = state.spec
        names = [*INPUTS, *(TENSOR_INPUT + name for name in tensor_names)]
        words = [*(entry.label for entry in INPUTS.values()), *tensor_names]
        if spec.input not in names:
            names.append(spec.input)
            words.append(spec.tensor_name or spec.input)
        self.choices["input"].set_choices(names, words)
        for field, choice in self.choices.items():
            choice.show_name(getattr(spec, field), *about(field, spec))
        scheme = INIT_SCHEMES.get(spec.init)
        for field in ("weight_std", "weight_value"):
            self.numbers[field].setVisible(scheme is not None and scheme.parameter == field)
        self.numbers["bias_std"].setEnabled(scheme is None or not scheme.own_bias)
        self.seed.set_value(spec.seed)
        self.seeds.set_value(state.seeds)
        self.seeds.setVisible(state.band)
        seeds = f"{state.seeds} seeds" if state.seeds < 1000 else f"{state.seeds}"  # which just fits
        if self.band.text() != seeds:
            self.band.setText(seeds)
        if self.band.isChecked() != state.band:
            with QSignalBlocker(self.band):
                self.band.setChecked(state.band)
            self.band.update()

    def _edit(self, gesture: Hashable, moving: bool, **fields: object) -> None:
        spec = replace(self._state.spec, **fields)  # type: ignore[arg-type]
        self.changed.emit(replace(self._state, spec=spec, moving=moving), gesture)

    @Slot(object)
    def _on_number(self, value: float) -> None:
        row = self.sender()
        assert isinstance(row, SliderRow)
        field = row.property("field")
        self._gesture = row.gesture
        whole = NUMBERS[field].decimals is None
        self._edit(row.gesture, row.slider.isSliderDown(), **{field: int(value) if whole else float(value)})

    @Slot()
    def _on_gesture_ended(self) -> None:
        if self._state.moving:
            self.changed.emit(replace(self._state, moving=False), self._gesture)
        self.gesture_ended.emit()

    @Slot(str, str)
    def _on_choice(self, field: str, name: str) -> None:
        self._chosen = None
        fields: dict[str, object] = {field: name}
        if field == "input" and name != "digits":
            fields["loss"] = "mean_square"
        if field == "loss" and name == "cross_entropy":
            fields["input"] = "digits"
        self._edit(None, False, **fields)

    @Slot(object)
    def _on_seed(self, value: float) -> None:
        self._chosen = None
        self._edit(self.seed.gesture, False, seed=int(value))

    @Slot(object)
    def _on_seeds(self, value: float) -> None:
        self._chosen = None
        self._gesture = self.seeds.gesture
        moving = self.seeds.slider.isSliderDown()
        self.changed.emit(replace(self._state, seeds=int(value), moving=moving), self.seeds.gesture)

    @Slot(bool)
    def _on_band(self, on: bool) -> None:
        self._chosen = None
        self.changed.emit(replace(self._state, band=on), None)

    @Slot()
    def _on_reset(self) -> None:
        self._chosen = None
        fresh = NetworkState()
        self.changed.emit(replace(self._state, spec=fresh.spec, moving=False), None)
