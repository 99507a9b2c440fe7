from dataclasses import replace

import numpy as np
import pytest
from plot_hand import click as click_at
from plot_hand import drag, labels, place
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground.models.network.measure.histograms import ZERO
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.optimisers import OptimiserSettings
from playground.models.network.training.request import TrainingRequest, compute_training
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import Fix, Problem
from playground.widgets.look import look
from playground.widgets.network.plots.scrub_plot import step_range
from playground.widgets.network.train_section import TrainSection
from playground.widgets.painting import text_width

SPEC = NetworkSpec(depth=2, width=8, batch=50, activation="relu", init="kaiming_normal")
SETTINGS = TrainingSettings(rates=OptimiserSettings(learning_rate=0.1), steps=20)


@pytest.fixture
def section(shown):
    widget = TrainSection()
    widget.show_settings(SETTINGS, ("A", "B"))
    widget.edits = []
    widget.edited.connect(lambda settings, gesture: widget.edits.append((settings, gesture)))
    return shown(widget, 272, 460)


def result_of(**fields):
    return compute_training(TrainingRequest(SPEC, replace(SETTINGS, **fields)))


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_settings_are_said_in_the_title(section):
    assert section.choices.text() == "20 steps, SGD 0.1"
    section.show_settings(replace(SETTINGS, optimiser="adam", steps=1000))
    assert section.choices.text() == "1,000, Adam 0.1"
    assert "1,000 steps, Adam 0.1" in section.choices.toolTip()
    section.show_settings(replace(SETTINGS, optimiser="momentum", rates=OptimiserSettings(learning_rate=0.00025)))
    assert section.choices.text() == "Momentum 0.00025"


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.0888, 1000.0, 0.00015])
@pytest.mark.parametrize("width", [262, 272, 300])
def test_the_settings_in_the_title_are_whole(section, qtbot, rate, width):
    section.resize(width, 460)
    section.show_settings(replace(SETTINGS, steps=120, rates=OptimiserSettings(learning_rate=rate)))
    qtbot.waitUntil(lambda: section.title.width() == width - 32, timeout=20_000)
    qtbot.waitUntil(
        lambda: text_width(section.choices.button_font(), section.choices.text()) <= section.choices.width(),
        timeout=20_000,
    )
    assert section.choices.text().endswith(f"SGD {rate:g}")
    if rate in {0.01, 0.05}:
        assert section.choices.text() == f"120 steps, SGD {rate:g}"


def test_before_there_is_a_loss_the_plot_is_empty_and_says_what_fills_it(section):
    plot = section.plot
    assert plot.hint == "Play trains 20 steps"
    assert plot.hint_item.isVisible()
    assert plot.canvas.field().contains(plot.hint_item.sceneBoundingRect())
    assert not labels(plot), "no values stand at an axis without any"
    assert plot.canvas.crosshair is None
    click_at(plot, plot.canvas.field().center().toPoint())
    assert not section.edits
    section.show_result(result_of(target=3, shown=-1))
    assert not plot.hint_item.isVisible()
    assert labels(plot)
    assert plot.canvas.crosshair == 3
    click(section.stop)
    assert plot.hint_item.isVisible()
    assert plot.canvas.crosshair is None


def test_start_asks_for_all_steps_and_pause_for_no_more(section):
    paused = []
    section.pause_wanted.connect(lambda: paused.append(1))
    click(section.start)
    assert section.edits == [(replace(SETTINGS, target=20, shown=-1), None)]
    assert section.start.accessibleName() == "Pause"
    section.show_result(replace_running(result_of(target=7, shown=-1)))
    click(section.start)
    assert paused == [1]
    assert section.edits[-1][0] == replace(SETTINGS, target=7, shown=-1)
    section.show_result(replace_running(result_of(target=8, shown=-1)))
    assert section.start.accessibleName() == "Train"


def replace_running(result):
    return replace(result, running=True)


def test_start_again_goes_on_behind_the_end(section):
    section.show_settings(replace(SETTINGS, target=20))
    section.show_result(result_of(target=20, shown=-1))
    click(section.start)
    assert section.edits[-1][0].target == 40


def test_one_step_stop_and_rewind(section):
    section.show_settings(replace(SETTINGS, target=5, shown=-1))
    section.show_result(result_of(target=5, shown=-1))
    click(section.one)
    assert section.edits[-1][0] == replace(SETTINGS, target=6, shown=-1)
    click(section.rewind)
    assert section.edits[-1][0].shown == 0
    click(section.stop)
    assert section.edits[-1][0] == replace(SETTINGS, target=0, shown=0)
    assert section.reached == 0
    assert not section.rewind.isEnabled()


def test_a_result_is_drawn_and_said(section):
    result = result_of(target=12, shown=4)
    section.show_settings(replace(SETTINGS, target=12, shown=4))
    section.show_result(result)
    assert np.array_equal(section.plot.now.y, result.losses)
    assert section.plot.shown_step == 4
    assert section.step_box.value == 4
    assert section.words.text().startswith("The plots show step 4. The loss ")
    assert section.history.isVisible()
    assert section.history.image.counts.sum() == result.counts[:, :-4].sum()


def test_dragging_the_handle_shows_each_step_in_one_gesture_and_a_click_is_one_of_its_own(section):
    section.show_settings(replace(SETTINGS, target=20, shown=-1))
    section.show_result(result_of(target=20, shown=-1))
    plot = section.plot
    section.edits.clear()
    drag(plot, *(place(plot, step) for step in (20, 15, 12, 9)))
    steps = [settings.shown for settings, _ in section.edits]
    assert {15, 12, 9} <= set(steps)
    assert steps == sorted(steps, reverse=True)
    assert steps[-1] == plot.canvas.crosshair == 9
    assert len({gesture for _, gesture in section.edits}) == 1
    assert not plot.canvas.view.is_zoomed()
    click_at(plot, place(plot, 3))
    assert section.edits[-1][0].shown == 3
    assert section.edits[-1][1] != section.edits[0][1]
    drag(plot, place(plot, 9), place(plot, 30))
    assert section.edits[-1][0].shown == 20, "no further than it has trained"


def test_a_drag_beside_the_handle_moves_loss_and_history_together(section):
    section.show_settings(replace(SETTINGS, target=20, shown=-1))
    section.show_result(result_of(target=20, shown=-1))
    section.edits.clear()
    drag(section.plot, place(section.plot, 5), place(section.plot, 9))
    shown = section.plot.canvas.view.viewRange()[0]
    assert shown[0] == pytest.approx(-4, abs=0.5)
    assert section.history.canvas.view.viewRange()[0] == shown
    assert not section.edits


def test_a_step_can_be_typed(section):
    section.show_settings(replace(SETTINGS, target=20, shown=-1))
    section.show_result(result_of(target=20, shown=-1))
    section.step_box.setFocus()
    section.step_box.lineEdit().selectAll()
    QTest.keyClicks(section.step_box, "8")
    assert section.edits[-1][0].shown == 8


def test_another_setting_starts_at_step_0(section):
    section.show_settings(replace(SETTINGS, target=20, shown=5))
    section.show_result(result_of(target=20, shown=5))
    window = section.settings_window
    window.optimiser.setCurrentIndex(window.optimiser.findData("adam"))
    window.optimiser.activated.emit(window.optimiser.currentIndex())
    settings, _ = section.edits[-1]
    assert (settings.optimiser, settings.target, settings.shown) == ("adam", 0, 0)


def test_own_tensors_are_chosen_by_name(section):
    window = section.settings_window
    window.task.setCurrentIndex(window.task.findData("tensors"))
    window.task.activated.emit(window.task.currentIndex())
    assert section.edits[-1][0].task == "tensors"
    window.inputs.setCurrentIndex(window.inputs.findData("A"))
    window.inputs.activated.emit(window.inputs.currentIndex())
    assert section.edits[-1][0].inputs == "A"
    assert [window.targets.itemText(i) for i in range(window.targets.count())] == ["choose a tensor", "A", "B"]


def test_a_problem_is_said_and_the_curve_stays(section):
    result = result_of(target=6, shown=-1)
    section.show_settings(replace(SETTINGS, target=6, shown=-1))
    section.show_result(result)
    section.show_problem(Problem("There is no tensor 'Z' to take the inputs from."))
    assert section.banner.isVisible()
    assert len(section.plot.now.y) == 7
    section.show_result(result)
    assert not section.banner.isVisible()


def test_the_losses_of_several_pinned_networks_share_one_line_of_the_legend_and_keep_their_names(section):
    section.show_settings(TrainingSettings(target=1))
    names = [f"norm {norm}, relu, He normal, gain 1.414" for norm in ("none", "layer", "batch")]
    section.show_pinned(tuple((name, np.array([3.0, 2.0])) for name in names))
    section.plot.resize(230, 168)
    legend = section.plot.legend
    assert legend.plan(230).lines == 1
    assert legend.plan(230).left_out == ()
    assert [curve.name for curve in section.plot.pinned if curve.in_legend] == ["pinned"]
    assert [name for name in section.plot.plot_columns() if "pinned" in name] == [f"pinned: {name}" for name in names]


def test_pinned_losses_lie_in_grey(section):
    section.show_result(result_of(target=6, shown=-1))
    section.show_pinned((("He", np.array([3.0, 2.0, 1.0])),))
    assert [curve.name for curve in section.plot.pinned] == ["pinned"]
    assert "He reaches 2" in section.words.text()
    section.show_pinned(())
    assert section.plot.pinned == []


def test_a_failed_run_says_where_and_offers_no_start(section):
    spec = NetworkSpec(depth=8, width=12, batch=20, dtype="float16", gain=20.0)
    settings = replace(SETTINGS, target=5, shown=-1)
    section.show_settings(settings)
    section.show_result(compute_training(TrainingRequest(spec, settings)))
    assert "the activations of layer" in section.words.text()
    assert not section.start.isEnabled()
    assert section.stop.isEnabled()


@pytest.mark.parametrize("last", [1, 2, 5, 37, 120, 999, 100_000])
def test_the_step_axis_has_a_few_round_labels(last):
    ticks = step_range(last).ticks
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == (0.0, "0")
    assert ticks[-1][0] <= last


def test_every_control_says_what_it_is(section):
    for button in (section.start, section.one, section.stop, section.rewind, section.choices):
        assert button.objectName().startswith("network.train.")
        assert button.accessibleName() or button.text()
        assert button.toolTip()


def test_the_arrow_keys_move_the_handle(section):
    section.show_settings(replace(SETTINGS, target=20, shown=10))
    section.show_result(result_of(target=20, shown=10))
    section.plot.canvas.setFocus()
    QTest.keyClick(section.plot.canvas, Qt.Key.Key_Left)
    assert section.edits[-1][0].shown == 9
    QTest.keyClick(section.plot.canvas, Qt.Key.Key_Home)
    assert section.edits[-1][0].shown == 0


QUESTION = Problem(
    "20 steps take about `5 s`.",
    lead="A long training.",
    severity="warning",
    fixes=(Fix("Train 20 steps", target="agree"), Fix("7 steps", target="steps")),
)


def test_before_a_long_training_it_asks_and_the_button_goes_on(section):
    click(section.start)
    section.show_problem(QUESTION)
    assert section.start.accessibleName() == "Train"
    assert section.stop.isEnabled()
    click(section.banner.buttons[0])
    assert section.edits[-1][0] == replace(SETTINGS, target=20, shown=-1, agreed=20)
    assert not section.banner.isVisible()
    assert section.start.accessibleName() == "Pause"


def test_pressing_start_again_answers_the_question_too(section):
    click(section.start)
    section.show_problem(QUESTION)
    click(section.start)
    assert section.edits[-1][0].agreed == 20


def test_fewer_steps_are_trained_instead(section):
    click(section.start)
    section.show_problem(QUESTION)
    click(section.banner.buttons[1])
    assert section.edits[-1][0] == replace(SETTINGS, steps=7, target=7, shown=-1)


def test_stopping_takes_the_question_back(section):
    click(section.start)
    section.show_problem(QUESTION)
    click(section.stop)
    assert section.edits[-1][0].target == 0
    assert not section.banner.isVisible()
    section.show_problem(QUESTION)
    assert not section.banner.isVisible(), "an answer to what is no longer asked"


def test_another_setting_takes_a_problem_back(section):
    section.show_settings(replace(SETTINGS, target=20))
    section.show_problem(Problem("There is no tensor 'Z' to take the inputs from."))
    section.show_settings(replace(SETTINGS, target=0, inputs="A"))
    assert not section.banner.isVisible()


def test_start_is_not_pressed_where_nothing_can_begin(section):
    section.show_settings(replace(SETTINGS, target=20, shown=-1))
    section.show_problem(Problem("There is no tensor 'Z' to take the inputs from."))
    click(section.start)
    assert section.start.accessibleName() == "Train"


def test_what_it_will_cost_is_said_before(section):
    section.show_cost("about 1.4 s and 46.2 MB")
    assert section.words.text().endswith("It takes about 1.4 s and 46.2 MB.")


def test_progress_is_drawn_while_it_runs_and_a_long_step_is_said(section, monkeypatch):
    section.show_progress(0.5, "step 1 of 20")
    assert section.progress.fraction is None, "nothing runs"
    click(section.start)
    monkeypatch.setattr("playground.widgets.network.train_section.PATIENCE_MS", -1)
    section.show_progress(0.25, "step 5 of 20, backward, layer 2 of 2")
    assert section.progress.fraction == 0.25
    assert section.words.text() == "Step 5 of 20, backward, layer 2 of 2."
    image = section.progress.grab().toImage()
    ratio = image.devicePixelRatio()
    accent = look().color("accent").rgb()
    filled = [image.pixel(round(x * ratio), 0) == accent for x in (2, section.progress.width() - 2)]
    assert filled == [True, False]
    section.show_result(result_of(target=20, shown=-1))
    assert section.progress.fraction is None


def test_the_key_that_makes_a_step_makes_the_next_one_too_and_presses_nothing_else(section):
    section.one.setFocus()
    for target in (1, 2, 3):  # the second and the third before the first has answered
        QTest.keyClick(section.one, Qt.Key.Key_Space)
        assert section.edits[-1][0].target == target
        assert section.window().focusWidget() is section.one
    section.show_result(result_of(target=1, shown=-1))
    QTest.keyClick(section.one, Qt.Key.Key_Space)
    assert section.edits[-1][0].target == 4, "the answer to the first press does not take back those after it"
    section.show_result(result_of(target=4, shown=-1))
    assert section.one.isEnabled()
    assert section.window().focusWidget() is section.one


def test_the_keyboard_stays_in_the_section_where_its_button_is_disabled(section):
    section.show_settings(replace(SETTINGS, target=3))
    section.show_result(result_of(target=3, shown=-1))
    section.stop.setFocus()
    QTest.keyClick(section.stop, Qt.Key.Key_Space)
    assert not section.stop.isEnabled()
    assert section.window().focusWidget() is section.start

    rates = OptimiserSettings(learning_rate=1e20)
    section.show_settings(replace(SETTINGS, target=20, rates=rates))
    section.show_result(compute_training(TrainingRequest(SPEC, replace(SETTINGS, target=20, shown=-1, rates=rates))))
    assert not section.start.isEnabled()
    assert section.window().focusWidget() is section.stop


def test_the_zeros_beside_the_history_are_those_of_the_step_that_is_shown(section):
    rates = OptimiserSettings(learning_rate=3.0)
    spec = replace(SPEC, depth=1)
    words = set()
    for shown in (0, 6, 12):
        settings = replace(SETTINGS, target=12, shown=shown, rates=rates)
        result = compute_training(TrainingRequest(spec, settings))
        section.show_settings(settings)
        section.show_result(result)
        column = list(result.count_steps).index(min(shown, result.count_steps[-1]))
        share = result.counts[column][ZERO] / result.counts[column].sum()
        assert section.history.canvas.note == f"{share:.0%} exactly 0"
        words.add(section.history.canvas.note)
    assert len(words) > 1
