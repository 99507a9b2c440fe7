"""The separate process, `python -P -m playground.models.apart_child`: it answers requests until its pipe closes."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import torch

from playground.models.apart import receive, send
from playground.models.problem import ProblemError

try:
    import resource
except ImportError:  # not available on Windows
    resource = None  # type: ignore[assignment]


def main() -> None:
    """Answer each request with the kind of its outcome and the outcome."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        storages: list[torch.UntypedStorage] = []
        try:
            function, arguments, threads, memory = receive(sys.stdin.buffer, storages)
        except (EOFError, OSError, MemoryError):
            return
        except Exception as error:  # what this process cannot make of the bytes, all of which it has read
            send(answers, ("error", f"The process apart does not understand the request: {error}"), [])
            continue
        torch.set_num_threads(threads)
        _limit(memory)
        answer = _outcome(function, arguments)
        _limit(0)
        try:
            send(answers, answer, storages)
        except (OSError, MemoryError):
            return
        except Exception as error:  # what cannot be sent says so by any exception, before a byte of it is
            send(answers, ("error", f"The result cannot leave its process: {error}"), [])
        del answer, arguments, storages


def _outcome(function: Any, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "result", function(*arguments)
    except ProblemError as error:
        return "problem", error.problem
    except MemoryError:
        return "memory", None
    except Exception as error:  # the requesting process must learn of every exception
        return "error", str(error)


def _limit(memory: int) -> None:
    """Limit the bytes that the process may allocate in addition; 0: no limit."""
    if resource is None or not hasattr(resource, "RLIMIT_AS") or not os.path.exists("/proc/self/statm"):
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if not memory:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + memory, hard))


if __name__ == "__main__":
    main()
