"""Runs computations that Python cannot interrupt in a separate process, which is killed on cancel.

torch cannot be interrupted while it factors a large matrix. Such computations run apart, and this process only waits.
"""

from __future__ import annotations

import atexit
import io
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

import torch

from playground.models.job import Job
from playground.models.problem import Problem, ProblemError, refuse

SWITCH = "PLAYGROUND_ONE_PROCESS"
"""If set in the environment, everything runs in one process."""
POLL_SECONDS = 0.02


class _Pickler(pickle.Pickler):
    """Pickles tensors as the number of their storage and their layout; the storages follow as bytes."""

    def __init__(self, file: IO[bytes], known: list[torch.UntypedStorage]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.storages = known

    def persistent_id(self, value: Any) -> Any:
        """The storage and layout of a tensor; None for everything else."""
        if not isinstance(value, torch.Tensor):
            return None
        storage = value.untyped_storage()
        place = storage.data_ptr()
        number = next((n for n, one in enumerate(self.storages) if place and one.data_ptr() == place), None)
        if number is None:
            number = len(self.storages)
            self.storages.append(storage)
        layout = tuple(value.shape), value.stride(), int(value.storage_offset())
        return number, value.dtype, layout, value.is_conj(), value.is_neg()


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], storages: list[torch.UntypedStorage]) -> None:
        super().__init__(file)
        self.storages = storages

    def persistent_load(self, place: Any) -> torch.Tensor:
        """The tensor on its storage."""
        number, dtype, (shape, strides, offset), is_conjugate, is_negative = place
        tensor = torch.empty(0, dtype=dtype).set_(self.storages[number], offset, shape, strides)
        tensor = tensor.conj() if is_conjugate else tensor
        return torch._neg_view(tensor) if is_negative else tensor


def _bytes_of(storage: torch.UntypedStorage) -> memoryview:
    flat = torch.empty(0, dtype=torch.uint8).set_(storage)
    return memoryview(flat.numpy())  # type: ignore[arg-type]


def send(pipe: IO[bytes], message: object, known: list[torch.UntypedStorage]) -> None:
    """Write a message and its tensors' storages; skip those already `known` on the other side, and add the others."""
    already, body = len(known), io.BytesIO()
    _Pickler(body, known).dump(message)
    fresh = known[already:]
    pickle.dump((len(body.getvalue()), [storage.nbytes() for storage in fresh]), pipe)
    pipe.write(body.getvalue())
    for storage in fresh:
        pipe.write(_bytes_of(storage))
    pipe.flush()


def receive(pipe: IO[bytes], known: list[torch.UntypedStorage]) -> Any:
    """Read a message; its new storages follow the `known` ones and are added to them."""
    length, sizes = pickle.load(pipe)
    body = pipe.read(length)
    for size in sizes:
        storage = torch.UntypedStorage(size)  # type: ignore[no-untyped-call]
        target, done = _bytes_of(storage), 0
        while done < size:
            got = pipe.readinto(target[done:])  # type: ignore[attr-defined]
            if not got:
                raise EOFError
            done += got
        known.append(storage)
    return _Unpickler(io.BytesIO(body), known).load()


class _Child:
    """A process that runs one computation after another."""

    def __init__(self) -> None:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
            SWITCH: "1",
        }
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "playground.models.apart_child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, **apart,
        )  # fmt: skip

    def end(self) -> None:
        """Kill it; a thread waiting for its answer wakes up."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kill it and close its pipes."""
        self.end()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue  # unwritten data has no reader any more

    def ask(self, message: object) -> Any:
        """Send a message and wait for the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        storages: list[torch.UntypedStorage] = []
        send(self.process.stdin, message, storages)
        return receive(self.process.stdout, storages)


_idle: list[_Child] = []
_lock = threading.Lock()


def is_possible() -> bool:
    """True if this Python can start another one with the same imports: a bundled app cannot."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and not os.environ.get(SWITCH)


def run_apart(
    function: Callable[..., Any], arguments: tuple[Any, ...], job: Job, *, memory: int = 0, seconds: float = 0.0
) -> Any:
    """Run `function(*arguments)`, found by its name, in another process; cancelling the job kills that process.

    `memory` limits the bytes it may allocate there (if the system supports that), `seconds` the time; 0 means no limit.
    A computation that exceeds a limit, or that crashes its process, is refused with a problem.
    """
    with _lock:
        child = _idle.pop() if _idle else None
    if child is None or child.process.poll() is not None:
        child = _Child()
    outcome: list[Any] = []
    request = (function, arguments, torch.get_num_threads(), memory)
    thread = threading.Thread(target=_ask, args=(child, request, outcome), name="waits for a process", daemon=True)
    thread.start()
    is_fine = False
    try:
        waited = 0.0
        while thread.is_alive():
            thread.join(POLL_SECONDS)
            waited += POLL_SECONDS
            job.check()
            if seconds and waited > seconds:
                refuse(f"It was stopped after {seconds:.0f} seconds.", badge="too long")
        is_fine = outcome[0][0] not in ("died", "not sent")
    finally:
        if not is_fine:
            child.end()
            thread.join()
            child.close()
    with _lock:
        spare = child if _idle else None
        _idle.extend(() if spare else (child,))
    if spare is not None:
        spare.close()
    return _given(*outcome[0])


def _ask(child: _Child, request: object, outcome: list[Any]) -> None:
    try:
        outcome.append(child.ask(request))
    except (EOFError, OSError, pickle.UnpicklingError, MemoryError):
        outcome.append(("died", None))
    except Exception as error:  # what cannot be sent says so by any exception
        outcome.append(("not sent", error))


def _given(kind: str, value: Any) -> Any:
    if kind == "result":
        return value
    if kind == "problem":
        raise ProblemError(value)
    if kind == "memory":
        raise MemoryError
    if kind == "not sent":
        raise TypeError(f"This cannot be computed in another process: {value}") from value
    if kind == "died":
        raise ProblemError(
            Problem("The process that computed this ended: torch crashed, or memory ran out.", badge="crashed")
        )
    raise RuntimeError(value)


@atexit.register
def close_all() -> None:
    """End the idle process."""
    with _lock:
        children, _idle[:] = list(_idle), []
    for child in children:
        child.close()
