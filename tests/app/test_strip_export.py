"""The storage strip of the real window as a picture, a drawing and a table."""

import pytest
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_the_strip_is_saved_from_the_window(hand, tmp_path, kind):
    hand.select("W")
    hand.settle()
    strip = hand.find("memory.storage")
    strip.export_asked.emit()
    dialog = hand.window.findChild(QFileDialog, "export_plot")
    path = tmp_path / f"strip.{kind}"
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    if kind == "png":
        image = QImage(str(path))
        assert image.size() == strip.size() * 2
        middle = round(strip.strip.rect(0).center().y() * 2)
        assert len({image.pixel(x, middle) for x in range(image.width())}) > 4
    elif kind == "svg":
        assert QSvgRenderer(str(path)).isValid()
        assert "<path" in path.read_text() or "<text" in path.read_text()
    else:
        assert path.read_text().splitlines()[:3] == ["cell,readers,value", "0,1,10", "1,1,11"]
