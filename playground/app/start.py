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
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from playground.models.job import Job

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from playground.app.from_python.handle import Handle
    from playground.app.window import MainWindow
    from playground.models.network.watch.watched import Watched


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


_open_windows: list[MainWindow] = []


def show(
    *unnamed: Any, block: bool | None = None, theme: str | None = None, lesson: object = None, **tensors: Any
) -> Handle:
    """Open the window on these tensors, whose memory it shares, and return a `Handle` to it.

    >>> handle = show(A=[[1.0, 2.0], [3.0, 4.0]], block=False)
    >>> handle.program.names
    ('A',)
    >>> handle["A"].sum().item()
    10.0
    >>> handle.close()

    `show(x, y)` names tensors by the caller's variables, or A, B, ... where there are none. `show(**locals())` takes
    the tensors, numpy arrays and numbers and leaves out the rest, with a note; nested lists of numbers are tensors too.
    Writes in place, by torch or numpy, are noticed and shown everywhere in the window. Without tensors the worked
    example opens.

    `block` is whether to return only when the window is closed: by default in a script, but not in an interactive
    Python, IPython or Jupyter, whose waiting for input handles the window's events. `theme` is "light", "dark" or
    "system"; `lesson` is a lesson's number, its key or the path of its file. Raises `RuntimeError` if no window can be
    opened, `TypeError` if a tensor has no values to show.
    """
    settings: dict[str, Any] = {"block": block, "theme": theme, "lesson": lesson}
    tensors |= {name: value for name, value in settings.items() if hasattr(value, "__array__")}  # from **locals()
    block, theme, lesson = (None if name in tensors else value for name, value in settings.items())
    _check_place_for_window()
    from playground.app.from_python.handle import Handle
    from playground.app.window import MainWindow
    from playground.models.program.handed_over import handed_over, named_by_caller, names_in_call

    caller = sys._getframe(1)
    written = names_in_call(caller, len(unnamed))
    named = named_by_caller(unnamed, written, {**caller.f_globals, **caller.f_locals}, tensors)
    given = handed_over(named, tensors)
    is_interactive = _handle_events_between_inputs()
    application = make_application(theme)
    window = MainWindow()
    furnish(window, lesson=None if lesson is None else str(lesson))
    handle = Handle(window)
    handle.show_given(given)
    _open_windows.append(window)
    window.closed.connect(_forget_closed_windows)
    window.show()
    if block is True or (block is None and not is_interactive):
        _wait_until_closed(application, window)
    return handle


def _check_place_for_window() -> None:
    """Raise `RuntimeError` where Qt would abort."""
    reason = missing_display()
    if reason:
        raise RuntimeError(reason)
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("playground.show() must be called from the main thread: Qt allows windows only there.")


def _wait_until_closed(application: QApplication, window: MainWindow) -> None:
    """Handle events until the window is closed; Ctrl+C closes it and is raised here."""
    from PySide6.QtCore import QEventLoop

    from playground.app.interrupt import Interrupt

    interrupt = Interrupt(application)
    try:
        if not window.is_closed:
            loop = QEventLoop()
            window.closed.connect(loop.quit)
            loop.exec()
    finally:
        interrupt.close()
        interrupt.deleteLater()
    if interrupt.status:
        raise KeyboardInterrupt


def _handle_events_between_inputs() -> bool:
    """True in an interactive Python; its waiting for input handles Qt's events from now on.

    Qt's bindings see to that in Python's own prompt. In IPython and Jupyter each cell is followed by a look for writes.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return hasattr(sys, "ps1") or bool(sys.flags.interactive)
    import PySide6.QtWidgets  # noqa: F401  # IPython takes the bindings that are imported already

    with suppress(NotImplementedError):  # a shell that nobody types into
        shell.enable_gui("qt")
    if _look_for_writes not in shell.events.callbacks["post_execute"]:
        shell.events.register("post_execute", _look_for_writes)
    return True


def _look_for_writes() -> None:
    """Show what Python has written into the tensors of all open windows."""
    for window in _open_windows:
        window.furniture.workspace.store.refresh()


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
