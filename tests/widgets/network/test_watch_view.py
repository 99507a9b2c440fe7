import numpy as np
import pytest
import torch
from plot_hand import click, place
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from torch import nn

from playground.models.network.probe import probe
from playground.models.network.watch import WatchList
from playground.models.network.watch_verdict import judge_watched
from playground.widgets.network.layer_histogram import LayerHistogram
from playground.widgets.network.watch_view import WatchView

BATCH = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
LEFT = Qt.MouseButton.LeftButton


def good():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))


def entries():
    watched = WatchList()
    watched.add("model", probe(good(), BATCH))
    watched.add("model", probe(nn.Sequential(nn.Linear(8, 16), nn.Linear(15, 2)), BATCH))
    return watched.entries


@pytest.fixture
def view(shown):
    return shown(WatchView(), 1360, 800)


def click_layer(plot, layer):
    click(plot, place(plot, layer))


def test_an_empty_list_says_how_to_watch(view):
    assert "playground.watch(model, batch)" in view.verdict.text()
    assert not view.which.isEnabled()
    assert not view.layers.isVisible()


def test_the_newest_is_shown_with_its_layers_in_order(view):
    view.show_watched(entries()[:1])
    rows = view.table.rows
    assert [rows.data(rows.index(row, 1)) for row in range(rows.rowCount())] == ["0", "1", "2"]
    assert "3 layers ran" in view.summary.text()
    assert view.verdict.severity == "good"
    view.show_watched(entries())
    assert view.which.currentText() == "model (2)"
    assert view.verdict.severity == "error"
    assert view.verdict.text().startswith("Layer 1 raised.")
    assert rows.rowCount() == 1


def test_choosing_a_layer_in_the_table_or_in_any_plot(view):
    view.show_watched(entries()[:1])
    view.table.setCurrentIndex(view.table.rows.index(2, 0))
    assert view.layer == 2
    plots = (view.layers.distributions.heat, view.layers.spread, view.layers.gradients, view.layers.zeros)
    assert [plot.canvas.crosshair for plot in plots] == [3.0] * 4
    for plot, layer in zip(plots, (1, 2, 3, 2), strict=True):
        click_layer(plot, layer)
        assert view.layer == layer - 1
        assert view.table.currentIndex().row() == layer - 1
    assert view.layers.title.text() == "Layer 2"
    assert view.layers.words.text().startswith("1: ReLU, 320 values")


def test_the_plots_hold_the_numbers_of_the_module(view):
    shown = entries()[:1]
    view.show_watched(shown)
    layers = shown[0].result.layers
    spread, gradients = view.layers.spread, view.layers.gradients
    assert np.array_equal(spread.rms.y, [layer.activation.rms for layer in layers])
    assert np.array_equal(gradients.activations.y, [layer.activation_gradient.rms for layer in layers])
    assert np.array_equal(gradients.weights.x, [1, 3]), "a ReLU has no weights, and the curve goes on behind it"
    assert np.array_equal(gradients.weights.y, [layers[0].weight_gradient.rms, layers[2].weight_gradient.rms])
    counts = shown[0].result.counted["activation", "log"].counts
    assert view.layers.distributions.counts._largest == counts.max()


def test_the_curves_stay_joined_where_the_window_is_narrow(view):
    view.show_watched(entries()[:1])
    view.resize(1000, 640)
    view.grab()
    assert view.layers.is_narrow
    assert np.array_equal(view.layers.gradients.weights.x, [1, 3])
    view.table.choose(1)
    assert view.layers.title.text() == "2  1"


@pytest.mark.parametrize("kind", ["activation_gradient", "weight", "weight_gradient"])
def test_other_kinds_of_tensor_are_drawn(view, kind):
    shown = entries()[:1]
    view.show_watched(shown)
    box = view.layers.distributions.kind
    box.setCurrentIndex(["activation", "preactivation", "activation_gradient", "weight", "weight_gradient"].index(kind))
    assert view.layers.kind == kind
    assert view.layers.page.network.tables[kind].histograms is shown[0].result.counted[kind, "log"]
    view.table.choose(1)
    view.grab()
    assert ("no weight" in view.layers.words.text()) == kind.startswith("weight")


def test_other_scales_and_a_range_of_its_own(view):
    view.show_watched(entries()[:1])
    for scale in (1, 2, 0):
        view.layers.distributions.scale.setCurrentIndex(scale)
        view.grab()
    assert not view.layers.page.own
    QTest.mouseClick(view.layers.own, LEFT)
    assert len(view.layers.page.own) == 3
    view.grab()


def test_preactivations_are_not_offered(view):
    box = view.layers.distributions.kind
    assert box.view().isRowHidden(1)
    box.setFocus()
    box.setCurrentIndex(0)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "activation grads"


def test_a_layer_is_sent_to_the_tensors_page(view):
    module = good()
    watched = WatchList()
    watched.add("model", probe(module, BATCH))
    view.show_watched(watched.entries)
    handed = []
    view.tensor_handed.connect(handed.append)
    view.table.setCurrentIndex(view.table.rows.index(1, 0))
    QTest.mouseClick(view.layers.send, LEFT)
    assert torch.equal(handed[0].tensor, module[1](module[0](BATCH)))
    assert handed[0].name == "a_1"
    view.layers.distributions.kind.setCurrentIndex(3)
    QTest.mouseClick(view.layers.send, LEFT)
    assert len(handed) == 1
    assert "has no weight to send" in view.banner.message.text()
    view.table.setCurrentIndex(view.table.rows.index(2, 0))
    assert not view.banner.isVisible()
    QTest.mouseClick(view.layers.send, LEFT)
    assert torch.equal(handed[1].tensor, module[2].weight)


def test_a_cure_that_was_tried_is_copied_as_code(view):
    module = nn.Sequential(*(part for _ in range(8) for part in (nn.Linear(8, 8, bias=False), nn.ReLU())))
    with torch.no_grad():
        for part in module[::2]:
            part.weight.copy_(0.05 * torch.eye(8))
    result = probe(module, BATCH.abs())
    watched = WatchList()
    watched.add("sick", result, judge_watched(result, module, BATCH.abs()))
    view.show_watched(watched.entries)
    words = [button.text() for button in view.verdict.buttons]
    assert "Init He" in words
    button = view.verdict.buttons[words.index("Init He")]
    assert "Tried on a copy" in button.toolTip()
    QGuiApplication.clipboard().clear()
    QTest.mouseClick(button, LEFT)
    code = QGuiApplication.clipboard().text()
    assert "kaiming_normal_" in code
    more = len(code.splitlines()) - 1
    assert view.verdict.reason.text() == f"Copied: for part in model.modules(): and {more} more lines"


def test_names_are_plain_text_and_cut(view):
    module = nn.Sequential()
    module.add_module("<b>x</b>&" + "y" * 5000, nn.Linear(8, 2))
    watched = WatchList()
    watched.add("<b>bold</b>" + "z" * 500, probe(module, BATCH))
    view.show_watched(watched.entries)
    text = view.table.rows.data(view.table.rows.index(0, 1))
    assert text.startswith("<b>x</b>&")
    assert len(text) <= 60
    assert len(view.layers.words.text()) < 120
    view.grab()


def test_another_of_the_list_can_be_chosen(view):
    view.show_watched(entries())
    view.which.setCurrentIndex(0)
    view.which.activated.emit(0)
    assert view.table.rows.rowCount() == 3
    assert view.verdict.severity == "good"


def test_watched_again_on_another_batch_the_layer_stays_chosen(view):
    watched, module = WatchList(), good()
    watched.add("model", probe(module, BATCH), module=module)
    view.show_watched(watched.entries)
    view.table.setCurrentIndex(view.table.rows.index(2, 0))
    watched.add("model", probe(module, BATCH * 3), module=module)
    view.show_watched(watched.entries)
    assert view.which.count() == 1
    assert view.layer == 2
    assert view.layers.spread.canvas.crosshair == 3.0
    assert view.layers.spread.rms.y[0] == watched.entries[0].result.layers[0].activation.rms


def test_no_part_has_the_name_of_a_part_of_the_page(view):
    names = [part.objectName() for part in view.findChildren(QObject) if part.objectName().startswith("network.")]
    assert names
    assert all(name.startswith("network.watch") for name in names)


def test_every_plot_can_be_saved(view):
    view.show_watched(entries()[:1])
    layers = view.layers
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
def test_odd_modules_are_shown_all_the_same(view, module):
    watched = WatchList()
    batch = torch.randint(0, 9, (4, 2)) if isinstance(module, nn.Embedding) else BATCH * 0
    if isinstance(module, nn.TransformerEncoderLayer):
        batch = batch[None]
    dtype = next((p.dtype for p in module.parameters()), torch.float32)
    batch = batch.to(dtype) if batch.is_floating_point() else batch
    result = probe(module, batch)
    watched.add("odd", result, judge_watched(result, module, batch))
    view.show_watched(watched.entries)
    for row in range(len(result.layers)):
        view.table.setCurrentIndex(view.table.rows.index(row, 0))
        for kind in (0, 2, 3, 4):
            view.layers.distributions.kind.setCurrentIndex(kind)
            view.grab()
    assert view.verdict.text()
