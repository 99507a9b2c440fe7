"""The windows that the Network page opens: step through, phase diagram, own models, saved tensors. None is modal."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.saved.request import SavedRequest
from playground.models.network.step_through.forward import StepThroughRequest
from playground.models.network.theory.phase import PhaseRequest, PhaseResult
from playground.models.network.watch.watched import WATCHED
from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.section import TitleLine
from playground.widgets.controls.tool_window import open_window
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.network.windows.phase_diagram import PhaseDiagramView
from playground.widgets.network.windows.saved_details import SavedDetails
from playground.widgets.network.windows.step_through import StepThroughView
from playground.widgets.network.windows.watch_view import WatchView

PHASE, STEPS, DETAILS = "phase", "step_through", "saved_details"
VIEWS: dict[str, type[PhaseDiagramView] | type[StepThroughView] | type[SavedDetails]] = {
    PHASE: PhaseDiagramView,
    STEPS: StepThroughView,
    DETAILS: SavedDetails,
}


class NetworkWindows(QWidget):
    """A section of buttons, each of which opens a window; a window requests its content only while it is open.

    `asked(side, request)` starts a side computation of the page, None cancels it; `fields_dragged(fields, gesture)`
    carries the setting to which the phase diagram's point was dragged; `tensor_handed(tensor)` is a watched module's
    tensor sent to the Tensors page. `noted(act)` reports an act that a lesson may ask for.
    """

    asked = Signal(str, object)
    fields_dragged = Signal(object, object)
    gesture_ended = Signal()
    tensor_handed = Signal(object)
    noted = Signal(str)
    toggled = Signal(str)
    """The legend entry that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.windows")
        self._state = PlaygroundState()
        self._asked: dict[str, object] = {}
        self._windows: dict[str, QWidget] = {}
        self._kind = "theory"
        self._every = 0
        steps = "Each operation of a small network, forward and backward, in numbers"
        self.step_through = self._button("Step through", "network.open.step_through", steps)
        self.phase = self._button(
            "Phase diagram", "network.open.phase", "Where signals vanish, explode, or reach any depth"
        )
        self.watch = self._button("Own models", "network.open.watch", "Modules measured by playground.watch")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 16, 12)
        column.setSpacing(8)
        column.addWidget(TitleLine("Look closer", 0))
        for buttons in ((self.step_through, self.phase), (self.watch,)):
            row = QHBoxLayout()
            row.setSpacing(8)
            for button in buttons:
                row.addWidget(button)
            row.addStretch(1)
            column.addLayout(row)
        self.step_through.clicked.connect(self.open_step_through)
        self.phase.clicked.connect(self.open_phase)
        self.watch.clicked.connect(self.open_watch)

    def _button(self, words: str, name: str, tip: str) -> Button:
        button = Button(words)
        button.setObjectName(name)
        set_tooltip(button, tip)
        return button

    def _open(self, window: QWidget, beside: bool = True) -> None:
        self._windows[type(window).__name__] = window
        open_window(window, self, beside)

    def _window(self, kind: type[QWidget]) -> QWidget | None:
        window = self._windows.get(kind.__name__)
        return window if window is not None and window.isVisible() else None

    @Slot()
    def open_step_through(self) -> None:
        """Open the step-through of a small network like the current one."""
        window = self._windows.get(StepThroughView.__name__)
        if window is None:
            window = StepThroughView()
            window.noted.connect(self.noted)
        self._open(window)
        self._ask_all()

    @Slot()
    def open_phase(self) -> None:
        """Open the phase diagram with the current setting as its point."""
        window = self._windows.get(PhaseDiagramView.__name__)
        if window is None:
            window = PhaseDiagramView()
            window.kind_wanted.connect(self._on_kind)
            window.fields_dragged.connect(self.fields_dragged)
            window.gesture_ended.connect(self.gesture_ended)
            window.cancelled.connect(self._on_phase_cancelled)
        self._open(window)
        self._ask_all()

    @Slot()
    def open_watch(self) -> None:
        """Open the list of watched modules."""
        window = self._windows.get(WatchView.__name__)
        if window is None:
            window = WatchView()
            window.tensor_handed.connect(self.tensor_handed)
        self._open(window, beside=False)
        self.show_watched()

    @Slot()
    def open_details(self) -> None:
        """Open the table of tensors saved for the backward pass."""
        window = self._windows.get(SavedDetails.__name__)
        if window is None:
            window = SavedDetails()
            window.every_chosen.connect(self._on_every)
            window.toggled.connect(self.toggled)
            window.plot.set_hidden(self._state.network.hidden)
        self._open(window)
        self._ask_all()

    def show_watched(self) -> None:
        """Update the list of watched modules, if its window is open."""
        window = self._window(WatchView)
        if isinstance(window, WatchView):
            window.show_watched(WATCHED.entries)

    # From the page

    def show_state(self, state: PlaygroundState) -> None:
        """Set another state; open windows request what it needs."""
        self._state = state
        details = self._window(SavedDetails)
        if isinstance(details, SavedDetails):
            details.show_layer(min(state.network.layer, state.network.spec.depth))
            details.plot.set_hidden(state.network.hidden)
        self._ask_all()

    def _ask_all(self) -> None:
        chosen = self._state.network
        spec = chosen.spec
        program = self._state.program if spec.tensor_name else None
        if self._window(StepThroughView) is not None:
            self._ask(STEPS, StepThroughRequest.small(spec))
        if self._window(SavedDetails) is not None and not chosen.moving:
            self._ask(DETAILS, SavedRequest(spec, self._every, program))
        if self._window(PhaseDiagramView) is not None:
            self._ask_phase(self._phase_request())

    def _phase_request(self) -> PhaseRequest:
        spec = self._state.network.spec
        return PhaseRequest(spec, self._kind, self._state.program if spec.tensor_name else None)

    def _ask_phase(self, request: PhaseRequest) -> None:
        known = self._asked.get(PHASE)
        same = isinstance(known, PhaseRequest) and known.diagram_key == request.diagram_key
        # A measured diagram takes seconds: during a drag only the point moves.
        if same or (request.kind == "measured" and self._state.network.moving):
            view = self._window(PhaseDiagramView)
            if isinstance(view, PhaseDiagramView):
                view.show_setting(request)
            return
        self._ask(PHASE, request)

    def _ask(self, side: str, request: object) -> None:
        if request != self._asked.get(side):
            self._asked[side] = request
            self.asked.emit(side, request)

    def show_answer(self, side: str, outcome: object) -> bool:
        """Show a side computation's outcome in its window; True if it belongs to one of these windows."""
        if side not in VIEWS:
            return False
        view = self._windows.get(VIEWS[side].__name__)
        if isinstance(view, VIEWS[side]):
            if isinstance(outcome, Problem):
                view.show_problem(outcome)
            else:
                view.show_result(outcome)  # type: ignore[arg-type]
        if isinstance(view, PhaseDiagramView) and isinstance(outcome, PhaseResult):
            present = self._phase_request()
            if outcome.request != present and outcome.request.diagram_key == present.diagram_key:
                view.show_setting(present)  # the setting changed while the diagram was computed
        if isinstance(view, SavedDetails):
            view.show_layer(min(self._state.network.layer, self._state.network.spec.depth))
        return True

    def show_progress(self, side: str, fraction: float, words: str) -> None:
        """Show a side computation's progress."""
        view = self._windows.get(PhaseDiagramView.__name__)
        if side == PHASE and isinstance(view, PhaseDiagramView):
            view.show_progress(fraction, words)

    # From the windows

    @Slot(str)
    def _on_kind(self, kind: str) -> None:
        self._kind = kind
        self._ask_all()

    @Slot()
    def _on_phase_cancelled(self) -> None:
        self._asked.pop(PHASE, None)
        self.asked.emit(PHASE, None)

    @Slot(int)
    def _on_every(self, every: int) -> None:
        self._every = every
        self._ask_all()
        self.noted.emit("checkpoint")
