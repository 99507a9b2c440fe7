import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest, compute_step_through
from playground.models.network.step_through.steps import spell
from playground.models.problem import Problem
from playground.widgets.network.windows.step_through import StepThroughView

RESULT = compute_step_through(
    StepThroughRequest.small(NetworkSpec(depth=2, activation="relu", init="kaiming_normal", bias_std=0.2))
)


@pytest.fixture
def view(shown):
    widget = StepThroughView()
    widget.show_result(RESULT)
    return shown(widget, 1040, 560)


def test_every_step_is_shown_with_its_tensors(view):
    for index, step in enumerate(RESULT.steps):
        view.show_step(index)
        assert view.formula.text() == step.formula
        shown = [grid.name.text() for grid in view.grids if grid.isVisibleTo(view)]
        assert shown == [operand.name for operand in step.operands]
        assert view.result_grid.name.text() == step.result.name
        assert view.agreement.text() == ("" if step.agreement is None else step.agreement.words().capitalize() + ".")
        view.grab()


def test_gradients_have_room_for_their_digits(view):
    """One digit of `0.0207` would be `2e-2`, which the sum spelled out below does not look like."""
    for index in range(len(RESULT.steps)):
        view.show_step(index)
        for grid in (*view.grids, view.result_grid):
            if grid.isVisibleTo(view):
                zoom = grid.grid.zoom
                assert zoom.size(zoom.present_level(grid.grid)).characters >= len("-0.0396")


def test_buttons_and_keys_go_from_step_to_step(view):
    assert not view.back.isEnabled()
    QTest.mouseClick(view.on, Qt.MouseButton.LeftButton)
    assert view.where.text() == f"step 2 of {len(RESULT.steps)}"
    QTest.keyClick(view.list, Qt.Key.Key_End)
    assert view.where.text().startswith(f"step {len(RESULT.steps)} ")
    assert not view.on.isEnabled()
    QTest.keyClick(view.list, Qt.Key.Key_Up)
    QTest.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert view.where.text().startswith(f"step {len(RESULT.steps) - 2} ")


def test_the_arrow_keys_step_as_soon_as_the_window_is_there(view):
    assert view.focusWidget() is view.list
    for key, step in ((Qt.Key.Key_Right, 2), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Left, 2), (Qt.Key.Key_Down, 3)):
        QTest.keyClick(view.focusWidget(), key)
        assert view.where.text() == f"step {step} of {len(RESULT.steps)}"


def test_pointing_at_a_number_spells_it_out(view):
    view.show_step(0)
    view.result_grid.grid.pointed.emit((1, 2))
    assert view.spelled.text() == spell(RESULT.steps[0], (1, 2)).words()
    marks = view.grids[0].grid.marks
    assert [region.index for region in marks.lit] == [(1, None)]
    assert [region.index for region in view.grids[1].grid.marks.lit] == [(2, None)]


def test_a_problem_keeps_the_pass(view):
    view.show_problem(Problem("The gain is nan, it must be a finite number."))
    assert view.banner.isVisible()
    assert view.formula.text() == RESULT.steps[0].formula


@pytest.mark.parametrize("normalisation", list(NORMALISATIONS))
def test_all_kinds_of_networks_can_be_stepped_through(view, normalisation):
    spec = NetworkSpec(depth=2, normalisation=normalisation, residual="scaled", dropout=0.3, activation="gelu",
                       input="digits", loss="cross_entropy")  # fmt: skip
    result = compute_step_through(StepThroughRequest.small(spec))
    view.show_result(result)
    for index in range(len(result.steps)):
        view.show_step(index)
    assert "agrees with autograd" in view.what.text()


def test_the_hand_that_reaches_the_loss_and_the_last_step_is_told_of(view):
    seen = []
    view.noted.connect(seen.append)
    view.show_step(len(RESULT.steps) - 1)
    view.show_result(RESULT)
    view.show_step(0)
    assert seen == []
    while "L =" not in view.formula.text():
        assert seen == []
        QTest.mouseClick(view.on, Qt.MouseButton.LeftButton)
    assert seen == ["forward_pass"]
    QTest.keyClick(view.list, Qt.Key.Key_End)
    assert seen[-1] == "backward_pass"
