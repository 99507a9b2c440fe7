import pytest

from playground.widgets.common.look import code_font
from playground.widgets.common.painting import text_width
from playground.widgets.einsum.equation_line import EquationLine

WIDTHS = (360, 400, 500, 735)
LONG = "a_name_that_has_thirty_letters"
CHOICES = {
    "two short": ("ij,jk->ik", ("A", "B")),
    "two long": ("ij,jk->ik", (LONG, f"{LONG}_too")),
    "four": ("ij,jk,kl,lm->im", ("A", "B", "A", "B")),
    "four long": ("ij,jk,kl,lm->im", (LONG, f"{LONG}_too", LONG, LONG)),
    "a long equation": ("abcdefgh,hgfedcba->abcd", ("A", LONG)),
    "one long": ("ij->ji", (LONG,)),
}


def shown_line(qtbot, name, width):
    equation, operands = CHOICES[name]
    line = EquationLine()
    qtbot.addWidget(line)
    line.resize(width, 140)
    line.show()
    line.set_choices(equation, operands, ("A", "B", LONG, f"{LONG}_too"))
    title = line.title
    qtbot.waitUntil(
        lambda: title.height() == title.flow.height_at(width) == title.layout().geometry().height(), timeout=20_000
    )
    return line


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHOICES)
def test_every_part_of_the_title_has_its_room_in_it(qtbot, name, width):
    line = shown_line(qtbot, name, width)
    title, layout = line.title, line.title.layout()
    assert line.width() == title.width() == width
    items = [layout.itemAt(place) for place in range(layout.count())]
    parts = [item for item in items if not item.isEmpty() and item.sizeHint().width()]
    assert {line.equation, line.presets, line.keep} <= {part.widget() for part in parts}
    for place, part in enumerate(parts):
        assert title.rect().adjusted(16, 8, -16, -8).contains(part.geometry())
        assert part.geometry().width() >= part.minimumSize().width()
        assert not any(part.geometry().intersects(other.geometry()) for other in parts[:place])
    for button in (line.presets, line.keep):
        assert button.width() >= button.sizeHint().width()
    assert line.presets.y() == line.keep.y()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHOICES)
def test_an_operand_box_has_room_for_its_name_or_three_letters(qtbot, name, width):
    line = shown_line(qtbot, name, width)
    assert len(line.boxes) == len(CHOICES[name][1])
    for box in line.boxes:
        assert not box.isHidden()
        needed = min(text_width(code_font(), box.combo.currentText()), text_width(code_font(), "abc…"))
        qtbot.waitUntil(lambda box=box, needed=needed: box.combo.width() - 32 >= needed, timeout=20_000)


def test_the_buttons_return_to_the_first_line_where_there_is_room(qtbot):
    line = shown_line(qtbot, "two short", 400)
    assert line.presets.y() > line.equation.geometry().bottom()
    line.resize(735, 140)
    qtbot.waitUntil(lambda: line.title.height() == 40, timeout=20_000)
    assert line.equation.geometry().bottom() > line.presets.y()
