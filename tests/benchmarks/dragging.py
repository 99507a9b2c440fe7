"""The network page while a hand drags: one update as the page computes it then, with and without its painting.

Both sides use as many threads as the app gives its computations: half of the processors.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path

import torch
from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

from playground.app.start import make_application, prepare_process
from playground.models.job import Job
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.state import PlaygroundState
from playground.runtime.panel_link import PanelLink
from playground.runtime.panels import PANELS
from playground.runtime.store import Store
from playground.runtime.task import prepare_compute_thread
from playground.widgets.network.panel import NetworkPanel
from tests.benchmarks.benchmark import Benchmark, Pair

FRAMES = 60
LEAST_FRAMES_A_SECOND = 20
SIZE = (1360, 800)
UPDATES = 10_000
MOUSE_MILLISECONDS = 8
_gains = itertools.count(1)


def next_gain() -> float:
    """A gain that was never asked for."""
    return 0.9 + next(_gains) % 2000 * 1e-4


def layers(width: int, batch: int, depth: int = 50) -> NetworkSpec:
    """A relu network with He's weights."""
    return NetworkSpec(depth=depth, width=width, batch=batch, activation="relu", init="kaiming_normal")


def update(spec: NetworkSpec) -> object:
    """What the page computes for one position of the gain's slider: passes, statistics, histograms, theory, verdict."""
    return compute_network(
        NetworkRequest(replace(spec, gain=next_gain()), moving=True), Job(is_cancelled=lambda: False)
    )


def bare(spec: NetworkSpec) -> object:
    """Sets up, and returns, forward and backward of the same network by torch alone."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(spec.batch, spec.width, generator=generator)
    shape, scale = (spec.width, spec.width), (2 / spec.width) ** 0.5
    weights = [(torch.randn(shape, generator=generator) * scale).requires_grad_() for _ in range(spec.depth)]

    def run() -> object:
        y = x
        for weight in weights:
            y = torch.relu(y @ weight)
        return torch.autograd.grad(y.square().mean(), weights)

    return run


def computing(width: int, batch: int) -> Pair:
    """One update while dragging, not painted, against bare torch."""
    prepare_compute_thread()
    spec = layers(width, batch)
    return (lambda: update(spec)), bare(spec)  # type: ignore[return-value]


class Hand:
    """Drags the gain of a network page that is shown: and counts the frames."""

    def __init__(self, spec: NetworkSpec) -> None:
        self.application = make_application("light")
        self.panel = NetworkPanel()
        self.panel.resize(*SIZE)
        self.panel.show()
        state = PlaygroundState()
        self.store = Store(replace(state, network=replace(state.network, spec=spec)))
        self.link = PanelLink(next(panel for panel in PANELS if panel.key == "network"), self.panel, self.store)
        self.shown = self.frames = 0
        self.link.task.finished.connect(self._on_finished)
        self.mouse = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=MOUSE_MILLISECONDS)
        self.mouse.timeout.connect(self._on_mouse_moved)
        prepare_process()
        while self.link.task.second is not None and not self.link.task.second.is_ready:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)

    def _on_finished(self, _answer: object) -> None:
        self.shown += 1

    def _on_mouse_moved(self) -> None:
        if self.shown + self.link.task.is_busy < self.frames:
            state = self.store.state
            spec = replace(state.network.spec, gain=next_gain())
            self.store.apply(replace(state, network=replace(state.network, spec=spec, moving=True)), "drag")

    def drag(self, frames: int = FRAMES) -> None:
        """Move every 8 ms, as a mouse does, until so many results have been painted and no other is on its way."""
        self.shown, self.frames = 0, frames
        self.mouse.start()
        while self.shown < frames or self.link.task.is_busy:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        self.mouse.stop()
        QCoreApplication.processEvents()


def painting(width: int, batch: int) -> Pair:
    """Some frames of a drag, from the slider's new value to the painted page, against as many bare passes."""
    prepare_compute_thread()
    spec = layers(width, batch)
    hand, passes = Hand(spec), bare(spec)
    return hand.drag, lambda: [passes() for _ in range(FRAMES)]  # type: ignore[operator]


def frames() -> Pair:
    """Frames of a drag at 50 layers of 100 units and 200 inputs, against the time they may take."""
    hand = Hand(layers(100, 200))
    return hand.drag, lambda: time.sleep(FRAMES / LEAST_FRAMES_A_SECOND)


def depth() -> Pair:
    """An update of 200 layers, against four of 50."""
    prepare_compute_thread()
    long, short = layers(100, 200, 200), layers(100, 200, 50)
    return (lambda: update(long)), lambda: [update(short) for _ in range(4)]


def resident() -> int:
    """Bytes of this process in memory (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def memory() -> float:
    """How many times as much memory is used after many updates as after the first fifty."""
    prepare_compute_thread()
    spec = layers(40, 30, 10)
    for _ in range(50):
        update(spec)
    before = resident()
    for _ in range(UPDATES):
        update(spec)
    return resident() / before


BARE, TWENTY = "bare forward and backward", f"{LEAST_FRAMES_A_SECOND} frames a second"
BENCHMARKS = (
    Benchmark("dragging a network of 50 x 100 x 200", BARE, 1.6, lambda: computing(100, 200), rounds=21),
    Benchmark("dragging a network of 50 x 256 x 256", BARE, 1.6, lambda: computing(256, 256), rounds=11),
    Benchmark("dragging a network of 50 x 100 x 200, painted", BARE, 1.6, lambda: painting(100, 200), rounds=15),
    Benchmark("dragging a network of 50 x 256 x 256, painted", BARE, 1.6, lambda: painting(256, 256), rounds=5),
    Benchmark("dragging a network of 50 x 100 x 200, 20 frames", TWENTY, 1.0, frames),
    Benchmark("a network of 200 layers", "4 networks of 50 layers", 1.2, depth),
    Benchmark("memory after 10,000 updates of a network", "memory before", 1.02, measured=memory),
)
