"""All shared parts on one sheet, in both themes; run with a folder as its argument, it saves the pictures there."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QPainter
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from playground.app.theme import install_theme
from playground.models.problem import Fix, Problem, Span
from playground.widgets.code.block import CodeBlock
from playground.widgets.code.edit import CodeEdit
from playground.widgets.code.marks import CodeMark
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.fields import CheckBox, ComboBox
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.section import Hairline, Section
from playground.widgets.controls.slider import SliderRow
from playground.widgets.controls.tabs import TabRow
from playground.widgets.look import DARK, LIGHT
from playground.widgets.painting import fill_background, paint_arrows
from playground.widgets.plot.areas import Band
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import HeatMap, Plot
from playground.widgets.text.badges import CHIP_HEIGHT, VERDICTS, AxisBadge, VerdictBadge, chip_width, paint_axis_chip
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import axis_run, parse_runs, shape_runs


class Chips(QWidget):
    def __init__(self):
        super().__init__()
        self.setFixedSize(5 * 104, CHIP_HEIGHT)

    def paintEvent(self, _event):
        states = [(0, "normal", "3"), (1, "hover", "4"), (1, "dragging", "7"), (3, "normal", "1")]
        with QPainter(self) as painter:
            for place, (axis, state, size) in enumerate(states):
                box = QRectF(place * 104, 0, chip_width(axis, size), CHIP_HEIGHT)
                arrows = paint_axis_chip(painter, box, axis, state, size=size)
                up = QRect(int(arrows.left()), 1, int(arrows.width()), 15)
                paint_arrows(painter, up, up.translated(0, 15), "text2", "text2")


def letter_badges(text):
    axes = {"i": 0, "j": 1, "k": 2}
    return [CodeMark(at, at + 1, axis=axes[one], badge=True) for at, one in enumerate(text) if one in axes]


class Gallery(QWidget):
    def __init__(self):
        super().__init__()
        fill_background(self, "panel")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(24, 16, 24, 16)
        self.column.setSpacing(6)
        self.hovered = IconButton("plus", "hover", framed=True)
        self.off = IconButton("plus", "off", framed=True)
        self.off.setEnabled(False)
        self.field = QLineEdit("a field with the keyboard")
        self._controls()
        self._words()
        self._plots()

    def row(self, words, *widgets):
        self.column.addWidget(TextLabel(words, "text2"))
        line = QHBoxLayout()
        line.setSpacing(8)
        for widget in widgets:
            line.addWidget(widget)
        line.addStretch(1)
        self.column.addLayout(line)

    def _controls(self):
        self.row("Axis chip: normal, hover, dragging, size 1", Chips())
        plus = IconButton("plus", "plus", framed=True)
        self.row("Buttons", plus, self.hovered, self.off, IconButton("x", "cross"), Button("Fix it", "primary"),
                 Button("Keep as tensor"), Button("Cancel", "quiet"), Button("Reshape", opens_menu=True),
                 Button("Export", "quiet", "upload", opens_menu=True))  # fmt: skip
        self.row("Badges", *(AxisBadge(axis) for axis in (*range(8), 12)),
                 *(AxisBadge(place, letter) for place, letter in enumerate("ijklm")), AxisBadge(None))  # fmt: skip
        self.row("Verdicts", *(VerdictBadge(kind) for kind in VERDICTS), VerdictBadge("copy", "copy 48 B"))
        self.rows = [SliderRow("Gain", 0, 3, 1.414, decimals=3), SliderRow("Depth", 1, 500, 50, logarithmic=True)]
        self.rows.append(SliderRow("Off", 0, 1, 0, decimals=3))
        self.rows[2].setEnabled(False)
        for row in self.rows:
            row.setFixedWidth(300)
        self.row("Sliders", self.rows[0])
        for row in self.rows[1:]:
            self.column.addWidget(row)
        names, code, axes = ComboBox(), ComboBox(code=True), ComboBox()
        names.addItems(["normal, 1/fan_in", "uniform"])
        code.addItems(["v[:, None]", "A"])
        for axis in range(3):
            axes.add_axis(axis)
        checked = CheckBox("20 seeds")
        checked.setChecked(True)
        self.row("Fields", names, code, axes, NumberBox(12), checked, CheckBox("x + layer(x)", code=True))
        self.column.addWidget(self.field)

    def _words(self):
        shapes = shape_runs((3, 4)), shape_runs((10**6, 128000), bold=True), shape_runs((3,)), shape_runs(())
        labels = (RunsLabel(runs, wrap=False) for runs in shapes)
        self.row("Shapes and tabs", *labels, TabRow("Loops", "torch", "numpy"))
        sentence = (*parse_runs("The 6 would span axes "), axis_run(0), *parse_runs(" and "), axis_run(1))
        why = parse_runs(" of W. For that, stride 0 must be stride 1 times size 1, which is `4*3 = 12`. It is **1**.")
        self.column.addWidget(RunsLabel((*sentence, *why)))
        banner = ProblemBanner()
        fixes = (Fix("ij,kj->ik", "(3, 3)"), Fix("ji,jk->ik", "(4, 4)"))
        message = "4 is axis 1 of A, 3 is axis 0 of B."
        banner.set_problem(Problem(message, Span(3, 4), fixes, lead="j has two sizes:"), "ij,jk->ik")
        warning = ProblemBanner()
        fixes = (Fix(".reshape(2, 6)", "copy 48 B"), Fix(".view(2, 2, 3)"), Fix("Init He, gain 1.414"))
        warning.set_problem(Problem("512 GB, the limit is 4 GB.", None, fixes, severity="warning"))
        equation = CodeEdit("ij,kj->ik", pixels=13, marker=letter_badges)
        code = CodeEdit("torch.arange(12.).reshape(3, 4) + v")
        code.set_fault(Span(34, 35))
        for widget in (banner, warning, code, equation, CodeBlock("for i in range(3):\n  C[i] += A[i] * 0.5")):
            self.column.addWidget(widget)
        section = Section("Broadcast", collapsible=True, padding=0)
        section.title_line.add_right(RunsLabel("fits, 1 operand stretched", "good", wrap=False))
        self.column.addWidget(Hairline())
        self.column.addWidget(section)

    def _plots(self):
        layers = np.arange(1, 51)
        self.plot, self.heat = Plot("Spread", x_name="layer"), HeatMap("Distributions", x_name="layer")
        rms = 0.7**layers * (1 + 0.2 * np.sin(layers))
        self.plot.set_ranges(AxisRange(1, 50), AxisRange(-8, 1, logarithmic=True))
        self.plot.add(Curve("rms", axis=1)).set_data(layers, rms)
        self.plot.add(Band("20 seeds", axis=1)).set_data(layers, rms / 3, rms * 3)
        self.plot.add(Curve("theory", "theory")).set_data(layers, 0.707**layers)
        self.plot.add(Curve("pinned", "pinned")).set_data(layers, 1 + 0.3 * np.cos(layers / 5))
        self.plot.set_healthy(0.5, 2)
        self.plot.set_crosshair(18, "18")
        self.heat.set_ranges(AxisRange(0.5, 50.5), AxisRange(-8, 1, logarithmic=True))
        values = np.linspace(-8, 1, 60)[:, None]
        counts = np.rint(1000 * np.exp(-((values - np.log10(rms)) ** 2) * 8))
        self.heat.set_counts(counts, 1, -8, 1)
        self.heat.add(Curve("theory", "theory", role="panel")).set_data(layers, 0.707**layers)
        grid = QGridLayout()
        for column, plot in enumerate((self.plot, self.heat)):
            plot.refresh()
            plot.setFixedHeight(170)
            grid.addWidget(plot, 0, column)
        self.column.addLayout(grid)
        self.column.addStretch(1)


def show(gallery):
    gallery.resize(648, 1130)
    gallery.show()
    gallery.activateWindow()
    QApplication.processEvents()
    gallery.rows[0].slider.setFocus(Qt.FocusReason.TabFocusReason)
    middle = gallery.hovered.rect().center().toPointF()
    QApplication.sendEvent(gallery.hovered, QEnterEvent(middle, middle, middle))
    gallery.hovered.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    QApplication.processEvents()


def menu_of(parent):
    menu = ResultMenu(parent=parent)
    menu.add_result("Flatten", Outcome((12,), "view"))
    menu.add_result("Transpose", Outcome((4, 3), "view"))
    menu.add_result("Flip axis 0", Outcome((3, 4), "copy"))
    menu.add_result("Squeeze", Outcome(reason="no axis of size 1"))
    menu.addSeparator()
    menu.add_result("Reshape...")
    return menu


def colors_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, image.width()) for y in range(image.height())}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_part_paints_in_the_colours_of_the_look_and_in_no_other_ones(qtbot, qapp, dark):
    install_theme(qapp, dark=dark)
    theme, other = (DARK, LIGHT) if dark else (LIGHT, DARK)
    gallery = Gallery()
    qtbot.addWidget(gallery)
    show(gallery)
    painted = colors_of(gallery)
    for role in ("panel", "text", "accent", "hairline", "edge", "field", "error_fill", "warning_fill", "healthy"):
        assert getattr(theme, role).lower() in painted, role
    for role in ("error_fill", "warning_fill", "selected", "heat_negative"):
        assert getattr(other, role).lower() not in painted, role


def test_a_change_of_the_look_repaints_everything(qtbot, qapp):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    show(gallery)
    gallery.grab()
    install_theme(qapp, dark=True)
    QApplication.processEvents()
    changed = gallery.grab().toImage()
    fresh = Gallery()
    qtbot.addWidget(fresh)
    show(fresh)
    again = fresh.grab().toImage()
    different = [
        (x, y)
        for x in range(0, changed.width(), 3)
        for y in range(0, changed.height(), 3)
        if changed.pixel(x, y) != again.pixel(x, y)
    ]
    assert different == []


def test_nothing_moves_between_the_themes(qtbot, qapp):
    places = []
    for dark in (False, True):
        install_theme(qapp, dark=dark)
        gallery = Gallery()
        qtbot.addWidget(gallery)
        show(gallery)
        places.append([child.geometry().getRect() for child in gallery.findChildren(QWidget)])
    assert places[0] == places[1]


def test_every_control_has_a_name_for_those_who_cannot_see_it(qtbot):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    for button in gallery.findChildren(Button):
        assert button.accessibleName() or button.text()
    for kind in (AxisBadge, VerdictBadge, TextLabel, RunsLabel):
        assert all(part.accessibleName() for part in gallery.findChildren(kind))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    application = QApplication([])
    for is_dark in (False, True):
        install_theme(application, dark=is_dark)
        sheet = Gallery()
        show(sheet)
        name = "dark" if is_dark else "light"
        sheet.grab().save(str(folder / f"gallery-{name}.png"))
        menu = menu_of(sheet)
        menu.popup(sheet.pos())
        menu.setActiveAction(menu.actions()[1])
        QApplication.processEvents()
        menu.grab().save(str(folder / f"menu-{name}.png"))
        menu.close()
        QApplication.sendPostedEvents(sheet, QEvent.Type.DeferredDelete)
        sheet.close()
