"""The page's plots and one layer's numbers, for the layers of a watched module."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent, QStandardItemModel
from PySide6.QtWidgets import QListView, QWidget

from playground.models.formatting import bytes_in_words, digits, shape_in_words
from playground.models.network.request import NetworkPageResult
from playground.models.network.watch.layers import WATCHED_KINDS, WatchedLayer
from playground.models.network.watch.page import page_of
from playground.models.network.watch.verdict import run_name
from playground.models.network.watch.watch import WatchResult
from playground.models.state import NetworkState
from playground.widgets.network.layer_numbers import Row, percent
from playground.widgets.network.layer_views import LayerViews
from playground.widgets.network.plots.distribution_plot import KIND_WORDS


def value_rows(layer: WatchedLayer) -> list[Row]:
    """The rows beside the spread of the outputs."""
    rows: list[Row] = [("output", _shape(layer), "The shape and dtype of what the layer returns.")]
    numbers = layer.activation
    if numbers is None:
        return rows
    rows += [
        ("mean", digits(numbers.mean), "The mean of all values that the layer returns."),
        ("std", digits(numbers.std), "Their standard deviation, as torch.std computes it: divided by count - 1."),
        ("rms", digits(numbers.rms), "The root of the mean square; equals the std if the mean is 0."),
        ("std across inputs", digits(layer.spread),
         "The std over the inputs of each value, root mean square over values: 0 if all inputs give the same output."),
        ("cosine of inputs", digits(layer.cosine),
         "The mean cosine between the outputs for two different inputs: 1 if all point the same way."),
        ("smallest, largest", f"{digits(numbers.minimum)}, {digits(numbers.maximum)}", "Of the finite values."),
    ]  # fmt: skip
    return rows


def watched_gradient_rows(layer: WatchedLayer) -> list[Row]:
    """The rows beside the gradients."""
    rows: list[Row] = []
    for name, numbers, tip in (
        ("outputs", layer.activation_gradient, "RMS of ∂loss/∂outputs of this layer."),
        ("weights", layer.weight_gradient, "RMS of ∂loss/∂weight of this layer."),
    ):
        rows.append((name, "none" if numbers is None else digits(numbers.rms), tip))
    if layer.weight is not None:
        rows.append(("weights' std", digits(layer.weight.std), "The std of the weight itself."))
    if layer.parameter_count:
        rows.append(("parameters", f"{layer.parameter_count:,}", "Of this layer itself, including biases."))
    if layer.saved_bytes is not None:
        tip = "What autograd keeps of it for the backward pass, without parameters; shared memory counts once."
        rows.append(("saved", bytes_in_words(layer.saved_bytes), tip))
    return rows


def watched_zero_rows(layer: WatchedLayer) -> list[Row]:
    """The rows beside the zeros."""
    numbers = layer.activation
    if numbers is None:
        return []
    rows: list[Row] = [
        ("exactly 0", percent(numbers.zero_fraction), "The share of the layer's values that are exactly 0."),
    ]
    if layer.dead_fraction is not None:
        dead = round(layer.dead_fraction * layer.units)
        tip = "Units that are 0 for every input; channels are the units of images and convolutions."
        rows.append(("dead units", f"{dead:,} of {layer.units:,}", tip))
    rows.append(("nan, inf", f"{numbers.nan_count:,}, {numbers.inf_count:,}", "Excluded from the other statistics."))
    if layer.saturated_fraction is not None:
        tip = "Values where the slope is below 1 % of its maximum."
        rows.append(("saturated", percent(layer.saturated_fraction), tip))
    near = f"{percent(numbers.near_zero_fraction)}, {numbers.subnormal_count:,}"
    tip = "Near 0: below a thousandth of the rms, but not 0. Subnormal: below the dtype's smallest normal number."
    rows.append(("near 0, subnormal", near, tip))
    return rows


def _shape(layer: WatchedLayer) -> str:
    return f"{shape_in_words(layer.shape)} {layer.dtype}" if layer.activation is not None else layer.dtype


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
        self.show_page(page_of(self._result, shown.kind, shown.scale, shown.own_range))

    def show_page(self, page: NetworkPageResult) -> None:
        super().show_page(page)
        self._join(page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.page is not None:
            self._join(self.page)
            self._show_layer()

    def _join(self, page: NetworkPageResult) -> None:
        # Not every layer has weights, gradients or units: the curves continue at the next one that has.
        layers, tables, units = np.arange(1, page.network.depth + 1), page.network.tables, page.network.units
        for curve, values in (
            (self.spread.std, tables["activation"].std),
            (self.spread.rms, tables["activation"].rms),
            (self.gradients.activations, tables["activation_gradient"].rms),
            (self.gradients.weights, tables["weight_gradient"].rms),
            (self.zeros.dead, units.dead),
            (self.zeros.saturated, np.where(np.nanmax(units.saturated, initial=0) > 0, units.saturated, np.nan)),
        ):
            known = ~np.isnan(values)
            curve.set_data(layers[known], values[known])
        for plot in (self.spread, self.gradients, self.zeros):
            plot.refresh()

    def title_of(self, page: NetworkPageResult, layer: int) -> tuple[str, str]:
        assert self._result is not None
        found = self._result.layers[layer - 1]
        numbers = page.network.tables[page.request.kind].layer(layer - 1)
        count = f"{numbers.count:,} values" if numbers.count else f"no {KIND_WORDS[self.kind]}"
        if self.is_narrow:
            return f"{layer}  {_cut(run_name(found))}", ""
        words = (f"{_cut(run_name(found))}: {found.kind[:TITLE_LENGTH]}", count, found.note)
        return f"Layer {layer}", ", ".join(part for part in words if part)

    def rows_of(self, page: NetworkPageResult, layer: int) -> tuple[list[Row], list[Row], list[Row]]:
        assert self._result is not None
        found = self._result.layers[layer - 1]
        return value_rows(found), watched_gradient_rows(found), watched_zero_rows(found)

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
