import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from playground.app.theme import install_theme
from playground.widgets.heat import count_shares, counts_table, image_of, share_colors, value_colors
from playground.widgets.look import DARK, LIGHT, look


def parts(color):
    return np.array(QColor.fromRgb(int(color)).getRgb()[:3], float)


def mixed(zero, end, amount):
    zero, end = (np.array(QColor(name).getRgb()[:3], float) for name in (zero, end))
    return zero + (end - zero) * amount


@settings(max_examples=300, deadline=None)
@given(st.floats(-1e300, 1e300), st.floats(1e-300, 1e300))
def test_the_heat_of_a_value_is_the_formula(qapp, value, scale):
    share = min(1.0, abs(value) / scale) ** 0.85
    end = look().heat_negative if value < 0 else look().heat_positive
    assert np.abs(parts(value_colors(value, scale)) - mixed(look().heat_zero, end, share)).max() <= 0.51


def test_special_values(qapp):
    install_theme(qapp, dark=False)
    colors = [QColor.fromRgb(int(color)).name() for color in value_colors([0, np.nan, np.inf, -np.inf, 1], 1.0)]
    assert colors == [LIGHT.heat_zero.lower(), LIGHT.heat_zero.lower(), LIGHT.heat_positive.lower(),
                      LIGHT.heat_negative.lower(), LIGHT.heat_positive.lower()]  # fmt: skip
    none, strong = value_colors(0.0, 0.0), value_colors(-2.0, 2.0, strong=True)
    assert QColor.fromRgb(int(none)).name() == LIGHT.heat_zero.lower()
    assert QColor.fromRgb(int(strong)).name() == LIGHT.heat_negative_strong.lower()


def test_a_weight_fades_towards_zero(qapp):
    full, faded = value_colors([1.0, 1.0], 1.0, weight=[1.0, 0.0])
    assert QColor.fromRgb(int(faded)).name() == look().heat_zero.lower()
    assert full != faded


@pytest.mark.parametrize("dark", [False, True])
def test_counts_climb_from_the_panel_through_12_percent_to_the_end(qapp, dark):
    install_theme(qapp, dark=dark)
    theme = DARK if dark else LIGHT
    table = counts_table()
    colors = table[np.rint(count_shares([0, 1, 10, 100], 100) * (len(table) - 1)).astype(int)]
    assert colors[0] == table[0] == int(theme.counts[0][1:], 16) | 0xFF000000
    assert colors[1] == table[round(0.12 * 511)]
    assert colors[2] == table[round(0.56 * 511)]
    assert colors[3] == table[-1] == int(theme.counts[-1][1:], 16) | 0xFF000000


@pytest.mark.parametrize("largest", [0, 1, 2, 1e12])
def test_counts_never_leave_the_table(qapp, largest):
    shares = count_shares([0, 0.5, 1, 2, 1e15, np.nan, np.inf], largest)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert set(share_colors([-1, 0, 0.5, 1, 2, np.nan]).tolist()) <= set(counts_table().tolist())


def test_the_image_keeps_its_own_colours(qapp):
    colors = value_colors([[1.0, -1.0, 0.0]], 1.0)
    image = image_of(colors)
    expected = QColor.fromRgb(int(colors[0, 0]))
    colors[:] = 0
    assert (image.width(), image.height()) == (3, 1)
    assert image.pixelColor(0, 0) == expected
