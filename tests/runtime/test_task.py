import threading
import time

import pytest
from PySide6.QtCore import Qt

from playground.models.problem import Problem, ProblemError, refuse
from playground.runtime.task import LatestTask


@pytest.fixture
def make_task(qtbot):
    tasks = []

    def make(compute):
        task = LatestTask(compute, "test")
        task.answers = []
        task.finished.connect(task.answers.append)
        tasks.append(task)
        return task

    yield make
    for task in tasks:
        task.close()


def test_the_newest_request_comes_last_and_every_finished_result_is_shown(make_task, qtbot):
    gate, begun = threading.Event(), threading.Event()

    def compute(request, job):
        if request == 0:
            begun.set()
            gate.wait(5)
        return request * 10

    task = make_task(compute)
    task.submit(0)
    assert begun.wait(60)
    for request in range(1, 6):
        task.submit(request)
    gate.set()
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert [answer.outcome for answer in task.answers] == [0, 50]


def test_computations_run_in_one_other_thread_and_results_arrive_in_this_one(make_task, qtbot):
    workers, here = set(), threading.get_ident()

    def compute(request, job):
        workers.add(threading.get_ident())
        return request

    task = make_task(compute)
    arrived = []
    task.finished.connect(lambda answer: arrived.append(threading.get_ident()))
    for request in range(20):
        task.submit(request)
        qtbot.waitUntil(lambda n=request: [one.request for one in task.answers[-1:]] == [n])
    assert len(workers) == 1
    assert here not in workers
    assert set(arrived) == {here}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("seven"), "ValueError: seven"),
        (MemoryError(), "not enough memory"),
        (RecursionError("deep"), "RecursionError: deep"),
        (ProblemError(Problem("Axis 1 of A is 4.")), "Axis 1 of A is 4."),
    ],
)
def test_every_exception_becomes_a_problem_and_the_task_lives_on(make_task, qtbot, caplog, error, words):
    def compute(request, job):
        if request == "fail":
            raise error
        return request

    task = make_task(compute)
    task.submit("fail")
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert isinstance(task.answers[0].outcome, Problem)
    assert words in str(task.answers[0].outcome)
    task.submit("work")
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert task.answers[1].outcome == "work"


def test_cancel_ends_the_computation_at_its_next_check_and_shows_nothing(make_task, qtbot):
    begun, ended = threading.Event(), threading.Event()

    def compute(request, job):
        begun.set()
        try:
            while True:
                job.check()
                time.sleep(0.001)
        finally:
            ended.set()

    task = make_task(compute)
    task.submit(1)
    assert begun.wait(60)
    task.cancel()
    assert ended.wait(60)
    qtbot.wait(30)
    assert task.answers == []


def test_a_request_after_cancel_is_computed(make_task, qtbot):
    task = make_task(lambda request, job: request)
    task.cancel()
    task.submit(3)
    qtbot.waitUntil(lambda: len(task.answers) == 1)


def test_partial_results_come_before_the_final_one(make_task, qtbot):
    def compute(request, job):
        job.report(0.5, "half")
        job.show("half")
        return "whole"

    task = make_task(compute)
    said = []
    task.progressed.connect(lambda fraction, words: said.append((fraction, words)))
    task.submit(1)
    qtbot.waitUntil(lambda: len(task.answers) == 2)
    assert [(answer.outcome, answer.final) for answer in task.answers] == [("half", False), ("whole", True)]
    assert said == [(0.5, "half")]


def test_closing_waits_and_nothing_is_said_afterwards(make_task, qtbot):
    begun = threading.Event()

    def compute(request, job):
        begun.set()
        while not job.is_cancelled():
            time.sleep(0.001)
        return "late"

    task = make_task(compute)
    task.submit(1)
    assert begun.wait(60)
    task.close()
    task.submit(2)
    qtbot.wait(30)
    assert task.answers == []
    assert not [thread for thread in threading.enumerate() if thread.name == "compute test"]


def test_a_problem_refused_by_the_model_keeps_its_span(make_task, qtbot):
    def compute(request, job):
        refuse("no such letter", badge="letter")

    task = make_task(compute)
    task.submit(1)
    qtbot.waitUntil(lambda: len(task.answers) == 1)
    assert task.answers[0].outcome.badge == "letter"


def test_it_is_idle_only_after_all_that_it_says_was_sent(make_task, qtbot):
    """Whoever finds it idle and lets events come in has the answer."""
    task, busy = make_task(lambda request, job: request), []
    for signal in (task.finished, task.became_busy):
        signal.connect(lambda *_: busy.append(task.is_busy), Qt.ConnectionType.DirectConnection)
    task.submit(1)
    qtbot.waitUntil(lambda: len(busy) == 3)
    assert busy == [True, True, True]


def test_a_request_that_is_just_taken_up_is_not_missed(make_task):
    """The thread takes it while it is asked whether one waits: it then runs."""
    task = make_task(lambda request, job: request)

    class TakenUp(list):
        def __bool__(self):
            task._is_running = True
            return False

    task._waiting = TakenUp()
    assert task.is_busy
    task._waiting, task._is_running = [], False
