"""A user's hand on the real window: it clicks, drags, scrolls and types, and reads what stands there."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QMenu, QScrollArea, QWidget

from playground.models.evaluation.evaluate import evaluate
from playground.models.program.program import source_code

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
KEY = Qt.Key


def settle(window, qtbot, timeout=30_000):
    """Wait until no panel of a window computes and all that was computed is shown."""
    tasks = [task for link in window.furniture.workspace.links.values() for task in link.tasks()]

    def at_rest():
        if any(task.is_busy for task in tasks):
            return False
        QApplication.processEvents()  # the last answers still wait here, and what they show may ask for more
        return not any(task.is_busy for task in tasks)

    QApplication.processEvents()
    qtbot.waitUntil(at_rest, timeout=timeout)


class Hand:
    """Does to a window what a user would do; every wait is for what the user would wait for."""

    def __init__(self, window, qtbot):
        self.window, self.qtbot = window, qtbot
        self.workspace = window.furniture.workspace
        self.store = self.workspace.store
        self.settle()

    # Looking

    @property
    def state(self):
        return self.store.state

    @property
    def names(self):
        return self.state.program.names

    def panel(self, key):
        return self.workspace.panels[key]

    def find(self, name, kind=QWidget):
        found = [widget for widget in self.window.findChildren(kind, name) if widget.isVisible()]
        assert found, f"{name} is not to be seen"
        return found[0]

    def is_seen(self, name):
        return any(widget.isVisible() for widget in self.window.findChildren(QWidget, name))

    def code(self, name=None):
        return source_code(self.state.program.get(name or self.state.selection).source)

    def tensor(self, name=None):
        return evaluate(self.state.program)[name or self.state.selection].tensor

    def card(self, name):
        """The card of a line; its view is what it shows."""
        return self.panel("tensors").list.card(name)

    def said(self, name):
        """What an assistive tool reads of a part."""
        return self.find(name).accessibleName()

    def settle(self, timeout=30_000):
        settle(self.window, self.qtbot, timeout)

    def until(self, condition, timeout=20_000):
        self.qtbot.waitUntil(condition, timeout=timeout)

    # Doing

    def in_view(self, widget):
        holder = widget.parentWidget()
        while holder is not None:
            if isinstance(holder, QScrollArea):
                holder.ensureWidgetVisible(widget)
            holder = holder.parentWidget()
        QApplication.processEvents()
        return widget

    def click(self, target, place=None, keys=Qt.KeyboardModifier.NoModifier):
        widget = self.in_view(self.find(target) if isinstance(target, str) else target)
        assert widget.isEnabled(), f"{widget.objectName() or widget} cannot be clicked"
        QTest.mouseClick(widget, LEFT, keys, widget.rect().center() if place is None else place)

    def key(self, key, keys=Qt.KeyboardModifier.NoModifier, widget=None):
        QTest.keyClick(widget or QApplication.focusWidget() or self.window, key, keys)

    def write(self, widget, text):
        """Replace what stands in a field."""
        widget = self.find(widget) if isinstance(widget, str) else widget
        widget.setFocus()
        QTest.keyClick(widget, KEY.Key_A, CONTROL)
        for letter in text:
            if letter.isascii():
                QTest.keyClicks(widget, letter)
            else:
                event = QKeyEvent(QEvent.Type.KeyPress, KEY.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)
                QApplication.sendEvent(widget, event)

    def drag(self, widget, start, way, steps=6, release=True):
        QTest.mousePress(widget, LEFT, pos=start)
        for step in range(1, steps + 1):
            QTest.mouseMove(widget, start + way * step / steps)
        if release:
            QTest.mouseRelease(widget, LEFT, pos=start + way)

    def scroll(self, widget, notches):
        """Turn the wheel over the middle of a widget."""
        middle, keys = QPointF(widget.rect().center()), Qt.KeyboardModifier.NoModifier
        place, way = QPointF(widget.mapToGlobal(middle.toPoint())), QPoint(0, 120 if notches > 0 else -120)
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        for _ in range(abs(notches)):
            QApplication.sendEvent(widget, QWheelEvent(middle, place, QPoint(), way, buttons, keys, phase, False))

    def choose(self, button, words):
        """Open the menu of a button and click the row that begins with these words."""
        self.click(button)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu), f"{button} opens no menu"
        rows = [action for action in menu.actions() if action.text().startswith(words)]
        assert rows, f"no {words!r} among {[action.text() for action in menu.actions()]}"
        assert rows[0].isEnabled(), f"{words} cannot be chosen: {rows[0].toolTip()}"
        QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(rows[0]).center())
        self.window.activateWindow()  # a virtual screen forgets it when a menu closes
        QApplication.processEvents()

    def pick(self, combo, value):
        """Choose a row of a box by keyboard, by its words."""
        combo = self.find(combo, QComboBox) if isinstance(combo, str) else combo
        texts = [combo.itemText(row) for row in range(combo.count())]
        assert value in texts, f"no {value!r} among {texts}"
        combo.setFocus()
        QTest.keyClick(combo, KEY.Key_Home)
        for _ in range(texts.index(value)):
            QTest.keyClick(combo, KEY.Key_Down)

    def select(self, name):
        """Click a card."""
        card = self.in_view(self.card(name))
        QTest.mouseClick(card, LEFT, pos=QPoint(card.width() - 40, card.height() - 8))
        self.settle()

    def open_line(self, name):
        """Select a line and begin to edit its code; the field."""
        self.select(name)
        QTest.keyClick(self.panel("tensors").list, KEY.Key_Return)
        return self.find("tensors.code")

    def add_line(self, line):
        """+ Line, and type `name = code`."""
        self.click("tensors.line")
        return self.type_code(line)

    def edit_line(self, name, code):
        self.open_line(name)
        return self.type_code(code)

    def type_code(self, text):
        editor = self.find("tensors.code")
        QTest.keyClick(editor, KEY.Key_A, CONTROL)
        QTest.keyClicks(editor, text)
        if editor.popup is not None and editor.popup.isVisible():
            QTest.keyClick(editor, KEY.Key_Escape)
        QTest.keyClick(editor, KEY.Key_Return)
        self.settle()
        return self.state.selection

    def rename(self, name):
        """Give the selected line another name by F2."""
        QTest.keyClick(self.panel("tensors").list, KEY.Key_F2)
        field = self.find("tensors.name")
        self.write(field, name)
        QTest.keyClick(field, KEY.Key_Return)
        self.settle()

    def cell(self, grid, index):
        """The place of a cell in a grid's viewport."""
        for y in range(2, grid.viewport().height(), 5):
            for x in range(2, grid.viewport().width(), 9):
                if grid.index_at(QPointF(x, y)) == index:
                    return QPoint(x + 3, y + 3)
        raise AssertionError(f"{index} is not to be seen in {grid.accessibleName()}")

    def point(self, grid, index):
        """Come from outside and move the pointer over a cell, again if it was not met: it may have moved meanwhile."""
        grid = self.find(grid) if isinstance(grid, str) else grid
        said = []
        grid.pointed.connect(said.append)

        def arrived():
            place = self.cell(grid, index)
            QApplication.sendEvent(grid.viewport(), QEvent(QEvent.Type.Leave))
            QTest.mouseMove(grid.viewport(), place - QPoint(1, 1))
            QTest.mouseMove(grid.viewport(), place)
            return said[-1:] == [index]

        self.until(arrived)
        grid.pointed.disconnect(said.append)
        QApplication.processEvents()

    def undo(self):
        self.key(KEY.Key_Z, CONTROL, self.window)
        self.settle()

    def tab(self, key):
        """Bring a panel of the Tensors page to the front."""
        self.window.furniture.pages[0].open_tab(key)
        self.settle()


class NetworkHand(Hand):
    """The hand on the Network page, with one seed instead of a band of twenty."""

    def __init__(self, window, qtbot):
        super().__init__(window, qtbot)
        self.key(KEY.Key_2, CONTROL, window)
        self.click("network.band")
        self.settle()

    @property
    def spec(self):
        return self.state.network.spec

    @property
    def page(self):
        """What the plots show."""
        return self.panel("network").views.page

    @property
    def rms(self):
        """The rms of each layer's activations, as the plots show it."""
        return np.array(self.page.network.tables["activation"].rms)

    @property
    def verdict(self):
        return self.said("network.verdict")

    @property
    def train(self):
        return self.panel("network").train

    def settle(self, timeout=60_000):
        super().settle(timeout)

    def type_number(self, field, number):
        """Type a number into one of the controls."""
        self.type_into(self.in_view(self.find(f"network.{field}")), number)

    def type_into(self, box, number):
        line = box.findChild(QLineEdit)
        self.write(line, str(number))
        self.key(KEY.Key_Return, widget=line)
        self.settle()

    def set_training(self, box, number):
        """Set a number in the window of the training's settings."""
        self.click("network.train.choices")
        self.type_into(box, number)
        self.train.settings_window.hide()

    def begin_training(self):
        """Start the training, and agree where it is asked for first, since this machine may be slow now."""
        before = self.train.reached
        self.click("network.train.start")
        self.until(lambda: self.train.reached > before or self.train.banner.isVisible(), timeout=60_000)
        if self.train.banner.isVisible():
            self.click("network.train.start")
        self.until(lambda: self.train.reached > before + 2, timeout=60_000)

    def choose_field(self, field, words):
        """Choose a row of one of the boxes of the controls."""
        self.pick(self.in_view(self.find(f"network.{field}", QComboBox)), words)
        self.settle()

    def opened(self, name):
        """A window of the page that is open."""
        return next(widget for widget in self.window.findChildren(QWidget, name) if widget.isVisible())
