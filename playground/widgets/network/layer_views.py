"""The plots of the page beside the pointed layer's numbers, sharing one layer axis and one crosshair."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from playground.models.network.measure.histograms import Histogram
from playground.models.network.page import PlotRanges, held, ranges_of
from playground.models.network.request import LayerPage
from playground.models.state import NetworkState
from playground.widgets.controls.buttons import IconButton
from playground.widgets.look import look
from playground.widgets.network.layer_numbers import (
    ROW,
    LayerNumbers,
    Row,
    gradient_rows,
    in_one_line,
    layer_words,
    spread_rows,
    zero_rows,
)
from playground.widgets.network.plots.curve_plots import GradientPlot, SpreadPlot, ZerosPlot
from playground.widgets.network.plots.distribution_plot import SEND_WORDS, DistributionPlot, value_range
from playground.widgets.network.plots.layer_histogram import LayerHistogram
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.canvas import STRIP
from playground.widgets.plot.plot import Plot
from playground.widgets.text.labels import TextLabel

NUMBERS_WIDTH = 304
NARROW_NUMBERS = 208
NARROW = 900
SLIM = 560
"""Below this width there is no room beside the plots: the numbers move below them, the histogram is hidden."""

LOW = 520
LEAST_ZEROS = 80
"""The least useful height of the lowest plot with its x axis, in pixels."""
HIGH = 680
_ANY = 16_777_215
_TITLE = 20


class PlotsOverlay(QWidget):
    """Dims the last good result while there is a problem; lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        shade = look().color("panel")
        shade.setAlphaF(0.55)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), shade)


class LayerViews(QWidget):
    """`layer_chosen(layer)` on a click or drag, `layer_let_go` after it; `wants_tensor` requests the layer's values."""

    layer_chosen = Signal(int)
    layer_let_go = Signal()
    kind_chosen = Signal(str)
    scale_chosen = Signal(str)
    own_range_chosen = Signal(bool)
    wants_tensor = Signal()
    toggled = Signal(str)
    """The legend entry that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page: LayerPage | None = None
        self._ranges: PlotRanges | None = None
        self._chosen = 1
        self._pointed: int | None = None
        self._narrow = self._slim = self._one_line = False
        self.distributions = DistributionPlot()
        self.spread, self.gradients, self.zeros = SpreadPlot(), GradientPlot(), ZerosPlot()
        self.histogram = LayerHistogram()
        self.spread_numbers = LayerNumbers(_TITLE, "network.spread.numbers")
        self.gradient_numbers = LayerNumbers(_TITLE, "network.gradients.numbers")
        self.zero_numbers = LayerNumbers(_TITLE, "network.zeros.numbers")
        self._make_title()
        self._lay_out()
        self._connect()
        self.veil = PlotsOverlay(self)

    def _make_title(self) -> None:
        self.title = TextLabel("Layer 1", bold=True, fixed=True)
        self.words = TextLabel("", "text2")
        self.own = IconButton("search", "Draw this histogram on the range of the layer's own values")
        self.own.setObjectName("network.own_range")
        self.own.setCheckable(True)
        self.send = IconButton("arrow-right", SEND_WORDS)
        self.send.setObjectName("network.send")

    def _lay_out(self) -> None:
        heading = QHBoxLayout()
        heading.setSpacing(10)
        heading.addWidget(self.title)
        heading.addWidget(self.words, 1)
        self._layer = QWidget()
        layer = QVBoxLayout(self._layer)
        layer.setContentsMargins(0, 0, 0, 0)
        layer.setSpacing(0)
        layer.addLayout(heading)
        layer.addWidget(self.histogram, 1)
        beside = QVBoxLayout(self.histogram.canvas)
        beside.setContentsMargins(0, 0, 0, STRIP + 22)
        beside.setSpacing(4)
        beside.addStretch(1)
        for button in (self.own, self.send):
            beside.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(17, 7, 16, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)
        rows = (
            (self.distributions, None, 235),
            (self.spread, self.spread_numbers, 152),
            (self.gradients, self.gradient_numbers, 152),
            (self.zeros, self.zero_numbers, 110),
        )
        for row, (plot, numbers, stretch) in enumerate(rows):
            self._grid.addWidget(plot, 2 * row, 0)
            if numbers is not None:
                self._grid.addWidget(numbers, 2 * row, 1)
            self._grid.setRowStretch(2 * row, stretch)
        self._grid.addWidget(self._layer, 0, 1)
        self._grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(320, 320)
        for plot in self.plots():
            plot.canvas.setMinimumHeight(44)
            plot.setMinimumHeight(44)

    def plots(self) -> tuple[Plot, ...]:
        """The plots over the layers, from top to bottom."""
        return self.distributions.heat, self.spread, self.gradients, self.zeros

    def shown_plots(self) -> tuple[Plot, ...]:
        """All plots of the page."""
        return *self.plots(), self.histogram

    def _connect(self) -> None:
        first = self.distributions.heat.canvas.view
        for plot in self.plots():
            plot.pointed.connect(self._on_pointed)
            plot.pressed.connect(self._on_pressed)
            plot.canvas.axes["bottom"].whole = True
            if plot.canvas.view is not first:
                plot.canvas.view.setXLink(first)
        for plot in self.shown_plots():
            plot.toggled.connect(self.toggled)
            plot.together = self.plots
        self.distributions.kind_chosen.connect(self.kind_chosen)
        self.distributions.scale_chosen.connect(self.scale_chosen)
        self.own.toggled.connect(self.own_range_chosen)
        for button in (self.send, self.distributions.send):
            button.clicked.connect(self.wants_tensor)

    @property
    def is_narrow(self) -> bool:
        """True if there is little room for text."""
        return self.width() < NARROW

    @property
    def layer(self) -> int:
        """The layer shown: the pointed one, otherwise the chosen one."""
        depth = self.page.network.depth if self.page is not None else 1
        return min(max(1, self._pointed or self._chosen), depth)

    def show_state(self, state: NetworkState) -> None:
        """Set the boxes and the chosen layer."""
        self.distributions.show_choices(state.kind, state.scale)
        if state.own_range != self.own.isChecked():
            self.own.blockSignals(True)
            self.own.setChecked(state.own_range)
            self.own.blockSignals(False)
            self.own.update()
        for plot in self.shown_plots():
            plot.set_hidden(state.hidden)
        self.distributions.samples.update()
        if state.layer != self._chosen:
            self._chosen = state.layer
            self._show_layer()

    def show_page(self, page: LayerPage) -> None:
        """Draw a result; the axes do not change during a drag."""
        self.page = page
        self._ranges = held(self._ranges, ranges_of(page), page.moving)
        self.distributions.show_page(page, self._ranges)
        for plot in (self.spread, self.gradients, self.zeros):
            plot.show_page(page, self._ranges)
        self.set_dimmed(False)
        self._show_layer()

    def set_dimmed(self, dimmed: bool) -> None:
        """Dim everything, or show it normally."""
        self.veil.setVisible(dimmed)
        self.veil.raise_()

    def _show_layer(self) -> None:
        page, layer = self.page, self.layer
        self.distributions.set_crosshair(layer)
        for plot in (self.spread, self.gradients, self.zeros):
            plot.set_crosshair(layer, str(layer))
        if page is None or self._ranges is None:
            return
        table = page.network.tables[page.kind]
        numbers = table.layer(layer - 1)
        title, words = self.title_of(page, layer)
        self.title.set_text(title)
        self.words.set_text(words)
        histogram: Histogram | None
        if not numbers.count or table.histograms is None:
            histogram, ends = None, AxisRange()
        elif page.own:
            histogram = page.own[layer - 1]
            ends = AxisRange(histogram.axis.low, histogram.axis.high)
        else:
            histogram = numbers.histogram
            ends = value_range(table.histograms.axis, self._ranges)
        shared = None if page.own else self.distributions.heat.canvas.view
        if self.histogram.canvas.view.linkedView(1) is not shared:
            self.histogram.canvas.view.setYLink(shared)
            self.histogram.canvas.view.show_home(1)
        self.histogram.show_layer(layer, numbers, histogram, ends, own=bool(page.own))
        rows = self.rows_of(page, layer)
        if self._one_line:
            rows = (in_one_line(*rows), [], [])
        for numbers_beside, found in zip(
            (self.spread_numbers, self.gradient_numbers, self.zero_numbers), rows, strict=True
        ):
            numbers_beside.set_rows(found)

    def title_of(self, page: LayerPage, layer: int) -> tuple[str, str]:
        """The layer's name and number of values. Override if layers have names."""
        return f"Layer {layer}", layer_words(page.network.tables[page.kind].layer(layer - 1))

    def rows_of(self, page: LayerPage, layer: int) -> tuple[list[Row], list[Row], list[Row]]:
        """The rows beside spread, gradients and zeros. Override if layers differ in their numbers."""
        return spread_rows(page, layer), gradient_rows(page, layer), zero_rows(page, layer)

    def _place_numbers(self, slim: bool, width: int) -> None:
        """Place the numbers beside the plots or, without room, in lines below each, or in one line for all."""
        all_numbers = (self.spread_numbers, self.gradient_numbers, self.zero_numbers)
        if slim != self._slim:
            self._slim = slim
            for row, numbers in enumerate(all_numbers, start=1):
                self._grid.removeWidget(numbers)
                self._grid.addWidget(numbers, 2 * row + slim, 0 if slim else 1)
                numbers.set_flowing(slim)
            self._layer.setVisible(not slim)
            self.distributions.set_slim(slim)
        low = self.height() < LOW
        self._grid.setRowStretch(0, 160 if low and not slim else 205 if low else 235)
        self._grid.setRowStretch(
            6, (200 if low else 170) if slim else 155 if low else 110
        )  # which also shows the x axis
        self.zeros.setMinimumHeight(LEAST_ZEROS if low else 0)
        if (slim and low) != self._one_line:
            self._one_line = slim and low
            self._show_layer()
        lines = 2 if self.height() >= HIGH else 1
        for numbers in all_numbers:
            numbers.setMinimumSize(0 if slim else width, lines * ROW if slim else 0)
            numbers.setMaximumSize(_ANY if slim else width, lines * ROW if slim else _ANY)
            numbers.setVisible(not self._one_line or numbers is self.spread_numbers)

    @Slot(object)
    def _on_pointed(self, x: float | None) -> None:
        self._pointed = None if x is None else round(x)
        self._show_layer()

    @Slot(float)
    def _on_pressed(self, x: float) -> None:
        depth = self.page.network.depth if self.page is not None else 1
        self.layer_chosen.emit(min(max(1, round(x)), depth))
        self.layer_let_go.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.is_narrow
        width = NARROW_NUMBERS if narrow else NUMBERS_WIDTH - 16
        self._layer.setFixedWidth(width)
        self._place_numbers(self.width() < SLIM, width)
        self.words.setVisible(not narrow)
        self.spread.set_narrow(narrow)
        self.gradients.set_narrow(narrow)
        if narrow != self._narrow and self.page is not None and self._ranges is not None:
            self.spread.show_page(self.page, self._ranges)
            self.gradients.show_page(self.page, self._ranges)
        self._narrow = narrow
        was_low, self.zeros.is_low = self.zeros.is_low, self.height() < LOW
        if self.zeros.is_low != was_low and self.page is not None and self._ranges is not None:
            self.zeros.show_page(self.page, self._ranges)
        self.veil.setGeometry(self.rect())
