import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit
from torch import nn

import playground
from playground.app import start
from playground.app.from_python.handle import Handle
from playground.models.evaluation.evaluate import evaluate
from playground.widgets.network.windows.watch_view import WatchView


def test_watch_measures_every_layer_and_leaves_nothing_behind():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 1))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.random.get_rng_state()
    batch = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    watched = playground.watch(model, batch, name="mine")
    assert [layer.kind for layer in watched.result.layers[:4]] == ["Linear", "ReLU", "BatchNorm1d", "Linear"]
    first = watched.result.layers[0]
    assert first.activation.rms == pytest.approx(model[0](batch).double().square().mean().sqrt().item(), rel=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(random, torch.random.get_rng_state())
    assert model[0].weight.grad is None
    assert model.training


def test_what_cannot_be_run_is_a_value_error():
    with pytest.raises(ValueError, match="Module"):
        playground.watch("no module", torch.ones(2))


def test_a_watched_module_is_listed_in_the_window(qtbot):
    playground.watch(nn.Linear(2, 2), torch.ones(3, 2), name="listed here", show_window=True)
    handle = Handle(start._open_windows[-1])
    view = handle.window.findChild(WatchView)
    assert view.isVisible()
    assert "listed here" in [view.which.itemText(number) for number in range(view.which.count())]
    handle.close()
    handle.window.deleteLater()


def test_a_layer_of_a_watched_module_is_sent_to_the_tensors_page(qtbot):
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    batch = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    playground.watch(module, batch, name="sent from here", show_window=True)
    handle = Handle(start._open_windows[-1])
    view = handle.window.findChild(WatchView)
    view.table.setCurrentIndex(view.table.rows.index(1, 0))
    QTest.mouseClick(view.layers.send, Qt.MouseButton.LeftButton)
    store = handle.window.furniture.workspace.store
    selection, page = store.state.selection, handle.window.pages.currentIndex()
    sent = evaluate(store.state.program)["a_1"].tensor
    handle.close()
    handle.window.deleteLater()
    assert (selection, page) == ("a_1", 0)
    assert torch.equal(sent, module(batch).detach())


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x):
        return x + self.inner(x)


def test_the_residual_stream_is_found_by_typing_into_the_filter_of_the_window(qtbot):
    module = nn.Sequential(Residual(), Residual(), nn.Linear(4, 1))
    playground.watch(module, torch.randn(6, 4), name="filtered", show_window=True)
    handle = Handle(start._open_windows[-1])
    view = handle.window.findChild(WatchView)
    qtbot.waitUntil(lambda: view.table.rows.rowCount() == 5)
    name = view.findChild(QLineEdit, "network.watch.filter.name")
    QTest.mouseClick(name, Qt.MouseButton.LeftButton)
    QTest.keyClicks(name, "1.inner")
    qtbot.waitUntil(lambda: view.table.rows.rowCount() == 1)
    QTest.keyClick(name, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(name, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: view.table.rows.rowCount() == 5)
    kind = view.findChild(QComboBox, "network.watch.filter.kind")
    kind.setFocus()
    QTest.keyClicks(kind, "bl")
    qtbot.waitUntil(lambda: [layer.path for layer in view.table.rows.layers] == ["0", "1"])
    assert view.layers.spread.rms.y == pytest.approx([layer.activation.rms for layer in view.table.rows.layers])
    handle.close()
    handle.window.deleteLater()
