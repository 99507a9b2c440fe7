"""The session of a window: its file, whether it is saved, and what is kept of it without being asked.

Every edit is kept within seconds, and so is the last state when the window closes: nothing asks, and the next start
goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from playground.app.files import SaveDialog
from playground.app.session.kept import KeptPlace, claim_fresh, claim_newest
from playground.app.settings import settings
from playground.models.example import example_state
from playground.models.files.disk import plain_name
from playground.models.files.session_file import SUFFIX, LoadedSession, load_session, save_session
from playground.models.job import Job
from playground.models.problem import Problem, ProblemError, together
from playground.models.state import PlaygroundState
from playground.runtime.task import Answer, LatestTask

if TYPE_CHECKING:
    from playground.models.files.state_codec import Unknown
    from playground.runtime.store import Store

UNTITLED = "Untitled"
KEEP_MILLISECONDS = 2000
"""How long an edit waits until it is kept; longer where keeping took long, so that it takes a tenth of the time."""
SETTLED_MILLISECONDS = 10_000
MOST_RECENT = 10

Stamp = tuple[int, int]
"""When a file was written last (in nanoseconds), and its size."""


def stamp_of(path: str) -> Stamp | None:
    """None where there is no such file."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True, slots=True)
class SessionFile:
    """The file that a session is saved in, and its stamp when it was read or written here. No path: not saved yet."""

    path: str = ""
    stamp: Stamp | None = None

    @property
    def name(self) -> str:
        """What the title calls the session."""
        return plain_name(Path(self.path)).removesuffix(SUFFIX) if self.path else UNTITLED


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """A state, and the file that it goes to; `file.stamp` is what that must be like (None: whatever it is)."""

    state: PlaygroundState
    file: SessionFile
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedOnDisk:
    """Nothing was written: another program has written the file since it was read or written here."""

    path: str


def compute_save(request: SaveRequest, job: Job) -> SessionFile | ChangedOnDisk:
    """Write the session; the file as it is now."""
    job.check()
    path, found = request.file.path, stamp_of(request.file.path)
    if request.file.stamp is not None and found is not None and found != request.file.stamp:
        return ChangedOnDisk(path)
    save_session(path, request.state, unknown=request.unknown)
    return SessionFile(path, stamp_of(path))


@dataclass(frozen=True, slots=True)
class KeepRequest:
    """A state to be kept for the next start, and what is known of its file."""

    state: PlaygroundState
    place: Path
    file: SessionFile
    is_saved: bool
    unknown: tuple[Unknown, ...] = ()


def compute_keep(request: KeepRequest, job: Job) -> float:
    """Write the kept file; the seconds that it took. Of a session that is saved only the path is kept."""
    job.check()
    began = time.monotonic()
    state = PlaygroundState() if request.is_saved and request.file.path else request.state
    about = {
        "path": request.file.path,
        "stamp": None if request.file.stamp is None else list(request.file.stamp),
        "is_saved": request.is_saved,
        "lines": ", ".join(request.state.program.names[:8]),
    }
    save_session(request.place, state, about, request.unknown)
    return time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Opening:
    """What a window begins with: a state, its file, and where it will be kept (None: nowhere)."""

    state: PlaygroundState
    place: KeptPlace | None = None
    file: SessionFile = SessionFile()
    is_saved: bool = True
    problem: Problem | None = None
    unknown: tuple[Unknown, ...] = ()


def fresh_opening(folder: Path | None, problem: Problem | None = None) -> Opening:
    """The worked example, kept in the folder from the first edit on."""
    return Opening(example_state(), None if folder is None else claim_fresh(folder), problem=problem)


def kept_opening(folder: Path) -> Opening:
    """What was there when the last window closed or died; the worked example if there is nothing."""
    place = claim_newest(folder)
    if place is None:
        return fresh_opening(folder)
    place.doubt()
    try:
        return _reopened(place, load_session(place.file))
    except ProblemError as error:
        place.release()  # and in doubt: nobody opens it again without being asked
        return fresh_opening(folder, error.problem)


def _reopened(place: KeptPlace, kept: LoadedSession) -> Opening:
    about = kept.about
    path, is_saved = str(about.get("path") or ""), about.get("is_saved") is True
    if path and is_saved:
        if stamp_of(path) is None:
            place.forget()  # only its path was kept
        loaded = load_session(path)
        problem = together(loaded.problems) if loaded.problems else None
        return Opening(loaded.state, place, SessionFile(path, stamp_of(path)), True, problem, loaded.unknown)
    problem = together(kept.problems) if kept.problems else None
    return Opening(kept.state, place, SessionFile(path, _stamp(about)), is_saved, problem, kept.unknown)


def _stamp(about: Mapping[str, Any]) -> Stamp | None:
    match about.get("stamp"):
        case [int() as written, int() as size]:
            return written, size
    return None


class Session(QObject):
    """Saves, opens and keeps the session of one window."""

    said = Signal(str)
    failed = Signal(object)
    titled = Signal(str, bool)
    """The session's name, and whether it is saved."""

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self.file = SessionFile()
        self._unknown: tuple[Unknown, ...] = ()
        self._saved_work: PlaygroundState | None = store.state.without_pointing()
        self._place: KeptPlace | None = None
        self._kept: PlaygroundState | None = None
        self._title: tuple[str, bool] | None = None
        self._saving = LatestTask(compute_save, "save the session", self)
        self._saving.finished.connect(self._on_saved)
        self._keeping = self._new_keeper()
        self._cannot_keep = ""
        self._waiting = QTimer(self, singleShot=True, interval=KEEP_MILLISECONDS)
        self._waiting.timeout.connect(self._on_waiting_timeout)
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_MILLISECONDS)
        self._settling.timeout.connect(self._on_settling_timeout)
        store.changed.connect(self._on_store_changed)

    def _new_keeper(self) -> LatestTask:
        task = LatestTask(compute_keep, "keep the session", self)
        task.finished.connect(self._on_kept)
        return task

    @property
    def is_saved(self) -> bool:
        """Whether the file holds all that there is; an untouched beginning counts as saved."""
        return self._saved_work is not None and self._store.state.without_pointing() == self._saved_work

    def begin(self, opening: Opening) -> None:
        """Keep what the window began with from now on."""
        self._place = opening.place
        self._become(opening.file, opening.unknown, self._store.state if opening.is_saved else None)
        self._settling.start()
        if opening.problem is not None:
            self.failed.emit(opening.problem)

    def close(self) -> None:
        """Keep the last state, and let others have the place."""
        self._waiting.stop()
        self._saving.close()
        self._leave()
        self._keeping.close()

    @property
    def folder(self) -> Path | None:
        """Where sessions are kept; None where this window keeps nothing."""
        return None if self._place is None else self._place.file.parent

    def new(self) -> None:
        """Go on with nothing; the work so far stays kept if it is not saved."""
        self._go_on(Opening(PlaygroundState()))

    def take(self, path: str, loaded: LoadedSession) -> None:
        """Go on with a session that was read from a file."""
        problem = together(loaded.problems) if loaded.problems else None
        file = SessionFile(path, stamp_of(path))
        self._go_on(Opening(loaded.state, file=file, problem=problem, unknown=loaded.unknown))
        remember_recent(path)
        self.said.emit(f"opened {plain_name(Path(path))}")

    def reopen(self, kept: Path) -> None:
        """Go on with a session that was kept and not saved."""
        place = KeptPlace(kept)
        if not place.claim():
            self.failed.emit(Problem("This session is open in another window."))
            return
        try:
            self._go_on(_reopened(place, load_session(kept)))
        except ProblemError as error:
            place.release()
            self.failed.emit(error.problem)

    def _go_on(self, opening: Opening) -> None:
        folder = self.folder
        self._leave()
        place = opening.place or (None if folder is None else claim_fresh(folder))
        now, lesson = self._store.state, opening.state.lesson
        for progress in now.lesson.progress:
            if progress.steps > lesson.progress_in(progress.key).steps:
                lesson = lesson.with_progress(progress)
        self._store.begin(replace(opening.state, lesson=lesson, memory_budget=now.memory_budget))
        self.begin(replace(opening, place=place))

    @Slot()
    def save(self) -> None:
        """Write the session to its file; one that has none yet is given one."""
        if self.file.path:
            self._save_to(self.file)
        else:
            self.ask_save()

    @Slot()
    def ask_save(self) -> None:
        """Let the user choose the file."""
        name = f"{self.file.name if self.file.path else 'session'}{SUFFIX}"
        dialog = SaveDialog(self._window, "Save the session", "save_session", name, (f"Session (*{SUFFIX})",))
        if self.file.path:
            dialog.setDirectory(str(Path(self.file.path).parent))
        dialog.fileSelected.connect(self._on_path_chosen)
        dialog.open()

    @Slot()
    def keep(self) -> None:
        """Keep the present state at once, before anything else happens."""
        if self._place is None or self._is_kept:
            return
        if self._keeping.is_busy:  # an older state must not arrive after this one
            self._keeping.close()
            self._keeping = self._new_keeper()
        try:
            compute_keep(self._keep_request(self._place), Job())
        except ProblemError as error:
            self.failed.emit(error.problem)

    @property
    def _is_kept(self) -> bool:
        return self._kept is not None and self._kept == self._store.state.without_pointing()

    def _keep_request(self, place: KeptPlace) -> KeepRequest:
        return KeepRequest(self._store.state.at_rest(), place.file, self.file, self.is_saved, self._unknown)

    def _leave(self) -> None:
        """Let others have the place, with what is worth to be found there."""
        if self._place is None:
            return
        if self.is_saved and not self.file.path:
            self._place.forget()
        else:
            self.keep()
            self._place.settle()
        self._place.release()
        self._place = None

    def _become(self, file: SessionFile, unknown: tuple[Unknown, ...], saved: PlaygroundState | None) -> None:
        self.file, self._unknown, self._kept = file, unknown, None
        self._saved_work = None if saved is None else saved.without_pointing()
        self._tell_title()

    def _tell_title(self) -> None:
        title = (self.file.name, self.is_saved)
        if title != self._title:
            self._title = title
            self.titled.emit(*title)

    def _save_to(self, file: SessionFile) -> None:
        self._saving.submit(SaveRequest(self._store.state.at_rest(), file, self._unknown))

    @Slot(str)
    def _on_path_chosen(self, path: str) -> None:
        self._save_to(SessionFile(path))

    @Slot(object)
    def _on_saved(self, answer: Answer) -> None:
        if isinstance(answer.outcome, ChangedOnDisk):
            self._ask_whether_to_replace(answer.outcome.path)
        elif isinstance(answer.outcome, Problem):
            self.failed.emit(answer.outcome)
        elif isinstance(answer.outcome, SessionFile) and isinstance(answer.request, SaveRequest):
            self._become(answer.outcome, self._unknown, answer.request.state)
            remember_recent(answer.outcome.path)
            self.said.emit(f"saved {plain_name(Path(answer.outcome.path))}")
            self._waiting.start(KEEP_MILLISECONDS)

    def _ask_whether_to_replace(self, path: str) -> None:
        name = plain_name(Path(path))
        box = QMessageBox(self._window)
        box.setObjectName("changed_on_disk")
        box.setWindowTitle("Save the session")
        box.setText(f"{name} has been written by another program since it was opened here.")
        box.setInformativeText("Replacing it loses what the other program wrote.")
        box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole).clicked.connect(self._on_replace)
        elsewhere = box.addButton("Save as...", QMessageBox.ButtonRole.AcceptRole)
        elsewhere.clicked.connect(self.ask_save)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(elsewhere)
        box.finished.connect(box.deleteLater)
        box.open()

    @Slot()
    def _on_replace(self) -> None:
        self._save_to(replace(self.file, stamp=None))

    @Slot(object)
    def _on_store_changed(self, _state: PlaygroundState) -> None:
        self._tell_title()
        if self._place is not None and not self._waiting.isActive():
            self._waiting.start()

    @Slot()
    def _on_waiting_timeout(self) -> None:
        if self._place is None or self._is_kept:
            return
        if self._keeping.is_busy:
            self._waiting.start()
        else:
            self._keeping.submit(self._keep_request(self._place))

    @Slot(object)
    def _on_kept(self, answer: Answer) -> None:
        assert isinstance(answer.request, KeepRequest)
        if isinstance(answer.outcome, Problem):
            if answer.outcome.message != self._cannot_keep:
                self._cannot_keep = answer.outcome.message
                self.failed.emit(answer.outcome)
        elif self._place is not None and self._place.file == answer.request.place:
            self._cannot_keep = ""
            self._kept = answer.request.state.without_pointing()
            self._place.settle()
            self._waiting.setInterval(max(KEEP_MILLISECONDS, round(10_000 * float(str(answer.outcome)))))

    @Slot()
    def _on_settling_timeout(self) -> None:
        if self._place is not None:
            self._place.settle()


def recent_paths() -> list[str]:
    """The sessions opened or saved last, the newest first, of those that are still there."""
    try:
        paths = json.loads(str(settings().value("session/recent", "[]")))
    except ValueError:
        return []
    return [path for path in paths if isinstance(path, str) and stamp_of(path)] if isinstance(paths, list) else []


def remember_recent(path: str) -> None:
    """Put a session first among the recent ones."""
    path = str(Path(path).absolute())
    others = [one for one in recent_paths() if one != path]
    settings().setValue("session/recent", json.dumps([path, *others][:MOST_RECENT]))
