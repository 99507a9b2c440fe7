import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from playground.widgets.code.block import CodeBlock
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.fields import AXIS_ROLE, CheckBox, ComboBox
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.section import Section
from playground.widgets.controls.tabs import TabRow
from playground.widgets.look import LIGHT, look
from playground.widgets.text.badges import (
    CHIP_HEIGHT,
    VERDICTS,
    AxisBadge,
    VerdictBadge,
    badge_width,
    chip_width,
    paint_axis_chip,
    verdict_width,
)


def colors_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def far(one, other):
    return sum(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) for i in (1, 3, 5))


@pytest.fixture
def shown(qtbot):
    kept = []

    def show(widget):
        window = QWidget()
        QVBoxLayout(window).addWidget(widget)
        kept.append(window)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return widget

    return show


@pytest.mark.parametrize("axis", [0, 3, 6, 7, 123])
def test_a_badge_has_its_fill_its_line_and_its_number(shown, axis):
    badge = shown(AxisBadge(axis))
    assert badge.width() == badge_width(str(axis))
    assert badge.height() == 16
    painted = colors_of(badge)
    assert LIGHT.axis_fill(axis).name() in painted
    assert min(far(name, LIGHT.axis_text(axis).name()) for name in painted) < 60
    assert badge.accessibleName() == f"axis {axis}"


def test_a_letter_has_the_colour_of_its_place(shown):
    badge = shown(AxisBadge(1, "j"))
    assert LIGHT.axis_fill(1).name() in colors_of(badge)
    assert badge.accessibleName() == "index j"
    badge.set_axis(None)
    assert LIGHT.axis_fill(1).name() not in colors_of(badge)


@pytest.mark.parametrize("kind", list(VERDICTS))
def test_a_verdict_is_painted_in_its_roles(shown, kind):
    badge = shown(VerdictBadge(kind, f"{kind} 48 B"))
    style = VERDICTS[kind]
    painted = colors_of(badge)
    assert badge.size().width() == verdict_width(f"{kind} 48 B")
    for role in (style.fill, "" if style.dashed else style.border):
        assert not role or look().color(role).name() in painted
    badge.set_verdict("")
    assert badge.isHidden()
    badge.set_verdict("copy")
    assert badge.isVisible()
    assert badge.text == "copy"


def test_a_chip_keeps_its_width_while_its_size_changes():
    assert len({chip_width(0, size) for size in ("1", "25", "999")}) == 1
    assert chip_width(0, "1000000") > chip_width(0, "1")


@pytest.mark.parametrize(
    ("state", "roles"),
    [("normal", ("raised", "edge")), ("hover", ("raised", "accent")), ("dragging", ("selected", "accent"))],
)  # fmt: skip
def test_the_states_of_a_chip_differ_in_fill_and_border(qapp, state, roles):
    image = QImage(120, 40, QImage.Format.Format_RGB32)
    image.fill(0xFF123456)
    with QPainter(image) as painter:
        paint_axis_chip(painter, QRectF(4, 4, 92, CHIP_HEIGHT), 2, state, size="5")
    painted = {image.pixelColor(x, y).name() for x in range(120) for y in range(40)}
    assert {LIGHT.color(role).name() for role in roles} | {LIGHT.axis_fill(2).name()} <= painted


@pytest.mark.parametrize("kind", ["primary", "secondary", "quiet"])
def test_a_button_is_24_high_and_never_changes_its_size(shown, kind):
    button = shown(Button("Keep as tensor", kind))
    size = button.size()
    clicks = []
    button.clicked.connect(lambda: clicks.append(1))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    button.setEnabled(False)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert clicks == [1, 1]
    assert button.size() == size == button.sizeHint()
    assert size.height() == 24


def test_an_icon_button_is_square_and_says_what_it_does(shown):
    button = shown(IconButton("pin", "Pin the panel to this tensor", framed=True))
    assert (button.width(), button.height()) == (24, 24)
    assert button.accessibleName() == "Pin the panel to this tensor"
    assert "Pin the panel to this tensor" in button.toolTip()
    button.setCheckable(True)
    button.setChecked(True)
    assert {LIGHT.selected.lower(), LIGHT.accent.lower()} <= colors_of(button)


def test_a_combo_box_holds_axes_and_words(shown):
    combo = shown(ComboBox())
    for axis in range(3):
        combo.add_axis(axis)
    seen = []
    combo.currentIndexChanged.connect(seen.append)
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert seen == [1]
    assert combo.currentData() == 1
    assert combo.currentData(AXIS_ROLE) == 1
    assert LIGHT.axis_fill(1).name() in colors_of(combo)
    combo.showPopup()
    assert LIGHT.axis_fill(2).name() in colors_of(combo.view())
    combo.hidePopup()


def test_the_wheel_changes_a_combo_box_only_under_the_keyboard(shown):
    combo = shown(ComboBox())
    combo.addItems(["a", "b", "c"])
    middle = QPointF(combo.rect().center())

    def turn():
        QApplication.sendEvent(combo, QWheelEvent(
            middle, combo.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))  # fmt: skip

    combo.clearFocus()
    turn()
    assert combo.currentIndex() == 0
    combo.setFocus()
    turn()
    assert combo.currentIndex() == 1


def test_a_check_box_switches_by_mouse_on_its_words_and_by_key(shown):
    box = shown(CheckBox("20 seeds"))
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(box.width() - 4, 12))
    assert box.isChecked()
    assert LIGHT.accent.lower() in colors_of(box)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked()


def test_tabs_are_underlined_and_walked_by_keys(shown):
    tabs = shown(TabRow("Loops", "torch", "numpy"))
    seen = []
    tabs.currentChanged.connect(seen.append)
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(2).center())
    tabs.setFocus()
    QTest.keyClick(tabs, Qt.Key.Key_Left)
    assert seen == [2, 1]
    image = tabs.grab().toImage()
    under = [image.pixelColor(x, tabs.height() - 1).name() for x in range(tabs.width())]
    first = under.index(LIGHT.accent.lower())
    assert first == tabs.tabRect(1).left()


def test_a_section_folds_by_click_key_and_call(shown):
    section = shown(Section("Einsum", collapsible=True))
    section.body_layout.addWidget(QLabel("body"))
    QTest.mouseClick(section.title_line, Qt.MouseButton.LeftButton, pos=QPoint(100, 20))
    assert section.is_folded
    assert section.findChild(IconButton).accessibleName() == "Expand Einsum"
    section.set_folded(True)
    assert section.is_folded
    section.set_folded(False)
    assert not section.is_folded
    assert section.title_line.height() == 40


def test_a_menu_says_beforehand_what_each_row_gives(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    menu = ResultMenu(parent=parent)
    flip = menu.add_result("Flip axis 0", Outcome((3, 4), "copy", "copy 48 B"), data="flip")
    off = menu.add_result("Squeeze", Outcome(reason="no axis of size 1"))
    assert flip.text() == "Flip axis 0\t(3, 4)  copy 48 B"
    assert not off.isEnabled()
    assert off.toolTip() == "no axis of size 1"
    chosen = []
    menu.triggered.connect(lambda action: chosen.append(action.data()))
    menu.popup(QPoint(0, 0))
    qtbot.waitUntil(menu.isVisible)
    assert LIGHT.warning_fill.lower() in colors_of(menu)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert chosen == ["flip"]
    menu.close()


def test_a_code_block_is_copied_whole(shown, qapp):
    block = shown(CodeBlock("for i in range(3):\n  x += 0.5"))
    block.setFocus()
    QTest.keyClick(block, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert qapp.clipboard().text() == "for i in range(3):\n  x += 0.5"
    assert block.accessibleName() == block.text()
    assert LIGHT.code_number.lower() in colors_of(block)


def test_a_flow_breaks_where_the_width_asks_for_it(qtbot):
    window = QWidget()
    flow = FlowLayout(window)
    buttons = [Button(f"button number {i}") for i in range(6)]
    for button in buttons:
        flow.addWidget(button)
    qtbot.addWidget(window)
    window.resize(300, 200)
    window.show()
    assert len({button.y() for button in buttons}) == 3
    assert max(button.geometry().right() for button in buttons) < 300
    assert flow.heightForWidth(300) == 3 * 24 + 2 * 8
    assert flow.heightForWidth(5000) == 24
    buttons[0].hide()
    flow.activate()
    assert flow.itemAt(9) is None
    assert flow.takeAt(0).widget() is buttons[0]
