"""The page's plots and one layer's numbers, for the layers of a watched module."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QListView, QWidget

from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.network.request import LayerPage
from playground.models.network.watch.layers import WATCHED_KINDS, WatchedLayer
from playground.models.network.watch.verdict import run_name
from playground.models.network.watch.watch import WatchResult
from playground.models.state import NetworkState
from playground.widgets.network.layer_numbers import Row
from playground.widgets.network.layer_views import LayerViews
from playground.widgets.network.plots.distribution_plot import KIND_WORDS


def shape_rows(layer: WatchedLayer) -> list[Row]:
    """What a layer returns."""
    shape = f"{shape_in_words(layer.shape)} {layer.dtype}" if layer.activation is not None else layer.dtype
    return [("output", shape, "The shape and dtype of what the layer returns.")]


def cost_rows(layer: WatchedLayer) -> list[Row]:
    """What a layer has and keeps."""
    rows: list[Row] = []
    if layer.parameter_count:
        rows.append(("parameters", f"{layer.parameter_count:,}", "Of this layer itself, including biases."))
    if layer.saved_bytes is not None:
        tip = "What autograd keeps of it for the backward pass, without parameters; shared memory counts once."
        rows.append(("saved", bytes_in_words(layer.saved_bytes), tip))
    return rows


TITLE_LENGTH = 26


def _cut(name: str) -> str:
    """Keep the end of a long path, which says more than its beginning."""
    return name if len(name) <= TITLE_LENGTH else f"…{name[1 - TITLE_LENGTH :]}"


class WatchLayers(LayerViews):
    """`show_result` draws a watched module; this view keeps its own kind, scale and layer.

    `chosen(row)` is the layer that a click chose, from 0; `tensor_wanted(row, kind)` asks for a tensor of it.
    """

    chosen = Signal(int)
    tensor_wanted = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: WatchResult | None = None
        self._shown = NetworkState(kind="activation", scale="log")
        self._leave_out_kinds()
        self.layer_chosen.connect(self._on_layer_chosen)
        self.kind_chosen.connect(self._on_kind_chosen)
        self.scale_chosen.connect(self._on_scale_chosen)
        self.own_range_chosen.connect(self._on_own_range_chosen)
        self.toggled.connect(self._on_curve_toggled)
        self.wants_tensor.connect(self._on_wants_tensor)

    def _leave_out_kinds(self) -> None:
        """A module's layers have no separate pre-activations: those are the outputs of other layers."""
        box = self.distributions.kind
        rows, items = box.view(), box.model()
        for row, kind in enumerate(KIND_WORDS):
            if kind not in WATCHED_KINDS and isinstance(rows, QListView) and isinstance(items, QStandardItemModel):
                rows.setRowHidden(row, True)
                items.item(row).setEnabled(False)

    @property
    def kind(self) -> str:
        """The kind of tensor shown in the distributions."""
        return self._shown.kind

    def show_result(self, result: WatchResult) -> None:
        """Draw another module, starting at its first layer; if no layer ran, the plots stay dimmed."""
        self._result = result
        self._shown = replace(self._shown, layer=1)
        self.show_state(self._shown)
        self._draw()

    def choose(self, row: int) -> None:
        """Choose a layer, from 0, without emitting a signal."""
        self._shown = replace(self._shown, layer=row + 1)
        self.show_state(self._shown)

    def _draw(self) -> None:
        if self._result is None or not self._result.layers:
            self.set_dimmed(True)
            return
        shown = self._shown
        self.show_page(self._result.page(shown.kind, shown.scale, shown.own_range))

    def title_of(self, page: LayerPage, layer: int) -> tuple[str, str]:
        assert self._result is not None
        found = self._result.layers[layer - 1]
        numbers = page.network.tables[page.kind].layer(layer - 1)
        count = f"{numbers.count:,} values" if numbers.count else f"no {KIND_WORDS[self.kind]}"
        if self.is_narrow:
            return f"{layer}  {_cut(run_name(found))}", ""
        words = (f"{_cut(run_name(found))}: {found.kind[:TITLE_LENGTH]}", count, found.note)
        return f"Layer {layer}", ", ".join(part for part in words if part)

    def rows_of(self, page: LayerPage, layer: int) -> tuple[list[Row], list[Row], list[Row]]:
        assert self._result is not None
        found = self._result.layers[layer - 1]
        spread, gradients, zeros = super().rows_of(page, layer)
        return [*shape_rows(found), *spread], [*gradients, *cost_rows(found)], zeros

    @Slot(int)
    def _on_layer_chosen(self, layer: int) -> None:
        self.choose(layer - 1)
        self.chosen.emit(layer - 1)

    @Slot(str)
    def _on_kind_chosen(self, kind: str) -> None:
        self._show(kind=kind)

    @Slot(str)
    def _on_scale_chosen(self, scale: str) -> None:
        self._show(scale=scale)

    @Slot(bool)
    def _on_own_range_chosen(self, own: bool) -> None:
        self._show(own_range=own)

    @Slot(str)
    def _on_curve_toggled(self, key: str) -> None:
        self._shown = replace(self._shown, hidden=self._shown.hidden ^ {key})
        self.show_state(self._shown)

    def _show(self, **fields: object) -> None:
        self._shown = replace(self._shown, **fields)  # type: ignore[arg-type]
        self.show_state(self._shown)
        self._draw()

    @Slot()
    def _on_wants_tensor(self) -> None:
        if self._result is not None and self._result.layers:
            self.tensor_wanted.emit(self.layer - 1, self.kind)
