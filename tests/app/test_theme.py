import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontInfo, QFontMetricsF, QPalette
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from playground.app.theme import install_theme, register_fonts
from playground.models.resources import resource_path
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.focus_ring import RING
from playground.widgets.controls.tabs import TabRow
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import DARK, LIGHT, code_font, icon, look, words_font

SOURCES = Path(__file__).parents[2] / "playground"
ICONS = sorted(path.stem for path in resource_path("icons").glob("*.svg"))


@pytest.fixture
def theme(qapp):
    return install_theme(qapp, dark=False)


def test_both_families_come_with_the_app(qapp):
    assert {"Inter", "JetBrains Mono"} <= set(register_fonts())
    assert QFontInfo(words_font()).family() == "Inter"
    assert QFontInfo(code_font()).family() == "JetBrains Mono"


def test_each_font_has_its_license_beside_it():
    for family in {path.name.split("-")[0] for path in resource_path("fonts").glob("*.[ot]tf")}:
        assert "SIL OPEN FONT LICENSE" in resource_path("fonts", f"LICENSE-{family}.txt").read_text()
    assert "ISC" in resource_path("icons", "LICENSE").read_text()


def test_digits_are_of_one_width_and_code_has_no_ligatures(qapp):
    for font in (words_font(), code_font()):
        assert len({QFontMetricsF(font).horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1
    assert QFontMetricsF(code_font()).horizontalAdvance("->") == 2 * QFontMetricsF(code_font()).horizontalAdvance("-")


def test_the_choice_wins_over_the_system(qapp, theme):
    theme.choose(True)
    assert look() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Base) == DARK.color("panel")
    theme.choose(False)
    assert look() is LIGHT
    theme.choose(None)
    assert theme.dark == (qapp.styleHints().colorScheme() == Qt.ColorScheme.Dark)
    assert install_theme(qapp, dark=False) is theme


def test_tooltips_are_plain_text_and_follow_the_look(qtbot, theme):
    label = QLabel()
    qtbot.addWidget(label)
    set_tooltip(label, "<b>x</b> & y", "a  b")
    assert "&lt;b&gt;x&lt;/b&gt; &amp; y" in label.toolTip()
    assert LIGHT.tooltip_text2 in label.toolTip()
    assert label.accessibleName() == "<b>x</b> & y"
    theme.choose(True)
    assert DARK.tooltip_text2 in label.toolTip()
    assert LIGHT.tooltip_text2 not in label.toolTip()


@pytest.mark.parametrize("name", ICONS)
def test_each_icon_paints_in_the_colour_asked_for(qapp, theme, name):
    image = icon(name, "error").pixmap(QSize(16, 16), 2.0).toImage()
    assert (image.width(), image.height()) == (32, 32)
    painted = {
        image.pixelColor(x, y).name() for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() == 255
    }
    assert painted == {LIGHT.error.lower()}


def test_icons_named_in_the_source_are_those_that_are_shipped():
    source = "\n".join(path.read_text() for path in SOURCES.rglob("*.py"))
    named = set(re.findall(r"(?:\bicon|IconButton|icon_name=|icon_name\()\(?\s*\"([a-z0-9-]+)\"", source))
    words = set(re.findall(r"\"([a-z0-9]+(?:-[a-z0-9]+)*)\"", source))
    assert named <= set(ICONS)
    assert set(ICONS) <= words, "icons that nothing names"


class TestFocusRing:
    @pytest.fixture
    def window(self, qtbot):
        window = QWidget()
        column = QVBoxLayout(window)
        window.field, window.button = QLineEdit(), QPushButton("go")
        column.addWidget(window.field)
        column.addWidget(window.button)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    @staticmethod
    def ring(window):
        shown = [child for child in window.findChildren(QWidget, "focus_ring") if child.isVisible()]
        return shown[0].geometry() if shown else None

    def test_it_lies_just_outside_the_field(self, window, qtbot):
        window.field.setFocus()
        assert self.ring(window) == window.field.geometry().adjusted(-RING, -RING, RING, RING)

    def test_it_follows_the_keyboard_and_the_layout(self, window, qtbot):
        window.field.setFocus()
        qtbot.keyClick(window.field, Qt.Key.Key_Tab)
        qtbot.waitUntil(lambda: self.ring(window) == window.button.geometry().adjusted(-RING, -RING, RING, RING))
        window.resize(400, 300)
        qtbot.waitUntil(
            lambda: self.ring(window) == window.button.geometry().adjusted(-RING, -RING, RING, RING), timeout=20_000
        )

    def test_a_click_on_a_button_draws_no_ring(self, window, qtbot):
        qtbot.mouseClick(window.button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(window.button.hasFocus)
        assert self.ring(window) is None

    def test_a_list_that_pops_up_has_none(self, window, qtbot):
        combo = ComboBox()
        combo.addItems(["a", "b"])
        window.layout().addWidget(combo)
        combo.showPopup()
        assert self.ring(combo.view().window()) is None
        combo.hidePopup()

    def test_it_leaves_room_around_the_words_of_tabs(self, window, qtbot):
        tabs = TabRow("Theory", "Measured")
        window.layout().addWidget(tabs)
        qtbot.waitUntil(lambda: tabs.isVisible() and tabs.height() == 24)
        tabs.setFocus()

        def has_room():
            ring, words = self.ring(window), tabs.geometry().adjusted(0, 0, -20, 0)  # so many pixels follow each word
            return ring is not None and ring.left() < words.left() - RING and words.right() + RING < ring.right()

        qtbot.waitUntil(has_room)
        assert self.ring(window).right() < tabs.geometry().right()

    def test_it_goes_when_the_widget_hides(self, window, qtbot):
        window.field.setFocus()
        window.field.hide()
        assert self.ring(window) is None or self.ring(window) != window.field.geometry()
