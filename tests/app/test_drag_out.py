"""A card is dragged out of the window: a file that other programs read, its line as text, and the program as before."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from playground.app import drag_out
from playground.app.drag_out import CarriedTensor, compute_carried, mime_data
from playground.models.job import Job
from playground.models.program.program import Program


def move(card, place, held=True):
    """A mouse move of a card that is pressed, to a place on the screen."""
    kind = QMouseEvent.Type.MouseMove if held else QMouseEvent.Type.MouseButtonRelease
    buttons = Qt.MouseButton.LeftButton if held else Qt.MouseButton.NoButton
    local = QPointF(card.mapFromGlobal(place))
    event = QMouseEvent(kind, local, QPointF(place), Qt.MouseButton.LeftButton, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(card, event)


def press(card):
    local = QPointF(card.rect().center())
    event = QMouseEvent(
        QMouseEvent.Type.MouseButtonPress, local, QPointF(card.mapToGlobal(card.rect().center())),
        Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(card, event)


class Held:
    """The button is down."""

    @staticmethod
    def mouseButtons():
        return Qt.MouseButton.LeftButton


def test_a_card_dragged_out_becomes_a_file_and_the_program_stays(hand, monkeypatch):
    carried = []
    monkeypatch.setattr(drag_out, "QGuiApplication", Held)
    monkeypatch.setattr(drag_out.DragOut, "carry", lambda _, file: carried.append(file))
    before = hand.state.program
    cards = hand.panel("tensors").list
    card = cards.card("A")
    press(card)
    move(card, cards.card("W").mapToGlobal(QPoint(40, 60)))
    assert hand.state.program != before
    outside = hand.window.frameGeometry().bottomRight() + QPoint(60, 60)
    move(card, outside)
    move(card, outside + QPoint(5, 5))
    assert hand.state.program == before
    hand.until(lambda: bool(carried))
    data = mime_data(carried[0])
    assert data.text() == "A = torch.arange(12.).reshape(3, 4)"
    assert np.array_equal(np.load(data.urls()[0].toLocalFile()), np.arange(12, dtype=np.float32).reshape(3, 4))


def test_nothing_is_carried_once_the_button_is_released(hand, monkeypatch):
    carried, written = [], []
    monkeypatch.setattr(drag_out.DragOut, "carry", lambda _, file: carried.append(file))
    drags = hand.workspace.commands.drags
    drags._task.finished.connect(written.append)
    drags.start("A")
    hand.until(lambda: bool(written))
    assert written[0].outcome.path.endswith("A.npy")
    assert carried == []


def test_a_card_let_go_inside_the_window_leaves_the_tensors(hand):
    names = hand.names
    card = hand.panel("tensors").list.card("A")
    press(card)
    move(card, card.mapToGlobal(QPoint(60, 20)))
    move(card, card.mapToGlobal(QPoint(60, 20)), held=False)
    assert hand.names == names


@pytest.mark.parametrize(
    ("line", "suffix"),
    [
        ("torch.arange(3)", ".npy"),
        ("torch.ones(3, dtype=torch.bfloat16)", ".safetensors"),
        ("torch.arange(3) * 1j", ".npy"),
        ("torch.arange(3) + nothing", ""),
        ("torch.ones(10**6, 10**6)", ""),
    ],
)
def test_the_first_format_that_keeps_it_whole(line, suffix, tmp_path):
    program = Program.parse(f"T = {line}")
    carried = compute_carried(CarriedTensor(program, "T", str(tmp_path), 10**8), Job())
    assert carried.text.startswith("T = torch.")
    assert carried.path.endswith(suffix)
    assert bool(carried.path) == bool(suffix)
    assert mime_data(carried).hasUrls() == bool(suffix)
    if suffix == ".npy":
        assert torch.from_numpy(np.load(carried.path)).shape == (3,)
