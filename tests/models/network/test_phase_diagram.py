import math
from dataclasses import replace

import numpy as np
import pytest

from playground.models.job import CancelledError, Job
from playground.models.network.activations import ACTIVATIONS
from playground.models.network.mean_field import bias_variance_of, fixed_point, weight_variance_of
from playground.models.network.phase_diagram import (
    PhaseRequest,
    chi1_map,
    compute_phase,
    gain_axis,
    point_of,
    theory_words,
)
from playground.models.network.run import run_network
from playground.models.network.spec import NetworkSpec
from playground.models.outcome import ProblemError

TANH = NetworkSpec(depth=12, width=40, batch=30, activation="tanh", init="lecun_normal", gain=1.2, bias_std=0.2)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_map_is_the_fixed_point_everywhere(activation):
    weights, biases = np.linspace(0.3, 3.7, 6), np.linspace(0.0, 0.4, 3)
    drawn = chi1_map(activation, weights, biases)
    for row, bias in enumerate(biases):
        for column, weight in enumerate(weights):
            exact = fixed_point(activation, float(weight), float(bias)).chi1
            assert drawn[row, column] == pytest.approx(exact, rel=0.02, abs=1e-3), (weight, bias)


def test_the_edge_of_relu_is_at_2_and_that_of_tanh_at_1_761():
    weights = np.linspace(1.0, 3.0, 401)
    relu = chi1_map("relu", weights, np.zeros(1))[0]
    assert np.allclose(relu, weights / 2)
    tanh = chi1_map("tanh", weights, np.array([0.05]))[0]
    assert weights[np.argmin(np.abs(tanh - 1))] == pytest.approx(1.761, abs=0.02)


def test_the_point_is_the_present_setting_and_dragging_it_sets_the_spec():
    result = compute_phase(PhaseRequest(TANH))
    assert result.point == (pytest.approx(1.44), pytest.approx(0.04))
    assert not np.isnan(result.values).any()
    moved = result.spec_at(1.761, 0.05)
    assert weight_variance_of(moved, moved.width) == pytest.approx(1.761, rel=1e-3)
    assert bias_variance_of(moved) == pytest.approx(0.05, rel=1e-3)
    assert moved.activation == "tanh"
    again = result.spec_at(*result.point)
    assert (again.gain, again.bias_std) == (pytest.approx(1.2), pytest.approx(0.2))


def test_the_measured_map_is_what_the_networks_do():
    result = compute_phase(PhaseRequest(TANH, "measured"))
    column = 20
    spec = result.spec_at(result.x[column], 12)
    rms = run_network(spec).tables["activation"].rms
    assert result.values[:12, column] == pytest.approx(rms / rms[0], rel=1e-3)
    assert result.values.shape == (50, len(result.x))
    assert spec.depth == 12


def test_overflow_is_inf_and_named_in_words():
    spec = NetworkSpec(depth=40, width=20, batch=5, dtype="float16", gain=1.0)
    result = compute_phase(PhaseRequest(spec, "measured"))
    assert np.isinf(result.values).any()
    assert "overflow at layer" in result.words


def test_where_there_is_no_theory_it_says_so():
    with pytest.raises(ProblemError, match="LSUV"):
        compute_phase(PhaseRequest(NetworkSpec(init="lsuv")))
    compute_phase(PhaseRequest(NetworkSpec(init="lsuv", depth=3, width=8, batch=4), "measured"))


def test_first_pictures_and_progress_come_on_the_way():
    shown, told = [], []
    job = Job(report=lambda fraction, _words: told.append(fraction), show=shown.append)
    result = compute_phase(PhaseRequest(TANH, "measured"), job)
    assert len(shown) > 3
    assert all(np.isnan(picture.values).any() for picture in shown[:-1])
    assert not any(picture.done for picture in shown)
    assert told == sorted(told)
    assert told[-1] == 1
    assert result.done


@pytest.mark.parametrize("kind", ["theory", "measured"])
def test_it_can_be_cancelled(kind):
    steps = []
    with pytest.raises(CancelledError):
        compute_phase(
            PhaseRequest(TANH, kind),
            Job(is_cancelled=lambda: len(steps) > 3, report=lambda *_: steps.append(1)),
        )
    assert len(steps) == 4


def test_the_words_name_the_phase():
    assert theory_words(fixed_point("tanh", 1.0, 0.05), (1.0, 0.05)).startswith("Gradients vanish")
    assert theory_words(fixed_point("tanh", 3.0, 0.05), (3.0, 0.05)).startswith("Gradients explode")
    assert theory_words(fixed_point("relu", 2.0, 0.0), (2.0, 0.0)).startswith("On the edge")
    assert "without end" in theory_words(fixed_point("relu", 3.0, 0.1), (3.0, 0.1))


@pytest.mark.parametrize("gain", [0.0, 1.0, -2.0, 1e30, 1e-30, 37.0])
def test_the_gains_hold_still_and_are_finite(gain):
    axis = gain_axis(gain)
    assert np.isfinite(axis).all()
    assert (np.diff(axis) > 0).all()
    inside = 0.25 <= abs(gain) <= 4 or gain == 0
    assert (axis[0], axis[-1]) == (pytest.approx(0.25), pytest.approx(4)) if inside else True
    assert math.isclose(axis[-1] / axis[0], 16)


@pytest.mark.parametrize("kind", ["theory", "measured"])
def test_a_setting_that_moves_in_the_same_diagram_needs_no_new_one(kind):
    request = PhaseRequest(TANH, kind)
    moved = replace(
        request, spec=replace(TANH, gain=1.5, **({"depth": 30} if kind == "measured" else {"bias_std": 0.4}))
    )
    assert moved.diagram_key == request.diagram_key
    assert point_of(moved)[0] != point_of(request)[0]
    assert point_of(request)[0] == compute_phase(request).point
    other = replace(request, spec=replace(TANH, activation="relu"))
    assert other.diagram_key != request.diagram_key
    assert replace(request, spec=replace(TANH, gain=1e5)).diagram_key != request.diagram_key
