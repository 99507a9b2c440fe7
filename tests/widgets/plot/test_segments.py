"""The quick way of painting lines, against Qt's own way of painting the path."""

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter

from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import (
    LINE_STYLES,
    line_color,
    line_path,
    line_pen,
    line_segments,
    lone_points,
    packed_lines,
    paint_points,
    paint_segments,
)

X = np.linspace(10, 390, 40)
SHAPES = {
    "flat": 40 + np.sin(X / 50),
    "steep": 40 + 30 * np.sin(X / 9),
    "zigzag": 40 + 20 * (-1.0) ** np.arange(40),
    "gaps": np.where(np.arange(40) % 9 < 6, 40 + np.cos(X / 20) * 9, np.nan),
}


def painted(paint, ratio=1):
    image = QImage(400 * ratio, 80 * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0xFFFFFFFF)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint(painter)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(80 * ratio, 400 * ratio, 4)
    return 255.0 - pixels[..., :3].astype(float)


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("style", list(LINE_STYLES))
@pytest.mark.parametrize("shape", list(SHAPES))
def test_segments_look_like_the_path(qapp, shape, style, ratio):
    def by_path(painter):
        painter.setPen(line_pen(style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(line_path(X, SHAPES[shape]))

    def by_segments(painter):
        lines = line_segments(X, SHAPES[shape], LINE_STYLES[style], ratio)
        paint_segments(painter, packed_lines(lines), line_color(style), LINE_STYLES[style].width)

    one, other = painted(by_path, ratio), painted(by_segments, ratio)
    assert one.sum() > 1000 * ratio
    assert other.sum() == pytest.approx(one.sum(), rel=0.05)
    assert np.abs(one - other).sum() < 0.12 * one.sum()


def test_one_segment_a_pair_of_neighbours_a_little_longer_than_it_is(qapp):
    lines = line_segments(np.array([0.0, 10, 20, 30]), np.zeros(4), LINE_STYLES["curve"])
    assert lines.shape == (3, 4)
    assert lines[:, 0].tolist() == pytest.approx([-0.75, 9.7, 19.7])
    assert lines[:, 2].tolist() == pytest.approx([10.3, 20.3, 30.75])


def test_nothing_where_there_is_nothing_to_join(qapp):
    style = LINE_STYLES["theory"]
    for x, y in (([], []), ([1.0], [2.0]), ([1.0, 2.0], [math.nan, 2.0]), ([1.0, 1.0], [2.0, 2.0])):
        assert line_segments(np.array(x), np.array(y), style).shape == (0, 4)


def test_dashes_have_their_lengths_and_begin_anew_after_a_gap(qapp):
    x = np.array([0.0, 40, 60, 100])
    lines = line_segments(x, np.array([0.0, 0, math.nan, 0]), LINE_STYLES["theory"])
    assert lines[:, 0].tolist() == pytest.approx([0, 9, 18, 27, 36])
    assert lines[:, 2].tolist() == pytest.approx([5, 14, 23, 32, 40])


@pytest.mark.parametrize("far", [1e5, 1e200, 1.7e308, -1.7e308])
def test_what_lies_far_away_is_cut_off_where_it_leaves(qapp, far):
    lines = line_segments(np.array([0.0, 10, 20]), np.array([0.0, far, 0]), LINE_STYLES["curve"])
    assert np.abs(lines).max() < 5000
    assert np.sign(lines[0, 3]) == np.sign(far)
    assert lines[0, 2] < 1


def test_a_point_that_no_line_joins_is_a_dot(qapp):
    nan, x = math.nan, np.arange(6.0)
    for y, alone in (
        ([1, nan, 2, 3, nan, 4], [0, 5]),
        ([nan, nan, nan, nan, nan, 7], [5]),
        ([-math.inf, 5, -math.inf, 1, 2, math.inf], [1]),
        ([1, 2, 3, 4, 5, 6], []),
        ([nan] * 6, []),
    ):
        found = lone_points(x, np.array(y, float))
        assert found.tolist() == [[x[place], y[place]] for place in alone]
    assert lone_points(np.array([3.0]), np.array([4.0])).tolist() == [[3, 4]]
    assert len(lone_points(np.empty(0), np.empty(0))) == 0

    dots = painted(lambda painter: paint_points(painter, np.array([[200.0, 40.0]]), line_color("curve"), 2.0))
    assert dots[38:42, 198:202].min() > 0
    assert dots[:, :196].sum() == dots[:, 204:].sum() == 0


@pytest.mark.parametrize("y", [[math.nan, 1e-3, math.nan, 0.0], [0.0, 1e-3, 0.0, math.inf]])
def test_a_curve_of_one_known_number_is_seen(y, qtbot):
    plot = Plot("Gradients", x_name="layer")
    plot.set_ranges(AxisRange(1, 4), AxisRange(-6, 0, logarithmic=True))
    curve = plot.add(Curve("activations", axis=0))
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    plot.show()
    empty = plot.canvas.grab().toImage()
    curve.set_data(range(1, 5), y)
    plot.refresh()
    assert plot.canvas.grab().toImage() != empty
