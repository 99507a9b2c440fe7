import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from torch import nn

import playground
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
    handle = playground.app.Handle(playground.app._open_windows[-1])
    view = handle.window.findChild(WatchView)
    assert view.isVisible()
    assert "listed here" in [view.which.itemText(number) for number in range(view.which.count())]
    handle.close()
    handle.window.deleteLater()


def test_a_layer_of_a_watched_module_is_sent_to_the_tensors_page(qtbot):
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    batch = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    playground.watch(module, batch, name="sent from here", show_window=True)
    handle = playground.app.Handle(playground.app._open_windows[-1])
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
