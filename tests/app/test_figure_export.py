"""All plots of the network page as one figure, from the Export menu of the window."""

import csv
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMenu

from playground.widgets.look import LIGHT
from playground.widgets.plot.export import has_numbers
from playground.widgets.plot.plot import Plot


def figures(window):
    """The two menus of the figure, the screen's look first."""
    menu = window.findChild(QMenu, "export.menu")
    menu.aboutToShow.emit()
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    return {figure.title(): figure for figure in menu.findChildren(QMenu, options=direct)}


def save(window, menu, words, path):
    """Choose an entry and name the file."""
    next(action for action in menu.actions() if action.text() == words).trigger()
    dialog = next(box for box in window.findChildren(QFileDialog) if box.isVisible())
    dialog.fileSelected.emit(str(path))
    dialog.reject()


def test_every_way_of_the_figure_is_offered(network):
    menus = figures(network.window)
    assert list(menus) == ["Plots as one figure", "Plots as one figure, light for print"]
    for menu in menus.values():
        ways = [action.text() for action in menu.actions() if action.text()]
        assert ways == [
            *(f"Save as PNG, {scale}x..." for scale in (1, 2, 4)),
            "Save as SVG...",
            "Save as CSV...",
            "Copy picture",
            "Copy numbers",
        ]


def test_the_figure_as_a_drawing_holds_the_words_of_all_plots(network, tmp_path):
    path = tmp_path / "plots.svg"
    save(network.window, figures(network.window)["Plots as one figure"], "Save as SVG...", path)
    words = re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text())
    plots = [plot for plot in network.window.findChildren(Plot) if plot.isVisible() and has_numbers(plot)]
    assert len(plots) == 5
    names = [plot.plot_name() for plot in plots]
    assert "loss" not in words  # nothing is drawn there yet
    assert [word for word in words if word in names] == names
    for plot in plots:
        assert plot.plot_name() in words
        assert all(entry.name in words for entry in plot.legend.listed() if plot.legend.isVisible())
    assert words.count("layer") >= 4  # each figure has its x axis
    assert any(word.startswith("1e") for word in words)


def test_the_figure_as_numbers_has_a_column_for_each_curve(network, tmp_path):
    path = tmp_path / "plots.csv"
    save(network.window, figures(network.window)["Plots as one figure"], "Save as CSV...", path)
    names = next(csv.reader(path.read_text("utf-8").splitlines()))
    plots = [plot for plot in network.window.findChildren(Plot) if plot.isVisible() and has_numbers(plot)]
    wanted = [f"{plot.plot_name()}: {name}" for plot in plots for name in plot.plot_columns()]
    assert names == wanted
    assert {"Spread: layer", "Spread: rms", "Spread: std"} <= set(names)


@pytest.mark.parametrize("scale", [1, 4])
def test_the_figure_as_a_picture_for_print_is_light(network, tmp_path, scale):
    path = tmp_path / "plots.png"
    plots = [plot for plot in network.window.findChildren(Plot) if plot.isVisible() and has_numbers(plot)]
    menu = figures(network.window)["Plots as one figure, light for print"]
    save(network.window, menu, f"Save as PNG, {scale}x...", path)
    image = QImage(str(path))
    assert image.width() == scale * max(plot.figure_size().width() for plot in plots)
    assert image.pixelColor(image.width() - 1, image.height() - 1).name() == LIGHT.panel.lower()
