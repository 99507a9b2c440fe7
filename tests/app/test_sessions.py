"""Work is saved, opened, kept without being asked, and comes back."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hand import CONTROL, KEY, SHIFT, Hand
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox
from safetensors.torch import load_file

from playground.app.commands.commands import COMMANDS, MENUS
from playground.app.commands.menus import Menus
from playground.app.session.kept import MOST_KEPT, KeptPlace, claim_fresh, claim_newest, kept_files
from playground.app.session.session import recent_paths
from playground.app.start import furnish
from playground.app.window import MainWindow
from playground.models.example import example_state
from playground.models.files.session_file import load_session, save_session
from playground.models.files.tensor_files import save_tensors
from playground.models.network.spec.spec import NetworkSpec
from playground.models.program.program import Program
from playground.models.state import PlaygroundState

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_kept(open_window, qtbot, tmp_path):
    """Open windows whose sessions are kept in one folder, each with a hand on it."""

    def make(**options):
        return Hand(open_window(kept_in=tmp_path / "kept", **options), qtbot)

    return make


def session(hand):
    return hand.workspace.commands.session


def title(hand):
    star = "*" if hand.window.isWindowModified() else ""
    return hand.window.windowTitle().replace("[*]", star)


def add_line(hand, text="Z = torch.ones(2)"):
    (line,) = Program.parse(text).bindings
    hand.store.apply(replace(hand.state, program=hand.state.program.appended(line.name, line.source)))
    hand.settle()


def choose(hand, name, path):
    hand.until(lambda: any(box.isVisible() for box in hand.window.findChildren(QFileDialog, name)))
    (dialog,) = (box for box in hand.window.findChildren(QFileDialog, name) if box.isVisible())
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.selectAll()
    field.insert(str(path))
    dialog.accept()
    hand.window.activateWindow()
    QApplication.processEvents()


def save_as(hand, path):
    hand.key(KEY.Key_S, CONTROL | SHIFT, hand.window)
    choose(hand, "save_session", path)
    hand.until(lambda: path.name.removesuffix(".safetensors") in title(hand) and "*" not in title(hand))


def press(box, words):
    (button,) = (one for one in box.buttons() if one.text() == words)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_title_says_the_name_and_whether_it_is_saved(open_kept, tmp_path):
    hand = open_kept()
    assert title(hand) == "Tensor Playground"
    add_line(hand)
    assert title(hand) == "Untitled* - Tensor Playground"
    hand.workspace.commands.undo()
    assert title(hand) == "Tensor Playground"
    hand.workspace.commands.redo()
    save_as(hand, tmp_path / "attention.safetensors")
    assert title(hand) == "attention - Tensor Playground"
    add_line(hand, "Y = Z + 1")
    assert title(hand) == "attention* - Tensor Playground"
    hand.key(KEY.Key_S, CONTROL, hand.window)
    hand.until(lambda: title(hand) == "attention - Tensor Playground")
    assert load_session(tmp_path / "attention.safetensors").state.program.names[-1] == "Y"


def test_a_session_opens_with_all_that_was_in_it(open_kept, tmp_path):
    save_tensors(tmp_path / "w.safetensors", {"w": torch.arange(6.0).reshape(2, 3)})
    first = open_kept(files=(str(tmp_path / "w.safetensors"),))
    first.until(lambda: "w" in first.names)
    network = replace(first.state.network, spec=NetworkSpec(depth=7, init="he_normal"))
    first.store.apply(replace(first.state, network=network))
    save_as(first, tmp_path / "mine.safetensors")
    assert torch.equal(load_file(tmp_path / "mine.safetensors")["w"], torch.arange(6.0).reshape(2, 3))
    second = open_kept(new=True)
    second.key(KEY.Key_O, CONTROL, second.window)
    choose(second, "open_files", tmp_path / "mine.safetensors")
    second.until(lambda: title(second) == "mine - Tensor Playground")
    assert second.names == first.names
    assert torch.equal(second.tensor("w"), first.tensor("w"))
    assert second.state.network.spec == NetworkSpec(depth=7, init="he_normal")
    assert not second.store.history.can_undo


def test_closing_asks_nothing_and_the_next_start_goes_on(open_kept):
    first = open_kept()
    add_line(first)
    first.window.close()
    second = open_kept()
    assert second.names[-1] == "Z"
    assert title(second) == "Untitled* - Tensor Playground"
    fresh = open_kept(new=True)
    assert fresh.names == example_state().program.names


def test_a_saved_session_comes_back_from_its_own_file(open_kept, tmp_path):
    first = open_kept()
    add_line(first)
    save_as(first, tmp_path / "mine.safetensors")
    first.window.close()
    second = open_kept()
    assert title(second) == "mine - Tensor Playground"
    assert second.names[-1] == "Z"
    second.window.close()
    (tmp_path / "mine.safetensors").unlink()
    third = open_kept()
    assert "mine.safetensors does not exist" in third.window.furniture.notice.problem.message
    assert third.names == example_state().program.names
    third.window.close()
    assert open_kept().window.furniture.notice.problem is None


def test_an_untouched_window_keeps_nothing(open_kept, tmp_path):
    open_kept().window.close()
    assert kept_files(tmp_path / "kept") == []


def test_edits_are_kept_without_closing(open_kept, tmp_path):
    hand = open_kept()
    add_line(hand)
    hand.until(lambda: bool(kept_files(tmp_path / "kept")))
    (kept,) = kept_files(tmp_path / "kept")
    assert load_session(kept).state.program.names[-1] == "Z"


def test_two_windows_keep_apart(open_kept):
    first, second = open_kept(), open_kept()
    add_line(first, "P = torch.ones(1)")
    add_line(second, "Q = torch.ones(1)")
    first.window.close()
    second.window.close()
    third, fourth = open_kept(), open_kept()
    assert {third.names[-1], fourth.names[-1]} == {"P", "Q"}


def test_a_new_session_leaves_the_old_one_among_the_recent(open_kept, tmp_path):
    hand = open_kept()
    add_line(hand)
    hand.key(KEY.Key_N, CONTROL, hand.window)
    hand.until(lambda: hand.names == ())
    assert title(hand) == "Tensor Playground"
    menu = hand.window.furniture.menus.recent
    menu.aboutToShow.emit()
    (kept,) = (action for action in menu.actions() if action.data())
    assert kept.text().startswith("A, v, B, W, C, D, Z\t")
    kept.trigger()
    hand.until(lambda: hand.names[-1:] == ("Z",))
    assert title(hand) == "Untitled* - Tensor Playground"


def test_recent_sessions_are_listed_and_open(open_kept, tmp_path):
    hand = open_kept()
    add_line(hand)
    save_as(hand, tmp_path / "one.safetensors")
    save_as(hand, tmp_path / "two.safetensors")
    assert [Path(path).stem for path in recent_paths()] == ["two", "one"]
    (tmp_path / "two.safetensors").unlink()
    hand.workspace.commands.actions["open_recent"].trigger()
    menu = hand.window.furniture.menus.recent
    assert menu.isVisible()
    (row,) = (action for action in menu.actions() if action.data())
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(row).center())
    hand.until(lambda: title(hand) == "one - Tensor Playground")


@pytest.mark.parametrize("choice", ["Replace", "Save as...", "Cancel"])
def test_what_another_program_saved_meanwhile_is_not_overwritten_unasked(open_kept, tmp_path, choice):
    hand, path = open_kept(), tmp_path / "one.safetensors"
    add_line(hand)
    save_as(hand, path)
    save_session(path, PlaygroundState(program=Program.parse("other = torch.ones(9)")))
    add_line(hand, "Y = Z + 1")
    hand.key(KEY.Key_S, CONTROL, hand.window)
    hand.until(lambda: bool(hand.window.findChildren(QMessageBox, "changed_on_disk")))
    (box,) = hand.window.findChildren(QMessageBox, "changed_on_disk")
    press(box, choice)
    if choice == "Replace":
        hand.until(lambda: "*" not in title(hand))
        assert load_session(path).state.program.names[-1] == "Y"
        return
    if choice == "Save as...":
        choose(hand, "save_session", tmp_path / "two.safetensors")
        hand.until(lambda: title(hand) == "two - Tensor Playground")
    else:
        assert title(hand) == "one* - Tensor Playground"
    assert load_session(path).state.program.names == ("other",)


def test_a_file_that_cannot_be_written_is_said_and_all_stays(open_kept, tmp_path):
    hand = open_kept()
    add_line(hand)
    session(hand)._on_path_chosen(str(tmp_path / "gone" / "a.safetensors"))
    hand.until(lambda: hand.window.furniture.notice.problem is not None)
    assert "its folder does not exist" in hand.window.furniture.notice.problem.message
    assert title(hand) == "Untitled* - Tensor Playground"


def test_a_kept_session_that_cannot_be_read_is_left_for_the_user(open_kept, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "bad.safetensors").write_bytes(b"nonsense" * 9)
    hand = open_kept()
    assert "bad.safetensors" in hand.window.furniture.notice.problem.message
    assert hand.names == example_state().program.names
    hand.window.close()
    assert (folder / "bad.safetensors").exists()
    assert open_kept().window.furniture.notice.problem is None, "it is not tried again and again"


def test_a_session_whose_opening_ended_the_app_is_not_opened_again_by_itself(open_kept, tmp_path):
    folder = tmp_path / "kept"
    place = claim_fresh(folder)
    save_session(place.file, PlaygroundState(program=Program.parse("fatal = torch.ones(9)")))
    place.doubt()
    place.release()
    hand = open_kept()
    assert hand.names == example_state().program.names
    session(hand).reopen(place.file)
    assert hand.names == ("fatal",)


def test_old_kept_sessions_go(tmp_path):
    for number in range(MOST_KEPT + 3):
        save_session(tmp_path / f"{number}.safetensors", PlaygroundState())
        os.utime(tmp_path / f"{number}.safetensors", (number, number))
    claim_fresh(tmp_path).release()
    assert len(kept_files(tmp_path)) == MOST_KEPT
    newest = claim_newest(tmp_path)
    assert newest.file.stem == str(MOST_KEPT + 2)
    assert not KeptPlace(newest.file).claim()
    newest.release()


def test_every_command_is_in_one_menu_and_the_menu_opens(hand):
    assert {spec.menu for spec in COMMANDS} == set(MENUS)
    hand.click("header.menu")
    menu = hand.window.furniture.menus.behind_button
    assert menu.isVisible()
    titles = [action.text() for action in menu.actions()]
    assert titles == list(MENUS)
    shown = [action for title in menu.actions() for action in title.menu().actions() if not action.isSeparator()]
    assert len(shown) == len(COMMANDS)
    menu.close()
    hand.key(KEY.Key_F10, widget=hand.window)
    hand.until(menu.isVisible)
    menu.close()


def test_where_the_platform_has_a_menu_bar_the_menus_are_in_it(hand):
    window = hand.window
    menus = Menus(hand.workspace.commands, window, in_bar=True)
    assert [action.text() for action in window.menuBar().actions()] == list(MENUS)
    assert menus.behind_button is None


def test_ctrl_w_closes_the_window_in_front(network):
    network.click("network.phase.open") if network.is_seen("network.phase.open") else None
    network.key(KEY.Key_W, CONTROL, network.window)
    network.until(lambda: not network.window.isVisible())


KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from playground.app import start
from playground.models.program.program import Program

furnish = start.furnish

def furnish_and_edit(window, *arguments, **options):
    furnish(window, *arguments, **options)
    store = window.furniture.workspace.store
    number = 0
    def edit():
        nonlocal number
        number += 1
        store.apply(replace(store.state, program=Program.parse(f"n = torch.full((100000,), {number}.)")))
    timer = QTimer(window, interval=20)
    timer.timeout.connect(edit)
    timer.start()
    session = window.furniture.workspace.commands.session
    session._waiting.setInterval(10)
    session._keeping.finished.connect(lambda answer: print("kept", flush=True))

start.furnish = furnish_and_edit
sys.exit(start.run())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_work_is_there_after_the_process_was_killed(tmp_path):
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    child = subprocess.Popen([sys.executable, "-c", KILLED], env=environment, stdout=subprocess.PIPE)
    try:
        for _ in range(3):
            assert child.stdout.readline() == b"kept\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    (folder,) = tmp_path.rglob("sessions")
    place = claim_newest(folder)
    assert place is not None, "the lock of a dead process counts for nothing"
    assert load_session(place.file).state.program.names == ("n",)
    place.release()


SAVING = """
import sys
import torch
from playground.models.files.session_file import save_session
from playground.models.program.sources import Binding, Imported, TensorReference
from playground.models.program.program import Program
from playground.models.state import PlaygroundState

number = 0
while True:
    number += 1
    x = Imported(TensorReference(torch.full((200_000,), float(number))), "x.npy", "x")
    save_session(sys.argv[1], PlaygroundState(program=Program((Binding("x", x),)), selection=str(number)))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_save_that_is_killed_leaves_an_old_or_a_new_file(tmp_path):
    path = tmp_path / "a.safetensors"
    for moment in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVING, str(path)],
            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        child.stdout.readline()
        time.sleep(0.003 * moment)
        child.kill()
        child.wait()
        child.stdout.close()
        state = load_session(path).state
        values = state.program.bindings[0].source.reference.tensor
        assert torch.equal(values, torch.full((200_000,), float(state.selection)))


def test_a_window_without_a_folder_keeps_nothing(open_window, qtbot):
    hand = Hand(open_window(), qtbot)
    add_line(hand)
    assert session(hand).folder is None
    hand.window.close()


def test_the_window_can_be_furnished_where_no_folder_can_be_made(qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    window = MainWindow()
    qtbot.addWidget(window)
    furnish(window, kept_in=tmp_path / "file" / "kept", new=False)
    assert window.furniture.workspace.commands.session.folder is None
