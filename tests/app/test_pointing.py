"""While the hand only points, nothing is computed again and nothing is laid out again, in the whole window."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from playground.models.program.program import Program
from playground.models.state import EinsumState

EXAMPLE = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
C = torch.einsum("ij,kj->ik", A, B)"""
LARGE = "A = torch.zeros(1000, 1000)\nB = torch.ones(1000, 1000)\nC = A @ B"
LONG = "A = torch.zeros(1500, 1500)\nB = A.t()"


class Watcher(QObject):
    """Counts what the window does."""

    def __init__(self, window):
        super().__init__()
        self.laid_out, self.painted = [], set()
        self._window = window

    def eventFilter(self, watched, event):
        if isinstance(watched, QWidget) and watched.window() is self._window:
            if event.type() == QEvent.Type.LayoutRequest:
                self.laid_out.append(watched)
            elif event.type() == QEvent.Type.Paint:
                self.painted.add(watched.objectName())
        return False


GRIDS = {
    "shape": lambda hand: hand.find("shape.grid"),
    "einsum": lambda hand: hand.find("einsum.result"),
    "operand": lambda hand: hand.find("einsum.operand_grid.1"),
    "storage": lambda hand: hand.find("memory.storage"),
}


@pytest.mark.parametrize(("program", "grid"), [(EXAMPLE, "shape"), (EXAMPLE, "storage"), (EXAMPLE, "operand"),
                                               (LARGE, "einsum"), (LONG, "storage")])  # fmt: skip
def test_pointing_computes_and_lays_out_nothing(hand, program, grid):
    equation = EinsumState("ij,jk->ik", ("A", "B")) if program == LARGE else EinsumState("ij,kj->ik", ("A", "B"))
    # The marks of chance come a moment after the rest, and take room.
    state = replace(hand.state, program=Program.parse(program), selection="B", pointed=None, shows_chance=False)
    hand.store.apply(replace(state, einsum=equation))
    hand.settle()
    # However slow the machine, the hand never rests: only then do words follow that take room.
    hand.panel("memory")._rest.setInterval(600_000)
    view = GRIDS[grid](hand).viewport()
    places = [QPoint(view.width() // 3 + 9 * step, min(view.height() - 24, 60 + step)) for step in range(12)]
    for place in places:
        QTest.mouseMove(view, place)
        QApplication.processEvents()
    hand.settle()
    asked = []
    for link in hand.workspace.links.values():
        link.task.submit = lambda request, key=link.spec.key: asked.append(key)
    watcher = Watcher(hand.window)
    pointed = set()
    QApplication.instance().installEventFilter(watcher)
    for place in places:
        QTest.mouseMove(view, place)
        pointed.add(hand.state.pointed)
        QApplication.processEvents()
    QApplication.instance().removeEventFilter(watcher)
    assert len(pointed) > 1, "the hand did point"
    assert asked == []
    assert [widget.objectName() or type(widget).__name__ for widget in watcher.laid_out] == []
    assert not watcher.painted & {"tensors.list", "memory.facts", "memory.steps", "memory.write", "network"}
