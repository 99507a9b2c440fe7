import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from torch import nn

from playground.models.network.probe import probe
from playground.models.network.watch import WatchList
from playground.widgets.network.watch_view import WatchView

BATCH = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))


def entries():
    torch.manual_seed(0)
    watched = WatchList()
    watched.add("model", probe(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2)), BATCH))
    watched.add("model", probe(nn.Sequential(nn.Linear(8, 16), nn.Linear(15, 2)), BATCH))
    return watched.entries


@pytest.fixture
def view(qtbot):
    widget = WatchView()
    qtbot.addWidget(widget)
    widget.resize(1120, 640)
    widget.show()
    return widget


def test_an_empty_list_says_how_to_watch(view):
    assert "playground.watch(model, batch)" in view.verdict.text()
    assert not view.which.isEnabled()


def test_the_newest_is_shown_with_its_layers_in_order(view):
    view.show_watched(entries()[:1])
    rows = view.table.rows
    assert [rows.data(rows.index(row, 1)) for row in range(rows.rowCount())] == ["0", "1", "2"]
    assert "3 layers ran" in view.summary.text()
    assert not view.banner.isVisible()
    view.show_watched(entries())
    assert view.which.currentText() == "model (2)"
    assert view.banner.isVisible()
    assert rows.rowCount() == 1


def test_choosing_a_layer_in_the_table_or_the_plot(view):
    view.show_watched(entries()[:1])
    chosen = []
    view.layer_chosen.connect(chosen.append)
    view.table.setCurrentIndex(view.table.rows.index(2, 0))
    assert chosen == [2]
    assert view.plot.canvas.crosshair == 3.0
    canvas = view.plot.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(canvas.x_to_pixel(2)), 30))
    assert chosen == [2, 1]
    assert view.table.currentIndex().row() == 1
    assert "ReLU" in view.histogram.legend.title
    assert "exactly 0" in view.histogram.canvas.note


def test_names_are_plain_text_and_cut(view):
    module = nn.Sequential()
    module.add_module("<b>x</b>&" + "y" * 5000, nn.Linear(8, 2))
    watched = WatchList()
    watched.add("<b>bold</b>" + "z" * 500, probe(module, BATCH))
    view.show_watched(watched.entries)
    text = view.table.rows.data(view.table.rows.index(0, 1))
    assert text.startswith("<b>x</b>&")
    assert len(text) <= 60
    view.grab()


def test_another_of_the_list_can_be_chosen(view):
    view.show_watched(entries())
    view.which.setCurrentIndex(0)
    view.which.activated.emit(0)
    assert view.table.rows.rowCount() == 3
    assert not view.banner.isVisible()


@pytest.mark.parametrize(
    "module",
    [nn.Identity(), nn.Sequential(), nn.Flatten(), nn.Embedding(9, 3)],
)
def test_odd_modules_are_shown_all_the_same(view, module):
    watched = WatchList()
    batch = torch.randint(0, 9, (4, 2)) if isinstance(module, nn.Embedding) else BATCH * 0
    watched.add("odd", probe(module, batch))
    view.show_watched(watched.entries)
    view.grab()
