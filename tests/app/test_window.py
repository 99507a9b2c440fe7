"""The real window, driven with real events."""

import ast
import re
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from hand import settle
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QListWidget, QMessageBox, QTabWidget, QWidget

import playground
from playground.app.commands.commands import REQUESTS
from playground.app.pages import BROADCAST_HEIGHT
from playground.models.program.sources import Imported, Made
from playground.models.resources import resource_path
from playground.runtime.panels import PANELS
from playground.widgets.look import look

NAMED_PARTS = """
pages status palette tensors.list tensors.add shape.axis.0 shape.axis.1 shape.insert.0 shape.insert.1
shape.block shape.grid shape.gestures broadcast.other broadcast.operator broadcast.table broadcast.verdict
einsum.equation einsum.operand.0 einsum.operand.1 einsum.result einsum.terms einsum.letters einsum.loops
einsum.cost einsum.presets einsum.keep memory.tensor memory.pin memory.facts memory.storage memory.steps
memory.view_shape memory.view_verdict memory.write network.depth network.width network.batch
network.activation network.init network.gain network.dtype network.seed network.distributions network.spread
network.gradients network.layer network.pin network.train network.verdict lessons.list lessons.text
lessons.predict.0 lessons.verdict
"""


def test_every_part_has_its_name(window, qtbot):
    settle(window, qtbot)
    missing = [name for name in NAMED_PARTS.split() if window.findChild(QWidget, name) is None]
    assert not missing


def test_every_panel_keeps_the_contract(window, store):
    for spec in PANELS:
        panel = window.furniture.workspace.panels[spec.key]
        assert (panel.key, panel.title) == (spec.key, spec.title)
        assert hash(spec.request(store.state)) == hash(spec.request(store.state)), spec.key
        assert isinstance(panel.summary(), str)


def test_what_panels_ask_for_by_name_is_what_the_window_can_do():
    sources = Path(playground.__file__).with_name("widgets").rglob("*.py")
    asks = re.compile(r'(?:requested|carried_out)\.emit\("(\w+)"')
    assert {name for source in sources for name in asks.findall(source.read_text())} == set(REQUESTS)


def test_a_request_that_nobody_knows_is_an_error(window):
    with pytest.raises(ValueError, match="no command 'fly'"):
        window.furniture.workspace.commands.run_request("fly", None)


def test_the_window_opens_with_a_worked_example(window, store, qtbot):
    assert store.state.program.names == ("A", "v", "B", "W", "C", "D")
    settle(window, qtbot)
    assert window.furniture.status.problems == "one problem, in D"


def test_ctrl_z_takes_a_step_back_and_ctrl_shift_z_forward(window, store, qtbot):
    before = store.state
    store.apply(replace(before, program=before.program.with_source("A", Made("zeros", (5, 5)))))
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: store.state.program == before.program)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_Z, both)
    qtbot.waitUntil(lambda: store.state.program.get("A").source.shape == (5, 5))


def test_the_pages_turn_by_key_and_by_tab(window, part, qtbot):
    pages = part("pages", QTabWidget)
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: pages.currentIndex() == 1)
    tabs = part("pages.tabs")
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(0).center())
    qtbot.waitUntil(lambda: pages.currentIndex() == 0)


def test_the_command_search_finds_and_runs(window, part, qtbot):
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    field = part("palette.field", QLineEdit)
    assert field.isVisible()
    QTest.keyClicks(field, "go net")
    qtbot.waitUntil(lambda: part("palette.list", QListWidget).count() == 1)
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: part("pages", QTabWidget).currentIndex() == 1)
    assert not part("palette").isVisible()


def test_the_command_search_closes_with_escape(window, part, qtbot):
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(part("palette.field"), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not part("palette").isVisible())


def test_light_and_dark(window, qtbot):
    assert not look().dark
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_L, both)
    qtbot.waitUntil(lambda: look().dark)
    QTest.keyClick(window, Qt.Key.Key_L, both)
    qtbot.waitUntil(lambda: not look().dark)


@pytest.mark.parametrize("size", [(1360, 860), (1200, 860), (1360, 700), (1000, 640), (800, 560), (1920, 1080)])
def test_every_size_of_the_window_shows_every_panel_or_its_line(open_window, qtbot, size):
    window = open_window(size)
    settle(window, qtbot)
    for key in ("tensors", "shape", "broadcast"):
        assert window.furniture.workspace.panels[key].isVisible(), key
    for key in ("einsum", "memory"):
        panel = window.furniture.workspace.panels[key]
        line = window.findChild(QWidget, f"folded.{key}")
        assert panel.isVisible() != line.isVisible(), key
        if line.isVisible():
            QTest.mouseClick(line, Qt.MouseButton.LeftButton)
            qtbot.waitUntil(panel.isVisible)
            assert not line.isVisible()


def test_a_window_made_small_and_large_again_is_as_it_was(window, qtbot):
    page = window.furniture.pages[0]
    wide = [splitter.count() for splitter in page.splitters()]
    window.resize(1000, 640)
    QApplication.processEvents()
    assert [splitter.count() for splitter in page.splitters()] != wide
    window.resize(1360, 860)
    QApplication.processEvents()
    assert [splitter.count() for splitter in page.splitters()] == wide
    assert all(window.furniture.workspace.panels[key].isVisible() for key in ("einsum", "memory"))


def test_files_given_on_the_command_line_are_opened(open_window, qtbot):
    window = open_window(files=(str(resource_path("data", "digits.safetensors")),))
    store = window.furniture.workspace.store
    qtbot.waitUntil(lambda: "images" in store.state.program.names, timeout=20_000)
    source = store.state.program.get("images").source
    assert isinstance(source, Imported)
    assert source.reference.tensor.shape == (1797, 8, 8)


def test_a_dropped_file_is_opened(window, store, qtbot, tmp_path):
    np.save(tmp_path / "weights #1%.npy", np.arange(6.0).reshape(2, 3))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "weights #1%.npy"))])
    place = QPointF(600, 400)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(place, Qt.DropAction.CopyAction, data, buttons, keys))
    qtbot.waitUntil(lambda: len(store.state.program.names) == 7, timeout=20_000)
    assert store.state.program.bindings[-1].source.reference.tensor.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_file_that_cannot_be_read_is_a_sentence_and_nothing_is_lost(window, store, part, qtbot, tmp_path):
    bad = tmp_path / "bad.npy"
    bad.write_bytes(b"not an array at all")
    before = store.state.program
    window.furniture.workspace.commands.open_paths((str(bad),))
    qtbot.waitUntil(lambda: part("notice").isVisible(), timeout=20_000)
    assert "bad.npy" in part("notice").accessibleName()
    assert store.state.program == before


def test_a_tensor_is_exported_through_the_dialog(window, part, store, qtbot, tmp_path):
    store.apply(replace(store.state, selection="B"))
    QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = part("export_tensor", QFileDialog)
    path = tmp_path / "B.npy"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    qtbot.waitUntil(path.exists, timeout=20_000)
    settle(window, qtbot)
    expected = torch.arange(12.0).reshape(3, 4) + torch.tensor([10.0, 20.0, 30.0])[:, None]
    qtbot.waitUntil(lambda: "saved B.npy" in window.furniture.status.message, timeout=20_000)
    assert np.array_equal(np.load(path), expected.numpy())


def test_the_export_dialog_says_what_a_format_loses_before_it_is_written(window, part, store):
    store.apply(replace(store.state, selection="W"))
    window.furniture.workspace.commands.export_selected()
    dialog, note = part("export_tensor", QFileDialog), part("export.losses")
    assert "Strides (1, 4)" in note.text()
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    said = {}
    for ending in (".pt", ".csv", ".npy", ".what"):
        field.setText(f"W{ending}")
        said[ending] = note.text()
    assert said[".pt"] == "Nothing is lost: the file gives the same tensor."
    assert "float32 is read back as float64" in said[".csv"]
    assert "Strides (1, 4) are not kept" in said[".npy"]
    assert said[".what"] == ""
    dialog.close()


def test_an_export_that_cannot_be_written_says_so(window, part, store, qtbot, tmp_path):
    window.furniture.workspace.commands.files.export_tensor("B", str(tmp_path / "no" / "folder" / "B.npy"))
    qtbot.waitUntil(lambda: part("notice").isVisible(), timeout=20_000)


def test_the_export_menu_lists_the_tensor_the_plots_and_the_program(window, store, qtbot):
    window.show_page("network")
    settle(window, qtbot)
    menu = window.furniture.export_menu
    menu.aboutToShow.emit()
    words = [action.text() for action in menu.actions()]
    assert "B as .npy...\tlossless" in words
    assert "B as .csv...\tloses information" in words
    assert "Copy the program as PyTorch code" in words
    assert "Save the answers of all lessons..." in words
    assert sum(1 for action in menu.actions() if (action.data() or ("",))[0] == "plot") >= 3


def test_the_program_is_copied_as_code_that_torch_runs(window, store, qtbot):
    window.furniture.workspace.commands.copy_program()
    names = {}
    code = QApplication.clipboard().text()
    exec(code.replace("D = A + v", ""), names)
    assert names["C"].shape == (3, 3)


def test_closing_twice_is_closing_once(window, qtbot):
    seen = []
    window.closed.connect(lambda: seen.append(1))
    QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    window.close()
    assert seen == [1]


def test_broadcast_keeps_the_height_of_its_table_beside_einsum(window, qtbot):
    rows = window.furniture.pages[0].splitters()[1]
    for height in (860, 1000, 780, 860):
        window.resize(1360, height)
        qtbot.waitUntil(lambda: rows.sizes()[1] == BROADCAST_HEIGHT, timeout=20_000)


def test_a_window_that_is_closed_is_gone_before_its_computations_end(open_window, qtbot):
    window = open_window()
    workspace = window.furniture.workspace
    workspace.commands.memory_limit()
    task = workspace.links["memory"].task
    qtbot.waitUntil(lambda: not task.is_busy)
    began, gone = Event(), Event()
    seen = []

    def compute(_request, _job):
        began.set()
        seen.append(gone.wait(20))

    class Watcher(QObject):
        def eventFilter(self, _watched, event):
            if event.type() == QEvent.Type.Hide:
                gone.set()
            return False

    watcher = Watcher()
    window.installEventFilter(watcher)
    task._compute = compute
    task.submit("anything")
    qtbot.waitUntil(began.is_set)
    window.close()
    assert seen == [True]
    assert not any(widget.isVisible() for widget in window.findChildren(QWidget) if widget.isWindow())


def test_a_dialog_that_is_open_goes_with_its_window(open_window, tmp_path):
    window = open_window()
    path = tmp_path / "B.npy"
    path.write_bytes(b"")
    window.furniture.workspace.commands.files.ask_export_tensor("B")
    dialog = window.findChild(QFileDialog, "export_tensor")
    dialog.selectFile(str(path))
    dialog.accept()  # Qt's own would wait here until somebody answers
    box = dialog.findChild(QMessageBox)
    assert box.isVisible()
    assert "B.npy already exists" in box.text()
    window.close()
    assert not dialog.isVisible()
    assert not box.isVisible()
    assert path.read_bytes() == b""


def test_a_file_is_replaced_only_once_that_was_agreed_to(open_window, tmp_path, qtbot):
    window = open_window()
    path = tmp_path / "B.npy"
    path.write_bytes(b"")
    window.furniture.workspace.commands.files.ask_export_tensor("B")
    dialog = window.findChild(QFileDialog, "export_tensor")
    dialog.selectFile(str(path))
    dialog.accept()
    box = dialog.findChild(QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert dialog.isVisible()
    dialog.accept()
    box = next(one for one in dialog.findChildren(QMessageBox) if one.isVisible())
    next(button for button in box.buttons() if button.text() == "Replace").click()
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: path.stat().st_size > 0)


def test_a_path_that_is_typed_counts_and_not_the_selected_row(open_window, tmp_path, qtbot):
    window = open_window()
    (tmp_path / "B.npy").write_bytes(b"mine")
    other = tmp_path / "other"
    other.mkdir()
    window.furniture.workspace.commands.files.ask_export_tensor("B")
    dialog = window.findChild(QFileDialog, "export_tensor")
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(tmp_path / "B.npy"))
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    field.selectAll()
    QTest.keyClicks(field, str(other / "B.npy"))
    dialog.accept()
    assert not dialog.isVisible()
    qtbot.waitUntil((other / "B.npy").exists)
    assert (tmp_path / "B.npy").read_bytes() == b"mine"


def test_each_file_that_cannot_be_opened_is_named(open_window, tmp_path, qtbot):
    window = open_window()
    paths = [tmp_path / name for name in ("first.npy", "second.pt")]
    for path in paths:
        path.write_bytes(b"nothing of the kind")
    window.furniture.workspace.commands.open_paths(tuple(map(str, paths)))
    notice = window.furniture.notice
    qtbot.waitUntil(lambda: notice.problem is not None)
    assert "first.npy" in str(notice.problem)
    assert "second.pt" in str(notice.problem)


def test_no_part_waits_in_an_event_loop_of_its_own():
    """A loop inside a loop goes on with widgets that were deleted meanwhile. Only Qt's drag has no other way."""
    package = Path(playground.__file__).parent
    own = {"start.py": 2, "drag_out.py": 1}
    for file in package.rglob("*.py"):
        calls = [
            node
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in ("exec", "exec_")
        ]
        assert len(calls) <= own.get(file.name, 0), f"{file.name} line {calls[0].lineno}"
