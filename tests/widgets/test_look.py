"""The contrasts of the table of colours, computed as WCAG 2 does."""

import pytest
from PySide6.QtGui import QColor, QFont

from playground.widgets.look import AXIS_FILLS, AXIS_TEXTS, DARK, LIGHT, STALE, LookHolder, code_font, words_font

GROUNDS = ("panel", "window", "raised", "selected")


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request):
    return request.param


@pytest.mark.parametrize("role", ["text", "text2", "text3"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_can_be_read_everywhere(theme, role, ground):
    assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.48


@pytest.mark.parametrize(
    ("role", "ground"),
    [
        ("accent_text", "accent"), ("error", "error_fill"), ("error", "panel"), ("warning", "warning_fill"),
        ("warning", "panel"), ("good", "panel"), ("code_number", "panel"), ("code_number", "sunken"),
        ("tooltip_text", "tooltip"), ("tooltip_text2", "tooltip"), ("text", "hover"), ("text", "error_fill"),
        ("text", "warning_fill"), ("accent", "panel"), ("text", "heat_negative"), ("text", "heat_positive"),
    ],
)  # fmt: skip
def test_words_on_their_fills_can_be_read(theme, role, ground):
    assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_border_of_a_field_identifies_it(theme, ground):
    assert contrast(theme.field, getattr(theme, ground)) >= (3.0 if ground != "selected" else 2.9)


@pytest.mark.parametrize("ground", ["panel", "window", "raised"])
@pytest.mark.parametrize("axis", range(8))
def test_axis_lines_can_be_told_from_the_ground(theme, ground, axis):
    assert contrast(theme.axis_line(axis).name(), getattr(theme, ground)) >= 3.0


@pytest.mark.parametrize(("fill", "text"), list(zip(AXIS_FILLS, AXIS_TEXTS, strict=True)))
def test_the_number_on_a_badge_can_be_read(fill, text):
    assert contrast(fill, text) >= 4.5


def test_from_axis_seven_on_all_are_grey(theme):
    assert {theme.axis_fill(axis).name() for axis in range(7, 12)} == {"#8a8f98"}
    assert len({theme.axis_line(axis).name() for axis in range(7, 12)}) == 1


def test_the_same_look_again_is_no_change(qtbot):
    holder = LookHolder()
    seen = []
    holder.changed.connect(lambda: seen.append(holder.look))
    holder.set_look(LIGHT)
    holder.set_look(DARK)
    holder.set_look(DARK)
    assert seen == [DARK]


def test_neither_font_makes_an_arrow_of_two_characters():
    for font in (words_font(), code_font()):
        assert font.featureValue(QFont.Tag("calt")) == 0


@pytest.mark.parametrize("present", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("role", "least"), [("text", 4.5), ("text2", 3.0)])
def test_what_is_out_of_date_can_still_be_read(present, role, least):
    ground = present.color("panel")
    pairs = zip(present.color(role).getRgb(), ground.getRgb(), strict=True)
    faded = QColor(*(round(STALE * part + (1 - STALE) * below) for part, below in pairs))
    assert contrast(faded.name(), ground.name()) >= least
