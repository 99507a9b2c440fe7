import csv
import math
import os
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QWidget

from playground.widgets.look import LIGHT
from playground.widgets.network.plots.distribution_plot import Distributions
from playground.widgets.plot.areas import Band
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.export import csv_text, plot_image, save_plot, svg_bytes
from playground.widgets.plot.figure import MARGIN
from playground.widgets.plot.menu import file_name
from playground.widgets.plot.plot import HeatMap, Plot

LAYERS = np.arange(1, 51)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plot(shown):
    plot = Plot("Gradients of the loss, rms", x_name="layer")
    plot.set_ranges(AxisRange(1, 50), AxisRange(-12, 1, logarithmic=True))
    values = 10.0 ** -np.linspace(0, 11, 50)
    plot.add(Curve("rms", axis=1)).set_data(LAYERS, values)
    plot.refresh()
    return shown(plot, 500, 200)


def points(text):
    return [tuple(map(float, pair.split(","))) for pair in text.split()]


def test_png_is_twice_the_size_and_shows_the_curve(plot, tmp_path):
    path = tmp_path / "p.png"
    assert save_plot(plot, path) is None
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1000 + 4 * MARGIN, 400 + 4 * MARGIN)
    assert len({image.pixelColor(x, y).name() for x in range(0, 1000, 2) for y in range(0, 400, 2)}) > 5
    assert sorted(os.listdir(tmp_path)) == ["p.png"]


def test_lines_are_as_wide_in_the_picture_as_on_screen(plot):
    plot.canvas.entries[0].set_data(LAYERS, np.full(50, 1e-5))
    image = plot_image(plot)
    column = [image.pixelColor(600, y).name() for y in range(400)]
    assert column.count(plot.canvas.entries[0].color.name()) in (3, 4)


def test_svg_parses_and_its_curve_has_every_point_at_its_place(plot):
    root = ElementTree.fromstring(svg_bytes(plot))
    assert root.get("viewBox") == f"0 0 {500 + 2 * MARGIN} {200 + 2 * MARGIN}"
    color = plot.canvas.entries[0].color.name()
    drawn = []
    for group in root.iter(f"{SVG}g"):
        if group.get("stroke") == color:
            shift = [float(part) for part in group.get("transform", "matrix(1,0,0,1,0,0)")[7:-1].split(",")]
            for line in group.iter(f"{SVG}polyline"):
                drawn += [(x * shift[0] + shift[4], y * shift[3] + shift[5]) for x, y in points(line.get("points"))]
            for path in group.iter(f"{SVG}path"):
                pairs = [piece[1:] for piece in path.get("d").split() if piece[:1] in "ML"]
                drawn += [
                    (float(x) * shift[0] + shift[4], float(y) * shift[3] + shift[5])
                    for x, y in (p.split(",") for p in pairs)
                ]
    canvas = plot.canvas
    title = plot.legend.height()
    expected = {
        (round(canvas.x_to_pixel(layer)) + MARGIN, round(canvas.y_to_pixel(-11 * i / 49) + title) + MARGIN)
        for i, layer in enumerate(LAYERS)
    }
    found = {(round(x), round(y)) for x, y in drawn}
    near = {(x + i, y + j) for x, y in found for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert expected <= near
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"Gradients of the loss, rms", "rms", "1", "layer"} <= {text.strip() for text in texts}


def test_csv_reads_back_to_the_last_bit(plot, tmp_path):
    values = np.random.default_rng(0).standard_normal(50) * 10.0 ** np.arange(-25, 25)
    values[3:7] = [math.nan, math.inf, -math.inf, 5e-324]
    plot.canvas.entries[0].set_data(LAYERS, values)
    plot.add(Curve("short, pinned", "pinned")).set_data([2, 60], [1.0, 0.1])
    assert save_plot(plot, tmp_path / "p.csv") is None
    with open(tmp_path / "p.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["layer", "rms", "short, pinned"]
    assert [int(row[0]) for row in rows[1:]] == [*range(1, 51), 60]
    np.testing.assert_array_equal(np.array([float(row[1]) for row in rows[1:51]]), values)
    assert rows[51][1] == ""
    assert [row[2] for row in rows[1:]].count("") == 49
    assert (rows[2][2], rows[51][2]) == ("1", "0.1")


def test_a_band_has_two_columns(plot):
    plot.add(Band("20 seeds", axis=1)).set_data([1, 2], [0.1, 0.2], [0.3, 0.4])
    columns = plot.plot_columns()
    assert columns["20 seeds, low"][:3] == [0.1, 0.2, None]
    assert columns["20 seeds, high"][:3] == [0.3, 0.4, None]


def test_a_heat_map_gives_a_row_a_cell(qtbot, tmp_path):
    heat = HeatMap("Distributions", x_name="layer")
    qtbot.addWidget(heat)
    heat.resize(300, 200)
    heat.set_ranges(AxisRange(0.5, 2.5), AxisRange(-2, 0, logarithmic=True))
    heat.set_counts([[1, 2], [3, 4]], 1, -2, 0)
    heat.show()
    columns = {name: list(values) for name, values in heat.plot_columns().items()}
    assert columns["layer"] == [1, 2, 1, 2]
    assert columns["count"] == [1, 2, 3, 4]
    assert columns["low"] == pytest.approx([0.01, 0.01, 0.1, 0.1])
    assert columns["high"] == pytest.approx([0.1, 0.1, 1, 1])
    root = ElementTree.fromstring(svg_bytes(heat))
    assert list(root.iter(f"{SVG}image")) or list(root.iter(f"{SVG}rect"))


def test_the_drawing_of_a_heat_map_shows_each_cell_where_the_picture_does(qtbot):
    heat = HeatMap("Distributions", x_name="layer")
    qtbot.addWidget(heat)
    heat.resize(460, 240)
    heat.set_ranges(AxisRange(0.5, 4.5), AxisRange(0, 3))
    heat.set_counts([[1000, 0, 0, 1], [0, 100, 0, 0], [10, 0, 1, 1000]], 1, 0, 3)
    heat.show()
    drawn = QImage(heat.figure_size(), QImage.Format.Format_RGB32)
    drawn.fill(0)
    with QPainter(drawn) as painter:
        QSvgRenderer(QByteArray(svg_bytes(heat))).render(painter, QRectF(drawn.rect()))
    picture, canvas, title = plot_image(heat, 1), heat.canvas, heat.legend.height()
    seen = set()
    for column in range(4):
        for row in range(3):
            for inside in (0.1, 0.9):
                x = round(canvas.x_to_pixel(column + 0.5 + inside)) + MARGIN
                y = round(canvas.y_to_pixel(row + inside) + title) + MARGIN
                one, other = picture.pixelColor(x, y), drawn.pixelColor(x, y)
                assert abs(one.red() - other.red()) + abs(one.green() - other.green()) <= 4, (column, row)
                seen.add(one.name())
    assert len(seen) == 5


@pytest.mark.parametrize("name", ["p.gif", "p", "missing/p.png", "."])
def test_what_cannot_be_written_is_a_problem_in_words(plot, tmp_path, name):
    problem = save_plot(plot, tmp_path / name)
    assert problem is not None
    assert len(problem.message.split()) > 4
    assert os.listdir(tmp_path) == []


def test_the_old_file_stays_when_the_new_one_fails(plot, tmp_path, monkeypatch):
    path = tmp_path / "p.svg"
    path.write_text("old")

    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert "disk is full" in save_plot(plot, path).message
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["p.svg"]


def test_any_painted_widget_can_be_exported(qtbot, tmp_path):
    class Drawing(QWidget):
        def plot_name(self):
            return "Drawing"

        def paint_plot(self, painter: QPainter, rect):
            painter.fillRect(rect.adjusted(0, 0, -rect.width() / 2, 0), 0xFFFF0000)

        def plot_columns(self):
            return {"name": ["a, b", 'c "d"'], "value": [0.1, None]}

    drawing = Drawing()
    qtbot.addWidget(drawing)
    drawing.resize(40, 20)
    for kind in ("png", "svg", "csv"):
        assert save_plot(drawing, tmp_path / f"d.{kind}") is None
    with open(tmp_path / "d.csv", newline="") as file:
        assert list(csv.reader(file)) == [["name", "value"], ["a, b", "0.1"], ['c "d"', ""]]
    image = plot_image(drawing)
    assert image.pixelColor(10, 10).red() == 255
    assert image.pixelColor(60, 10).alpha() == 0
    drawing.resize(0, 0)
    assert save_plot(drawing, tmp_path / "e.png") is not None


def test_csv_cells():
    assert csv_text({"a": [1.0, -0.0, 2**60, 1e300], "b": [np.float64(0.1), np.int64(3), True, "x"]}) == (
        "a,b\n1,0.1\n-0.0,3\n1152921504606846976,True\n1e+300,x\n"
    )


def test_file_names_are_plain(plot):
    assert file_name(plot, "svg") == "gradients-of-the-loss-rms.svg"


def test_the_menu_asks_for_a_path_writes_and_says_what_came_of_it(plot, tmp_path, qtbot):
    menu = plot.menu()
    next(action for action in menu.actions() if action.text() == "Save as SVG...").trigger()
    dialog = plot.findChild(QFileDialog)
    assert dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    assert dialog.defaultSuffix() == "svg"
    assert dialog.selectedFiles()[0].endswith("gradients-of-the-loss-rms.svg")
    dialog.fileSelected.emit(str(tmp_path / "x.svg"))
    assert ElementTree.parse(tmp_path / "x.svg").getroot().tag == f"{SVG}svg"
    assert plot.legend.words.startswith("Saved as x.svg, ")
    dialog.fileSelected.emit(str(tmp_path / "missing" / "x.svg"))
    assert "folder is not there" in plot.legend.words
    dialog.close()
    menu.close()


def test_a_plot_whose_title_is_hidden_has_all_of_its_axes_in_the_picture(qtbot):
    heat = HeatMap("Distributions", x_name="layer")
    qtbot.addWidget(heat)
    heat.resize(460, 240)
    heat.set_ranges(AxisRange(0.5, 4.5), AxisRange(0, 3))
    heat.set_counts(np.ones((3, 4)), 1, 0, 3)
    heat.legend.hide()
    heat.show()
    picture = plot_image(heat, 1)
    lines = [y for y in range(picture.height()) if picture.pixelColor(440, y).name() == LIGHT.edge.lower()]
    assert lines == [picture.height() - MARGIN - 22], [picture.pixelColor(440, y).name() for y in range(236, 250)]


def test_a_plot_on_which_nothing_is_drawn_yet_exports_no_numbers_and_says_so(shown, tmp_path):
    plot = Plot("loss", x_name="step")
    plot.add(Curve("now", axis=1))
    shown(plot, 300, 150)
    actions = {action.text(): action for action in plot.menu().actions() if action.text()}
    disabled = [text for text, action in actions.items() if not action.isEnabled()]
    assert disabled == ["View all\tA", "Save as CSV...", "Copy numbers"]
    problem = save_plot(plot, tmp_path / "loss.csv")
    assert problem is not None
    assert problem.message == "Loss: nothing is drawn yet, so there are no numbers."
    assert not os.listdir(tmp_path)
    plot.canvas.entries[0].set_data([0, 1], [2.0, 1.0])
    actions = {action.text(): action for action in plot.menu().actions()}
    assert actions["Save as CSV..."].isEnabled()
    assert save_plot(plot, tmp_path / "loss.csv") is None


def test_columns_that_stand_for_several_steps_are_written_at_their_middle(shown):
    plot = HeatMap("counts", x_column="step")
    shown(plot, 300, 150)
    plot.image.set_counts(np.arange(6.0).reshape(2, 3), QRectF(-2.5, 0, 15, 2), None)
    assert list(plot.plot_columns()["step"]) == [0, 5, 10, 0, 5, 10]
    plot.set_counts(np.ones((1, 3)), 1, 0, 1)
    assert list(plot.plot_columns()["step"]) == [1, 2, 3]


def test_a_figure_has_no_cursor_and_a_margin_on_all_sides(qtbot):
    heat = Distributions()
    qtbot.addWidget(heat)
    heat.resize(460, 240)
    heat.set_ranges(AxisRange(0.5, 4.5), AxisRange(0, 3))
    heat.set_counts(np.ones((3, 4)), 1, 0, 3)
    heat.show_shares(np.full(4, 0.5))
    heat.show()
    plain = plot_image(heat, 1)
    heat.set_crosshair(2.0, "2")
    assert heat.below.isVisible()
    assert heat.below.value() == 2.0
    assert plot_image(heat, 1) == plain
    assert heat.below.isVisible(), "on screen it is as it was"
    wide, high = plain.width(), plain.height()
    inside = QRectF(0, 0, wide, high).adjusted(MARGIN - 2, MARGIN - 2, 2 - MARGIN, 2 - MARGIN)
    edge = {
        plain.pixelColor(x, y).name() for x in range(wide) for y in range(high) if not inside.contains(QPointF(x, y))
    }
    assert edge == {LIGHT.panel.lower()}
