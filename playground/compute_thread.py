"""How a thread that computes is set up."""

from __future__ import annotations

import os

import torch


def prepare_compute_thread() -> None:
    """Give torch half of the processor in this thread: each thread brings its own team, and the window wants a core.

    The thread that called `playground.show` keeps whatever it had.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
