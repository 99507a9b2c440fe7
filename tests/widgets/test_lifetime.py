"""Shared parts come and go without a trace, and survive the smallest window."""

import gc
import weakref

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from playground.app.theme import Theme, install_theme
from playground.models.problem import Fix, Problem, Span
from playground.widgets.code.edit import CodeEdit
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.section import Section
from playground.widgets.controls.slider import SliderRow
from playground.widgets.controls.tabs import TabRow
from playground.widgets.look import DARK, LIGHT, look
from playground.widgets.plot.areas import Band, Bars
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import HeatMap, Plot
from playground.widgets.text.labels import RunsLabel


@pytest.fixture(scope="module", autouse=True)
def what_was_there_before_is_passed_over():
    """Only what these tests make is looked for: to walk all that the tests before them left takes half a second."""
    gc.collect()
    gc.freeze()


def a_plot():
    plot = Plot("Spread", x_name="layer")
    plot.set_ranges(AxisRange(1, 5), AxisRange(-3, 1, logarithmic=True))
    plot.add(Curve("rms", axis=1)).set_data(np.arange(1, 6), np.ones(5))
    plot.add(Band("seeds", axis=1)).set_data([1, 2], [0.1, 0.1], [1, 1])
    plot.add(Bars("count")).set_data([1, 2, 3], [0.5, 0.7])
    plot.menu()
    return plot


def a_heat_map():
    heat = HeatMap("Distributions")
    heat.set_counts(np.ones((4, 5)), 1, -3, 1)
    return heat


def a_banner():
    banner = ProblemBanner()
    banner.set_problem(Problem("x", Span(0, 1), (Fix("v[:, None]", "(3, 4)"),)), "ab")
    return banner


def a_section():
    section = Section("Einsum", collapsible=True)
    section.body_layout.addWidget(RunsLabel("`a` b"))
    return section


def a_menu():
    menu = ResultMenu()
    menu.add_result("Flatten", Outcome((12,), "view"))
    return menu


PARTS = {
    "plot": a_plot,
    "heat map": a_heat_map,
    "banner": a_banner,
    "section": a_section,
    "menu": a_menu,
    "code": lambda: CodeEdit("torch.ones(3)"),
    "slider": lambda: SliderRow("Gain", 0, 2, 1.0, decimals=3),
    "number": lambda: NumberBox(3),
    "combo": ComboBox,
    "tabs": lambda: TabRow("a", "b"),
}


def settle():
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.mark.parametrize("part", list(PARTS))
def test_nothing_keeps_a_part_alive(qtbot, part):
    made = [PARTS[part]() for _ in range(3)]
    for widget in made:
        widget.show()
    settle()
    gone = [weakref.ref(widget) for widget in made]
    for widget in made:
        widget.close()
        widget.deleteLater()
    del widget, made
    settle()
    assert [ref() for ref in gone] == [None, None, None]


def test_the_look_may_change_when_plots_are_gone(qtbot, qapp):
    for _ in range(3):
        plot = a_plot()
        plot.show()
        plot.deleteLater()
        settle()
        install_theme(qapp, dark=True)
        install_theme(qapp, dark=False)


@pytest.mark.parametrize("part", [name for name in PARTS if name != "menu"])
@pytest.mark.parametrize("size", [(1, 1), (3, 300), (300, 3), (25, 25)])
def test_every_part_survives_a_window_of_any_size(qtbot, part, size):
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(PARTS[part]())
    qtbot.addWidget(window)
    window.setMinimumSize(1, 1)
    window.layout().setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
    window.resize(*size)
    window.show()
    assert not window.grab().isNull()


@pytest.mark.parametrize(
    "text", ["重み 權重", "מטריצה", "🦊 `x` **y**", "a" * 5000, "\u0000\n\t", "<b>&amp;</b>", "**", "`"]
)
def test_any_text_can_be_shown(qtbot, text):
    label, banner, edit = RunsLabel(text), ProblemBanner(), CodeEdit(text.replace("\n", " "))
    banner.set_problem(Problem(text or "x", Span(0, 3), (Fix(text, text),)), text)
    for widget in (label, banner, edit):
        qtbot.addWidget(widget)
        widget.resize(200, 60)
        widget.show()
        assert not widget.grab().isNull()


def test_the_system_is_followed_until_a_choice_is_made(qtbot, qapp, monkeypatch):
    theme = install_theme(qapp, dark=None)
    before = look()
    monkeypatch.setattr(Theme, "dark", property(lambda self: self.choice if self.choice is not None else True))
    qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
    assert before is LIGHT
    assert look() is DARK
    theme.choose(False)
    qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
    assert look() is LIGHT
