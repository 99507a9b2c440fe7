"""Where there is little room nothing overlaps, and what finds no room is left out whole."""

from dataclasses import replace
from functools import cache
from html import unescape
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF

from playground.models.formatting import digits
from playground.models.network.measure.histograms import Axis
from playground.models.network.request import compute_network, network_request
from playground.models.network.spec.spec import NetworkSpec
from playground.models.state import NetworkState, PlaygroundState
from playground.widgets.look import code_font, words_font
from playground.widgets.network.controls import NetworkControls
from playground.widgets.network.layer_numbers import LayerNumbers, TheorySection
from playground.widgets.network.layer_views import LOW, SLIM
from playground.widgets.network.panel import NetworkPanel
from playground.widgets.network.plots.distribution_plot import NUMBER, CountLegend
from playground.widgets.painting import text_width
from playground.widgets.plot.axis import AxisRange
from playground.widgets.text.labels import TextLabel

SPEC = NetworkSpec(depth=8, width=24, batch=16, activation="relu", init="lecun_normal")
SIZES = [(632, 576), (632, 1000), (700, 576), (800, 576), (900, 700), (992, 796), (1000, 576), (1180, 796), (1360, 796)]


@cache
def page_of(**fields):
    state = PlaygroundState(network=NetworkState(spec=replace(SPEC, **fields), band=False))
    return compute_network(network_request(state)), state


@pytest.fixture
def panel(qtbot):
    made = NetworkPanel()
    qtbot.addWidget(made)
    page, state = page_of()
    made.accept_state(state)
    made.resize(1360, 796)
    made.show()
    made.show_result(page)
    return made


def parts_of(views):
    """The parts that stand beside each other, by name, with their places in the views."""
    header = views.distributions
    parts = [views.spread, views.gradients, views.zeros, views.spread_numbers, views.gradient_numbers,
             views.zero_numbers, header.kind, header.scale, header.counts, header.samples, header.heat,
             header.send, views.title, views.words, views.send, views.own]  # fmt: skip
    parts += [part for part in header.findChildren(TextLabel) if part.text() == "Distributions"]
    return [
        (part.objectName() or type(part).__name__, QRect(part.mapTo(views, QPoint(0, 0)), part.size()))
        for part in dict.fromkeys(parts)
        if part.isVisible()
    ]


def faults_of(views):
    """What overlaps, or is cut at the edge."""
    places = parts_of(views)
    crossed = [f"{a} over {b}" for (a, one), (b, other) in combinations(places, 2) if one.intersects(other)]
    return crossed + [f"{name} cut" for name, place in places if not views.rect().contains(place)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_parts_of_the_page_lie_beside_each_other(panel, qtbot, width, height):
    panel.resize(width, height)
    qtbot.waitUntil(lambda: panel.views.width() <= width - 272 and not faults_of(panel.views), timeout=20_000)
    boxes = panel.views.distributions
    for box in (boxes.kind, boxes.scale):
        assert box.width() >= box.sizeHint().width()


@pytest.mark.parametrize("largest", [1, 1765, 12_093, 99_999, 100_000, 8_388_608, 268_435_456])
def test_the_largest_count_is_whole_beside_its_colours(qtbot, largest):
    legend = CountLegend()
    qtbot.addWidget(legend)
    legend.set_counts(largest, 0)
    assert text_width(code_font(), legend.end_words()) <= NUMBER - 8
    assert f"from 1 to {largest:,}." in legend.toolTip()


def test_what_is_left_out_comes_back(panel, qtbot):
    views = panel.views
    for width, slim in ((632, True), (1360, False), (700, True), (1000, False)):
        panel.resize(width, 796)
        qtbot.waitUntil(lambda slim=slim: (views.width() < SLIM) == slim and not faults_of(views), timeout=20_000)
        assert views.histogram.isVisible() != slim
        assert views.own.isVisible() != slim
        assert views.zero_numbers.isVisible() == (not slim or views.height() >= LOW)
        assert views.send.isVisible() != slim
        assert views.distributions.send.isVisible() == slim


def test_where_all_numbers_share_a_line_each_plot_has_one_in_it(panel, qtbot):
    """And what finds no room there is told by its tooltip."""
    views, page = panel.views, panel.views.page
    panel.resize(800, 496)
    line = views.spread_numbers
    qtbot.waitUntil(lambda: views.width() < SLIM and views.height() < LOW and not faults_of(views), timeout=20_000)
    qtbot.waitUntil(lambda: len(line.places()) > 2, timeout=20_000)
    names = [row[0] for row, _, _ in line.places()]
    assert names[:3] == ["rms", "activation grads", "exactly 0"]
    result = page.network.layers[views.layer - 1]
    values = {name: value for name, value, _ in line.rows}
    assert values["rms"] == digits(result.activation.rms)
    assert values["activation grads"] == digits(result.activation_gradient.rms)
    assert values["dead units"] == f"{round(result.dead_fraction * SPEC.width)} of {SPEC.width}"
    everything = [row for rows in views.rows_of(page, views.layer) for row in rows]
    assert len(line.rows) == len(everything) == len({name for name, _, _ in line.rows})
    last = line.places()[-1][1].center()
    tip = unescape(line.tip_at(last.x(), last.y()))
    assert all(f"{name} {value}" in tip for name, value, _ in line.rows[len(names) :])
    panel.resize(1360, 796)
    qtbot.waitUntil(lambda: line.rows[0][0] == "mean" and views.zero_numbers.isVisible(), timeout=20_000)


@pytest.mark.parametrize(("width", "height"), [(800, 496), (1000, 496), (1000, 576)])
def test_in_a_low_window_the_lowest_plot_is_a_plot_and_its_axis_is_whole(panel, qtbot, width, height):
    panel.resize(width, height)
    views = panel.views
    qtbot.waitUntil(lambda: views.height() < LOW and not faults_of(views), timeout=20_000)
    qtbot.waitUntil(lambda: views.zeros.canvas.field().height() >= 24, timeout=20_000)
    if height == 576 and width == 1000:
        qtbot.waitUntil(
            lambda: "rms, theory" in [row[0] for row, _, _ in views.spread_numbers.places()], timeout=20_000
        )
    bottom = views.zeros.canvas.mapTo(views, QPoint(0, views.zeros.canvas.height())).y()
    assert bottom <= views.height()


@pytest.mark.parametrize("width", [180, 240, 300, 380, 460, 560, 760])
@pytest.mark.parametrize("wraps", [False, True])
def test_names_in_the_legend_are_whole_and_apart(panel, width, wraps):
    panel.show_result(page_of(activation="identity", init="normal", depth=60)[0])
    for plot in (panel.views.spread, panel.views.gradients, panel.views.zeros):
        legend = plot.legend
        legend.set_may_wrap(wraps)
        plan = legend.plan(width)
        bold = text_width(words_font(words_font().Weight.DemiBold), plan.title)
        boxes = [QRectF(0, 0, bold, 18)]
        for item in plan.placed:
            wide = text_width(words_font(), item.text)
            assert not item.text.endswith("…")
            boxes.append(QRectF(item.sample.left(), 18 * item.line, item.x + wide - item.sample.left(), 18))
        assert not any(one.intersects(other) for one, other in combinations(boxes, 2))
        assert all(box.left() >= 0 and box.right() <= width + 1 for box in boxes)
        assert plan.lines == 1 or wraps
        assert len(plan.placed) + len(plan.left_out) == len(legend.plan(2000).placed)


def test_what_the_legend_has_no_room_for_is_told(panel, qtbot):
    panel.show_result(page_of(activation="identity", init="normal", depth=60)[0])
    legend = panel.views.zeros.legend
    legend.set_may_wrap(False)
    legend.setFixedWidth(200)
    qtbot.waitUntil(lambda: legend.width() == 200, timeout=20_000)
    assert "nan or inf" in legend.toolTip()
    legend.setFixedWidth(700)
    qtbot.waitUntil(lambda: legend.width() == 700 and legend.toolTip() == "", timeout=20_000)


def test_a_high_plot_gives_its_legend_a_second_line(panel):
    panel.show_result(page_of(activation="identity", init="normal", depth=60)[0])
    legend = panel.views.zeros.legend
    width = 300
    legend.set_may_wrap(True)
    wide = legend.plan(width)
    assert wide.lines == 2
    assert not wide.left_out
    assert legend.plan(900).lines == 1


def note_place(histogram):
    """Where the words about the bars stand, or None."""
    note = histogram.canvas.note_item
    return note.mapRectToParent(note.boundingRect()) if note.isVisible() else None


def marks_of(histogram):
    """The bars and the line of the rms, as rectangles of the field."""
    view, bars = histogram.canvas.view, histogram.bars
    rows = zip(bars.edges[:-1], bars.edges[1:], bars.lengths, strict=True)
    marks = [view.mapFromView(QRectF(0, low, length, high - low)).boundingRect() for low, high, length in rows]
    if histogram.rms.isVisible():
        marks.append(QRectF(0, view.mapFromView(QPointF(0, histogram.rms.value())).y() - 1, view.width(), 2))
    return [mark for mark in marks if not mark.isEmpty()]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", ["activation", "weight", "preactivation"])
def test_the_count_stands_clear_of_bars_and_rms(panel, own, kind):
    network = NetworkState(spec=SPEC, band=False, kind=kind, own_range=own)
    panel.accept_state(PlaygroundState(network=network))
    panel.show_result(compute_network(network_request(PlaygroundState(network=network))))
    histogram = panel.views.histogram
    for width, height in ((208, 90), (208, 122), (288, 220), (110, 100)):
        histogram.canvas.setFixedSize(width, height)
        histogram.canvas.settle()
        place = note_place(histogram)
        if width == 110:
            assert place is None  # too narrow for the words
        elif place is not None:
            assert QRectF(histogram.canvas.view.rect()).adjusted(-1, -1, 1, 1).contains(place)
            assert not any(place.adjusted(1, 3, -1, -3).intersects(mark) for mark in marks_of(histogram))


def test_the_count_goes_where_the_bars_leave_room(panel):
    histogram, ends = panel.views.histogram, AxisRange(-3.0, 1.0, logarithmic=True)
    histogram.canvas.setFixedSize(288, 200)
    histogram.canvas.settle()
    numbers = replace(panel.views.page.network.tables["activation"].layer(0), rms=0.1)
    for long, where in (((), "above"), ((-1,), "below"), ((0,), "above"), ((0, -1), None)):
        counts = np.ones(16, dtype=int)
        counts[[8, *long]] = 700
        found = replace(histogram._histogram, axis=Axis("log", -3.0, 1.0, rows=16), counts=counts)
        histogram.show_layer(1, numbers, found, ends, own=True)
        assert histogram.canvas.note == "count, 0 to 700"
        place, middle = note_place(histogram), histogram.canvas.view.height() / 2
        assert (None if place is None else "above" if place.center().y() < middle else "below") == where


ROWS = [("mean", "0.364", ""), ("smallest, largest", "-1.22e-8, 3.45e-8", ""), ("std across inputs", "0.4", ""),
        ("seeds, rms", "1.21e-8 to 3.44e-8", ""), ("dead units", "1 of 1,000", "Units that are 0.")]  # fmt: skip


@pytest.mark.parametrize("flowing", [False, True])
@pytest.mark.parametrize(("width", "height"), [(208, 100), (288, 150), (327, 20), (394, 40)])
def test_numbers_beside_and_below_a_plot_are_whole(qtbot, flowing, width, height):
    numbers = LayerNumbers(0, "numbers")
    qtbot.addWidget(numbers)
    numbers.set_flowing(flowing)
    numbers.resize(width, height)
    numbers.set_rows(ROWS)
    places = numbers.places()
    assert places
    for (_name, value, _), rect, left in places:
        assert left + text_width(code_font(), value) <= rect.right() + 1
        assert rect.right() <= width
        assert rect.bottom() <= height + 2
    assert not any(one.intersects(other) for (_, one, _), (_, other, _) in combinations(places, 2))
    last = places[-1][1].center()
    for name, value, _ in ROWS[len(places) :]:
        assert f"{name} {value}" in numbers.tip_at(last.x(), last.y())


def test_every_choice_fits_into_its_box(qtbot):
    controls = NetworkControls()
    qtbot.addWidget(controls)
    controls.resize(262, 900)
    controls.show()
    qtbot.waitUntil(lambda: controls.choices["init"].box.width() > 140, timeout=20_000)
    for field, choice in controls.choices.items():
        room = choice.box.width() - 32
        for row in range(choice.box.count()):
            text = choice.box.itemText(row)
            assert text_width(choice.box.item_font(), text) <= room, (field, text)


@pytest.mark.parametrize("first", ["Short", "", "why " * 50])
def test_a_long_reason_of_the_theory_is_whole(qtbot, first):
    section = TheorySection()
    qtbot.addWidget(section)
    page, _ = page_of()
    section.show_theory(page)
    section.show()
    for words in (first, "no theory drawn: " + "a reason of many words that needs many lines " * 4):
        section.reason.setVisible(bool(words))
        section.reason.set_content(words)
    needed = section.heightForWidth(262)
    section.resize(262, max(needed, section.minimumSizeHint().height()))
    qtbot.waitUntil(
        lambda: section.reason.height() >= section.reason.heightForWidth(section.reason.width()) > 60, timeout=20_000
    )


def test_a_long_reason_is_whole_in_the_column_too(panel, qtbot):
    reason = panel.theory.reason
    reason.set_content("no theory drawn: " + "a reason of many words that needs many lines " * 4)
    reason.setVisible(True)
    qtbot.waitUntil(lambda: reason.height() >= reason.heightForWidth(reason.width()) > 60, timeout=20_000)
