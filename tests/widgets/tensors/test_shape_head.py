import pytest

from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.state import PlaygroundState
from playground.widgets.tensors.shape_head import title_runs
from playground.widgets.tensors.shape_panel import ShapePanel
from playground.widgets.text.runs import plain, runs_width

LONG = "a_name_that_has_thirty_letters"
PROGRAM = Program.parse(f"B = torch.ones(3, 3)\n{LONG} = B + B")


@pytest.mark.parametrize("longest", range(8, 60))
@pytest.mark.parametrize("name", ["B", LONG])
def test_a_title_is_never_longer_than_its_room(name, longest):
    text = plain(title_runs(PROGRAM, name, longest))
    assert len(text) <= longest
    assert text[:3] == f"{name} = "[:3]


def test_where_the_code_has_no_room_the_name_takes_it():
    assert plain(title_runs(PROGRAM, LONG, 12)) == "a_name_t…ers"
    assert plain(title_runs(PROGRAM, "B", 12)) == "B = torch.o…"


@pytest.mark.parametrize("width", [360, 400, 500, 735])
@pytest.mark.parametrize("name", ["B", LONG])
def test_the_title_and_its_buttons_stand_side_by_side(qtbot, name, width):
    panel = ShapePanel()
    qtbot.addWidget(panel)
    panel.resize(width, 300)
    panel.show()
    state = PlaygroundState(program=PROGRAM, selection=name)
    panel.accept_state(state)
    panel.show_result(compute_shape(shape_request(state), Job()))
    view = panel.view
    code, menu, copy = view.code, view.menu_button, view.copy_button
    qtbot.waitUntil(lambda: 0 < code.geometry().right() < menu.x() < copy.x() < width, timeout=20_000)
    assert menu.width() >= menu.sizeHint().width()
    assert runs_width(code.runs) <= code.width() + 1
    assert plain(code.runs)
