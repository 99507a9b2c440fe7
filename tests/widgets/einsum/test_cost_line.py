import pytest
from PySide6.QtWidgets import QApplication


@pytest.mark.parametrize("width", [420, 440, 500, 734])
@pytest.mark.parametrize("equation", ["i,i->i", "i,j->ij", "i,i->"])
def test_what_goes_on_in_a_second_line_is_whole(driven, qtbot, equation, width):
    panel = driven(equation, "v", "v").panel
    panel.resize(width, 480)
    label = panel.cost.label
    qtbot.waitUntil(lambda: panel.cost.width() == width - 32, timeout=20_000)
    for _ in range(3):  # a second layout, asked for by the first, once made the line too low
        QApplication.processEvents()
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()) > 0, timeout=20_000)
    assert panel.cost.geometry().bottom() < panel.height()
