"""Makes the README's pictures from the running app, offscreen: `make_pictures.py docs`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from playground.app.pictures import settle
from playground.app.start import furnish, make_application
from playground.app.theme import install_theme
from playground.app.window import MainWindow
from playground.models.lessons import moves
from playground.models.state import PointedCell

SIZE = (1360, 860)
PICTURES = (("tensors-light.png", "tensors", False), ("network-dark.png", "network", True))


def take_lesson(application: QApplication, window: MainWindow, path: Path) -> None:
    """Open the fourth lesson, with a prediction made."""
    install_theme(application, dark=False)
    window.show_page("tensors")
    window.furniture.workspace.commands.open_lesson("4")
    settle(window.furniture.workspace)
    store = window.furniture.workspace.store
    store.apply(moves.predicted(store.state, 1))
    settle(window.furniture.workspace)
    window.grab().save(str(path))
    print(path)


def main(folder: str) -> int:
    """Take every picture."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    application = make_application("light")
    window = MainWindow()
    furnish(window)
    window.show()
    store = window.furniture.workspace.store
    network = store.state.network
    he = replace(network.spec, init="kaiming_normal")
    state = replace(
        store.state,
        pointed=PointedCell("B", (1, 2)),
        memory=replace(store.state.memory, pinned="W", view_shape="2, 6"),
        network=replace(network, layer=18, pins=(he,)),
    )
    store.apply(state)
    window.resize(*SIZE)
    for name, page, dark in PICTURES:
        install_theme(application, dark=dark)
        window.show_page(page)
        settle(window.furniture.workspace)
        window.grab().save(str(target / name))
        print(target / name)
    take_lesson(application, window, target / "lesson-light.png")
    window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
