"""A hand that drags on the Network page is followed by a second process, and sees the numbers of this one."""

import os
import signal

import numpy as np
import pytest
from hand import LEFT
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from playground.models.network.request import compute_network
from playground.runtime.worker import SWITCH


@pytest.fixture(autouse=True)
def two_processes(monkeypatch):
    monkeypatch.delenv(SWITCH)


@pytest.fixture
def followed(network):
    """The page once the second process is ready; `answers` and `runs` note what comes of both."""
    task = network.workspace.links["network"].task
    network.until(lambda: task.second.is_ready, timeout=60_000)
    network.task, network.answers, network.runs = task, [], []
    task.finished.connect(network.answers.append)
    task.became_busy.connect(network.runs.append)
    return network


def grasp(hand, field):
    """Press on a slider's handle and drag it to and fro, each new value answered; give the slider."""
    slider = hand.in_view(hand.find(f"network.{field}.slider"))
    start = QPoint(round(slider.handle_x()), slider.height() // 2)
    QTest.mousePress(slider, LEFT, pos=start)
    for step in (3, 6, 9, 12, 8, 4):
        QTest.mouseMove(slider, start + QPoint(step, 0))
        hand.until(lambda: [answer.request.spec for answer in hand.answers[-1:]] == [hand.spec])
    return slider


@pytest.mark.parametrize("field", ["gain", "depth"])
def test_while_dragging_no_thread_computes_and_each_number_is_the_same(followed, field):
    slider = grasp(followed, field)
    assert followed.runs == []
    assert len(followed.answers) > 3
    for answer in followed.answers:
        assert answer.outcome.network.quick
        there, here = answer.outcome.network.tables, compute_network(answer.request).network.tables
        for kind, table in here.items():
            for column in ("mean", "std", "rms", "minimum", "maximum", "zeros"):
                assert np.array_equal(getattr(there[kind], column), getattr(table, column)), (kind, column)
    QTest.mouseRelease(slider, LEFT, pos=QPoint(round(slider.handle_x()), slider.height() // 2))
    followed.settle()
    assert not followed.page.network.quick
    assert followed.page.request.spec == followed.spec
    assert followed.runs[:1] == [True]


def test_pinned_networks_stay_while_dragging(followed):
    followed.click("network.pin")
    followed.settle()
    pinned = followed.page.pins[0].curves.rms
    followed.runs.clear()
    grasp(followed, "gain")
    assert followed.runs == []
    shown = followed.answers[-1].outcome
    assert [pin.spec for pin in shown.pins] == list(shown.request.pins)
    assert np.array_equal(shown.pins[0].curves.rms, pinned)


def test_when_the_second_process_dies_the_drag_goes_on(followed, caplog):
    os.kill(followed.task.second.identifier, signal.SIGKILL)
    slider = grasp(followed, "gain")
    assert len(followed.answers) > 3
    QTest.mouseRelease(slider, LEFT, pos=QPoint(round(slider.handle_x()), slider.height() // 2))
    followed.settle()
    assert followed.page.request.spec == followed.spec
    assert "has ended" in caplog.text
