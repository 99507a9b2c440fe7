"""A plot under the hand: wheel, drag, double click, legend, menu, and what its items hold then."""

import random

import numpy as np
import pytest
from plot_hand import LEFT, RIGHT, any_mouse, drag, place, wheel
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from playground.app.theme import install_theme
from playground.models.formatting import digits
from playground.widgets.look import DARK, LIGHT
from playground.widgets.plot.areas import Band, Healthy
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve, in_coordinates
from playground.widgets.plot.plot import HeatMap, Plot

LAYERS = np.arange(1, 51)
X, Y = AxisRange(0.5, 50.5), AxisRange(-10, 2, logarithmic=True)


@pytest.fixture
def plot(shown):
    plot = Plot("Spread", x_name="layer")
    plot.canvas.axes["bottom"].whole = True
    plot.set_ranges(X, Y)
    plot.add(Curve("rms", axis=1)).set_data(LAYERS, np.full(50, 1e-4))
    plot.add(Curve("std", axis=4)).set_data(LAYERS, np.full(50, 1e-6))
    plot.refresh()
    shown(plot, 500, 200)
    plot.canvas.settle()
    return plot


def ranges(plot):
    return plot.canvas.view.viewRange()


def test_the_wheel_zooms_at_the_pointer(plot):
    at = place(plot, 12, -4)
    before = plot.canvas.view.mapSceneToView(QPointF(at))
    wheel(plot, at)
    after = plot.canvas.view.mapSceneToView(QPointF(at))
    (left, right), (low, high) = ranges(plot)
    assert right - left < 49
    assert high - low < 11.9
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.1)
    assert plot.canvas.back.isVisible()


@pytest.mark.parametrize("axis", [0, 1])
def test_over_an_axis_the_wheel_zooms_that_axis_only(plot, axis):
    field = plot.canvas.field()
    at = QPointF(field.center().x(), field.bottom() + 10) if axis == 0 else QPointF(20, field.center().y())
    before = [list(ends) for ends in ranges(plot)]
    wheel(plot, at.toPoint())
    now = ranges(plot)
    assert now[axis][1] - now[axis][0] < before[axis][1] - before[axis][0]
    assert now[1 - axis] == pytest.approx(before[1 - axis])


def test_a_drag_pans_and_a_double_click_shows_all_again(plot):
    drag(plot, place(plot, 20, -4), place(plot, 30, -6))
    (left, _), (low, _) = ranges(plot)
    assert left == pytest.approx(-9.5, abs=0.4)
    assert low == pytest.approx(-8, abs=0.3)
    QTest.mouseDClick(plot.canvas.viewport(), LEFT, pos=place(plot, 20, -4))
    assert ranges(plot) == [pytest.approx([0.5, 50.5]), pytest.approx([-10, 2])]
    assert not plot.canvas.back.isVisible()


@pytest.mark.parametrize(
    ("button", "keys"), [(RIGHT, Qt.KeyboardModifier.NoModifier), (LEFT, Qt.KeyboardModifier.ShiftModifier)]
)
def test_a_rectangle_zooms_into_it(plot, button, keys):
    drag(plot, place(plot, 8, -2), place(plot, 16, -6), button=button, keys=keys)
    (left, right), (low, high) = ranges(plot)
    assert (left, right) == pytest.approx((8, 16), abs=0.2)
    assert (low, high) == pytest.approx((-6, -2), abs=0.2)
    assert plot.findChild(QMenu, "plot_menu") is None
    labels = [text for _, text in plot.canvas.axes["bottom"].labels(left, right, 400)]
    assert labels == [str(int(text)) for text in labels]
    QTest.keyClick(plot.canvas, Qt.Key.Key_A)
    assert not plot.canvas.view.is_zoomed()


def test_a_plot_that_was_not_zoomed_follows_and_a_zoomed_one_stays(plot):
    plot.set_ranges(X, AxisRange(-12, 2, logarithmic=True))
    assert ranges(plot)[1] == pytest.approx([-12, 2])
    wheel(plot, place(plot, 12, -4))
    held = [list(ends) for ends in ranges(plot)]
    plot.set_ranges(AxisRange(0.5, 60.5), AxisRange(-14, 2, logarithmic=True))
    assert ranges(plot) == held
    plot.canvas.back.click()
    assert ranges(plot) == [pytest.approx([0.5, 60.5]), pytest.approx([-14, 2])]


def test_no_zoom_leads_so_far_that_nothing_is_found_again(plot):
    for notches in (400, -800):
        for _ in range(80):
            wheel(plot, place(plot, *plot.canvas.view.viewRect().center().toTuple()), notches // 80)
        (left, right), (low, high) = ranges(plot)
        assert 0.04 < right - left < 160
        assert 0.01 < high - low < 40
        plot.grab()


def test_linked_plots_move_together_along_x_only(shown, plot):
    other = Plot("Gradients", x_name="layer")
    other.canvas.view.setXLink(plot.canvas.view)
    other.set_ranges(X, Y)
    shown(other, 300, 200)
    wheel(plot, place(plot, 12, -4))
    assert ranges(other)[0] == pytest.approx(ranges(plot)[0])
    assert ranges(other)[1] == pytest.approx([-10, 2])
    assert other.canvas.back.isVisible()
    other.canvas.view_all()
    assert ranges(plot)[0] == pytest.approx([0.5, 50.5])


def test_a_click_tells_the_layer_and_a_drag_does_not(plot):
    pressed = []
    plot.pressed.connect(pressed.append)
    QTest.mouseClick(plot.canvas.viewport(), LEFT, pos=place(plot, 18, -5))
    assert pressed == [18.0]
    drag(plot, place(plot, 20, -4), place(plot, 30, -6))
    assert pressed == [18.0]


def test_the_pointer_tells_the_layer_and_the_value(plot):
    seen = []
    plot.pointed.connect(seen.append)
    QTest.mouseMove(plot.canvas.viewport(), place(plot, 17, -4.1))
    QTest.mouseMove(plot.canvas.viewport(), place(plot, 18, -4.1))
    assert seen[-1] == 18.0
    assert plot.canvas.readout_item.isVisible()
    assert plot.canvas.readout_item.toPlainText() == "layer 18  rms 1.00e-4"
    plot.canvas.entries[0].set_data(LAYERS, np.full(50, 2e-4))
    plot.refresh()
    assert plot.canvas.readout_item.toPlainText() == "layer 18  rms 2.00e-4", "what holds now, under a hand that rests"
    plot.set_hidden(frozenset({"Spread: rms"}))
    assert plot.canvas.readout_item.toPlainText() == "layer 18  std 1.00e-6"
    plot.set_hidden(frozenset({"Spread: rms", "Spread: std"}))
    assert not plot.canvas.readout_item.isVisible()
    plot.set_hidden(frozenset())
    assert plot.canvas.readout_item.isVisible()
    QApplication.sendEvent(plot.canvas, QEvent(QEvent.Type.Leave))
    assert seen[-1] is None
    assert not plot.canvas.readout_item.isVisible()


@pytest.mark.parametrize("layer", range(2, 50, 6))
def test_what_is_written_into_the_field_covers_no_curve(plot, layer):
    falling = np.linspace(1.5, -9.5, 50)
    plot.canvas.entries[0].set_data(LAYERS, 10.0**falling)
    plot.canvas.entries[1].set_data(LAYERS, 10.0 ** (falling - 0.5))
    QTest.mouseMove(plot.canvas.viewport(), place(plot, layer, falling[layer - 1] + 0.3))
    assert plot.canvas.readout_item.isVisible()
    view, text = plot.canvas.view, plot.canvas.readout_item
    written = view.mapRectFromItem(text, text.boundingRect())
    for x in np.linspace(1, 50, 400):
        for down in (0, 0.5):
            y = np.interp(x, LAYERS, falling) - down
            on = view.mapFromScene(QPointF(plot.canvas.x_to_pixel(x), plot.canvas.y_to_pixel(y)))
            assert not written.contains(on)


def test_the_value_is_not_written_below_view_all(plot):
    plot.canvas.view.setRange(xRange=(10, 45), padding=0)
    back = plot.canvas.back
    at = back.geometry().center() + QPoint(-back.width(), back.height())
    for curve in plot.canvas.entries:
        curve.set_data(LAYERS, np.full(50, 10.0 ** plot.canvas.view.mapSceneToView(QPointF(at)).y()))
    QTest.mouseMove(plot.canvas.viewport(), at)
    text = plot.canvas.readout_item
    assert text.isVisible()
    assert not text.mapRectToScene(text.boundingRect()).intersects(QRectF(back.geometry()))


def test_view_all_stands_where_no_curve_runs(plot):
    plot.canvas.entries[0].set_data(LAYERS, np.geomspace(1e-9, 10.0, 50))
    plot.canvas.view.setRange(xRange=(10, 45), padding=0)
    back, view = plot.canvas.back.geometry(), plot.canvas.view
    assert plot.canvas.back.isVisible()
    assert view.sceneBoundingRect().contains(QRectF(back))
    assert not QRectF(back).contains(QPointF(plot.canvas.x_to_pixel(44), plot.canvas.y_to_pixel(0.55)))
    assert back.center().x() < plot.canvas.width() / 2, "the curve ends in the upper right corner"


def test_a_wheel_over_a_plot_without_data_zooms_nothing(shown):
    plot = Plot("Spread", x_name="layer")
    shown(plot, 500, 200)
    wheel(plot, QPoint(250, 100), 2)
    plot.set_ranges(X, Y)
    assert ranges(plot) == [[0.5, 50.5], [-10, 2]]
    assert plot.canvas.back.isHidden()
    wheel(plot, QPoint(250, 100), 2)
    zoomed = ranges(plot)
    plot.set_ranges(AxisRange(0.5, 60.5), Y)
    assert ranges(plot) == zoomed


def test_after_the_wheel_a_shows_all_again(plot):
    plot.canvas.clearFocus()
    at = place(plot, 12, -4)
    wheel(plot, at)
    assert plot.canvas.back.isVisible()
    QTest.keyClick(plot.window().focusWidget(), Qt.Key.Key_A)
    assert plot.canvas.back.isHidden()


def test_a_note_about_the_range_is_gone_while_another_is_shown(plot):
    plot.set_note("2 below")
    for of_range in (False, True):
        plot.canvas.note_is_of_range = of_range
        wheel(plot, place(plot, 12, -4))
        assert plot.canvas.note_item.isVisible() is not of_range
        plot.canvas.view_all()
        assert plot.canvas.note_item.isVisible()


def test_the_keyboard_walks_the_layers(plot):
    seen, pressed = [], []
    plot.set_ranges(AxisRange(1, 50), Y)
    plot.pointed.connect(seen.append)
    plot.pointed.connect(plot.set_crosshair)
    plot.pressed.connect(pressed.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home):
        QTest.keyClick(plot.canvas, key)
    assert seen == [1, 2, 50, 50, 49, 1]
    QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert pressed == [1.0]


def test_a_click_in_the_legend_asks_to_hide_a_curve(plot):
    asked = []
    plot.toggled.connect(asked.append)
    item = next(item for item in plot.legend.plan(plot.legend.width()).placed if item.text == "std")
    QTest.mouseClick(plot.legend, LEFT, pos=item.box().center().toPoint())
    assert asked == ["Spread: std"]
    plot.set_hidden(frozenset(asked))
    std = plot.canvas.entries[1]
    assert not std.isVisible()
    assert [entry.name for entry in plot.legend.listed()] == ["rms", "std"]
    assert list(plot.plot_columns()) == ["layer", "rms"]
    std.set_data(LAYERS, np.ones(50))
    assert not std.isVisible()
    plot.set_hidden(frozenset())
    assert std.isVisible()


def test_the_menu_shows_all_hides_curves_and_draws_no_grid(plot):
    asked = []
    plot.toggled.connect(asked.append)
    wheel(plot, place(plot, 12, -4))
    menu = plot.menu()
    actions = {action.text(): action for action in menu.actions()}
    actions["View all\tA"].trigger()
    assert not plot.canvas.view.is_zoomed()
    curves = actions["Show"].menu().actions()
    assert [(one.text(), one.isChecked()) for one in curves] == [("rms", True), ("std", True)]
    curves[1].trigger()
    assert asked == ["Spread: std"]
    actions["Grid"].trigger()
    assert plot.canvas.axes["left"].grid is False
    menu.close()


def test_the_right_button_and_the_menu_key_open_the_menu(plot, qtbot):
    QTest.mouseClick(plot.canvas.viewport(), RIGHT, pos=place(plot, 12, -4))
    qtbot.waitUntil(lambda: plot.findChild(QMenu, "plot_menu") is not None)
    plot.findChild(QMenu, "plot_menu").close()
    qtbot.waitUntil(lambda: plot.findChild(QMenu, "plot_menu") is None)
    keyboard = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(plot, QContextMenuEvent(keyboard, QPoint(9, 9), plot.mapToGlobal(QPoint(9, 9))))
    plot.findChild(QMenu, "plot_menu").close()


def test_a_logarithmic_axis_becomes_linear_and_back(plot):
    plot.set_flipped(True)
    assert not plot.canvas.y_range.logarithmic
    assert ranges(plot)[1] == pytest.approx([0, 1.05e-4])
    assert not plot.canvas.entries[0].logarithmic
    plot.set_flipped(False)
    assert ranges(plot)[1] == pytest.approx([-10, 2])


def test_band_and_healthy_values_hold_what_they_are_given(plot):
    band = plot.add(Band("20 seeds", axis=1))
    low = np.full(50, 1e-5)
    low[20] = np.nan
    band.set_data(LAYERS, low, np.full(50, 1e-3))
    bounds = band.path().boundingRect()
    assert (bounds.top(), bounds.bottom(), bounds.left(), bounds.right()) == pytest.approx((-5, -3, 1, 50))
    band.set_data([], [], [])
    assert not band.isVisible()
    plot.set_healthy(0.5, 2, "0.5 to 2")
    healthy = next(entry for entry in plot.canvas.entries if isinstance(entry, Healthy))
    assert healthy.getRegion() == pytest.approx((np.log10(0.5), np.log10(2)))


def test_an_image_holds_the_logarithm_of_the_counts(shown):
    heat = HeatMap("Distributions", x_name="layer")
    heat.set_ranges(AxisRange(0.5, 4.5), AxisRange(-2, 1, logarithmic=True))
    counts = np.array([[100, 0, 0, 1], [10, 0, 0, 0], [0, 0, 0, 100]])
    heat.set_counts(counts, 1, -2, 1)
    shown(heat, 400, 200)
    image = heat.image
    assert image.image[0].tolist() == pytest.approx([1, 0, 0, 0.12])
    assert image.image[1, 0] == pytest.approx(0.12 + 0.88 / 2)
    assert list(image.levels) == [0.0, 1.0]
    assert image.mapRectToParent(image.boundingRect()).getRect() == pytest.approx((0.5, -2, 4, 3))
    assert heat.readout(1.2, -1.5) == f"layer 1  {digits(0.01)} to {digits(0.1)}  count 100"
    assert heat.grab().toImage().pixelColor(60, 180).isValid()


def test_colours_follow_the_look(plot, qapp):
    install_theme(qapp, dark=True)
    assert plot.canvas.backgroundBrush().color().name() == DARK.panel.lower()
    assert plot.canvas.axes["left"].textPen().color().name() == DARK.text2.lower()
    assert plot.canvas.entries[0].color.name() == DARK.axis_line(1).name()
    install_theme(qapp, dark=False)
    assert plot.canvas.backgroundBrush().color().name() == LIGHT.panel.lower()


def test_coordinates():
    assert np.isnan(in_coordinates([0, -1, np.nan, np.inf], True)).all()
    assert in_coordinates([1, 1e-4], True).tolist() == [0, -4]


def test_any_mouse_leaves_a_plot_whole(plot):
    """Presses, moves, wheels, double clicks, clicks in the legend and menus wherever a hand may get."""
    any_mouse(plot, random.Random(0), 300)
    assert np.isfinite(ranges(plot)).all()
    plot.canvas.view_all()
    assert ranges(plot) == [pytest.approx([0.5, 50.5]), pytest.approx([-10, 2])]


def test_another_range_is_painted_once(plot, qtbot):
    class Paints(QObject):
        """Counts how often a plot is painted."""

        count = 0

        def eventFilter(self, _watched, event):
            self.count += event.type() == QEvent.Type.Paint
            return False

    paints = Paints()
    plot.canvas.viewport().installEventFilter(paints)
    for low in (-11, -12, -13):
        qtbot.wait(50)
        before = paints.count
        plot.set_ranges(X, AxisRange(low, 2, logarithmic=True))
        plot.refresh()
        qtbot.waitUntil(lambda before=before: paints.count > before)
        qtbot.wait(50)
        assert paints.count == before + 1
