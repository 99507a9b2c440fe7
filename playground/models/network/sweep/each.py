"""Runs one function on many specs, in turn or on an executor, and loses none when a worker process dies."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

import torch

from playground.models.job import Job
from playground.models.network.spec.spec import NetworkSpec

Result = TypeVar("Result")
Unit = Callable[[NetworkSpec], Result]
"""Runs one network. For an executor of processes it must be importable by name, as `measure_row` is."""
POLL_SECONDS = 0.1
TRIES = 3
"""So often a pool of our own is started anew without a result in between."""
_SWAPPING = threading.Lock()


def run_in_turn(specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec, in order, in this thread; stops if the job is cancelled."""
    for place, spec in enumerate(specs):
        job.check()
        yield place, unit(spec)


def run_on(
    executor: Executor, specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job
) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec as they finish on the executor.

    What a broken executor did not finish runs in this thread. Cancels what has not begun when the job is cancelled.
    """
    left = set(range(len(specs)))
    for place, result in _as_finished(executor, specs, left, unit, job):
        left.discard(place)
        yield place, result
    rest = sorted(left)
    for place, result in run_in_turn([specs[place] for place in rest], unit, job):
        yield rest[place], result


def run_in_processes(specs: Sequence[NetworkSpec], unit: Unit[Result], job: Job) -> Iterator[tuple[int, Result]]:
    """The place and the result of each spec as they finish in as many processes as this machine has processors.

    A process that dies is replaced, and what it had not finished runs again; what has killed `TRIES` pools in a row
    runs in this thread.
    """
    left, tries = set(range(len(specs))), TRIES
    while left and tries:
        tries -= 1
        with _pool(min(len(left), os.cpu_count() or 1)) as pool:
            for place, result in _as_finished(pool, specs, set(left), unit, job):
                left.discard(place)
                tries = TRIES
                yield place, result
    rest = sorted(left)
    for place, result in run_in_turn([specs[place] for place in rest], unit, job):
        yield rest[place], result


def _as_finished(
    executor: Executor, specs: Sequence[NetworkSpec], places: set[int], unit: Unit[Result], job: Job
) -> Iterator[tuple[int, Result]]:
    """Results as they finish; ends early, without an error, where the executor breaks."""
    futures: dict[Future[Result], int] = {}
    try:
        try:
            with _without_main():
                for place in sorted(places):
                    futures[executor.submit(unit, specs[place])] = place
        except BrokenExecutor:
            pass  # some process is gone already; what was submitted tells
        waiting = set(futures)
        while waiting:
            job.check()
            done, waiting = wait(waiting, POLL_SECONDS, FIRST_COMPLETED)
            for future in done:
                if not isinstance(future.exception(), BrokenExecutor):
                    yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of one thread each; those still at work when it is left are not waited for."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _prepare_worker() -> None:
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
