"""A tooltip stands beside what it explains, never over it."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget

from playground.widgets.common.tooltip import set_tooltip


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
