"""Starts the application: what `show()`, `watch()` and the command do.

Nothing heavy is imported at the top of this file, so that `--help` answers at once and the window's frame is on screen
before torch is imported. This is the only file that imports inside functions.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from playground.models.job import Job

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from playground.app.window import MainWindow
    from playground.models.network.watch.watched import Watched
    from playground.models.program.program import Program


class InterruptNote:
    """Records an interrupt from the very start; a second one ends the process at once.

    Python's own KeyboardInterrupt could be raised inside Qt's bindings during their import, and be lost.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._old_handler = signal.signal(signal.SIGINT, self._on_interrupt)

    def close(self) -> None:
        """Restore the previous signal handler."""
        signal.signal(signal.SIGINT, self._old_handler)

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True


PATIENCE = 1.0
"""Seconds before the first progress message."""
WIDTH = 60


@contextmanager
def terminal_progress(what: str, terminal: TextIO, patience: float = PATIENCE) -> Iterator[Job]:
    """A job that writes `"Watching: 43 %, h.3.up"` in place and clears the line at the end; silent in a file."""
    start, is_written = time.monotonic(), False

    def report(fraction: float, words: str) -> None:
        nonlocal is_written
        if terminal.isatty() and time.monotonic() - start >= patience:
            is_written = True
            terminal.write(f"\r{f'{what}: {fraction:.0%}, {words}'[:WIDTH]:{WIDTH}}")
            terminal.flush()

    try:
        yield Job(report=report).paced()
    finally:
        if is_written:
            terminal.write(f"\r{'':{WIDTH}}\r")
            terminal.flush()


WINDOWLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def missing_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """A sentence that says why no window can be opened; empty if one can."""
    if not platform.startswith("linux"):
        return ""
    if environment.get("QT_QPA_PLATFORM", "").split(":")[0] in WINDOWLESS:
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return (
        "there is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set. "
        "Start it from a desktop session, or use ssh -X, or set QT_QPA_PLATFORM=offscreen."
    )


SWITCH_SECONDS = 0.0005
"""How long one thread keeps the interpreter while another waits; Python's default of 5 ms is a third of a frame."""


def run(
    files: tuple[str, ...] = (),
    *,
    theme: str | None = None,
    page: str = "tensors",
    lesson: str | None = None,
    new: bool = False,
    settings: tuple[str, ...] = (),
) -> int:
    """Open the window, run until it is closed, and return the exit status.

    The last session comes back, unless files or a lesson are asked for, or it is to be `new`. `settings` are parts of
    the state to set, "network.depth=30"; raises `ProblemError` before anything is shown if one is impossible.
    """
    note = InterruptNote()
    application = make_application(theme)
    if settings:
        from playground.command_line.choices import with_settings
        from playground.models.example import example_state

        import_torch_meanwhile(application)
        with_settings(example_state(), settings)
    from playground.app.crash import install_crash_report
    from playground.app.interrupt import Interrupt
    from playground.app.session.kept import kept_folder
    from playground.app.window import MainWindow

    interrupt = Interrupt(application, lambda: note.is_set)
    window = MainWindow()
    crashes = install_crash_report(window)
    window.show_page(page)
    window.show()
    application.processEvents()
    import_torch_meanwhile(application)
    status = 0
    if not window.is_closed:
        furnish(window, files, lesson, kept_folder(), new or bool(files or lesson), settings=settings)
        crashes.happened.connect(window.furniture.workspace.commands.session.keep)
        warm_up_meanwhile()
        prepare_process()
        status = application.exec()
    interrupt.close()
    note.close()
    return interrupt.status or status


def make_application(theme: str | None = None) -> QApplication:
    """The QApplication of this process, created and themed if there is none yet."""
    from PySide6.QtWidgets import QApplication

    from playground.app.settings import remembered_theme
    from playground.app.theme import install_theme

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("tensor-playground")
    application.setApplicationDisplayName("Tensor Playground")
    application.setOrganizationName("tensor-playground")
    application.setDesktopFileName("tensor-playground")
    theme = theme or remembered_theme()
    install_theme(application, dark=None if theme == "system" else theme == "dark")
    return application


def import_torch_meanwhile(application: QApplication) -> None:
    """Import torch in a thread while the window's frame handles events.

    Its objects live as long as the process, so they are frozen: the garbage collector should not walk them each time.
    """
    if "torch" in sys.modules:
        return
    collects = gc.isenabled()
    gc.disable()
    failure: list[BaseException] = []

    def import_torch() -> None:
        try:
            import torch  # noqa: F401
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=import_torch, name="import torch")
    thread.start()
    while thread.is_alive():
        application.processEvents()
        thread.join(0.01)
    gc.freeze()
    if collects:
        gc.enable()
    if failure:
        raise failure[0]


def warm_up_meanwhile() -> None:
    """Import early what torch imports on first use of the meta device, which takes a second.

    The app waits for it before it quits: a process that ends in the middle of that import aborts.
    """
    from playground.models.language.budget import warm_up

    threading.Thread(target=warm_up, name="warm up").start()


def prepare_process() -> None:
    """Let the window and computations take turns often, and exclude permanent objects from garbage collection.

    A full collection walks all of torch's modules and freezes the window for a tenth of a second.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()


def furnish(
    window: MainWindow,
    files: tuple[str, ...] = (),
    lesson: str | None = None,
    kept_in: Path | None = None,
    new: bool = True,
    *,
    settings: tuple[str, ...] = (),
) -> None:
    """Fill the frame of the window with the panels, then open what was asked for.

    It begins with the worked example, or with the last session of the folder `kept_in`, if it is not to be `new`.
    `settings` are parts of the state to set once all is open.
    """
    from playground.app.session.session import fresh_opening, kept_opening
    from playground.app.window_contents import Furniture
    from playground.runtime.panels import PANELS

    opening = fresh_opening(kept_in) if new or kept_in is None else kept_opening(kept_in)
    furniture = Furniture(window, window.pages, PANELS, opening.state)
    window.furnish(furniture)
    furniture.workspace.commands.session.begin(opening)
    furniture.workspace.commands.open_paths(files)
    if lesson:
        furniture.workspace.commands.open_lesson(lesson)
    if settings:
        from playground.command_line.choices import with_settings

        store = furniture.workspace.store
        store.apply(with_settings(store.state, settings))


class Handle:
    """What `show()` returns: `.window`, the current `.program`, `.close()`."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    @property
    def program(self) -> Program:
        """The current program."""
        return self.window.furniture.workspace.store.state.program

    def close(self) -> None:
        """Close the window and wait for its computations."""
        self.window.close()


_open_windows: list[MainWindow] = []


def show(*unnamed: Any, block: bool = True, theme: str | None = None, lesson: object = None, **tensors: Any) -> Handle:
    """Open the window on these tensors, and return a `Handle`: `.window`, the current `.program`, `.close()`.

    >>> handle = show(A=[[1.0, 2.0], [3.0, 4.0]], block=False)
    >>> handle.program.names
    ('A',)
    >>> handle.close()

    Tensors, numpy arrays and nested lists of numbers of any shape are accepted, without a copy where torch needs
    none. Without tensors the worked example opens. `block=True` returns when the window is closed, except in a
    notebook. `theme` is "light", "dark" or "system"; `lesson` is a lesson's number, its key or the path of its file.
    Raises `RuntimeError` if no window can be opened, `TypeError` for anything that is not a tensor.
    """
    reason = missing_display()
    if reason:
        raise RuntimeError(reason)
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("playground.show() must be called from the main thread: Qt allows windows only there.")
    from playground.models.program.program import named_by_variables, program_of

    caller = sys._getframe(1)
    tensors = named_by_variables(unnamed, {**caller.f_globals, **caller.f_locals}, tensors) | tensors
    program = program_of(tensors) if tensors else None
    in_notebook = _enable_notebook_events()
    application = make_application(theme)
    from playground.app.window import MainWindow

    window = MainWindow()
    furnish(window, lesson=None if lesson is None else str(lesson))
    if program is not None:
        window.furniture.workspace.commands.replace_program(program)
    _open_windows.append(window)
    window.closed.connect(_forget_closed_windows)
    window.show()
    if block and not in_notebook:
        application.exec()
    return Handle(window)


def watch(module: Any, batch: Any, *, loss: Any = None, name: str = "", show_window: bool = False) -> Watched:
    """Run any `nn.Module` once on a batch and measure each layer, forward and backward; the module is left unchanged.

    >>> import torch
    >>> watched = watch(torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU()), torch.ones(2, 8))
    >>> [layer.kind for layer in watched.result.layers]
    ['Linear', 'ReLU']

    `batch` is what the module is called with: a tensor, or a tuple or dictionary of arguments. `loss` is a function
    from the output to a scalar. What was watched is listed under Own models on the network page of every window of this
    process; `show_window=True` opens one on it. What takes longer than a second shows how far it is, in the terminal
    and over a window that is open, whose Cancel does what Ctrl+C does. Raises `ValueError` for what cannot be run at
    all, `KeyboardInterrupt` where it was cancelled.
    """
    from playground.models.job import CancelledError
    from playground.models.network.watch.watched import watch_module
    from playground.models.problem import ProblemError

    try:
        with terminal_progress("Watching", sys.stderr) as told, _progress_over_window(told) as job:
            watched = watch_module(module, batch, loss, name, job)
    except ProblemError as error:
        raise ValueError(str(error.problem)) from error
    except CancelledError:
        raise KeyboardInterrupt("watching was cancelled") from None
    if show_window and not any(not window.is_closed for window in _open_windows):
        show(block=False)
    for window in _open_windows:
        panel = window.furniture.workspace.panels["network"]
        panel.windows.show_watched()  # type: ignore[attr-defined]
        if show_window:
            window.show_page("network")
            panel.windows.open_watch()  # type: ignore[attr-defined]
    return watched


@contextmanager
def _progress_over_window(job: Job) -> Iterator[Job]:
    """The job, shown over the newest open window too; Qt allows that in the main thread alone."""
    windows = [window for window in _open_windows if not window.is_closed and window.isVisible()]
    if not windows or threading.current_thread() is not threading.main_thread():
        yield job
        return
    from playground.app.watch_progress import WatchProgress

    bar = WatchProgress(windows[-1], PATIENCE)
    try:
        yield bar.job_beside(job)
    finally:
        bar.end()


def _forget_closed_windows() -> None:
    _open_windows[:] = [window for window in _open_windows if not window.is_closed]


def _enable_notebook_events() -> bool:
    """Let a notebook's kernel run Qt's events; returns True if this is a notebook."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    if shell is None:
        return False
    shell.enable_gui("qt")
    return True
