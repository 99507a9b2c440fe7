import pytest
from plot_hand import click, drag, place
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from playground.models.formatting import bytes_in_words
from playground.models.network.saved.request import SavedRequest, compute_saved
from playground.models.network.saved.tensors import size_words
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import Problem
from playground.widgets.network.saved_strip import SavedStrip
from playground.widgets.network.windows.saved_details import SavedDetails

RESULT = compute_saved(SavedRequest(NetworkSpec(depth=12, width=40, batch=30, activation="gelu", init="lecun_normal")))


@pytest.fixture
def strip(shown):
    widget = SavedStrip()
    widget.show_result(RESULT)
    widget.show_layer(3)
    widget.layers = []
    widget.layer_chosen.connect(widget.layers.append)
    return shown(widget, 1088, 58)


def test_the_title_says_total_count_and_the_layers_own(strip):
    assert strip.words.text() == RESULT.title(3).replace("`", "")
    assert strip.right.text() == "under no_grad nothing is kept"


def test_the_bytes_of_a_layers_rows_make_up_what_it_is_said_to_keep(qtbot):
    """The input, which the first layer reads, is a bar of its own."""
    saved = RESULT.saved
    for layer in range(1, 13):
        counted = [
            tensor.storage_bytes
            for tensor in saved.of_layer(layer)
            if size_words(saved, tensor) == bytes_in_words(tensor.storage_bytes)
        ]
        assert sum(counted) == saved.layer_bytes[layer]
    details = SavedDetails()
    qtbot.addWidget(details)
    details.show_result(RESULT)
    details.show_layer(1)
    assert ("(30, 40)", "float32", "counted as input", "gradient of the weights") in details.rows.rows


def test_bars_are_as_wide_as_their_bytes(strip):
    spans = strip.bars.spans()
    sizes = RESULT.saved.layer_bytes
    assert len(spans) == 14
    assert spans[-1][1] == pytest.approx(strip.bars.width())
    for (left, right), size in zip(spans, sizes, strict=True):
        assert right - left == pytest.approx(strip.bars.width() * size / sum(sizes))


def test_a_click_chooses_the_layer_below_it_and_the_arrows_the_next(strip):
    left, right = strip.bars.spans()[7]
    QTest.mouseClick(strip.bars, Qt.MouseButton.LeftButton, pos=QPoint(round((left + right) / 2), 8))
    assert strip.layers == [7]
    QTest.keyClick(strip.bars, Qt.Key.Key_Right)
    QTest.keyClick(strip.bars, Qt.Key.Key_End)
    assert strip.layers == [7, 8, 12]
    QTest.keyClick(strip.bars, Qt.Key.Key_Right)
    assert strip.layers == [7, 8, 12]


def test_the_chosen_bar_is_inverted(strip):
    left, right = strip.bars.spans()[3]
    other = strip.bars.spans()[5]
    image = strip.bars.grab().toImage()
    scale = image.width() / strip.bars.width()
    here = image.pixelColor(round((left + right) / 2 * scale), round(8 * scale))
    there = image.pixelColor(round(sum(other) / 2 * scale), round(8 * scale))
    assert here != there


def test_a_problem_pales_the_last_bars(strip):
    strip.show_problem(Problem("The depth is 0, but must be from 1 to 500."))
    assert "The depth is 0" in strip.right.text()
    strip.show_result(RESULT)
    assert strip.right.text() == "under no_grad nothing is kept"


def test_without_a_result_nothing_breaks(qtbot):
    widget = SavedStrip()
    qtbot.addWidget(widget)
    widget.show_layer(400)
    widget.show()
    widget.grab()


@pytest.fixture
def details(shown):
    widget = SavedDetails()
    widget.show_result(RESULT)
    widget.show_layer(3)
    return shown(widget, 680, 480)


def test_the_table_names_each_tensor_and_its_gradient(details):
    assert len(details.rows.rows) == len(RESULT.saved.of_layer(3))
    assert ("(30, 40)", "float32", bytes_in_words(4800), "gradient through gelu") in details.rows.rows
    assert any(row[2] == "a parameter" for row in details.rows.rows)


def test_checkpoints_are_chosen_by_number_or_in_the_plot(details):
    chosen = []
    details.every_chosen.connect(chosen.append)
    assert details.box.value == RESULT.best_every
    details.box.setFocus()
    details.box.lineEdit().selectAll()
    QTest.keyClicks(details.box, "6")
    assert chosen == [6]
    click(details.plot, place(details.plot, 9))
    assert chosen == [6, 9]
    drag(details.plot, place(details.plot, RESULT.best_every), place(details.plot, 12), place(details.plot, 3))
    assert chosen[2:][-1] == 3, "the line is dragged, too"
    assert not details.plot.canvas.view.is_zoomed()


def test_the_peak_curve_is_the_models(details):
    assert details.curve.y.tolist() == list(RESULT.peaks)
    assert f"every {RESULT.best_every} layers" in details.words.text()
