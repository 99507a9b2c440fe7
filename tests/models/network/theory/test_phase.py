import math
from dataclasses import replace

import numpy as np
import pytest

from playground.models.formatting import digits
from playground.models.job import CancelledError, Job
from playground.models.network.run.run import run_network
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.critical import chi1_at, critical_line, critical_weight_variance
from playground.models.network.theory.mean_field import bias_variance_of, fixed_point, weight_variance_of
from playground.models.network.theory.phase import PhaseRequest, compute_phase, gain_axis, point_of, theory_words
from playground.models.problem import ProblemError

TANH = NetworkSpec(depth=12, width=40, batch=30, activation="tanh", init="lecun_normal", gain=1.2, bias_std=0.2)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_map_is_the_fixed_point_everywhere(activation):
    weights, biases = np.linspace(0.3, 3.7, 6), np.linspace(0.0, 0.4, 3)
    drawn = chi1_at(activation, weights[None, :], biases[:, None])
    for row, bias in enumerate(biases):
        for column, weight in enumerate(weights):
            exact = fixed_point(activation, float(weight), float(bias)).chi1
            assert drawn[row, column] == pytest.approx(exact, rel=0.02, abs=1e-3), (weight, bias)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("bias", [0.0, 0.003, 0.05, 0.3])
def test_chi1_passes_1_at_the_critical_weight_variance_and_nowhere_below(activation, bias):
    critical = critical_weight_variance(activation, bias)
    assert (
        fixed_point(activation, critical * 0.999, bias).chi1 < 1 < fixed_point(activation, critical * 1.001, bias).chi1
    )
    for share in (0.3, 0.6, 0.9, 0.99):
        assert fixed_point(activation, critical * share, bias).chi1 < 1


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "sigmoid"])
def test_the_line_is_the_critical_weight_variance_of_each_row(activation):
    x, y = critical_line(activation, 4.0, 0.5)
    assert (y[0], y[-1]) == (0.0, 0.5)
    for row in (0, 20, 48, 96):
        assert x[row] == pytest.approx(critical_weight_variance(activation, float(y[row])), rel=0.01)
    assert np.abs(np.diff(x)).max() < 0.15, "no steps from column to column"


def test_the_diagram_of_sigmoid_is_wide_enough_for_its_edge():
    result = compute_phase(PhaseRequest(replace(TANH, activation="sigmoid")))
    assert result.x[-1] > 104
    assert np.isfinite(result.edge[0]).all()


def test_without_bias_tanh_ends_at_0_on_the_edge():
    found = fixed_point("tanh", 1.0, 0.0)
    assert (found.q, found.depth_scale) == (0.0, math.inf)
    assert "q* is `0`" in theory_words(found)


def test_the_words_of_a_measured_setting_are_those_of_its_own_gain():
    """Not of the nearest column, whose gain differs by up to 3 %: at 50 layers of relu that is a factor of 4."""
    spec = NetworkSpec(depth=50, width=30, batch=10, activation="relu", init="lecun_normal", gain=1.3)
    result = compute_phase(PhaseRequest(spec, "measured"))
    for gain in (1.3, 1.414, 0.77):
        moved = replace(spec, gain=gain, depth=40)
        rms = run_network(moved).tables["activation"].rms
        words = result.at(PhaseRequest(moved, "measured")).words
        assert f"layer 40 has `{digits(rms[-1] / rms[0])}`" in words
    assert result.at(PhaseRequest(replace(spec, gain=0.0), "measured")).words.endswith("0 from layer 1 on.")


def test_the_measured_edge_lies_where_the_value_is_1():
    result = compute_phase(PhaseRequest(replace(TANH, bias_std=0.0, activation="identity"), "measured"))
    gains, layers = result.edge
    assert math.isnan(gains[0]), "layer 1 is 1 everywhere"
    for gain, layer in zip(gains[[10, 30, 49]], layers[[10, 30, 49]], strict=True):
        spec = replace(TANH, activation="identity", bias_std=0.0, gain=float(gain), depth=int(layer))
        rms = run_network(spec).tables["activation"].rms
        assert rms[-1] / rms[0] == pytest.approx(1, rel=1e-3)


def test_the_edge_of_relu_is_at_2_and_that_of_tanh_at_1_761():
    weights = np.linspace(1.0, 3.0, 401)
    relu = chi1_at("relu", weights, np.zeros(1))
    assert np.allclose(relu, weights / 2)
    tanh = chi1_at("tanh", weights, np.array([0.05]))
    assert weights[np.argmin(np.abs(tanh - 1))] == pytest.approx(1.761, abs=0.02)


def test_the_point_is_the_present_setting_and_dragging_it_sets_the_spec():
    result = compute_phase(PhaseRequest(TANH))
    assert result.point == (pytest.approx(1.44), pytest.approx(0.04))
    assert not np.isnan(result.values).any()
    moved = replace(TANH, **result.fields_at(1.761, 0.05))
    assert weight_variance_of(moved, moved.width) == pytest.approx(1.761, rel=1e-3)
    assert bias_variance_of(moved) == pytest.approx(0.05, rel=1e-3)
    again = result.fields_at(*result.point)
    assert tuple(again[field] for field in ("gain", "bias_std")) == (pytest.approx(1.2), pytest.approx(0.2))


def test_the_measured_map_is_what_the_networks_do():
    result = compute_phase(PhaseRequest(TANH, "measured"))
    column = 20
    spec = replace(TANH, **result.fields_at(result.x[column], 12))
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
    assert theory_words(fixed_point("tanh", 1.0, 0.05)).startswith("Gradients vanish")
    assert theory_words(fixed_point("tanh", 3.0, 0.05)).startswith("Gradients explode")
    assert theory_words(fixed_point("relu", 2.0, 0.0)).startswith("On the edge")
    assert "without bound" in theory_words(fixed_point("relu", 3.0, 0.1))


def test_the_words_compare_the_depth_that_trains_with_that_of_the_network():
    near = fixed_point("tanh", 1.758276, 0.04986)
    assert 14_000 < near.trainable_depth < 16_000
    assert theory_words(near, 50).startswith("Gradients vanish slowly: ")
    assert f"about `{round(near.trainable_depth):,}` train, this has `50`." in theory_words(near, 50)
    assert f"xi `{round(near.depth_scale):,}` layers" in theory_words(near, 50)
    far = fixed_point("tanh", 4.0, 0.0)
    assert far.trainable_depth < 50
    assert theory_words(far, 50).startswith("Gradients explode: ")
    assert theory_words(far, 1).endswith("this has `1`.")


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
    assert point_of(moved) != point_of(request)
    result = compute_phase(request)
    assert point_of(request) == result.point
    assert result.at(request).words == result.words
    assert result.at(moved).words != result.words
    other = replace(request, spec=replace(TANH, activation="relu"))
    assert other.diagram_key != request.diagram_key
    assert replace(request, spec=replace(TANH, gain=1e5)).diagram_key != request.diagram_key
