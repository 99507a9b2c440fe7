"""The grid under the hand, and what it paints."""

import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QHelpEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip

from playground.models.evaluation.reader import TensorReader
from playground.models.evaluation.summary import summarise
from playground.models.problem import Problem
from playground.widgets.grid.style import LEVELS, SMALL_DIGITS, AxisLabel, LitRegion
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.look import look
from playground.widgets.text.badges import BADGE


@pytest.fixture
def make(qtbot):
    def build(tensor, width=600, height=300, **options):
        grid = TensorGrid("values of T", **options)
        qtbot.addWidget(grid)
        summary = summarise(tensor)
        grid.set_reader(TensorReader(tensor), summary.largest, summary.characters)
        grid.resize(width, height)
        grid.show()
        return grid

    return build


def middle(grid, index):
    x, y, width, height = grid.present_geometry().rect(index)
    return QPoint(x + width // 2, y + height // 2)


def color_at(grid, point):
    return QColor(grid.viewport().grab().toImage().pixel(point))


def corner(grid, index):
    """A pixel of the cell without digits and lines."""
    x, y, _, _ = grid.present_geometry().rect(index)
    return QPoint(x + 3, y + 4)


def test_pointing_and_choosing_tell_the_full_index(make):
    grid = make(torch.arange(24.0).reshape(2, 3, 4))
    grid.set_layout(1, 2, {0: 1})
    said, chosen = [], []
    grid.pointed.connect(said.append)
    grid.chosen.connect(chosen.append)
    QTest.mouseMove(grid.viewport(), middle(grid, (1, 2, 3)))
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle(grid, (1, 0, 2)))
    assert (1, 2, 3) in said
    assert chosen == [(1, 0, 2)]


def test_heat_is_centred_on_zero_and_symmetric(make):
    grid = make(torch.tensor([[-4.0, 0.0, 4.0]]))
    assert color_at(grid, corner(grid, (0, 0))) == look().color("heat_negative")
    assert color_at(grid, corner(grid, (0, 1))) == look().color("heat_zero")
    assert color_at(grid, corner(grid, (0, 2))) == look().color("heat_positive")


def test_special_values_are_inverted_or_crossed(make):
    grid = make(torch.tensor([[torch.inf, torch.nan, 1.0]]))
    assert color_at(grid, corner(grid, (0, 0))) == look().color("text")
    cells = grid.viewport().grab().toImage()
    x, y, width, height = grid.present_geometry().rect((0, 1))
    pixels = [QColor(cells.pixel(x + i, y + j)) for i in range(width) for j in range(height)]
    reds = sum(pixel.red() - pixel.green() > 60 for pixel in pixels)
    assert reds > 20


def test_lit_regions_fade_the_rest_and_stretched_cells_are_hatched(make):
    grid = make(torch.full((3, 4), 5.0))
    full = color_at(grid, corner(grid, (0, 0)))
    grid.set_lit([LitRegion((1, None), 0)])
    assert color_at(grid, corner(grid, (1, 1))) == full
    assert color_at(grid, corner(grid, (0, 0))) != full
    frame = grid.present_geometry().rect((1, 0))
    assert color_at(grid, QPoint(frame[0] + 20, frame[1])) == look().axis_line(0)
    grid.set_lit([])
    grid.set_hatched([1])
    assert color_at(grid, corner(grid, (0, 0))) == full
    assert color_at(grid, corner(grid, (0, 1))) != full


def test_the_selected_cell_has_an_accent_inside(make):
    grid = make(torch.zeros(3, 4))
    grid.set_selected((1, 2))
    x, y, width, _ = grid.present_geometry().rect((1, 2))
    assert color_at(grid, QPoint(x + width // 2, y)) == look().color("accent")
    grid.set_selected((7, 7))
    grid.viewport().grab()


def test_badges_wear_the_colours_of_their_labels(make):
    grid = make(torch.zeros(3, 4))
    grid.set_axes((AxisLabel("k", 2), AxisLabel("j", 1)))
    image = grid.viewport().grab().toImage()
    colors = {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(0, image.height(), 1)}
    assert {look().axis_fill(2).name(), look().axis_fill(1).name()} <= colors
    assert look().axis_fill(0).name() not in colors


def test_the_keyboard_does_all(make):
    grid = make(torch.arange(3000.0).reshape(100, 30))
    said, chosen = [], []
    grid.pointed.connect(said.append)
    grid.chosen.connect(chosen.append)
    keys = Qt.Key
    QTest.keyClick(grid, keys.Key_Right)
    QTest.keyClick(grid, keys.Key_Right)
    QTest.keyClick(grid, keys.Key_Down)
    assert said[-1] == (1, 1)
    QTest.keyClick(grid, keys.Key_End)
    assert said[-1] == (1, 29)
    assert grid.sheet.first[1] > 0
    QTest.keyClick(grid, keys.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert said[-1] == (99, 29)
    assert grid.accessibleDescription() == "[99, 29] = 2999"
    QTest.keyClick(grid, keys.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert grid.sheet.first == (0, 0)
    QTest.keyClick(grid, keys.Key_PageDown)
    assert said[-1][0] == grid.present_geometry().fitting_rows
    QTest.keyClick(grid, keys.Key_Return)
    assert chosen == [said[-1]]


def test_rectangles_by_mouse_and_keyboard_are_copied(make):
    grid = make(torch.arange(12.0).reshape(3, 4))
    regions = []
    grid.selection_changed.connect(regions.append)
    view = grid.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle(grid, (0, 1)))
    QTest.mouseMove(view, middle(grid, (1, 2)))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle(grid, (1, 2)))
    assert regions[-1] == ((0, 2), (1, 3))
    QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "1\t2\n5\t6"
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert regions[-1] == ((0, 2), (1, 4))
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert regions[-1] is None
    QTest.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert grid.selection == ((0, 3), (0, 4))


def test_the_menu_copies_code(make):
    grid = make(torch.arange(4.0).reshape(2, 2))
    menu = grid._copy.open_menu(QPoint(0, 0))
    action = next(action for action in menu.actions() if action.data() == "torch")
    action.trigger()
    menu.close()
    assert QGuiApplication.clipboard().text() == "torch.tensor([[0., 1.], [2., 3.]])"


def test_the_tooltip_tells_the_exact_element(make, qtbot):
    grid = make(torch.tensor([[0.1, 2.0]]))
    place = middle(grid, (0, 0))
    event = QHelpEvent(QEvent.Type.ToolTip, place, grid.viewport().mapToGlobal(place))
    assert grid.viewportEvent(event)
    assert "[0, 0] = 0.1" in QToolTip.text()
    assert "exactly 0.100000001490116119384765625" in QToolTip.text()
    QToolTip.hideText()


def test_the_heat_can_be_measured_by_a_cell(make):
    grid = make(torch.tensor([[1.0, 2.0, 100.0, torch.nan]]))
    menu = grid._copy.open_menu(QPoint(0, 0), (0, 1))
    next(action for action in menu.actions() if action.data() == "heat here").trigger()
    assert grid.heat.scale == 2
    assert color_at(grid, corner(grid, (0, 1))) == look().color("heat_positive")
    next(action for action in menu.actions() if action.data() == "heat").trigger()
    menu.close()
    assert grid.heat.scale == 100
    assert not grid.heat.limit_to(grid.reader, (0, 3))


def test_too_many_cells_to_copy_say_so(make):
    grid = make(torch.zeros(1, 1).expand(10**6, 10**6))
    said = []
    grid.noticed.connect(said.append)
    QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(said[0], Problem)


def wheel(grid, steps, modifiers=Qt.KeyboardModifier.NoModifier):
    place = QPointF(middle(grid, (grid.sheet.first[0] + 2, grid.sheet.first[1] + 2)))
    event = QWheelEvent(
        place, grid.viewport().mapToGlobal(place), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    grid.wheelEvent(event)


def test_scrolling_and_zooming_of_what_is_larger_than_any_window(make):
    grid = make(torch.zeros(1, 1).expand(10**12, 10**5))
    wheel(grid, -1)
    assert grid.sheet.first[0] == 3
    wheel(grid, -1, Qt.KeyboardModifier.ShiftModifier)
    assert grid.sheet.first[1] == 3
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    assert grid.sheet.first[0] == 10**12 - grid.present_geometry().fitting_rows
    grid.reveal((5, 5))
    assert grid.sheet.first == (5, 3)
    level = grid.zoom.present_level(grid)
    wheel(grid, -1, Qt.KeyboardModifier.ControlModifier)
    assert grid.zoom.present_level(grid) == level - 1
    for _ in range(20):
        wheel(grid, -1, Qt.KeyboardModifier.ControlModifier)
    assert LEVELS[grid.zoom.present_level(grid)].height == 1
    grid.viewport().grab()


def test_the_hint_fits_small_tensors_exactly(make, qtbot):
    grid = make(torch.arange(12.0).reshape(3, 4))
    grid.resize(grid.sizeHint())
    qtbot.waitUntil(lambda: grid.present_geometry().fitting_rows == 3)
    geometry = grid.present_geometry()
    assert geometry.fitting_columns == 4
    assert (grid.verticalScrollBar().maximum(), grid.horizontalScrollBar().maximum()) == (0, 0)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 0), (2, 2, 2), (1,) * 8, (2, 1, 2, 1, 2, 1, 2, 3)])
def test_any_rank_is_drawn_with_and_without_facets(make, shape):
    grid = make(torch.ones(shape))
    grid.viewport().grab()
    if len(shape) > 2:
        grid.set_layout(0, 1, {}, True)
        grid.viewport().grab()
        assert list(grid.present_geometry().blocks())


def test_no_tensor_says_what_it_waits_for(make, qtbot):
    grid = TensorGrid()
    qtbot.addWidget(grid)
    grid.set_placeholder("512 GB, the limit is 4 GB.")
    grid.resize(300, 100)
    image = grid.viewport().grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, 200) for y in range(30)}) > 5


def test_no_width_in_which_the_sheet_fits_shows_a_scroll_bar(make):
    grid = make(torch.arange(12.0).reshape(3, 4))
    cell = grid.zoom.size(SMALL_DIGITS)
    geometry = grid.geometry_for(cell, 600, 160)
    least = geometry.left + 4 * cell.width + 1 + max(0, BADGE + 8 - cell.width // 2)
    assert least < geometry.left + 4 * cell.width + geometry.right
    for width in range(least, grid.sizeHint().width() + 20):
        grid.resize(width, 160)
        assert grid.horizontalScrollBar().maximum() == 0, width
    grid.resize(least - 1, 160)
    assert grid.horizontalScrollBar().maximum() == 1


def test_where_there_is_little_room_the_badge_of_the_columns_leaves_every_number_free(make):
    grid = make(torch.arange(12.0).reshape(3, 4))
    cell = grid.zoom.size(SMALL_DIGITS)
    geometry = grid.geometry_for(cell, 600, 160)
    end = geometry.left + 4 * cell.width
    images = []
    for width in (end + BADGE + 5, end + 1 + max(0, BADGE + 8 - cell.width // 2)):
        grid.resize(width, 160)
        assert grid.present_geometry().cell_width == cell.width
        images.append(grid.viewport().grab().toImage())
    roomy, tight = images
    last = range(end - cell.width, end - cell.width // 2 + 3)
    assert all(tight.pixel(x, y) == roomy.pixel(x, y) for x in last for y in range(geometry.top))
