"""The handle that `playground.show` returns, with its window open and closed."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import playground
from playground.models.files.session_file import load_session
from playground.models.program.sources import Expression


@pytest.fixture
def handle(qtbot):
    A = torch.arange(6.0).reshape(2, 3)  # noqa: N806
    b = np.ones(3)
    opened = playground.show(A, b, block=False)
    opened.given = (A, b)
    yield opened
    opened.close()
    opened.given = ()
    opened.window.deleteLater()


def add_line(handle, name, code):
    store = handle.window.furniture.workspace.store
    store.apply(store.state.with_program(handle.program.appended(name, Expression(code))))


def test_values_are_read_by_name_and_share_memory(handle):
    A, b = handle.given  # noqa: N806
    add_line(handle, "C", "A + b")
    add_line(handle, "bad", "A @ A")
    assert handle["A"].data_ptr() == A.data_ptr()
    assert list(handle.tensors) == ["A", "b", "C"]
    A[0, 0], b[1] = 10, 20
    assert handle["C"].tolist() == [[11, 21, 3], [4, 24, 6]]
    with pytest.raises(KeyError, match="no tensor 'Q' in the program"):
        handle["Q"]
    with pytest.raises(playground.ProblemError, match="A"):
        handle["bad"]


def test_writes_are_noticed_without_a_word_to_the_handle(handle, qtbot):
    A, b = handle.given  # noqa: N806
    A[1, 2], b[0] = 700, -40
    store = handle.window.furniture.workspace.store
    told = []
    store.changed.connect(lambda state: told.append(state.program))
    qtbot.waitUntil(lambda: bool(told))
    A, b = (told[-1].get(name).source.reference.tensor for name in "Ab")  # noqa: N806
    assert (A[1, 2].item(), b[0].item()) == (700, -40)


def test_writes_are_shown_by_every_panel(handle, qtbot):
    A, b = handle.given  # noqa: N806
    workspace = handle.window.furniture.workspace
    handle.picture("tensors")  # waits until all is computed
    answered = {}
    for key in ("tensors", "shape", "broadcast", "memory"):
        workspace.links[key].task.finished.connect(lambda answer, key=key: answered.update({key: answer.outcome}))
    A[0, 0], b[1] = 70, 5
    qtbot.waitUntil(lambda: set(answered) == {"tensors", "shape", "broadcast", "memory"})
    assert answered["tensors"].card("A").summary.maximum == 70
    assert answered["tensors"].card("b").summary.maximum == 5


def test_update_replaces_and_adds_tensors_in_one_step_to_undo(handle, qtbot):
    store = handle.window.furniture.workspace.store
    for step in range(3):
        handle.update(A=torch.full((2, 2), float(step)), fresh=step, note=f"step {step}")
    assert handle.program.names == ("A", "b", "fresh")
    assert (handle["A"].tolist(), handle["fresh"].item()) == ([[2, 2], [2, 2]], 2)
    assert handle.window.furniture.status.message == "step 2"
    store.undo()
    assert handle.program.names == ("A", "b")
    with pytest.raises(TypeError, match="text"):
        handle.update(text="text")


def test_pictures_are_png_and_show_in_a_notebook(handle, tmp_path):
    for panel in ("memory", "network"):
        picture = handle.picture(panel)
        assert picture._repr_png_() == picture.bytes() == bytes(picture)
        image = QImage.fromData(picture.bytes(), "PNG")
        assert image.width() > 200
        assert image.height() > 200
    picture.save(tmp_path / "network.png")
    assert (tmp_path / "network.png").read_bytes() == picture.bytes()
    assert repr(picture) == f"<picture of the network: PNG, {len(picture.bytes()):,} bytes>"
    with pytest.raises(playground.ProblemError, match="no panel 'nothing'"):
        handle.picture("nothing")


def test_the_session_is_saved_and_reads_back(handle, tmp_path):
    handle.save(tmp_path / "work.safetensors")
    state = load_session(tmp_path / "work.safetensors").state
    assert state.program.names == ("A", "b")
    assert torch.equal(state.program.get("A").source.reference.tensor, handle["A"])
    with pytest.raises(playground.ProblemError, match="a session is written as"):
        handle.save(tmp_path / "work.png")


def test_after_the_window_is_closed_its_last_state_is_read_and_the_rest_says_so(handle, tmp_path):
    add_line(handle, "C", "A + 1")
    assert repr(handle).startswith("<playground window on 3 tensors>\n  A  (2, 3) float32  from Python\n")
    handle.window.close()
    assert handle.is_closed
    assert (handle.program.names, handle["C"][0, 0].item()) == (("A", "b", "C"), 1)
    assert repr(handle).startswith("<playground closed window on 3 tensors>")
    handle.save(tmp_path / "work.safetensors")
    assert load_session(tmp_path / "work.safetensors").state.program.names == ("A", "b", "C")
    for act in (lambda: handle.update(A=torch.ones(1)), lambda: handle.picture("memory")):
        with pytest.raises(RuntimeError, match="The window is closed"):
            act()
    handle.close()


@pytest.fixture
def seen(qtbot):
    """Whether windows were visible when all were closed, a moment after somebody began to wait."""
    found = []

    def close():
        for window in QApplication.topLevelWidgets():
            if window.objectName() == "main_window":
                found.append(window.isVisible())
                window.close()

    timer = QTimer(singleShot=True, interval=50)
    timer.timeout.connect(close)
    timer.start()
    yield found
    timer.stop()


def test_show_waits_until_the_window_is_closed(seen):
    opened = playground.show(A=torch.ones(2))
    assert True in seen
    assert opened.is_closed
    opened.window.deleteLater()


def test_what_is_left_out_of_locals_is_told_in_the_window_and_by_the_handle(seen):
    A, name, block, theme = torch.ones(2), "text", torch.zeros(3), np.ones(1)  # noqa: N806
    space = {"A": A, "name": name, "theme": theme}
    opened = playground.show(**space, block=block)  # a tensor called block is a tensor, so this waits
    assert True in seen
    assert opened.program.names == ("A", "block", "theme")
    assert str(opened.window.furniture.notice.problem) == "1 variable is not shown: name (str)."
    assert repr(opened).endswith("\n1 variable is not shown: name (str).")
    opened.window.deleteLater()


INTERACTIVE = """
import sys, torch, playground
sys.ps1 = ">>> "
A = torch.ones(2)
handle = playground.show(A)
print(handle.program.names, handle.is_closed)
handle.close()
"""


def test_an_interactive_python_gets_the_handle_at_once(tmp_path):
    file = tmp_path / "typed.py"
    file.write_text(INTERACTIVE)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "('A',) False\n", done.stderr
