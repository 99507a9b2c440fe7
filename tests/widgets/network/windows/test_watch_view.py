import numpy as np
import pytest
import torch
from plot_hand import click, place
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from torch import nn

import playground
from playground.models.formatting import bytes_in_words
from playground.models.network.watch.verdict import judge_watched
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import WATCHED, WatchList
from playground.widgets.network.plots.layer_histogram import LayerHistogram
from playground.widgets.network.windows.watch_view import SNIPPET, WatchView

BATCH = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
LEFT = Qt.MouseButton.LeftButton


def good():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


def entries():
    watched = WatchList()
    watched.add("model", measure_module(good(), BATCH))
    watched.add("model", measure_module(nn.Sequential(nn.Linear(8, 16), nn.Linear(15, 2)), BATCH))
    return watched.entries


@pytest.fixture
def watch_view(shown):
    return shown(WatchView(), 1360, 800)


def click_layer(plot, layer):
    click(plot, place(plot, layer))


def test_an_empty_list_says_how_to_watch(watch_view):
    assert "playground.watch(model, batch)" in watch_view.verdict.text()
    assert not watch_view.which.isEnabled()
    assert not watch_view.layers.isVisible()


def test_the_newest_is_shown_with_its_layers_in_order(watch_view):
    watch_view.show_watched(entries()[:1])
    rows = watch_view.table.rows
    assert [rows.data(rows.index(row, 1)) for row in range(rows.rowCount())] == ["0", "1", "2"]
    assert "3 layers ran" in watch_view.summary.text()
    assert watch_view.verdict.severity == "good"
    watch_view.show_watched(entries())
    assert watch_view.which.currentText() == "model (2)"
    assert watch_view.verdict.severity == "error"
    assert watch_view.verdict.text().startswith("Layer 1 raised.")
    assert rows.rowCount() == 1


def test_choosing_a_layer_in_the_table_or_in_any_plot(watch_view):
    watch_view.show_watched(entries()[:1])
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(2, 0))
    assert watch_view.layer == 2
    plots = (
        watch_view.layers.distributions.heat,
        watch_view.layers.spread,
        watch_view.layers.gradients,
        watch_view.layers.zeros,
    )
    assert [plot.canvas.crosshair for plot in plots] == [3.0] * 4
    for plot, layer in zip(plots, (1, 2, 3, 2), strict=True):
        click_layer(plot, layer)
        assert watch_view.layer == layer - 1
        assert watch_view.table.currentIndex().row() == layer - 1
    assert watch_view.layers.title.text() == "Layer 2"
    assert watch_view.layers.words.text().startswith("1: ReLU, 320 values")


def test_the_plots_hold_the_numbers_of_the_module(watch_view):
    shown = entries()[:1]
    watch_view.show_watched(shown)
    layers = shown[0].result.layers
    spread, gradients = watch_view.layers.spread, watch_view.layers.gradients
    assert np.array_equal(spread.rms.y, [layer.activation.rms for layer in layers])
    assert np.array_equal(gradients.activations.y, [layer.activation_gradient.rms for layer in layers])
    assert np.array_equal(gradients.weights.x, [1, 3]), "a ReLU has no weights, and the curve goes on behind it"
    assert np.array_equal(gradients.weights.y, [layers[0].weight_gradient.rms, layers[2].weight_gradient.rms])
    counts = shown[0].result.counted["activation", "log"].counts
    assert watch_view.layers.distributions.counts._largest == counts.max()


def test_the_curves_stay_joined_where_the_window_is_narrow(watch_view):
    watch_view.show_watched(entries()[:1])
    watch_view.resize(1000, 640)
    watch_view.grab()
    assert watch_view.layers.is_narrow
    assert np.array_equal(watch_view.layers.gradients.weights.x, [1, 3])
    watch_view.table.choose(1)
    assert watch_view.layers.title.text() == "2  1"


@pytest.mark.parametrize("kind", ["activation_gradient", "weight", "weight_gradient"])
def test_other_kinds_of_tensor_are_drawn(watch_view, kind):
    shown = entries()[:1]
    watch_view.show_watched(shown)
    box = watch_view.layers.distributions.kind
    box.setCurrentIndex(["activation", "preactivation", "activation_gradient", "weight", "weight_gradient"].index(kind))
    assert watch_view.layers.kind == kind
    assert watch_view.layers.page.network.tables[kind].histograms is shown[0].result.counted[kind, "log"]
    watch_view.table.choose(1)
    watch_view.grab()
    assert ("no weight" in watch_view.layers.words.text()) == kind.startswith("weight")


def test_other_scales_and_a_range_of_its_own(watch_view):
    watch_view.show_watched(entries()[:1])
    for scale in (1, 2, 0):
        watch_view.layers.distributions.scale.setCurrentIndex(scale)
        watch_view.grab()
    assert not watch_view.layers.page.own
    QTest.mouseClick(watch_view.layers.own, LEFT)
    assert len(watch_view.layers.page.own) == 3
    watch_view.grab()


def test_preactivations_are_not_offered(watch_view):
    box = watch_view.layers.distributions.kind
    assert box.view().isRowHidden(1)
    box.setFocus()
    box.setCurrentIndex(0)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "activation grads"


def test_a_layer_is_sent_to_the_tensors_page(watch_view):
    module = good()
    watched = WatchList()
    watched.add("model", measure_module(module, BATCH))
    watch_view.show_watched(watched.entries)
    handed = []
    watch_view.tensor_handed.connect(handed.append)
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(1, 0))
    QTest.mouseClick(watch_view.layers.send, LEFT)
    assert torch.equal(handed[0].tensor, module[1](module[0](BATCH)))
    assert handed[0].name == "a_1"
    watch_view.layers.distributions.kind.setCurrentIndex(3)
    QTest.mouseClick(watch_view.layers.send, LEFT)
    assert len(handed) == 1
    assert "has no weight to send" in watch_view.banner.message.text()
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(2, 0))
    assert not watch_view.banner.isVisible()
    QTest.mouseClick(watch_view.layers.send, LEFT)
    assert torch.equal(handed[1].tensor, module[2].weight)


def test_a_cure_that_was_tried_is_copied_as_code(watch_view):
    module = nn.Sequential(*(part for _ in range(8) for part in (nn.Linear(8, 8, bias=False), nn.ReLU())))
    with torch.no_grad():
        for part in module[::2]:
            part.weight.copy_(0.05 * torch.eye(8))
    result = measure_module(module, BATCH.abs())
    watched = WatchList()
    watched.add("sick", result, judge_watched(result, module, BATCH.abs()))
    watch_view.show_watched(watched.entries)
    words = [button.text() for button in watch_view.verdict.buttons]
    assert "Init He" in words
    button = watch_view.verdict.buttons[words.index("Init He")]
    assert "Tried on a copy" in button.toolTip()
    QGuiApplication.clipboard().clear()
    QTest.mouseClick(button, LEFT)
    code = QGuiApplication.clipboard().text()
    assert "kaiming_normal_" in code
    more = len(code.splitlines()) - 1
    assert watch_view.verdict.reason.text() == f"Copied: for part in model.modules(): and {more} more lines"


def test_names_are_plain_text_and_cut(watch_view):
    module = nn.Sequential()
    module.add_module("<b>x</b>&" + "y" * 5000, nn.Linear(8, 2))
    watched = WatchList()
    watched.add("<b>bold</b>" + "z" * 500, measure_module(module, BATCH))
    watch_view.show_watched(watched.entries)
    text = watch_view.table.rows.data(watch_view.table.rows.index(0, 1))
    assert text.startswith("<b>x</b>&")
    assert len(text) <= 60
    assert len(watch_view.layers.words.text()) < 120
    watch_view.grab()


def test_another_of_the_list_can_be_chosen(watch_view):
    watch_view.show_watched(entries())
    watch_view.which.setCurrentIndex(0)
    watch_view.which.activated.emit(0)
    assert watch_view.table.rows.rowCount() == 3
    assert watch_view.verdict.severity == "good"


def test_watched_again_on_another_batch_the_layer_stays_chosen(watch_view):
    watched, module = WatchList(), good()
    watched.add("model", measure_module(module, BATCH), module=module)
    watch_view.show_watched(watched.entries)
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(2, 0))
    watched.add("model", measure_module(module, BATCH * 3), module=module)
    watch_view.show_watched(watched.entries)
    assert watch_view.which.count() == 1
    assert watch_view.layer == 2
    assert watch_view.layers.spread.canvas.crosshair == 3.0
    assert watch_view.layers.spread.rms.y[0] == watched.entries[0].result.layers[0].activation.rms


def test_no_part_has_the_name_of_a_part_of_the_page(watch_view):
    names = [part.objectName() for part in watch_view.findChildren(QObject) if part.objectName().startswith("network.")]
    assert names
    assert all(name.startswith("network.watch") for name in names)


def test_every_plot_can_be_saved(watch_view):
    watch_view.show_watched(entries()[:1])
    layers = watch_view.layers
    for plot in (layers.distributions.heat, layers.spread, layers.gradients, layers.zeros, layers.histogram):
        assert plot.plot_columns()
        assert plot.menu().actions()
    assert isinstance(layers.histogram, LayerHistogram)


def tuple_of(x):
    return x, {"more": [x * 2]}


class Odd(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.inner, self.function = nn.Linear(8, 8), function

    def forward(self, x):
        return self.function(self.inner(x))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(8, 8)

    def forward(self, x):
        return self.one(self.one(x))


@pytest.mark.parametrize(
    "module",
    [
        nn.Identity(),
        nn.Sequential(),
        nn.Flatten(),
        nn.Embedding(9, 3),
        nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Dropout(0.5)),
        nn.Sequential(nn.Unflatten(1, (1, 8)), nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.Tanh()),
        nn.LSTM(8, 4),
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        nn.Linear(8, 8).double(),
        Odd(tuple_of),
        Odd(lambda x: None),
        Odd(lambda x: x[:0]),
        Odd(lambda x: x * float("nan")),
        Twice(),
    ],
    ids=lambda module: type(module).__name__,
)
def test_odd_modules_are_shown_all_the_same(watch_view, module):
    watched = WatchList()
    batch = torch.randint(0, 9, (4, 2)) if isinstance(module, nn.Embedding) else BATCH * 0
    if isinstance(module, nn.TransformerEncoderLayer):
        batch = batch[None]
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    batch = batch.to(dtype) if batch.is_floating_point() else batch
    result = measure_module(module, batch)
    watched.add("odd", result, judge_watched(result, module, batch))
    watch_view.show_watched(watched.entries)
    for row in range(len(result.layers)):
        watch_view.table.setCurrentIndex(watch_view.table.rows.index(row, 0))
        for kind in (0, 2, 3, 4):
            watch_view.layers.distributions.kind.setCurrentIndex(kind)
            watch_view.grab()
    assert watch_view.verdict.text()


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.then = nn.Linear(8, 8), nn.Tanh()

    def forward(self, x):
        return x + self.then(self.first(x))


def residual_entries():
    torch.manual_seed(0)
    module = nn.Sequential(*(Residual() for _ in range(3)), nn.Linear(8, 2))
    watched = WatchList()
    watched.add("residual", measure_module(module, BATCH))
    return watched.entries


def listed(view):
    rows = view.table.rows
    return [rows.data(rows.index(row, 1)) for row in range(rows.rowCount())]


def choose_kind(view, kind):
    """By the keyboard, as one who tabs to the box and types."""
    view.filter.kind.setFocus()
    while view.filter.kind.currentText() != kind:
        before = view.filter.kind.currentText()
        QTest.keyClick(view.filter.kind, Qt.Key.Key_Down)
        assert view.filter.kind.currentText() != before


def test_blocks_are_listed_after_their_layers_and_counted(watch_view):
    watch_view.show_watched(residual_entries())
    assert listed(watch_view) == ["0.first", "0.then", "0", "1.first", "1.then", "1", "2.first", "2.then", "2", "3"]
    assert "7 layers and 3 blocks ran" in watch_view.summary.text()
    rows = watch_view.table.rows
    assert "A block" in rows.data(rows.index(2, 1), Qt.ItemDataRole.ToolTipRole)
    assert "A block" not in rows.data(rows.index(1, 1), Qt.ItemDataRole.ToolTipRole)
    kinds = [watch_view.filter.kind.itemText(row) for row in range(watch_view.filter.kind.count())]
    assert kinds == ["all kinds", "layers", "blocks", "Linear", "Tanh", "Residual"]


def test_typing_a_name_and_choosing_a_kind_leaves_what_matches(watch_view):
    (entry,) = residual_entries()
    watch_view.show_watched((entry,))
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(5, 0))
    choose_kind(watch_view, "blocks")
    assert listed(watch_view) == ["0", "1", "2"]
    assert watch_view.layer == 1, "the chosen row stays chosen"
    assert watch_view.summary.text().startswith("3 of 10 rows match. ")
    blocks = [layer.activation.rms for layer in entry.result.layers if layer.is_block]
    assert np.array_equal(watch_view.layers.spread.rms.y, blocks)
    whole = entry.result.counted["activation", "log"]
    heat = watch_view.layers.page.network.tables["activation"].histograms
    assert heat.axis is whole.axis
    assert np.array_equal(heat.counts, whole.counts[[2, 5, 8]])
    choose_kind(watch_view, "Linear")
    QTest.keyClicks(watch_view.filter.name, "FIRST")
    assert listed(watch_view) == ["0.first", "1.first", "2.first"]
    assert watch_view.layer == 0
    QTest.keyClicks(watch_view.filter.name, "nowhere")
    assert listed(watch_view) == []
    assert watch_view.nothing.isVisible()
    assert not watch_view.layers.isVisible()
    watch_view.filter.name.clear()
    assert watch_view.layers.isVisible()
    assert not watch_view.nothing.isVisible()


def test_what_is_sent_of_filtered_rows_is_the_chosen_one(watch_view):
    (entry,) = residual_entries()
    watch_view.show_watched((entry,))
    choose_kind(watch_view, "blocks")
    handed = []
    watch_view.tensor_handed.connect(handed.append)
    watch_view.table.setCurrentIndex(watch_view.table.rows.index(2, 0))
    QTest.mouseClick(watch_view.layers.send, LEFT)
    assert handed[0].name == "a_2"
    assert torch.equal(handed[0].tensor, entry.result.layers[8].kept["activation"].tensor)


def test_a_kind_that_another_module_lacks_is_let_go_and_a_name_stays(watch_view):
    watch_view.show_watched(residual_entries())
    choose_kind(watch_view, "blocks")
    QTest.keyClicks(watch_view.filter.name, "2")
    watch_view.show_watched((*watch_view._entries, *entries()[:1]))
    assert watch_view.filter.kind.currentText() == "all kinds"
    assert watch_view.filter.name.text() == "2"
    assert listed(watch_view) == ["2"]


def test_the_bytes_that_autograd_keeps_stand_beside_the_gradients(watch_view):
    (entry,) = residual_entries()
    watch_view.show_watched((entry,))
    for row, layer in enumerate(entry.result.layers):
        watch_view.table.setCurrentIndex(watch_view.table.rows.index(row, 0))
        ((value, tip),) = [
            (value, tip) for name, value, tip in watch_view.layers.gradient_numbers.rows if name == "saved"
        ]
        assert value == bytes_in_words(layer.saved_bytes)
        assert "autograd" in tip
    assert {layer.saved_bytes for layer in entry.result.layers} == {0, 20 * 8 * 4}


def test_a_sample_is_called_one_without_a_word_of_dragging(watch_view):
    watched = WatchList()
    watched.add("wide", measure_module(nn.Linear(8, 4096), BATCH))
    watch_view.show_watched(watched.entries)
    tip = watch_view.layers.distributions.counts.toolTip()
    assert "At most about 65,536 values per layer are counted." in tip
    assert "drag" not in tip


def test_the_lines_are_copied_and_go_away_when_something_was_watched(shown):
    view = shown(WatchView(), 1360, 800)
    assert view.help.isVisible()
    QTest.mouseClick(view.help.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == SNIPPET
    assert view.help.said.text() == "Copied."


def test_the_lines_run_and_list_a_model(monkeypatch):
    shows = []
    monkeypatch.setattr(playground, "show", lambda: shows.append(len(WATCHED.entries)))
    monkeypatch.setattr(WATCHED, "_entries", [])
    exec(SNIPPET, {})
    assert shows == [1]
    assert len(WATCHED.entries[0].result.layers) == 3
