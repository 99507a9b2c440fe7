"""The second process with real processes: functions of the standard library stand for the computation."""

import gc
import math
import operator
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest

from playground.runtime.task import LatestTask
from playground.runtime.worker import MOST_UNANSWERED, SWITCH, SecondProcessSpec

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent")


def as_it_is(value):
    return value


def there(request, result):
    return ("there", request, result)


def always(_request):
    return True


@pytest.fixture
def make_task(qtbot, monkeypatch):
    monkeypatch.delenv(SWITCH, raising=False)
    tasks = []

    def make(compute_there, rehearsal, takes=always, compute=lambda request, job: ("here", request)):
        second = SecondProcessSpec(takes, as_it_is, compute_there, there, rehearsal, gc.collect)
        task = LatestTask(compute, "test", second=second)
        task.answers = []
        task.finished.connect(lambda answer: task.answers.append(answer.outcome))
        tasks.append(task)
        task.submit(rehearsal)
        qtbot.waitUntil(lambda: task.second.is_ready)
        assert task.answers == [("here", rehearsal)]
        task.answers.clear()
        return task

    yield make
    for task in tasks:
        task.close()


def test_the_first_answer_comes_from_the_thread_and_what_follows_from_the_second_process(make_task, qtbot):
    task = make_task(math.sqrt, 1.0)
    task.submit(9.0)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("there", 9.0, 3.0)]
    assert not task.is_busy


def test_what_it_does_not_take_the_thread_computes(make_task, qtbot):
    task = make_task(math.sqrt, 1.0, takes=lambda request: request < 100)
    task.submit(400.0)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("here", 400.0)]


def test_what_fails_there_the_thread_computes(make_task, qtbot, capfd):
    task = make_task(math.sqrt, 1.0)
    task.submit(-1.0)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("here", -1.0)]
    task.submit(16.0)
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert task.answers[1] == ("there", 16.0, 4.0)
    qtbot.waitUntil(lambda: "could not compute -1.0" in capfd.readouterr().err)


def test_answers_come_in_order_and_the_newest_request_has_one(make_task, qtbot):
    task = make_task(operator.neg, 0)
    for request in range(1, 4 * MOST_UNANSWERED):
        task.submit(request)
    qtbot.waitUntil(lambda: not task.is_busy and task.answers[-1:] == [("there", request, -request)])
    asked = [answer[1] for answer in task.answers]
    assert asked == sorted(set(asked))


def test_of_requests_that_wait_only_the_newest_is_computed(make_task, qtbot):
    task = make_task(time.sleep, 0)
    for request in (0.3, *[2.0] * 50, 0.001):
        task.submit(request)
    qtbot.waitUntil(lambda: not task.is_busy)
    qtbot.waitUntil(lambda: bool(task.answers) and task.answers[-1][1] == 0.001)


def test_an_older_answer_of_the_thread_is_not_shown_after_a_newer_one(make_task, qtbot):
    gate, begun, superseded = threading.Event(), threading.Event(), []

    def compute(request, job):
        if request == 400.0:
            begun.set()
            gate.wait(60)
            superseded.append(job.is_superseded())
            job.show("first picture")
        return ("here", request)

    task = make_task(math.sqrt, 1.0, takes=lambda request: request < 100, compute=compute)
    task.submit(400.0)
    assert begun.wait(60)
    task.submit(9.0)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    gate.set()
    qtbot.waitUntil(lambda: not task.is_busy)
    task.submit(900.0)
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert task.answers == [("there", 9.0, 3.0), ("here", 900.0)]
    assert superseded == [True]


def test_a_cancelled_request_has_no_answer(make_task, qtbot):
    task = make_task(operator.neg, 0)
    task.submit(1)
    task.cancel()
    task.submit(2)
    qtbot.waitUntil(lambda: not task.is_busy)
    qtbot.waitUntil(lambda: bool(task.answers))
    assert task.answers == [("there", 2, -2)]


def test_when_it_is_killed_the_thread_computes_what_was_asked_and_what_comes(make_task, qtbot, caplog):
    task = make_task(time.sleep, 0)
    task.submit(1000)
    os.kill(task.second.identifier, signal.SIGKILL)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("here", 1000)]
    assert not task.second.is_ready
    task.submit(3)
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert task.answers[1] == ("here", 3)
    assert "has ended" in caplog.text


def test_closing_ends_it_whatever_it_computes(make_task, qtbot):
    task = make_task(time.sleep, 0)
    process = task.second.identifier
    task.submit(1000)
    task.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert task.answers == []


def test_ctrl_c_does_not_end_it(make_task, qtbot):
    task = make_task(operator.neg, 0)
    os.kill(task.second.identifier, signal.SIGINT)
    task.submit(5)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("there", 5, -5)]
    assert os.getpgid(task.second.identifier) != os.getpgid(0)


def test_what_is_printed_there_does_not_come_between_the_answers(make_task, qtbot, capfd):
    task = make_task(os.system, "true")
    task.submit("echo some words")
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers == [("there", "echo some words", 0)]
    assert "some words" in capfd.readouterr().err


@pytest.mark.parametrize("last", [b"", pickle.dumps((1, "a request"))[:-4]], ids=["at rest", "while it writes"])
def test_it_ends_when_the_window_is_gone(last):
    with subprocess.Popen(
        [sys.executable, "-m", "playground.runtime.worker_main"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdin.write(pickle.dumps((gc.collect, math.sqrt, 1.0)))
        process.stdin.flush()
        assert pickle.load(process.stdout) == (0, None), "it is ready"
        process.stdin.write(last)
        process.stdin.close()
        assert process.wait(60) == 0


def test_one_process_can_be_asked_for(qtbot, monkeypatch):
    monkeypatch.setenv(SWITCH, "1")
    second = SecondProcessSpec(always, as_it_is, abs, there, 0, gc.collect)
    task = LatestTask(lambda request, job: request, "test", second=second)
    assert task.second is None
    task.submit(1)
    task.close()
