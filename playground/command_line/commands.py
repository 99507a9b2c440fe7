"""The commands without a window: render, export, and what `--info` prints. Importing this imports torch and Qt."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import torch
from PySide6.QtCore import QMessageLogContext, QSize, Qt, QtMsgType, qInstallMessageHandler

from playground.app.pictures import check_picture, save_picture
from playground.app.session.kept import kept_folder
from playground.app.settings import settings
from playground.app.start import furnish, make_application, terminal_progress
from playground.app.window import MainWindow
from playground.command_line.choices import grid_of, with_settings
from playground.command_line.said import note
from playground.models.evaluation.evaluate import evaluate
from playground.models.example import example_state
from playground.models.files.session_file import is_session, load_session
from playground.models.files.tensor_files import FORMATS, import_bindings, load_tensors, losses, save_tensors
from playground.models.formatting import bytes_in_words
from playground.models.language.budget import default_budget, machine_memory
from playground.models.network.spec.checks import devices
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.sweep.sweep import networks_of, sweep
from playground.models.problem import Problem, ProblemError, refuse
from playground.models.program.program import Program
from playground.models.state import PlaygroundState
from playground.version import __version__


def opened_state(path: str, settings: Sequence[str] = ()) -> tuple[PlaygroundState, tuple[Problem, ...]]:
    """The state of a session, or of a file of tensors or of Python lines, with the settings; and what was left out.

    Without a path it is the worked example. Raises `ProblemError` if the file cannot be opened or a setting fails.
    """
    if not path:
        return with_settings(example_state(), settings), ()
    if Path(path).suffix.lower() == ".py":
        return with_settings(_selected(_program_of(Path(path))), settings), ()
    if is_session(path):
        session = load_session(path)
        return with_settings(session.state, settings), session.problems
    loaded = load_tensors(path)
    state = _selected(import_bindings(Program(), loaded, str(Path(path).absolute())))
    return with_settings(state, settings), loaded.said


def _program_of(path: Path) -> Program:
    try:
        return Program.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}.")


def _selected(program: Program) -> PlaygroundState:
    names = program.names
    return PlaygroundState(program=program, selection=names[-1] if names else "")


def export_tensors(options: argparse.Namespace) -> None:
    """Write the files and print their paths; a tensor that cannot be written is named, and the others are.

    Raises `ProblemError` if nothing can be written.
    """
    chosen = FORMATS.find(options.format)
    state, problems = opened_state(options.session, options.settings)
    for problem in problems:
        note(str(problem))
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{options.out} cannot be created: {error.strerror or error}.")
    written = 0
    for name, line in evaluate(state.program, state.memory_budget).items():
        if line.tensor is None:
            note(f"{name} was left out: {line.problem or 'it has no values.'}")
            continue
        path = folder / f"{name}{chosen.suffixes[0]}"
        try:
            save_tensors(path, {name: line.tensor}, chosen.name)
        except ProblemError as error:
            note(str(error.problem))
            continue
        for lost in losses(line.tensor, chosen.name):
            note(f"{name}: {lost}")
        print(path)
        written += 1
    if not written:
        refuse(f"{Path(options.session).name} has no tensor that can be written.")


def render_panel(options: argparse.Namespace) -> None:
    """Paint the picture and print its path; raises `ProblemError` for a bad size, panel, file or setting."""
    size = _size(options.size)
    out = Path(options.out)
    check_picture(options.panel, size, out.suffix.lower().lstrip("."))
    state, problems = opened_state(options.session, options.settings)
    for problem in problems:
        note(str(problem))
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    qInstallMessageHandler(_say_unless_idle)
    make_application(options.theme)
    window = MainWindow()
    try:
        furnish(window)
        window.furniture.workspace.store.apply(state)
        window.show_page(options.page)
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.show()
        save_picture(window, options.panel, out, size, options.scale)
    finally:
        window.close()
    print(out)


def _size(text: str) -> QSize:
    found = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text.strip().lower())
    if found is None:
        refuse(f"--size {text}: write width x height, as in 1200x700.")
    return QSize(int(found[1]), int(found[2]))


def _say_unless_idle(_kind: QtMsgType, _place: QMessageLogContext, words: str) -> None:
    """Qt's messages, without what its offscreen platform says of each window that has a least size."""
    if not words.startswith("This plugin does not support"):
        note(words)


PARTS = ("torch", "numpy", "PySide6-Essentials", "pyqtgraph", "opt_einsum", "safetensors")
OURS = "tensor-playground"


def print_info() -> None:
    """Print one fact a line: `torch          2.10.0`."""
    rows = list(_rows())
    wide = max(len(name) for name, _ in rows) + 2
    for name, value in rows:
        print(f"{name:{wide}}{value}")


def _rows() -> Iterator[tuple[str, str]]:
    yield OURS, __version__
    yield "Python", f"{platform.python_version()}, {sys.executable}"
    for part in PARTS:
        yield part, _version(part)
    yield "platform", platform.platform()
    yield "processor", f"{platform.machine()}, torch uses {torch.backends.cpu.get_cpu_capability()}"
    yield "threads", str(torch.get_num_threads())
    yield "devices", ", ".join(devices())
    yield "memory", f"{bytes_in_words(machine_memory())}, of which tensors may take {bytes_in_words(default_budget())}"
    yield "package", str(Path(importlib.import_module("playground").__file__ or "").parent)
    yield "settings", settings().fileName()
    yield "sessions", str(kept_folder())
    for other in other_distributions():
        yield "beside it", f"{other} installs a package of the same name, playground"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed as a distribution"


def other_distributions() -> tuple[str, ...]:
    """The names of other installed distributions whose package is called playground too."""
    return tuple(sorted({name for name in packages_distributions().get("playground", ()) if name != OURS}))


def sweep_networks(options: argparse.Namespace) -> None:
    """Run every network of the grid; write the table and print its path, or print the table itself.

    Raises `ProblemError` for a setting that does not exist, or where the file cannot be written.
    """
    grid = grid_of(options.settings)
    if options.out and Path(options.out).suffix.lower() != ".csv":
        refuse(f"{options.out}: a table is written as .csv.")
    with terminal_progress("Sweeping", sys.stderr) as job:
        table = sweep(networks_of(NetworkSpec(), grid), job=job)
    if options.out:
        table.save_csv(options.out)
        print(options.out)
    else:
        print(table)


COMMANDS = {"sweep": sweep_networks, "render": render_panel, "export": export_tensors}
"""What each command runs."""
