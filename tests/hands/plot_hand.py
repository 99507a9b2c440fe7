"""A hand on a plot: it points, clicks, drags and turns the wheel over the field, as the mouse of a user does."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_NO_KEYS = Qt.KeyboardModifier.NoModifier


def place(plot, x, y=None):
    """Where a point of the data lies in the viewport; without y at half the height of the field."""
    canvas = plot.canvas
    high = canvas.field().center().y() if y is None else canvas.y_to_pixel(y)
    return QPoint(round(canvas.x_to_pixel(x)), round(high))


def point(plot, at):
    """Move the pointer to a place, from beside it."""
    QTest.mouseMove(plot.canvas.viewport(), at + QPoint(3, 0))
    QTest.mouseMove(plot.canvas.viewport(), at)


def click(plot, at, button=LEFT):
    QTest.mouseClick(plot.canvas.viewport(), button, pos=at)


def wheel(plot, at, notches=1):
    view = plot.canvas.viewport()
    there, way = QPointF(view.mapToGlobal(at)), QPoint(0, 120 * notches)
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(view, QWheelEvent(QPointF(at), there, QPoint(), way, none, _NO_KEYS, phase, False))


def drag(plot, start, *way, button=LEFT, keys=_NO_KEYS, release=True):
    """Press at `start` and move to each place of `way`, in small steps at the beginning of each."""
    view, at = plot.canvas.viewport(), start
    QTest.mouseMove(view, start)
    QTest.mousePress(view, button, keys, start)
    for end in way:
        for step in (0.3, 0.6, 1.0):
            to = QPointF(at + (end - at) * step)
            there = QPointF(view.mapToGlobal(to.toPoint()))
            QApplication.sendEvent(view, QMouseEvent(QEvent.Type.MouseMove, to, there, button, button, keys))
        at = end
    if release:
        QTest.mouseRelease(view, button, keys, at)


def labels(plot, side="left"):
    """What is written at an axis."""
    axis = plot.canvas.axes[side]
    return [text for _, text in axis.labels(*axis.range, axis.width() if axis.across else axis.height())]


BUTTONS = (LEFT, RIGHT, Qt.MouseButton.MiddleButton)


def any_mouse(plot, chance, events):
    """So many things that a hand may do with the mouse, chosen by chance; at the end it holds no button."""
    view = plot.canvas.viewport()
    for _ in range(events):
        at = QPoint(chance.randrange(-20, view.width() + 20), chance.randrange(-20, view.height() + 20))
        button = chance.choice(BUTTONS)
        act = chance.choice(("move", "press", "release", "double", "wheel", "drag", "legend", "menu"))
        if act == "move":
            QTest.mouseMove(view, at)
        elif act == "press":
            QTest.mousePress(view, button, pos=at)
        elif act == "release":
            QTest.mouseRelease(view, button, pos=at)
        elif act == "double":
            QTest.mouseDClick(view, button, pos=at)
        elif act == "wheel":
            wheel(plot, at, chance.choice((-5, -1, 1, 5)))
        elif act == "drag":
            way = QPoint(chance.randrange(-99, 99), chance.randrange(-99, 99))
            keys = chance.choice((_NO_KEYS, Qt.KeyboardModifier.ShiftModifier))
            drag(plot, at, at + way, button=button, keys=keys)
        elif act == "legend":
            for item in plot.legend.plan(plot.legend.width()).placed:
                QTest.mouseClick(plot.legend, button, pos=item.box().center().toPoint())
        else:
            _let_go(view)  # with a button held down, Qt keeps a window of its own for the menu
            click(plot, at, RIGHT)
        for menu in plot.findChildren(QMenu, "plot_menu"):
            if menu.isVisible():
                QTest.keyClick(menu, Qt.Key.Key_Escape)
    _let_go(view)


def _let_go(view):
    for button in BUTTONS:
        QTest.mouseRelease(view, button)
