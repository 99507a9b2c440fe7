"""Runs one function on many specs, in turn or on an executor, and loses none when a worker process dies."""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from playground.models.apart import is_possible
from playground.models.job import Job
from playground.models.network.spec.spec import NetworkSpec

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Unit = Callable[[NetworkSpec], Result]
"""Runs one network. For an executor of processes it must be importable by name, as `measure_row` is."""
POLL_SECONDS = 0.1
TRIES = 2
"""A network that ended so many processes of its own is not run again."""
MOST_SUBMITTED = 1000
"""So many networks wait on an executor at once: a million would fill its memory."""
MOST_PROCESSES = 61
"""Windows waits for no more."""
_SWAPPING = threading.Lock()


def run_in_turn(specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec, in order, in this thread; stops if the job is cancelled."""
    for place, spec in enumerate(specs):
        job.check()
        yield place, unit(spec)


def run_on(
    executor: Executor, specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job, lost: Unit[Result]
) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec as they finish on the executor.

    What it did not finish, because it broke or a worker of it died, runs again in processes of this machine. Cancels
    what has not begun when the job is cancelled.
    """
    left = set(range(len(specs)))
    for place, result in _as_finished(executor, specs, sorted(left), unit, job, forgives=Exception):
        left.discard(place)
        yield place, result
    rest = sorted(left)
    if rest:
        log.warning("the executor did not finish %d of %d networks: they run on this machine", len(rest), len(specs))
    again = [specs[place] for place in rest]
    finished = run_in_processes(again, unit, job, lost) if is_possible() else run_in_turn(again, unit, job)
    for place, result in finished:
        yield rest[place], result


def run_in_processes(
    specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job, lost: Unit[Result]
) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec as they finish in as many processes as this machine has processors.

    If a process dies, what it had not finished runs again. What ran at that moment may be the cause, so it runs last
    and alone; a spec of which `TRIES` processes died gives `lost(spec)`.
    """
    left = set(range(len(specs)))
    suspects: list[int] = []
    workers = min(len(left), os.cpu_count() or 1, MOST_PROCESSES)
    while left:
        with _pool(workers) as pool:
            for place, result in _as_finished(pool, specs, sorted(left), unit, job):
                left.discard(place)
                yield place, result
        running = sorted(left)[:workers]  # begun in this order, and each process has at most one
        suspects += running
        left.difference_update(running)
    for place in suspects:
        yield _run_alone(specs, place, unit, job) or (place, lost(specs[place]))


def _run_alone(specs: Sequence[NetworkSpec], place: int, unit: Unit[Result], job: Job) -> tuple[int, Result] | None:
    """The place and the result of one spec in a process of its own; None if it ends each of them."""
    for _ in range(TRIES):
        with _pool(1) as pool:
            for found in _as_finished(pool, specs, [place], unit, job):
                return found
    return None


def _as_finished(
    executor: Executor,
    specs: Sequence[NetworkSpec],
    places: Sequence[int],
    unit: Unit[Result],
    job: Job,
    *,
    forgives: type[Exception] = BrokenExecutor,
) -> Iterator[tuple[int, Result]]:
    """Results as they finish; skips what the executor does not finish, which it tells by an exception of this type."""
    waiting, running = list(reversed(places)), dict[Future[Result], int]()
    done: queue.SimpleQueue[Future[Result]] = queue.SimpleQueue()
    try:
        while waiting or running:
            while waiting and len(running) < MOST_SUBMITTED:
                try:
                    with _without_main():
                        future = executor.submit(unit, specs[waiting[-1]])
                except forgives as error:
                    log.info("the executor takes no more networks: %s", error)
                    waiting.clear()
                    break
                running[future] = waiting.pop()
                future.add_done_callback(done.put)
            if not running:
                return
            future = _next_of(done, job)
            place = running.pop(future)
            if not future.cancelled() and not isinstance(future.exception(), forgives):
                yield place, future.result()
    finally:
        for future in running:
            future.cancel()


def _next_of(done: queue.SimpleQueue[Future[Result]], job: Job) -> Future[Result]:
    while True:
        job.check()
        try:
            return done.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each; they end when it is left, and what has not begun is dropped."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
    """One thread, as there are as many processes as processors; Ctrl+C is for the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the program that is running from new processes, which would otherwise run it again.

    Python starts a process by importing the main script there; a script without `if __name__ == "__main__"` would start
    processes without end. Ours need only this package.
    """
    with _SWAPPING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
