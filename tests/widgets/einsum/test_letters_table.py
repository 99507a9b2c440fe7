"""The letters: their sizes under the hand, their reasons where there is room."""

from __future__ import annotations

from string import ascii_letters
from unittest import mock

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.program.program import Program
from playground.models.program.sources import Made
from playground.models.state import EinsumState, PlaygroundState
from playground.widgets.einsum import letters_table
from playground.widgets.einsum.letters_table import LettersTable

LETTERS = ascii_letters[:26]


def test_a_letters_size_is_dragged_where_operands_are_made(driven):
    d = driven("ij,jk->ik", "A", "X")
    letters = d.panel.letters
    rect = letters._size_rect(1)
    start = rect.center().toPoint()
    QTest.mousePress(letters, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(letters, start + QPointF(26, 0).toPoint())
    QTest.mouseRelease(letters, Qt.MouseButton.LeftButton, pos=start)
    assert d.panel.result.plan.labels["j"].size == 6
    assert d.state.program.get("A").source.shape == (3, 6)
    assert d.state.program.get("X").source.shape == (6, 5)
    letters.setFocus()
    QTest.keyClick(letters, Qt.Key.Key_Left)
    assert d.panel.result.plan.labels["j"].size == 5
    QTest.keyClicks(letters, "7")
    assert d.panel.result.plan.labels["j"].size == 7


def test_sizes_of_computed_operands_stay(driven):
    d = driven("ij,kj->ik", "A", "B")
    d.panel.letters.setFocus()
    QTest.keyClick(d.panel.letters, Qt.Key.Key_Down)
    QTest.keyClick(d.panel.letters, Qt.Key.Key_Right)
    assert d.edits == []


def test_a_long_reason_goes_on_below_where_there_is_room(driven, qtbot):
    d = driven("i,j,k", "v", "v", "v")
    letters = d.panel.letters
    reason = d.panel.result.plan.labels["i"].reason
    d.panel.resize(700, 760)
    qtbot.waitUntil(lambda: letters.arrangement().tops == [24, 66, 108, 150], timeout=20_000)
    lines = letters.arrangement().reasons[0]
    assert len(lines) == 2
    assert " ".join(lines) == reason
    assert letters._size_rect(1).top() == 68
    d.panel.resize(700, 380)
    qtbot.waitUntil(lambda: letters.arrangement().tops == [24, 48, 72, 96], timeout=20_000)
    assert [letters._label_at(y) for y in (10, 30, 50, 95, 97)] == [None, 0, 1, 2, None]


def test_a_narrow_panel_has_its_letters_above_the_loops(driven, qtbot):
    d = driven("ij,kj->ik", "A", "B")
    letters, details = d.panel.letters, d.panel.details

    def beside():
        return details.y() == 0

    d.panel.resize(400, 520)
    qtbot.waitUntil(lambda: letters.width() > 340 and not beside(), timeout=20_000)
    assert letters.arrangement().why_x < letters.width() - 60
    d.panel.resize(734, 520)
    qtbot.waitUntil(beside, timeout=20_000)
    d.panel.resize(400, 300)
    qtbot.waitUntil(beside, timeout=20_000)
    d.type("i,i->i", "v", "v")
    d.panel.resize(400, 511)
    qtbot.waitUntil(lambda: not beside() and letters.width() > 340, timeout=20_000)
    d.type("ij,kj->ik", "A", "B")
    area = letters.parentWidget()
    qtbot.waitUntil(lambda: not beside() and area.height() >= 3 * 24, timeout=20_000)


def test_many_letters_are_measured_once_however_often_they_are_painted(qtbot):
    program = Program().appended("Z", Made("ones", (1,) * len(LETTERS)))
    equation = EinsumState(f"{LETTERS},{LETTERS}->{LETTERS[:9]}", ("Z", "Z"))
    result = compute_einsum(einsum_request(PlaygroundState(program, einsum=equation)))
    table = LettersTable()
    qtbot.addWidget(table)
    table.resize(400, 900)
    table.set_letters(result.plan.indexing)
    with mock.patch.object(letters_table, "text_width", wraps=letters_table.text_width) as measured:
        table.grab()
        assert 0 < measured.call_count < 40 * len(LETTERS)
        measured.reset_mock()
        for y in (30, 60, 90):
            QTest.mouseMove(table, QPoint(100, y))
            table.grab()
        assert not measured.called
        table.resize(390, 900)
        table.grab()
        assert measured.called
