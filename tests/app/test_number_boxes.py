"""A number can be typed into any number box, digit by digit, whatever is being computed meanwhile."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.widgets.controls.number_box import NumberBox

FOLLOWED = "T = torch.arange(10368.).reshape(36, 12, 24)"
"""A tensor whose axes have two digits each, so that more than one digit can be typed everywhere."""


@pytest.fixture
def furnished(hand):
    """The window with all that has number boxes opened."""
    hand.panel("tensors").paste(f"{FOLLOWED}\nM = torch.ones(30, 12, 24)")
    hand.select("T")
    return hand


def key(box):
    return box.objectName() or box.accessibleName() or box.toolTip()


def boxes(hand):
    """Each box that can be typed into, by its name."""
    return {
        key(box): box
        for window in QApplication.topLevelWidgets()
        if window.isVisible()
        for box in window.findChildren(NumberBox)
        if box.isVisible() and box.isEnabled() and not box.isReadOnly()
    }


def typed_number(box):
    """A legal number other than the present one, of as many digits as the box takes."""
    least, most = box._minimum, box._maximum
    low = 0 if least is None else least
    high = 10**6 if most is None else most
    digits = "1.75" if box._decimals is not None else "31"
    fitting = [digits[:length] for length in range(1, len(digits) + 1)]
    fitting += [str(number) for number in (25, 12, 11, 3, 2, 1, 0)] + ["0.25"] * (box._decimals is not None)
    legal = [text for text in fitting if low <= float(text) <= high and float(text) != box.value]
    return max(legal, key=len, default="")


def type_each_digit(hand, name, settles):
    box = boxes(hand)[name]
    text = typed_number(box)
    if not text:
        return
    hand.in_view(box)
    if box.window().windowType() != Qt.WindowType.Popup:
        box.window().activateWindow()
        hand.until(box.window().isActiveWindow)
    box.setFocus()
    hand.until(box.hasFocus)
    box.selectAll()
    for place, digit in enumerate(text, start=1):
        QTest.keyClicks(box, digit)
        if settles:
            hand.settle()
        assert box.hasFocus(), f"{name} lost the keyboard at {text[:place]}"
        assert box.text() == text[:place], f"{name}: {box.text()!r} stands there after {text[:place]!r} was typed"
        assert box.lineEdit().cursorPosition() == place, f"{name}: the caret moved at {text[:place]!r}"
    QTest.keyClick(box, Qt.Key.Key_Return)
    hand.settle()
    assert box.value == float(text), f"{name} shows {box.value} and not {text}"
    assert float(box.text()) == float(text)


def type_everywhere(hand, settles, least):
    names = list(boxes(hand))
    assert len(names) >= least, names
    for name in names:
        if name in boxes(hand):
            type_each_digit(hand, name, settles)


@pytest.mark.parametrize("settles", [True, False], ids=["slow", "fast"])
def test_each_number_box_beside_the_tensors_can_be_typed_into(furnished, settles):
    hand = furnished
    hand.find("memory.strided").set_folded(False)
    hand.workspace.commands.memory_limit()
    type_everywhere(hand, settles, 8)


@pytest.mark.parametrize("settles", [True, False], ids=["slow", "fast"])
def test_each_number_box_of_the_network_page_and_its_windows_can_be_typed_into(network, settles):
    network.type_number("width", 16)
    network.type_number("batch", 32)
    network.panel("network").windows.open_details()
    network.settle()
    type_everywhere(network, settles, 8)


def test_each_number_box_of_the_training_can_be_typed_into(network):
    network.click("network.train.choices")
    names = [name for name, box in boxes(network).items() if box.window().windowType() == Qt.WindowType.Popup]
    assert len(names) >= 2
    for name in names:
        type_each_digit(network, name, True)
