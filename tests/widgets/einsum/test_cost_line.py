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


def test_the_last_line_says_the_cost(driven):
    d = driven()
    text = d.panel.cost.label.text()
    assert "36 products, one step" in text
    assert "Largest intermediate: 9 elements, 36 B" in text
    assert text.endswith("Same as A @ B.t()")
    assert d.panel.cost.verdict.kind == "new"
    d.type("ij->ji", "A")
    assert d.panel.cost.verdict.text == "view of A"


def test_the_cost_says_less_where_its_line_would_break(five):
    for width, words in ((2000, "Largest intermediate: 6 elements, 24 B"), (500, "Largest: 24 B")):
        five.panel.resize(width, 371)
        five.panel.grab()
        assert words in five.panel.cost.label.text()
