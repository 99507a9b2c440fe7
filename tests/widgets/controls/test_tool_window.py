import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.tool_window import open_window
from playground.widgets.panel import Panel

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier


class Tool(QWidget):
    def __init__(self):
        super().__init__()
        column = QVBoxLayout(self)
        for part in (NumberBox(5, 0, 9), QLineEdit()):
            column.addWidget(part)

    def sizeHint(self):
        return QSize(400, 300)

    def minimumSizeHint(self):
        return QSize(160, 100)


@pytest.fixture
def window(shown):
    main = shown(QWidget(), 700, 400)
    owner = QWidget(main)
    owner.setGeometry(0, 0, 200, 400)
    owner.show()
    window = Tool()
    open_window(window, owner, beside=True)
    window.main = main  # which lives as long as the window
    return window


@pytest.mark.parametrize(("key", "keys"), [(KEY.Key_Escape, Qt.KeyboardModifier.NoModifier), (KEY.Key_W, CONTROL)])
def test_esc_and_ctrl_w_close_it_from_any_field(window, key, keys):
    for kind in (QLineEdit, NumberBox):
        open_window(window, window.parentWidget())
        part = window.findChild(kind)
        part.setFocus()
        QTest.keyClick(part, key, keys)
        assert not window.isVisible()


def test_esc_takes_back_what_is_being_typed_first(window):
    box = window.findChild(NumberBox)
    line = box.findChild(QLineEdit)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "7")
    QTest.keyClick(line, KEY.Key_Escape)
    assert window.isVisible()
    assert box.value == 5
    QTest.keyClick(line, KEY.Key_Escape)
    assert not window.isVisible()


def test_it_is_no_wider_than_the_panel_has_room_for_and_no_narrower_than_it_can_be(shown):
    main = shown(QWidget(), 900, 400)
    panel = Panel(main)
    for width, wanted in ((500, 284), (300, 160), (900, 400)):
        panel.setGeometry(0, 0, width, 400)
        owner = QWidget(panel)
        owner.setGeometry(0, 0, 200, 400)
        window = Tool()
        panel.show()
        open_window(window, owner, beside=True)
        assert window.width() == wanted
        window.close()


def test_it_stands_beside_the_column_that_it_was_opened_from(window):
    owner = window.parentWidget()
    assert not window.geometry().intersects(QRect(owner.mapToGlobal(QPoint(0, 0)), owner.size()))
    window.move(0, 0)
    open_window(window, owner)
    assert window.pos() == QPoint(0, 0)
