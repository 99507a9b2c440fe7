"""Below the verdict stands where the first nan comes from, and its cure is copied."""

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from torch import nn

from playground.models.network.watch.verdict import judge_watched
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import WatchList
from playground.widgets.network.windows.watch_view import WatchView

BATCH = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))


class Elu(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(8, 8)

    def forward(self, x):
        z = 300 * self.linear(x)
        return torch.where(z <= 0, torch.exp(z), 1 + z)


@pytest.fixture
def view(shown):
    return shown(WatchView(), 1360, 800)


def entry_of(*modules):
    watched = WatchList()
    for module in modules:
        result = measure_module(module, BATCH)
        watched.add("model", result, judge_watched(result, module, BATCH))
    return watched.entries


def test_the_line_and_the_cure_stand_below_the_verdict(view):
    view.show_watched(entry_of(Elu()))
    origin = view.verdict.origin
    assert origin.isVisible()
    assert origin.y() == view.verdict.y() + view.verdict.height()
    assert origin.message.text().startswith("0 × inf is nan, going back through exp.")
    assert "test_watch_origin.py, line 26  return torch.where(z <= 0, torch.exp(z), 1 + z)" in origin.line.text()
    assert "".join(run.text for run in origin.line.runs if run.faulty) == "torch.exp(z)"
    assert origin.cure.text() == "Clamp the input of exp before where:  torch.exp(z.clamp(max=0))"
    assert origin.tried.text().startswith("Tried: ")
    QGuiApplication.clipboard().clear()
    QTest.mouseClick(origin.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "torch.exp(z.clamp(max=0))"


def test_it_goes_with_the_entry(view):
    view.show_watched(entry_of(Elu(), nn.Linear(8, 2)))
    assert not view.verdict.origin.isVisible()
    view.which.setCurrentIndex(0)
    view.which.activated.emit(0)
    assert view.verdict.origin.isVisible()
    view.grab()


def test_without_a_cure_there_is_no_button(view):
    module = nn.Linear(8, 2)
    with torch.no_grad():
        module.bias.fill_(torch.nan)
    view.show_watched(entry_of(module))
    assert view.verdict.origin.message.text().startswith("bias holds nan already.")
    assert not view.verdict.origin.copy.isVisible()
