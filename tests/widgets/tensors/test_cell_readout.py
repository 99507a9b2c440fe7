import pytest

from playground.models.provenance.story import CellStory, StoryLine
from playground.widgets.tensors.cell_readout import CellReadout

LINES = tuple(StoryLine(f"A[0,{place}]", str(place)) for place in range(6))
STORY = CellStory("S[0,3]", "0.9752396", LINES, "softmax", 4, "exp(7 - 7) / 1.0254")


@pytest.fixture
def readout(qtbot):
    readout = CellReadout()
    qtbot.addWidget(readout)
    readout.resize(readout.sizeHint())
    readout.show()
    return readout


def test_it_says_terms_arithmetic_and_value(readout):
    readout.set_story(STORY)
    lines = readout.text().splitlines()
    assert lines[0] == "S[0,3] = 0.9752396"
    assert lines[-3:] == ["and 4 more", "exp(7 - 7) / 1.0254", "softmax 0.9752396"]


@pytest.mark.parametrize("height", [90, 110, 130, 160, 400])
def test_where_room_is_scarce_terms_go_before_what_they_come_to(readout, height):
    readout.set_story(STORY)
    readout.resize(200, height)
    shown, more = readout.fitted_lines(STORY)
    assert len(shown) + more == 10
    rows = len(shown) + bool(more) + 2
    assert 16 + 18 + 7 + (rows - 1) * 18 <= height or len(shown) == 1
    assert len(shown) == (6 if height == 400 else len(shown))
    assert readout.grab().height() == height


def test_it_is_wide_enough_for_its_last_line(readout):
    readout.set_story(CellStory("T[0,1]", "3", LINES[:1], "at 1 of the top"))
    narrow = readout.sizeHint().width()
    readout.set_story(CellStory("T[0,1]", "3", LINES[:1], "a conclusion that is longer"))
    assert readout.sizeHint().width() > narrow
