"""Makes the README's pictures from the running app, offscreen: `make_pictures.py docs`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QElapsedTimer
from PySide6.QtWidgets import QApplication

from playground.app import furnish, make_application
from playground.main_window import MainWindow
from playground.models.tensors.state import PointedCell
from playground.theme import install_theme

PICTURES = (
    ("tensors-light.png", "tensors", False, (1360, 860)),
    ("tensors-dark.png", "tensors", True, (1360, 860)),
    ("network-light.png", "network", False, (1360, 860)),
    ("network-dark.png", "network", True, (1360, 860)),
    ("tensors-small-dark.png", "tensors", True, (1000, 640)),
    ("network-small-light.png", "network", False, (1000, 640)),
)
SETTLE_MILLISECONDS = 2500


def settle(application: QApplication, milliseconds: int = SETTLE_MILLISECONDS) -> None:
    """Let the computations finish and the window paint."""
    timer = QElapsedTimer()
    timer.start()
    while timer.elapsed() < milliseconds:
        application.processEvents()


def main(folder: str) -> int:
    """Take every picture."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    application = make_application("light")
    window = MainWindow()
    furnish(window)
    window.show()
    store = window.furniture.workspace.store
    state = replace(store.state, pointed=PointedCell("B", (1, 2)), memory=replace(store.state.memory, pinned="W"))
    store.apply(state)
    for name, page, dark, size in PICTURES:
        install_theme(application, dark=dark)
        window.resize(*size)
        window.show_page(page)
        settle(application)
        window.grab().save(str(target / name))
        print(target / name)
    window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
