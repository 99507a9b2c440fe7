"""A tooltip stands beside what it explains, never over it."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget

import playground
from playground.widgets.controls.tooltip import set_tooltip


def tooltip():
    return next(one for one in QApplication.topLevelWidgets() if one.metaObject().className() == "QTipLabel")


@pytest.mark.parametrize("above_the_bottom", [True, False])
@pytest.mark.parametrize("lines", [0, 4])
def test_a_tooltip_does_not_cover_the_numbers_that_it_speaks_of(qtbot, above_the_bottom, lines):
    window = QWidget()
    qtbot.addWidget(window)
    label = QLabel("1 2 3", window)
    label.setGeometry(20, 20, 200, 24)
    set_tooltip(label, "Three numbers", *["and what they mean"] * lines)
    window.resize(300, 70)
    window.show()
    bounds = window.screen().availableGeometry()
    window.move(10, bounds.bottom() - 80 if above_the_bottom else 10)
    for place in (QPoint(2, 2), QPoint(100, 12), QPoint(198, 22)):
        QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, place, label.mapToGlobal(place)))
        explained = QRect(label.mapToGlobal(QPoint(0, 0)), label.size())
        assert not tooltip().geometry().intersects(explained)
        assert bounds.contains(tooltip().geometry())
    QToolTip.hideText()


def test_the_tooltip_of_a_tall_widget_does_not_cover_the_line_that_is_pointed_at(qtbot):
    widget = QLabel("many lines")
    qtbot.addWidget(widget)
    set_tooltip(widget, "Many numbers", "and what they mean", "in three lines")
    widget.resize(300, 400)
    bounds = widget.screen().availableGeometry()
    for top in (10, bounds.bottom() - 410):
        widget.move(10, top)
        widget.show()
        for place in (QPoint(2, 2), QPoint(100, 200), QPoint(298, 398)):
            pointed = widget.mapToGlobal(place)
            QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, place, pointed))
            line = QRect(bounds.left(), pointed.y() - 12, bounds.width(), 24) & QRect(widget.pos(), widget.size())
            assert not tooltip().geometry().intersects(line), (top, place)
            assert bounds.contains(tooltip().geometry())
    QToolTip.hideText()


def test_no_widget_leaves_the_place_of_its_tooltip_to_qt():
    """Rows of menus are not widgets; all others say what their tooltip must not cover."""
    for path in Path(playground.__file__).parent.rglob("*.py"):
        text = path.read_text()
        if path.name != "tooltip.py":
            assert "QToolTip.showText" not in text, path
            assert "self.setToolTip(" not in text.replace('self.setToolTip("")', "") or "place_beside" in text, path
            assert re.search(r"(?<!self)(?<!action)\.setToolTip\(", text) is None, path
