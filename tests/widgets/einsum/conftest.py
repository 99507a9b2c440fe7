from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from playground.models.einsum.ladder import compute_ladder
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.state import EinsumState, PlaygroundState
from playground.widgets.einsum.panel import EinsumPanel

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
X = torch.arange(20.).reshape(4, 5)
Q = torch.arange(24.).reshape(1, 2, 3, 4)
K = torch.arange(40.).reshape(1, 2, 5, 4)"""


class Driven:
    """A panel with the flow of the app around it, run at once."""

    def __init__(self, panel: EinsumPanel, equation: str, operands: tuple[str, ...]) -> None:
        self.panel = panel
        self.edits: list[tuple[PlaygroundState, object]] = []
        panel.edited.connect(self._on_edited)
        panel.asked.connect(self._on_asked)
        self.show(PlaygroundState(Program.parse(PROGRAM), einsum=EinsumState(equation, operands)))

    @property
    def state(self) -> PlaygroundState:
        return self.panel.state

    def _on_edited(self, state, gesture):
        self.edits.append((state, gesture))
        self.show(state)

    def _on_asked(self, side, request):
        if side in ("chance", "ways"):
            return
        assert side == "ladder"
        self.panel.show_answer(side, compute_ladder(request), True)

    def show(self, state: PlaygroundState) -> None:
        self.panel.accept_state(state)
        try:
            self.panel.show_result(compute_einsum(einsum_request(state)))
        except ProblemError as error:
            self.panel.show_problem(error.problem)

    def type(self, equation: str, *operands: str) -> None:
        self.show(replace(self.state, einsum=EinsumState(equation, operands or self.state.einsum.operands)))

    def part(self, name: str) -> QWidget:
        found = self.panel.findChild(QWidget, f"einsum.{name}")
        assert found is not None, name
        return found

    @staticmethod
    def point(grid, index) -> None:
        x, y, width, height = grid.present_geometry().rect(index)
        QTest.mouseMove(grid.viewport(), QPointF(x + width / 2, y + height / 2).toPoint())


@pytest.fixture
def driven(qtbot):
    def make(equation: str = "ij,kj->ik", *operands: str) -> Driven:
        panel = EinsumPanel()
        qtbot.addWidget(panel)
        panel.resize(734, 371)
        panel.show()
        return Driven(panel, equation, operands or ("A", "B"))

    return make


@pytest.fixture
def five(driven):
    """Five operands in a row, each sharing a letter with the next."""
    shapes = zip("abcde", ((2, 3), (3, 4), (4, 2), (2, 5), (5, 3)), strict=True)
    one = driven("ij,jk,kl,lm,mn->in", *"abcde")
    one.show(
        replace(one.state, program=Program.parse("\n".join(f"{name} = torch.ones({size})" for name, size in shapes)))
    )
    return one
