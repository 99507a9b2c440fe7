import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QSizePolicy

from playground.models.problem import Span
from playground.widgets.code.marks import CodeMark, code_marks, code_runs
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import LIGHT
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import (
    Run,
    axis_run,
    cut_runs,
    layout_runs,
    paint_runs,
    parse_runs,
    plain,
    runs_width,
    shape_runs,
    shape_text,
)


def colors_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (1, 0, 7), (10**12, 2)])
def test_a_shape_is_written_as_torch_writes_it(shape):
    assert shape_text(shape) == str(tuple(shape))
    assert plain(shape_runs(shape)) == str(tuple(shape))
    assert [run.axis for run in shape_runs(shape) if run.axis is not None] == list(range(len(shape)))


def test_markup_is_backticks_and_stars_and_nothing_else():
    runs = parse_runs("`v[i]` is **added** to <b>x</b> & y")
    assert [(run.text, run.kind) for run in runs] == [
        ("v[i]", "code"), (" is ", "words"), ("added", "bold"), (" to <b>x</b> & y", "words"),
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab `*1.", max_size=60), st.floats(20, 400))
def test_wrapping_loses_nothing_but_spaces_at_the_breaks(qapp, text, width):
    runs = parse_runs(text)
    placed, height = layout_runs(runs, width)
    assert "".join(piece.run.text for piece in placed).replace(" ", "") == plain(runs).replace(" ", "")
    lines = {piece.baseline for piece in placed}
    assert height >= 16 * max(1, len(lines))
    for base in lines:
        row = [piece for piece in placed if piece.baseline == base]
        words = " ".join(piece.run.text for piece in row).split()
        assert row[-1].x + row[-1].width <= width + 8 * 8 or len(words) == 1


def test_a_shape_label_underlines_each_size_in_its_axis_colour(qtbot):
    label = RunsLabel(shape_runs((3, 4, 5)), wrap=False)
    qtbot.addWidget(label)
    label.show()
    painted = colors_of(label)
    assert {LIGHT.axis_line(axis).name() for axis in range(3)} <= painted
    assert LIGHT.axis_line(3).name() not in painted
    label.set_content(shape_runs((3,), axes=[3]))
    assert LIGHT.axis_line(3).name() in colors_of(label)
    assert label.accessibleName() == "(3,)"


def test_a_label_grows_downwards_when_it_gets_narrow(qtbot):
    label = RunsLabel("stride 0 must be stride 1 times size 1, which is `4*3 = 12`. It is **1**.")
    qtbot.addWidget(label)
    assert label.heightForWidth(200) > label.heightForWidth(2000)
    assert label.text() == "stride 0 must be stride 1 times size 1, which is 4*3 = 12. It is 1."


def test_badges_and_verdicts_stand_inside_a_line(qapp):
    runs = (Run("axes "), axis_run(0), Run(" and "), axis_run(1), Run("copy 48 B", "copy"))
    image = QImage(300, 30, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    with QPainter(image) as painter:
        end = paint_runs(painter, 2, 20, runs)
    assert end == pytest.approx(2 + runs_width(runs), abs=1)
    painted = {image.pixelColor(x, y).name() for x in range(300) for y in range(30)}
    assert {LIGHT.axis_fill(0).name(), LIGHT.axis_fill(1).name(), LIGHT.warning_fill.lower()} <= painted


def test_a_name_from_a_file_is_no_markup(qtbot):
    label = TextLabel("<b>weight</b> & <img src=x>")
    qtbot.addWidget(label)
    label.resize(40, 24)
    label.show()
    label.resize(50, 24)
    assert label.text() == "<b>weight</b> & <img src=x>"
    assert label.toolTip() == "&lt;b&gt;weight&lt;/b&gt; &amp; &lt;img src=x&gt;"
    label.resize(400, 24)
    assert label.toolTip() == ""
    set_tooltip(label, "where it comes from")
    label.resize(40, 24)
    assert "where it comes from" in label.toolTip()


@pytest.mark.parametrize(
    ("text", "colored"),
    [
        ("torch.arange(12.).view(3, 1)", {"torch.arange": "text2", **dict.fromkeys(["12.", "3", "1"], "code_number")}),
        ("A + v2[1:, None]", {"1": "code_number"}),
        ("x * 1e-3 + .5", {"1e-3": "code_number", ".5": "code_number"}),
        ('torch.einsum("ij,2k->", A)', {"torch.einsum": "text2"}),
        ("torch.nn.functional.relu(x)", {"torch.nn.functional.relu": "text2"}),
        ("", {}),
    ],
)  # fmt: skip
def test_numbers_and_torch_are_coloured(text, colored):
    assert {text[mark.start : mark.stop]: mark.role for mark in code_marks(text)} == colored


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.integers(0, 45), st.integers(0, 45))
def test_code_in_runs_is_the_code(text, start, length):
    runs = code_runs(text, faulty=Span(start, start + length))
    assert plain(runs) == text
    assert "".join(run.text for run in runs if run.faulty) == text[start : start + length]


def test_marks_may_overlap():
    runs = code_runs("ij", [CodeMark(0, 2, "text2"), CodeMark(1, 2, axis=1)])
    assert [(run.text, run.role, run.axis) for run in runs] == [("i", "text2", None), ("j", "text2", 1)]


def test_what_is_longer_than_a_line_is_broken_inside(qapp):
    name = "the_vector_with_a_very_long_name_indeed"
    placed, height = layout_runs((Run(f"Axis 0 of {name} is 12"),), 100, 16)
    assert all(piece.x + piece.width <= 100 for piece in placed)
    assert "".join(piece.run.text for piece in placed).replace(" ", "") == f"Axis0of{name}is12"
    assert height > 3 * 16


def test_a_line_of_any_width_moves_no_neighbours_when_its_words_change(qtbot):
    label = RunsLabel("activations shrink", wrap=False)
    qtbot.addWidget(label)
    asked = []
    label.updateGeometry = lambda: asked.append(1)
    label.set_content("activations shrink by **0.84** a layer")
    assert asked == [1]
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    asked.clear()
    label.set_content("activations explode")
    assert asked == []
    label.set_content([Run("3", "code", axis=1)])
    assert asked == [1]
    assert label.sizeHint().height() == label.heightForWidth(100) == 22


@pytest.mark.parametrize("width", range(0, 420, 7))
def test_a_line_without_room_ends_in_an_ellipsis_and_never_outside(qapp, width):
    runs = parse_runs("**Healthy.** Layer `50` has rms `0.303`, layer 1 `0.422`; gradients reach layer 1")
    shown = cut_runs(runs, width)
    if runs_width(runs) <= width:
        assert shown == runs
        return
    assert plain(shown).endswith("…")
    assert plain(runs).startswith(plain(shown).removesuffix("…"))
    assert runs_width(shown) <= max(width, runs_width((Run("…", "bold"),)))


def test_a_line_is_cut_before_a_badge_that_does_not_fit(qapp):
    runs = (Run("axis "), axis_run(0), Run("is "), axis_run(1))
    assert plain(cut_runs(runs, runs_width(runs) - 1)).endswith("…")
    assert cut_runs(runs, runs_width(runs)) == runs


@pytest.mark.parametrize("words", ["The result is new, 48 B.", "copy 1.5 MB of it", "(12 kB)"])
def test_no_line_begins_with_a_unit(words):
    for width in range(60, 200, 5):  # what is wider than a line breaks anywhere
        placed, _ = layout_runs((Run(words),), width)
        lines = {}
        for piece in placed:
            lines.setdefault(piece.baseline, []).append(piece.run.text)
        assert not any("".join(line).lstrip("( ").startswith(("B", "kB", "MB")) for line in lines.values())
    assert "".join(piece.run.text for piece in layout_runs((Run(words),))[0]) == words
