import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from playground.theme import install_theme
from playground.widgets.common.heat import count_colors
from playground.widgets.common.look import DARK, LIGHT, look
from playground.widgets.common.plot_items import in_coordinates
from playground.widgets.common.plot_lines import line_pen
from playground.widgets.common.plots import AxisRange, Band, Bars, Curve, HeatMap, Plot

LAYERS = np.arange(1, 51)


@pytest.fixture
def plot(shown):
    plot = Plot("Spread", x_name="layer")
    plot.set_ranges(AxisRange(1, 50), AxisRange(-10, 2, logarithmic=True))
    return shown(plot, 500, 200)


def colors_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def pixel(widget, x, y):
    return widget.grab().toImage().pixelColor(round(x), round(y)).name()


def test_a_curve_lies_where_its_numbers_say(plot):
    curve = plot.add(Curve("rms", axis=1))
    curve.set_data(LAYERS, np.full(50, 1e-4))
    canvas = plot.canvas
    y = canvas.y_to_pixel(-4)
    painted = {pixel(canvas, canvas.x_to_pixel(25), y + shift) for shift in (-1, 0)}
    assert LIGHT.axis_line(1).name() in painted
    assert LIGHT.axis_line(1).name() not in {pixel(canvas, canvas.x_to_pixel(25), y + shift) for shift in (-6, 6)}


def test_gaps_where_there_is_no_number(plot):
    curve = plot.add(Curve("rms", axis=1))
    values = np.full(50, 1e-4)
    values[20:30] = [0, -1, np.nan, np.inf, -np.inf, 0, 0, 0, 0, 0]
    curve.set_data(LAYERS, values)
    canvas, y = plot.canvas, plot.canvas.y_to_pixel(-4)
    for layer, drawn in ((15, True), (26, False), (40, True)):
        column = {pixel(canvas, canvas.x_to_pixel(layer), y + shift) for shift in (-1, 0)}
        assert (LIGHT.axis_line(1).name() in column) is drawn


def test_the_range_stays_whatever_the_data_do(plot):
    curve = plot.add(Curve("rms", axis=1))
    for factor in (1, 1e200, 1e-200):
        curve.set_data(LAYERS * factor, np.full(50, factor))
        plot.grab()
        field, canvas = plot.canvas.field(), plot.canvas
        assert (canvas.x_to_pixel(1), canvas.x_to_pixel(50)) == (field.left(), field.right())
        assert (canvas.y_to_pixel(-10), canvas.y_to_pixel(2)) == (field.bottom(), field.top())


def test_all_colours_follow_the_look_at_once(plot, qapp):
    plot.add(Curve("rms", axis=0)).set_data(LAYERS, np.full(50, 1e-4))
    plot.add(Curve("theory", "theory")).set_data(LAYERS, np.full(50, 1e-6))
    plot.refresh()
    assert {LIGHT.axis_line(0).name(), LIGHT.panel.lower()} <= colors_of(plot)
    install_theme(qapp, dark=True)
    dark = colors_of(plot)
    assert {DARK.axis_line(0).name(), DARK.panel.lower(), DARK.hairline.lower()} <= dark
    assert LIGHT.panel.lower() not in dark


def test_grid_lines_lie_at_the_labelled_ticks_only(plot):
    canvas = plot.canvas
    image = canvas.grab().toImage()
    x = round(canvas.field().center().x())
    lines = [y for y in range(image.height()) if image.pixelColor(x, y).name() == LIGHT.hairline.lower()]
    expected = [round(canvas.y_to_pixel(coordinate)) for coordinate, _ in canvas.y_ticks()]
    bottom = round(canvas.field().bottom())
    assert lines == sorted(y for y in expected if y != bottom)


def test_bands_and_bars(plot):
    band = plot.add(Band("20 seeds", axis=1))
    band.set_data(LAYERS, np.full(50, 1e-5), np.full(50, 1e-3))
    inside = pixel(plot.canvas, plot.canvas.x_to_pixel(25), plot.canvas.y_to_pixel(-4.5))
    assert inside not in (LIGHT.panel.lower(), LIGHT.axis_line(1).name())
    band.set_data([], [], [])
    assert not band.is_shown
    bars = plot.add(Bars("count", axis=4, sideways=True))
    plot.set_ranges(AxisRange(0, 100), AxisRange(-10, 2, logarithmic=True))
    bars.set_data([-4, -3, -2], [50, 0])
    assert pixel(plot.canvas, plot.canvas.x_to_pixel(25), plot.canvas.y_to_pixel(-3.4)) == LIGHT.axis_line(4).name()
    assert pixel(plot.canvas, plot.canvas.x_to_pixel(75), plot.canvas.y_to_pixel(-3.4)) == LIGHT.panel.lower()


def test_the_healthy_band_is_tinted_and_named(plot):
    plot.set_healthy(0.5, 2, "0.5 to 2")
    assert pixel(plot.canvas, plot.canvas.x_to_pixel(25), plot.canvas.y_to_pixel(0.15)) == LIGHT.healthy.lower()
    assert LIGHT.healthy.lower() in colors_of(plot.legend)


def test_the_legend_shows_what_is_shown(plot):
    plot.add(Curve("rms", axis=1)).set_data(LAYERS, LAYERS)
    pinned = plot.add(Curve("pinned: He", "pinned"))
    plot.refresh()
    assert plot.legend.accessibleName() == "Spread, rms"
    pinned.set_data(LAYERS, LAYERS)
    plot.refresh()
    assert plot.legend.accessibleName() == "Spread, rms, pinned: He"


def test_the_pointer_tells_the_layer_and_leaving_tells_none(plot, qtbot):
    seen = []
    plot.pointed.connect(seen.append)
    canvas = plot.canvas
    QTest.mouseMove(canvas, QPoint(round(canvas.x_to_pixel(18)), 50))
    QTest.mouseMove(canvas, QPoint(round(canvas.x_to_pixel(19)), 50))
    qtbot.waitUntil(lambda: seen[-1:] == [19.0])
    QTest.mouseMove(canvas, QPoint(2, 50))
    qtbot.waitUntil(lambda: seen[-1:] == [1.0])


def test_the_keyboard_walks_the_layers(plot):
    seen, pressed = [], []
    plot.pointed.connect(seen.append)
    plot.pointed.connect(plot.set_crosshair)
    plot.pressed.connect(pressed.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home):
        QTest.keyClick(plot.canvas, key)
    assert seen == [1, 2, 50, 50, 49, 1]
    QTest.keyClick(plot.canvas, Qt.Key.Key_Return)
    assert pressed == [1.0]


def test_dragging_scrubs(plot):
    seen = []
    plot.pressed.connect(lambda x: seen.append(("pressed", x)))
    plot.dragged.connect(lambda x: seen.append(("dragged", x)))
    plot.released.connect(lambda: seen.append(("released",)))
    canvas = plot.canvas
    places = [QPoint(round(canvas.x_to_pixel(x)), 40) for x in (5, 9)]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(canvas, places[1])
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[1])
    assert seen == [("pressed", 5.0), ("dragged", 9.0), ("released",)]


def test_the_crosshair_inverts_its_number_on_the_axis(plot):
    plot.set_crosshair(18, "18")
    canvas = plot.canvas
    assert pixel(canvas, canvas.x_to_pixel(18) - 8, canvas.field().bottom() + 12) == LIGHT.text.lower()
    plot.set_crosshair(None)
    assert pixel(canvas, canvas.x_to_pixel(18) - 8, canvas.field().bottom() + 12) == LIGHT.panel.lower()


def test_a_linear_plot_becomes_logarithmic(plot):
    curve = plot.add(Curve("x", axis=1))
    curve.set_data(LAYERS, np.full(50, 100.0))
    plot.set_ranges(AxisRange(1, 50), AxisRange(0, 200))
    y = plot.canvas.y_to_pixel(100)
    assert LIGHT.axis_line(1).name() in {
        pixel(plot.canvas, plot.canvas.x_to_pixel(22.5), y + shift) for shift in (-1, 0)
    }


def test_a_heat_map_puts_each_count_in_its_cell(qtbot):
    heat = HeatMap("Distributions", x_name="layer")
    qtbot.addWidget(heat)
    heat.resize(460, 240)
    heat.set_ranges(AxisRange(0.5, 4.5), AxisRange(-2, 1, logarithmic=True))
    counts = np.zeros((3, 4))
    counts[0, 0], counts[2, 3] = 100, 1
    heat.set_counts(counts, 1, -2, 1)
    heat.show()
    canvas = heat.canvas
    assert pixel(canvas, canvas.x_to_pixel(1.2), canvas.y_to_pixel(-1.4)) == look().counts[-1].lower()
    assert pixel(canvas, canvas.x_to_pixel(4.2), canvas.y_to_pixel(0.4)) not in (
        LIGHT.panel.lower(), look().counts[-1].lower(),
    )  # fmt: skip
    assert pixel(canvas, canvas.x_to_pixel(2.2), canvas.y_to_pixel(-0.4)) == LIGHT.panel.lower()
    heat.set_counts(np.zeros((0, 4)), 1, -2, 1)
    assert pixel(canvas, canvas.x_to_pixel(1.2), canvas.y_to_pixel(-1.4)) == LIGHT.panel.lower()
    heat.set_shares([1, 0, 0, 0.5], 1)
    assert pixel(canvas, canvas.x_to_pixel(1.2), canvas.y_to_pixel(-1.4)) == look().counts[-1].lower()


def test_dashes_are_in_pixels(qapp):
    pen = line_pen("theory")
    assert [dash * pen.widthF() for dash in pen.dashPattern()] == pytest.approx([5, 4])
    assert pen.color().name() == look().text.lower()


def test_coordinates():
    assert np.isnan(in_coordinates([0, -1, np.nan, np.inf], True)).all()
    assert in_coordinates([1, 1e-4], True).tolist() == [0, -4]


def test_the_menu_copies_the_numbers(plot, qtbot, qapp):
    plot.add(Curve("rms, theory", axis=1)).set_data([1, 2], [0.5, 1e-12])
    plot.canvas.menu_wanted.emit(QPoint(5, 5))
    menu = plot.findChild(QMenu, "plot_menu")
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Save as PNG...", "Save as SVG...", "Save as CSV...", "Copy picture", "Copy numbers"]
    menu.actions()[-1].trigger()
    menu.close()
    assert qapp.clipboard().text() == "layer\trms, theory\n1\t0.5\n2\t1e-12\n"
    assert "clipboard" in plot.legend.words


def test_an_axis_without_a_range_is_not_labelled(qtbot):
    plot = Plot("Spread")
    qtbot.addWidget(plot)
    plot.set_healthy(0.5, 2)
    plot.show()
    assert plot.canvas.y_ticks() == ()
    assert LIGHT.healthy.lower() not in colors_of(plot.canvas)


def test_a_narrow_margin_has_shorter_labels(plot):
    plot.resize(500, 260)
    plot.set_ranges(AxisRange(1, 50), AxisRange(0, 0.3))
    assert "0.05" in [label for _, label in plot.canvas.y_ticks()]
    plot.canvas.margins = (31, 8, 1, 22)
    assert [label for _, label in plot.canvas.y_ticks()] == ["0", "0.1", "0.2", "0.3"]


def test_the_lowest_label_is_not_cut_where_no_axis_is_drawn_below(qtbot):
    plot = Plot("Zeros", shows_x=False)
    qtbot.addWidget(plot)
    plot.resize(300, 120)
    plot.set_ranges(AxisRange(1, 50), AxisRange(0, 1, ticks=((0.0, "0"), (1.0, "1"))))
    plot.show()
    image = plot.canvas.grab().toImage()
    bottom = [image.pixelColor(x, image.height() - 1).name() for x in range(36, 47)]
    above = [
        image.pixelColor(x, y).name() for x in range(36, 47) for y in range(image.height() - 10, image.height() - 2)
    ]
    assert min(int(name[1:3], 16) for name in above) < 0xA0
    assert min(int(name[1:3], 16) for name in bottom) > 0xA0


def grounds_drawn(plot, monkeypatch):
    drawn = []
    draw = type(plot.canvas).draw_ground
    monkeypatch.setattr(type(plot.canvas), "draw_ground", lambda self, painter: (drawn.append(1), draw(self, painter)))
    return drawn


def test_the_empty_field_is_drawn_once_however_often_the_data_change(plot, monkeypatch):
    drawn = grounds_drawn(plot, monkeypatch)
    curve = plot.add(Curve("rms", axis=1))
    plot.resize(510, 190)
    for factor in (1e-4, 1e-5, 1e-6):
        curve.set_data(LAYERS, np.full(50, factor))
        plot.set_crosshair(3.0)
        plot.canvas.grab()
    assert len(drawn) == 1


def test_the_empty_field_is_drawn_anew_when_it_shows_something_else(plot, monkeypatch, qapp):
    drawn = grounds_drawn(plot, monkeypatch)
    changes = (
        lambda: plot.set_ranges(AxisRange(1, 50), AxisRange(-9, 2, logarithmic=True)),
        lambda: plot.set_healthy(0.5, 2),
        lambda: plot.set_crosshair(20, "20"),
        lambda: plot.set_crosshair(30, "30"),
        lambda: plot.resize(520, 210),
        lambda: install_theme(qapp, dark=True),
    )
    plot.canvas.grab()
    for change in changes:
        drawn.clear()
        change()
        plot.canvas.grab()
        plot.canvas.grab()
        assert len(drawn) == 1


def test_each_pixel_of_a_heat_map_has_the_colour_of_the_cell_around_its_middle(qtbot):
    heat = HeatMap("Distributions", x_name="layer")
    qtbot.addWidget(heat)
    heat.resize(431, 223)
    heat.set_ranges(AxisRange(0.5, 30.5), AxisRange(-8, 3, logarithmic=True))
    counts = np.random.default_rng(0).integers(0, 1000, (37, 30)).astype(float)
    low, high = -9.37, 2.61
    heat.set_counts(counts, 1, low, high, largest=1000)
    heat.show()
    image, field = heat.canvas.grab().toImage(), heat.canvas.field()
    colors = count_colors(counts, 1000)
    for y in range(int(field.top()), int(field.bottom())):
        value = -8 + 11 * (field.bottom() - y - 0.5) / field.height()
        row = int((value - low) / (high - low) * 37) if value < high else None
        for x in range(int(field.left()), int(field.right()), 17):
            column = int(30 * (x + 0.5 - field.left()) / field.width())
            expected = LIGHT.panel.lower() if row is None else f"#{int(colors[row, column]) & 0xFFFFFF:06x}"
            assert image.pixelColor(x, y).name() == expected, (x, y)


def test_a_legend_is_painted_only_when_it_says_something_else(plot):
    curve = plot.add(Curve("rms", axis=1))
    curve.set_data(LAYERS, LAYERS)
    plot.refresh()
    asked = []
    plot.legend.update = lambda: asked.append(1)
    curve.set_data(LAYERS, LAYERS * 2)
    plot.refresh()
    plot.legend.set_title("Spread")
    plot.legend.say("")
    assert not asked
    for count, change in enumerate((lambda: setattr(curve, "axis", 2), lambda: curve.set_data([], [])), 1):
        change()
        plot.refresh()
        assert len(asked) == count
