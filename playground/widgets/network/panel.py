"""The Network page: controls on the left, the verdict, and below it the plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from playground.models.network.page import run_in_words, sizes_in_words
from playground.models.network.request import NetworkPageResult, network_request
from playground.models.network.saved.request import KeptResult
from playground.models.network.send_layer import HandedLayer, LayerTensorRequest, WatchedTensor
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.page import (
    cost_in_words,
    is_of,
    page_at_step,
    saved_request,
    training_request,
    with_other_network,
)
from playground.models.network.training.pinned import PinnedLosses, pinned_training_request
from playground.models.network.training.request import TrainingResult
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.verdict.cures import SpecFix, applied
from playground.models.problem import Fix, Problem
from playground.models.state import NetworkState, PlaygroundState
from playground.widgets.controls.section import Hairline
from playground.widgets.network.controls import NetworkControls
from playground.widgets.network.layer_numbers import TheorySection
from playground.widgets.network.layer_views import LayerViews
from playground.widgets.network.pins import PinsSection
from playground.widgets.network.saved_strip import SavedStrip
from playground.widgets.network.train_section import TrainSection
from playground.widgets.network.verdict_banner import VerdictBanner
from playground.widgets.network.windows.windows import NetworkWindows
from playground.widgets.painting import fill_background
from playground.widgets.panel import Panel

COLUMN = 272


class SideColumn(QScrollArea):
    """Sections one below the other, each followed by a hairline; scrolls if they do not fit."""

    def __init__(self, sections: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QWidget()
        self.setWidget(column)  # while it is still empty: Qt restyles everything that gets a new parent
        fill_background(column, "window")
        column.setMinimumWidth(COLUMN - 32)
        below = QVBoxLayout(column)
        below.setContentsMargins(0, 0, 0, 8)
        below.setSpacing(0)
        for section in sections:
            below.addWidget(section)
            below.addWidget(Hairline())
        below.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(COLUMN)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        fill_background(self.viewport(), "window")


LAYER_SIDE = "layer_tensor"
MOST_PINS = 12


class NetworkPanel(Panel):
    """The panel that shows why deep networks train or fail."""

    key = "network"
    follows_pointing = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network")
        self._page: NetworkPageResult | None = None
        self._training: TrainingResult | None = None
        self._asked: dict[str, object] = {}
        self._drag: object = None
        self.controls = NetworkControls()
        self.pins = PinsSection()
        self.theory = TheorySection()
        self.train = TrainSection()
        self.saved = SavedStrip()
        self.windows = NetworkWindows()
        self.verdict = VerdictBanner()
        self.views = LayerViews()
        self._lay_out()
        self._connect()
        self.show_state(self.state)

    def _lay_out(self) -> None:
        sections = self.controls, self.pins, self.train, self.theory, self.windows
        side, right = SideColumn(sections, self), QWidget(self)
        fill_background(right, "panel")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.verdict)
        column.addWidget(self.views, 1)
        column.addWidget(Hairline())
        column.addWidget(self.saved)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(Hairline(vertical=True))
        row.addWidget(right, 1)

    def _connect(self) -> None:
        self.controls.changed.connect(self._on_network_edited)
        self.controls.gesture_ended.connect(self.gesture_ended)
        self.controls.given_up.connect(self.verdict.show_given_up)
        self.pins.pinned.connect(self._on_pinned)
        self.pins.taken.connect(self._edit_spec)
        self.pins.removed.connect(self._on_pin_removed)
        self.verdict.fix_chosen.connect(self._on_fix_chosen)
        self.verdict.cancelled.connect(self.cancelled)
        self.views.layer_chosen.connect(self._on_layer_chosen)
        self.views.layer_let_go.connect(self.gesture_ended)
        self.views.kind_chosen.connect(self._on_kind_chosen)
        self.views.scale_chosen.connect(self._on_scale_chosen)
        self.views.own_range_chosen.connect(self._on_own_range_chosen)
        self.saved.layer_chosen.connect(self._on_layer_chosen)
        self.saved.details_wanted.connect(self.windows.open_details)
        self.windows.asked.connect(self.asked)
        self.windows.fields_dragged.connect(self._on_fields_dragged)
        self.windows.gesture_ended.connect(self._on_spec_let_go)
        self.windows.tensor_handed.connect(self._on_tensor_handed)
        self.train.edited.connect(self._on_training_edited)
        self.train.gesture_ended.connect(self.gesture_ended)
        self.train.pause_wanted.connect(self._on_training_paused)
        self.views.wants_tensor.connect(self._on_tensor_wanted)
        for part in (self.views, self.train, self.windows):
            part.toggled.connect(self._on_curve_toggled)

    # From the store and the worker

    def show_state(self, state: PlaygroundState) -> None:
        chosen = state.network
        self.verdict.show_given_up("")
        self.controls.show_state(chosen, state.program.names)
        self.pins.show_pins(chosen.pins, chosen.spec)
        self.views.show_state(chosen)
        self.saved.show_layer(min(chosen.layer, chosen.spec.depth))
        self.train.show_settings(chosen.training, state.program.names)
        self.train.plot.set_hidden(chosen.hidden)
        if not chosen.training.asked:
            self._training = None
            self._show_page()
            self.train.show_pinned(())
        self._show_cost()
        self._ask("training", training_request(chosen, state.program, state.memory_budget))
        self._ask("pinned_training", pinned_training_request(chosen, state.program, state.memory_budget))
        self.windows.show_state(state)

    def show_result(self, result: object) -> None:
        if not isinstance(result, NetworkPageResult):
            return
        self._page = result
        self._show_page()
        self._show_cost()
        self.pins.show_page(result)
        if not result.request.moving:
            self._ask("saved", saved_request(result.request))
        self.summary_changed.emit()

    def _show_page(self) -> None:
        """The network at the training step shown, or at initialisation."""
        if self._page is None:
            return
        page = page_at_step(self._page, self._training)
        if page is self.views.page:
            return
        self.views.show_page(page)
        self.verdict.show_verdict(page.verdict)
        self.theory.show_theory(page)

    def _show_cost(self) -> None:
        if self._page is not None:  # only then is the machine's speed known
            self.train.show_cost(cost_in_words(self.state.network))

    def _ask(self, side: str, request: object) -> None:
        """Start a side computation, once per distinct request; None cancels the running one."""
        if request != self._asked.get(side):
            self._asked[side] = request
            self.asked.emit(side, request)

    def show_problem(self, problem: Problem) -> None:
        self.verdict.show_problem(problem)
        self.views.set_dimmed(True)

    def show_progress(self, fraction: float, words: str) -> None:
        self.verdict.show_progress(fraction, words)

    def show_busy(self, busy: bool) -> None:
        self.verdict.show_busy(busy)

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        if side == LAYER_SIDE and isinstance(outcome, HandedLayer) and final:
            self._on_tensor_handed(outcome)
        elif self.windows.show_answer(side, outcome):
            return
        elif isinstance(outcome, PinnedLosses):
            self.train.show_pinned(outcome.runs)
        elif isinstance(outcome, KeptResult):
            self.saved.show_result(outcome)
        elif isinstance(outcome, TrainingResult):
            if is_of(outcome, self.state.network):
                self._training = outcome
                self.train.show_result(outcome)
                self._show_page()
        elif isinstance(outcome, Problem):
            self._show_side_problem(side, outcome)

    def show_answer_progress(self, side: str, fraction: float, words: str) -> None:
        if side == "training":
            self.train.show_progress(fraction, words)
        self.windows.show_progress(side, fraction, words)

    def _show_side_problem(self, side: str, problem: Problem) -> None:
        if side == "training":
            self.train.show_problem(problem)
        elif side == "saved":
            self.saved.show_problem(problem)
        else:
            self.verdict.show_problem(problem)

    def summary(self) -> str:
        return self._page.verdict.plain() if self._page is not None else ""

    def status_words(self) -> tuple[str, ...]:
        return () if self._page is None else (sizes_in_words(self._page), run_in_words(self._page))

    # From the user

    def _edit(self, gesture: object = None, **fields: object) -> None:
        network = replace(self.state.network, **fields)  # type: ignore[arg-type]
        self.edit(replace(self.state, network=network), gesture)

    @Slot(object, object)
    def _on_network_edited(self, network: NetworkState, gesture: object) -> None:
        kept = replace(network, spec=self.state.network.spec)
        self.edit(replace(self.state, network=with_other_network(kept, network.spec)), gesture)

    @Slot(object)
    def _edit_spec(self, spec: NetworkSpec) -> None:
        network = with_other_network(replace(self.state.network, moving=False), spec)
        self.edit(replace(self.state, network=network))

    @Slot(object, object)
    def _on_fields_dragged(self, fields: dict[str, float], gesture: object) -> None:
        spec = replace(self.state.network.spec, **fields)  # type: ignore[arg-type]
        network = with_other_network(replace(self.state.network, moving=True), spec)
        self._drag = gesture
        self.edit(replace(self.state, network=network), gesture)

    @Slot()
    def _on_spec_let_go(self) -> None:
        self._edit(self._drag, moving=False)
        self.gesture_ended.emit()

    @Slot(object, object)
    def _on_training_edited(self, settings: TrainingSettings, gesture: object) -> None:
        self._edit(gesture, training=settings)

    @Slot()
    def _on_training_paused(self) -> None:
        self._asked.pop("training", None)
        self.asked.emit("training", None)

    @Slot()
    def _on_pinned(self) -> None:
        pins = (*self.state.network.pins, self.state.network.spec)
        self._edit(pins=tuple(dict.fromkeys(pins))[-MOST_PINS:])

    @Slot(object)
    def _on_pin_removed(self, spec: NetworkSpec) -> None:
        self._edit(pins=tuple(pin for pin in self.state.network.pins if pin != spec))

    @Slot(object)
    def _on_fix_chosen(self, fix: SpecFix | Fix) -> None:
        spec = self.state.network.spec
        if isinstance(fix, SpecFix):
            self._edit_spec(applied(fix, self._page.request.spec, spec) if self._page is not None else fix.spec)
        elif fix.target == "confirm":
            self._edit(confirmed=spec if fix.code else None)
        else:
            value = type(getattr(spec, fix.target))(fix.code)
            more = {"loss": "mean_square"} if fix.target == "input" and fix.code != "digits" else {}
            self._edit_spec(replace(spec, **{fix.target: value, **more}))

    @Slot(int)
    def _on_layer_chosen(self, layer: int) -> None:
        self._edit(gesture="network layer", layer=layer)

    @Slot(str)
    def _on_kind_chosen(self, kind: str) -> None:
        self._edit(kind=kind)

    @Slot(str)
    def _on_scale_chosen(self, scale: str) -> None:
        self._edit(scale=scale)

    @Slot(bool)
    def _on_own_range_chosen(self, own: bool) -> None:
        self._edit(own_range=own)

    @Slot(str)
    def _on_curve_toggled(self, key: str) -> None:
        self._edit(hidden=self.state.network.hidden ^ {key})

    @Slot(object)
    def _on_tensor_handed(self, handed: HandedLayer | WatchedTensor) -> None:
        self.edit(handed.added_to(self.state))
        self.requested.emit("show_tensors", None)

    @Slot()
    def _on_tensor_wanted(self) -> None:
        # Send what is shown: the plots may still show the previous network, which had more layers.
        page, layer = self.views.page, self.views.layer
        shown = page.request if isinstance(page, NetworkPageResult) else network_request(self.state)
        self.asked.emit(LAYER_SIDE, LayerTensorRequest(shown.spec, shown.kind, layer, shown.program, shown.budget))
