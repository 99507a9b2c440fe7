"""The window's commands, each with a key and a title, and the Export menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from playground.app.drag_out import DragOut
from playground.app.files import KEEPS_ALL, FilesAtWork, TextsAtWork, foreseen_losses
from playground.app.memory_limit import MemoryLimitForm
from playground.app.session.session import Session
from playground.models.example import example_state
from playground.models.files.tensor_files import FORMATS
from playground.models.program.script import script
from playground.models.state import PlaygroundState
from playground.runtime.store import Store
from playground.widgets.plot.figure import Figure, drawn_plots
from playground.widgets.plot.menu import add_exports
from playground.widgets.plot.plot import Plot

if TYPE_CHECKING:
    from playground.models.program.program import Program


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its words, its menu, its shortcuts, its icon; `key` names the method of `Commands` that does it."""

    key: str
    words: str
    menu: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    opens_group: bool = False
    """Whether a line stands above it in its menu."""


MENUS = ("File", "Edit", "View", "Help")
COMMANDS = (
    CommandSpec("new_session", "New session", "File", ("Ctrl+N",)),
    CommandSpec("open_files", "Open files...", "File", ("Ctrl+O",), "folder-open"),
    CommandSpec("open_recent", "Open recent...", "File"),
    CommandSpec("open_example", "Open the worked example", "File"),
    CommandSpec("save_session", "Save the session", "File", ("Ctrl+S",), opens_group=True),
    CommandSpec("save_session_as", "Save the session as...", "File", ("Ctrl+Shift+S",)),
    CommandSpec("export_selected", "Export the selected tensor...", "File", ("Ctrl+E",), "upload", opens_group=True),
    CommandSpec("save_script", "Save as Python...", "File"),
    CommandSpec("save_answers", "Save the answers of all lessons...", "File"),
    CommandSpec("save_as_lesson", "Save this as a lesson...", "File"),
    CommandSpec("close_window", "Close the window", "File", ("Ctrl+W",), opens_group=True),
    CommandSpec("quit", "Quit", "File", ("Ctrl+Q",)),
    CommandSpec("undo", "Undo", "Edit", ("Ctrl+Z",), "undo-2"),
    CommandSpec("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo-2"),
    CommandSpec(
        "copy_program", "Copy the program as PyTorch code", "Edit", ("Ctrl+Shift+C",), "copy", opens_group=True
    ),
    CommandSpec("new_program", "Start with an empty program", "Edit"),
    CommandSpec("memory_limit", "Memory limit...", "Edit", opens_group=True),
    CommandSpec("show_tensors", "Go to Tensors", "View", ("Ctrl+1",)),
    CommandSpec("show_network", "Go to Network", "View", ("Ctrl+2",)),
    CommandSpec("toggle_chance", "Mark sizes that are equal by chance, or stop marking them", "View", opens_group=True),
    CommandSpec("toggle_theme", "Switch between light and dark", "View", ("Ctrl+Shift+L",), "contrast", True),
    CommandSpec("follow_system_theme", "Follow the system's light or dark", "View"),
    CommandSpec("toggle_full_screen", "Full screen", "View", ("F11",), opens_group=True),
    CommandSpec("search_commands", "Search commands", "Help", ("Ctrl+K",), "search"),
    CommandSpec("show_lessons", "Lessons", "Help", ("F1",), "book-open"),
)


class Commands(QObject):
    """The commands of one window. Signals ask the window for what only it can do."""

    page_wanted = Signal(str)
    search_wanted = Signal()
    theme_wanted = Signal(str)
    full_screen_wanted = Signal()
    close_wanted = Signal()
    lesson_wanted = Signal(str)
    part_wanted = Signal(str)
    lessons_wanted = Signal()
    recent_wanted = Signal()

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self.files = FilesAtWork(store, window)
        self.drags = DragOut(store, window)
        self.texts = TextsAtWork(store, window)
        self.session = Session(store, window)
        self.files.session_read.connect(self.session.take)
        self._limit_form: MemoryLimitForm | None = None
        self.actions = {spec.key: self._make_action(spec) for spec in COMMANDS}
        store.changed.connect(self._on_store_changed)
        self._on_store_changed(store.state)

    def _make_action(self, spec: CommandSpec) -> QAction:
        action = QAction(spec.words, self)
        action.setObjectName(f"command.{spec.key}")
        action.setShortcuts([QKeySequence(shortcut) for shortcut in spec.shortcuts])
        action.setProperty("icon", spec.icon)
        run: Callable[[], None] = getattr(self, spec.key)
        action.triggered.connect(run)
        self._window.addAction(action)
        return action

    def close(self) -> None:
        """Wait until all files have been read or written."""
        self.files.close()
        self.drags.close()
        self.texts.close()
        self.session.close()

    @Slot(str, object)
    def run_request(self, name: str, argument: object) -> None:
        """Run a command that a panel names: ("open_files", None), ("export_tensor", "A"), ("export_plot", widget)."""
        if name not in REQUESTS:
            raise ValueError(f"no command {name!r} for {argument!r}")
        REQUESTS[name](self, argument)

    def open_paths(self, paths: tuple[str, ...]) -> None:
        """Read these files and add their tensors to the program; a .toml file opens as a lesson."""
        lessons = tuple(path for path in paths if path.lower().endswith(".toml"))
        tensors = tuple(path for path in paths if path not in lessons)
        if tensors:
            self.files.open_paths(tensors)
        for path in lessons[-1:]:
            self.open_lesson(path)

    def open_lesson(self, lesson: str) -> None:
        """Open a lesson by number, key or file."""
        self.lesson_wanted.emit(lesson)

    def replace_program(self, program: Program) -> None:
        """Make this the program, with its last line selected."""
        names = program.names
        self._begin(PlaygroundState(program=program, selection=names[-1] if names else ""))

    @Slot()
    def undo(self) -> None:
        """Undo one step."""
        self._store.undo()

    @Slot()
    def redo(self) -> None:
        """Redo one step."""
        self._store.redo()

    @Slot()
    def open_files(self) -> None:
        """Choose files to open."""
        self.files.ask_open()

    @Slot()
    def new_session(self) -> None:
        """Begin anew on both pages."""
        self.session.new()

    @Slot()
    def open_recent(self) -> None:
        """Show the sessions of late."""
        self.recent_wanted.emit()

    @Slot()
    def save_session(self) -> None:
        """Write the session to its file."""
        self.session.save()

    @Slot()
    def save_session_as(self) -> None:
        """Choose where the session goes."""
        self.session.ask_save()

    @Slot()
    def export_selected(self) -> None:
        """Choose the file to export the selected tensor to."""
        self.files.ask_export_tensor(self._store.state.selection)

    @Slot()
    def copy_program(self) -> None:
        """Copy the program to the clipboard as plain PyTorch."""
        QGuiApplication.clipboard().setText(script(self._store.state.program))
        self.files.said.emit("copied the program as PyTorch code")

    @Slot()
    def new_program(self) -> None:
        """Remove all tensors; undo restores them."""
        self._begin(PlaygroundState())

    @Slot()
    def open_example(self) -> None:
        """Open the worked example; undo restores what was there before."""
        self._begin(example_state())

    def _begin(self, state: PlaygroundState) -> None:
        """Reset the Tensors page; the network, the lessons and the memory limit stay."""
        now = self._store.state
        self._store.apply(replace(state, network=now.network, lesson=now.lesson, memory_budget=now.memory_budget))

    @Slot()
    def memory_limit(self) -> None:
        """Show the form for the memory limit."""
        if self._limit_form is None:
            self._limit_form = MemoryLimitForm(self._store, self._window)
        self._limit_form.show()
        self._limit_form.raise_()
        self._limit_form.box.setFocus()

    @Slot()
    def toggle_chance(self) -> None:
        """Mark lines that work only because two sizes happen to be equal, or stop marking them."""
        state = self._store.state
        self._store.apply(replace(state, shows_chance=not state.shows_chance))
        self.files.said.emit("marks chance" if not state.shows_chance else "no longer marks chance")

    @Slot()
    def search_commands(self) -> None:
        """Open the command search."""
        self.search_wanted.emit()

    @Slot()
    def show_tensors(self) -> None:
        """Go to the Tensors page."""
        self.page_wanted.emit("tensors")

    @Slot()
    def show_network(self) -> None:
        """Go to the Network page."""
        self.page_wanted.emit("network")

    @Slot()
    def show_lessons(self) -> None:
        """Show the lessons, or close them."""
        self.lessons_wanted.emit()

    @Slot()
    def save_script(self) -> None:
        """Choose where the program goes as a Python script."""
        self.texts.ask_save_script()

    @Slot()
    def save_answers(self) -> None:
        """Choose the file for the answer sheet."""
        self.texts.ask_save_answers()

    @Slot()
    def save_as_lesson(self) -> None:
        """Choose the file to save the current state to, as the start of a lesson."""
        self.texts.ask_save_lesson()

    @Slot()
    def toggle_theme(self) -> None:
        """Switch between light and dark."""
        self.theme_wanted.emit("toggle")

    @Slot()
    def follow_system_theme(self) -> None:
        """Follow the system's light or dark setting."""
        self.theme_wanted.emit("system")

    @Slot()
    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        self.full_screen_wanted.emit()

    @Slot()
    def close_window(self) -> None:
        """Close this window; its session is kept."""
        self.close_wanted.emit()

    @Slot()
    def quit(self) -> None:
        """Close all windows."""
        QApplication.closeAllWindows()

    @Slot(object)
    def _on_store_changed(self, state: PlaygroundState) -> None:
        history = self._store.history
        self.actions["undo"].setEnabled(history.can_undo)
        self.actions["redo"].setEnabled(history.can_redo)
        self.actions["export_selected"].setEnabled(bool(state.selection))


REQUESTS: dict[str, Callable[[Commands, Any], None]] = {
    "open_files": lambda commands, _: commands.open_files(),
    "export_tensor": lambda commands, name: commands.files.ask_export_tensor(name),
    "export_plot": lambda commands, plot: commands.files.ask_export_plot(plot),
    "drag_out": lambda commands, name: commands.drags.start(name),
    "show_tensors": lambda commands, _: commands.show_tensors(),
    "show_page": lambda commands, page: commands.page_wanted.emit(page),
    "memory_limit": lambda commands, _: commands.memory_limit(),
    "save_answers": lambda commands, _: commands.save_answers(),
    "light_part": lambda commands, part: commands.part_wanted.emit(part),
}
"""The actions that a panel may request by name."""


def visible_plots(window: QWidget) -> Iterator[QWidget]:
    """All visible widgets that can be exported as a plot, in the order they were created."""
    for widget in window.findChildren(QWidget):
        if hasattr(widget, "paint_plot") and widget.isVisible():
            yield widget


class ExportMenu(QMenu):
    """Rebuilt each time it is about to open."""

    def __init__(self, store: Store, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("export.menu")
        self.setToolTipsVisible(True)
        self._store = store
        self._commands = commands
        self._window = window
        self.aboutToShow.connect(self._on_about_to_show)
        self.triggered.connect(self._on_triggered)

    @Slot()
    def _on_about_to_show(self) -> None:
        self.clear()
        for figure in self.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            figure.deleteLater()
        self._add_tensor(self._store.state)
        plots = list(visible_plots(self._window))
        if plots:
            self._add_heading("Plots")
        for plot in plots:
            self._add(f"{plot.plot_name()}...", ("plot", plot))  # type: ignore[attr-defined]
        self._add_figures(drawn_plots(plot for plot in plots if isinstance(plot, Plot)))
        self._add_heading("Program")
        self.addAction(self._commands.actions["copy_program"])
        self.addAction(self._commands.actions["save_script"])
        self._add_heading("Lessons")
        self.addAction(self._commands.actions["save_answers"])

    def _add_figures(self, plots: list[Plot]) -> None:
        """The plots below each other, in the look of the screen and in that of paper."""
        if len(plots) > 1:
            for name, light in (("Plots as one figure", False), ("Plots as one figure, light for print", True)):
                add_exports(self.addMenu(name), Figure(name, plots), plots[0], light)

    def _add_tensor(self, state: PlaygroundState) -> None:
        if not state.selection:
            return
        self._add_heading("Tensor")
        for one in FORMATS.values():
            action = self._add(f"{state.selection} as {one.suffixes[0]}...", ("tensor", one.name))
            lost = foreseen_losses(state, state.selection, one.name)
            action.setToolTip(" ".join(lost) or KEEPS_ALL)
            action.setText(f"{action.text()}\t{'loses information' if lost else 'lossless'}")

    def _add_heading(self, words: str) -> None:
        """A row that cannot be chosen; Qt does not draw its own section titles under a style sheet."""
        if not self.isEmpty():
            self.addSeparator()
        self.addAction(words).setEnabled(False)

    def _add(self, words: str, what: tuple[str, object]) -> QAction:
        action = self.addAction(words.replace("&", "&&"))
        action.setData(what)
        return action

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        what = action.data()
        if not what:
            return
        kind, argument = what
        if kind == "tensor":
            self._commands.files.ask_export_tensor(self._store.state.selection, str(argument))
        elif kind == "plot":
            self._commands.files.ask_export_plot(argument)
