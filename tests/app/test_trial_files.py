"""A new user opens, drops and exports files through the window; what was written is read by plain libraries."""

import csv
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import safetensors.torch
import torch
from hand import CONTROL, KEY
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu

from playground.models.resources import resource_path

B = torch.arange(12.0).reshape(3, 4) + torch.tensor([10.0, 20.0, 30.0])[:, None]

READ = {
    ".npy": lambda path: torch.from_numpy(np.load(path)),
    ".npz": lambda path: torch.from_numpy(np.load(path)["B"]),
    ".pt": lambda path: torch.load(path, weights_only=True),
    ".safetensors": lambda path: safetensors.torch.load_file(path)["B"],
    ".csv": lambda path: torch.from_numpy(np.loadtxt(path, delimiter=",", dtype=np.float32)),
}


def accept(hand, name, path):
    """Put a path into the file dialog and accept it."""
    shown = [dialog for dialog in hand.window.findChildren(QFileDialog, name) if dialog.isVisible()]
    assert len(shown) == 1, f"{len(shown)} {name} dialogs"
    field = shown[0].findChild(QLineEdit, "fileNameEdit")
    field.selectAll()
    field.insert(str(path))
    shown[0].accept()
    assert not shown[0].isVisible()
    hand.window.activateWindow()
    QApplication.processEvents()


def said(hand, words):
    hand.until(lambda: words in hand.window.furniture.status.message)


@pytest.mark.parametrize("suffix", READ)
def test_a_tensor_is_exported_to_each_format_and_read_by_plain_libraries(hand, tmp_path, suffix):
    hand.select("B")
    menu = hand.window.furniture.export_menu
    menu.popup(QPoint(0, 0))
    QApplication.processEvents()
    row = next(action for action in menu.actions() if action.text().startswith(f"B as {suffix}..."))
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(row).center())
    path = tmp_path / f"B{suffix}"
    accept(hand, "export_tensor", path)
    said(hand, f"saved B{suffix}")
    found = READ[suffix](path)
    found = found["B"] if isinstance(found, dict) else found
    assert found.dtype == torch.float32
    assert torch.equal(found, B)
    assert [file.name for file in tmp_path.iterdir() if file.suffix == suffix] == [f"B{suffix}"]

    # and it comes back through the open dialog
    count = len(hand.names)
    hand.click(hand.panel("tensors").buttons.open)
    accept(hand, "open_files", path)
    hand.until(lambda: len(hand.names) == count + 1)
    hand.settle()
    assert torch.equal(hand.tensor().to(torch.float32), B)


def drop(hand, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        hand.window, QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, buttons, keys)
    )
    QApplication.sendEvent(hand.window, QDropEvent(QPointF(600, 400), Qt.DropAction.CopyAction, data, buttons, keys))


def test_the_digits_are_dropped_and_one_of_them_is_seen(hand):
    drop(hand, resource_path("data", "digits.safetensors"))
    hand.until(lambda: "images" in hand.names)
    hand.settle()
    hand.select("images")
    truth = safetensors.torch.load_file(resource_path("data", "digits.safetensors"))["images"]
    assert torch.equal(hand.tensor("images"), truth)
    reader = hand.find("shape.grid").reader
    assert reader.shape == (1797, 8, 8)
    assert reader.text((0, 0, 2)) == str(int(truth[0, 0, 2]))
    assert hand.is_seen("shape.grid")


def test_files_that_are_none_are_told_in_a_sentence_each_and_good_ones_open(hand, tmp_path):
    (tmp_path / "short.npy").write_bytes(b"\x93NUMPY")
    (tmp_path / "evil.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    np.save(tmp_path / "good.npy", np.eye(2, dtype=np.float32))
    count = len(hand.names)
    drop(hand, tmp_path / "short.npy", tmp_path / "good.npy", tmp_path / "evil.pt", tmp_path / "missing.csv")
    hand.until(lambda: len(hand.names) == count + 1)
    hand.until(lambda: hand.is_seen("notice"))
    assert torch.equal(hand.tensor(hand.names[-1]), torch.eye(2))


def test_an_export_to_a_place_that_cannot_be_written_says_so(hand, tmp_path):
    hand.workspace.commands.files.export_tensor("B", str(tmp_path / "no" / "B.npy"))
    hand.until(lambda: hand.is_seen("notice"))
    assert "B.npy" in hand.said("notice") or "no" in hand.said("notice")
    assert list(tmp_path.iterdir()) == []


def test_a_plot_is_exported_as_png_svg_and_csv(network, tmp_path):
    layers = network.page.network.layers
    for suffix in ("png", "svg", "csv"):
        menu = network.window.furniture.export_menu
        menu.popup(QPoint(0, 0))
        QApplication.processEvents()
        row = next(action for action in menu.actions() if action.text().startswith("Spread"))
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(row).center())
        accept(network, "export_plot", tmp_path / f"spread.{suffix}")
        said(network, f"saved spread.{suffix}")
        network.window.activateWindow()
    image = QImage(str(tmp_path / "spread.png"))
    assert image.width() > 1000
    assert ElementTree.parse(tmp_path / "spread.svg").getroot().tag.endswith("svg")
    with open(tmp_path / "spread.csv", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert [float(row["rms"]) for row in rows if row["rms"]] == pytest.approx(
        [layer.activation.rms for layer in layers]
    )


def test_a_menu_closed_by_escape_exports_nothing(hand, tmp_path):
    hand.key(KEY.Key_E, CONTROL, hand.window)
    dialog = hand.window.findChild(QFileDialog, "export_tensor")
    dialog.reject()
    hand.settle()
    assert not isinstance(QApplication.activePopupWidget(), QMenu)
    assert list(tmp_path.iterdir()) == []


def test_the_program_is_saved_as_a_script_that_prints_its_numbers(hand, tmp_path):
    hand.workspace.commands.actions["save_script"].trigger()
    accept(hand, "save_script", tmp_path / "mine.py")
    said(hand, "saved mine.py")
    done = subprocess.run([sys.executable, str(tmp_path / "mine.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"B (3, 4) torch.float32\n    {B.tolist()}" in done.stdout
    assert "D = A + v  # " in (tmp_path / "mine.py").read_text()
