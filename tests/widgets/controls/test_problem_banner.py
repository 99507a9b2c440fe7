import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from playground.models.problem import Fix, Problem, Span
from playground.widgets.controls.fix_button import FixButton, cut_code, fix_runs
from playground.widgets.controls.problem_banner import ProblemBanner, problem_runs
from playground.widgets.look import LIGHT
from playground.widgets.text.runs import plain

PROBLEM = Problem(
    "4 is axis 1 of A, 3 is axis 0 of B.",
    Span(3, 4),
    (Fix("ij,kj->ik", "(3, 3)"), Fix("ji,jk->ik", "(4, 4)")),
    lead="j has two sizes:",
)


@pytest.fixture
def banner(qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    banner = ProblemBanner()
    column.addWidget(banner)
    column.addStretch(1)
    qtbot.addWidget(window)
    window.resize(500, 300)
    window.show()
    banner.kept = window
    return banner


def test_it_is_hidden_until_there_is_a_problem(banner):
    assert banner.isHidden()
    banner.set_problem(PROBLEM, "ij,jk->ik")
    assert banner.isVisible()
    banner.set_problem(None)
    assert banner.isHidden()
    assert banner.buttons == []


def test_the_sentence_holds_the_text_its_fault_and_the_lead(banner):
    banner.set_problem(PROBLEM, "ij,jk->ik")
    sentence = "ij,jk->ik j has two sizes: 4 is axis 1 of A, 3 is axis 0 of B."
    assert " ".join(banner.message.text().split()) == sentence
    assert [run.text for run in banner.message.runs if run.faulty] == ["j"]
    assert [run.text for run in banner.message.runs if run.kind == "bold"] == ["j has two sizes: "]
    assert banner.accessibleName() == str(PROBLEM)


def test_a_button_names_its_result_and_says_its_fix(banner):
    banner.set_problem(PROBLEM, "ij,jk->ik")
    chosen = []
    banner.fix_chosen.connect(chosen.append)
    assert [button.accessibleName() for button in banner.buttons] == [
        "ij,kj->ik gives (3, 3)",
        "ji,jk->ik gives (4, 4)",
    ]
    QTest.mouseClick(banner.buttons[1], Qt.MouseButton.LeftButton)
    assert chosen == [PROBLEM.fixes[1]]
    banner.buttons[0].setFocus()
    QTest.keyClick(banner.buttons[0], Qt.Key.Key_Space)
    assert chosen == [PROBLEM.fixes[1], PROBLEM.fixes[0]]


def test_the_colours_say_how_bad_it_is(banner, qtbot):
    def corner():
        return banner.grab().toImage().pixelColor(banner.width() - 6, banner.height() - 4).name()

    banner.set_problem(PROBLEM)
    assert corner() == LIGHT.error_fill.lower()
    banner.set_problem(Problem("Both are stretched.", severity="warning"))
    assert corner() == LIGHT.warning_fill.lower()


def test_nothing_is_cut_off_when_it_gets_narrow(banner, qtbot):
    banner.set_problem(PROBLEM, "ij,jk->ik")
    for width in (700, 420, 300, 240):
        banner.window().resize(width, 400)
        qtbot.waitUntil(lambda width=width: banner.width() <= width)
        assert banner.message.height() >= banner.message.heightForWidth(banner.message.width())
        assert all(banner.rect().contains(button.parentWidget().geometry()) for button in banner.buttons)
        assert not banner.buttons[0].geometry().intersects(banner.buttons[1].geometry())


@pytest.mark.parametrize("span", [Span(0, 0), Span(200, 201), Span(95, 500), Span(3, 3), None])
def test_a_long_text_is_cut_around_its_fault(span):
    text = "".join(chr(97 + i % 26) for i in range(201))
    shown = plain(problem_runs(Problem("x", span), text))
    assert len(shown) < 60
    if span is not None and span.start < len(text):
        assert text[span.start] in shown


def test_what_a_fix_gives_may_be_a_shape_a_verdict_or_words():
    assert plain(fix_runs(Fix("v[:, None]", "(3, 4)"))) == "v[:, None] gives (3, 4)"
    assert plain(fix_runs(Fix("v[:, None]", "(3,)"))) == "v[:, None] gives (3,)"
    assert plain(fix_runs(Fix("v.sum()", "()"))) == "v.sum() gives ()"
    assert [run.kind for run in fix_runs(Fix(".reshape(2, 6)", "copy 48 B"))][-1] == "copy"
    assert [run.kind for run in fix_runs(Fix("Init He, gain 1.414"))] == ["words"]
    assert [run.kind for run in fix_runs(Fix(".view(2, 2, 3)"))] == ["code"]


def test_a_narrow_button_keeps_the_shape(qtbot):
    button = FixButton(Fix("a_long_name_of_a_tensor[:, None]", "(3, 4)"))
    qtbot.addWidget(button)
    button.resize(140, 24)
    button.show()
    image = button.grab().toImage()
    right_half = {image.pixelColor(x, y).name() for x in range(70, 140) for y in range(24)}
    assert LIGHT.axis_line(0).name() in right_half
    assert LIGHT.axis_line(1).name() in right_half


def test_three_fixes_stand_as_buttons_and_the_rest_in_a_menu(banner, qtbot):
    fixes = tuple(Fix(f"A[{place}]", "(4,)", f"meaning {place}") for place in range(8))
    banner.set_problem(Problem("Axis 1 of A is 4.", fixes=fixes))
    assert [button.fix for button in banner.buttons] == list(fixes[:3])
    assert banner.more.accessibleName() == "5 more fixes"
    chosen = []
    banner.fix_chosen.connect(chosen.append)
    QTest.mouseClick(banner.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert [action.text() for action in menu.actions()] == [f"A[{place}] gives (4,)" for place in range(3, 8)]
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[4]).center())
    assert chosen == [fixes[7]]
    banner.set_problem(Problem("Axis 1 of A is 4.", fixes=fixes[:3]))
    assert banner.more.isHidden()


def test_fixes_that_find_no_room_wait_in_the_menu_and_none_is_cut(banner, qtbot):
    fixes = tuple(Fix(f"the_first_operand_of_the_sum + the_second_operand[{place}]", "(4,)") for place in range(5))
    problem = Problem("Axis 1 of A is 4, axis 0 of v is 3. Neither is 1.", fixes=fixes)
    banner.set_problem(problem, "the_first_operand_of_the_sum + the_second_operand")
    shown = []
    for room in (400, 125, 95, 20):
        banner.fit(500, room)
        visible = [button for button in banner.buttons if not button.isHidden()]
        shown.append(len(visible))
        assert banner.more.accessibleName() == f"{5 - len(visible)} more fixes"
        assert room == 20 or banner.heightForWidth(500) <= room
    assert shown == [3, 2, 1, 1]
    QTest.mouseClick(banner.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert len(menu.actions()) == 4
    menu.close()
    banner.fit(500, 400)
    assert not any(button.isHidden() for button in banner.buttons)


def test_the_button_of_the_menu_stands_behind_the_last_fix(banner, qtbot):
    fixes = tuple(Fix(f"a_very_long_line_{'of_code_' * 12}[{place}]", "(4,)") for place in range(5))
    banner.set_problem(Problem("Axis 1 of A is 4.", fixes=fixes))
    qtbot.waitUntil(lambda: banner.more.y() == banner.buttons[-1].y() > 0, timeout=20_000)
    assert banner.more.x() > banner.buttons[-1].geometry().right()


@pytest.mark.parametrize("characters", [12, 20, 30, 45, 60])
@pytest.mark.parametrize(
    ("code", "original", "changed"),
    [
        ("torch.exp(first_name) + second_name[:, None]", "torch.exp(first_name) + second_name", "[:, None]"),
        ("first_name.t() + torch.exp(second_name + third)", "first_name + torch.exp(second_name + third)", ".t()"),
        ("a_name_of_a_tensor + middle[:, None] - some_other_one", "a_name_of_a_tensor + middle - some_other_one", ":"),
    ],
)
def test_a_cut_fix_shows_what_it_changes(code, original, changed, characters):
    shown = cut_code(code, original, characters)
    assert len(shown) <= characters
    assert changed in shown
    assert shown == code or "…" in shown
    for part in shown.split("…"):
        assert part in code
