"""A small plot of losses over steps whose handle says which step the other plots show."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look, look_holder
from playground.widgets.common.plot_lines import Floats
from playground.widgets.common.plots import AxisRange, Curve, Plot
from playground.widgets.common.text_label import TextLabel

HANDLE = 11
LEFT = 40
"""Room for labels such as 1e-4; the picture of the histograms below lies on the same steps."""
SKY = 4


class _Handle(QWidget):
    """The round handle on the step axis; the plot below it takes the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(HANDLE, HANDLE)
        look_holder().changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look().color("text" if look().dark else "accent"), 1.5))
            painter.setBrush(look().color("text" if look().dark else "raised"))
            painter.drawEllipse(QPointF(HANDLE / 2, HANDLE / 2), HANDLE / 2 - 1, HANDLE / 2 - 1)


class PinnedCurve(Curve):
    """The losses of a pinned network; `run` is its name, the legend says what all grey curves are."""

    def __init__(self) -> None:
        super().__init__("pinned", style="pinned")
        self.run = ""

    def columns(self) -> dict[str, Floats]:
        """Its numbers under a name of its own."""
        return {f"pinned: {self.run}": self.y}


class ScrubPlot(Plot):
    """`set_losses`, then drag the handle: `scrubbed(step)` for each step under the hand, `scrub_ended()` at the end."""

    scrubbed = Signal(int)
    scrub_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("loss", x_column="step", parent=parent)
        self.now = self.add(Curve("now", axis=SKY))
        self.pinned: list[PinnedCurve] = []
        self._reached = 0
        self._shown = 0
        self._handle = _Handle(self)
        self.hint = TextLabel("", "text2", parent=self)
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.canvas.installEventFilter(self)
        self.canvas.ground = "window"
        self.canvas.margins = (LEFT, 8, 7, 22)
        self.pressed.connect(self._on_scrubbed)
        self.dragged.connect(self._on_scrubbed)
        self.released.connect(self.scrub_ended)
        self.canvas.walked.connect(self._on_canvas_walked)

    @property
    def shown_step(self) -> int:
        """Where the handle stands."""
        return self._shown

    def set_pinned(self, runs: tuple[tuple[str, object], ...]) -> None:
        """Show the losses of other runs in grey: `(name, losses)` each."""
        while len(self.pinned) > len(runs):
            self.remove(self.pinned.pop())
        while len(self.pinned) < len(runs):
            self.pinned.append(self.add(PinnedCurve()))
            self.pinned[-1].in_legend = len(self.pinned) == 1
        for curve, (name, losses) in zip(self.pinned, runs, strict=True):
            curve.run = name
            curve.set_data(range(len(losses)), losses)  # type: ignore[arg-type]
        self.refresh()

    def show_losses(self, losses: object, reached: int, shown: int, x: AxisRange, y: AxisRange) -> None:
        """Draw the losses so far and put the handle at a step."""
        self._reached, self._shown = reached, shown
        self.set_ranges(x, y)
        self.now.set_data(range(len(losses)), losses)  # type: ignore[arg-type]
        self._set_empty("")
        self.set_crosshair(float(shown))
        self.refresh()
        self._place_handle()

    def show_nothing(self, x: AxisRange, hint: str) -> None:
        """Before there is a loss: no values on the axis, no handle, and a hint in the middle."""
        self._reached = self._shown = 0
        self.set_ranges(x, AxisRange(0.0, 1.0, ticks=()))
        self.now.set_data([], [])
        self._set_empty(hint)
        self.set_crosshair(None)
        self.refresh()
        self._place_handle()

    def _set_empty(self, hint: str) -> None:
        self.hint.set_text(hint)
        self.hint.setVisible(bool(hint))
        self._handle.setVisible(not hint)

    def _place_handle(self) -> None:
        at = self.canvas.mapTo(self, self.canvas.rect().topLeft())
        x = at.x() + self.canvas.x_to_pixel(self._shown)
        y = at.y() + self.canvas.field().bottom()
        self._handle.setGeometry(QRect(round(x - HANDLE / 2), round(y - HANDLE / 2), HANDLE, HANDLE))
        self._handle.raise_()
        field = self.canvas.field().translated(at)
        wide = min(self.hint.sizeHint().width(), int(field.width()))
        high = self.hint.sizeHint().height()
        self.hint.setGeometry(
            QRect(round(field.center().x() - wide / 2), round(field.center().y() - high / 2), wide, high)
        )
        self.hint.raise_()

    def _step_at(self, x: float) -> int:
        return max(0, min(self._reached, round(x)))

    @Slot(float)
    def _on_scrubbed(self, x: float) -> None:
        self.scrubbed.emit(self._step_at(x))

    @Slot(object)
    def _on_canvas_walked(self, x: object) -> None:
        if isinstance(x, float):
            self.scrubbed.emit(self._step_at(x))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Move):
            self._place_handle()
        return super().eventFilter(watched, event)


def step_range(last: int) -> AxisRange:
    """Steps 0 to `last` with three or four round labels."""
    power = 10 ** (len(str(last // 3)) - 1) if last >= 3 else 1
    stride = next((f * power for f in (1, 2, 3, 4, 5, 10) if f * power * 4 >= last), last)
    return AxisRange(0, last, ticks=tuple((float(step), f"{step:,}") for step in range(0, last + 1, max(1, stride))))
