import math

import pytest
import torch
from torch import nn

from playground.models.network.watch.verdict import layer_title, rms_of, verdict_in_words
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import WATCHED, WatchList, watch_module
from playground.models.problem import ProblemError

BATCH = torch.randn(64, 32, generator=torch.Generator().manual_seed(0))


def deep(scale, activation=nn.Tanh, count=20):
    torch.manual_seed(0)
    layers = []
    for _ in range(count):
        linear = nn.Linear(32, 32, bias=False)
        with torch.no_grad():
            linear.weight.copy_(torch.randn(32, 32) * scale)
        layers += [linear, activation()]
    return nn.Sequential(*layers)


def test_a_healthy_module_is_called_so():
    severity, sentences = verdict_in_words(measure_module(deep(32**-0.5, nn.Identity), BATCH))
    assert severity == "good"
    assert sentences[0] == "Healthy."
    assert sentences[1].startswith("Activations change by ×")


def test_vanishing_and_exploding_are_named_with_the_measured_factor():
    result = measure_module(deep(0.01, nn.Identity, 10), BATCH)
    severity, sentences = verdict_in_words(result)
    assert severity == "error"
    assert sentences[0].startswith("Activations vanish: ×")
    values = rms_of(result)
    factor = (values[-1] / values[0]) ** (1 / (len(values) - 1))
    assert f"×{factor:.3g} per layer" in sentences[0]
    assert verdict_in_words(measure_module(deep(1.0, nn.Identity, 10), BATCH))[1][0].startswith("Activations explode")


def test_the_first_layer_that_is_not_finite_is_named():
    module = nn.Sequential(nn.Linear(32, 32), deep(1e30, nn.Identity, 3))
    severity, sentences = verdict_in_words(measure_module(module, BATCH))
    assert severity == "error"
    assert any("1.1" in sentence or "1.2" in sentence for sentence in sentences)


def test_dead_units_and_silent_weights_are_named():
    linear = nn.Linear(32, 8)
    with torch.no_grad():
        linear.bias.fill_(-1e3)
    frozen = nn.Linear(32, 32).requires_grad_(False)
    _, sentences = verdict_in_words(measure_module(nn.Sequential(frozen, linear, nn.ReLU()), BATCH))
    words = " ".join(sentences)
    assert "100% of the units of 2 ReLU are 0 for every input" in words
    assert "No gradient reaches the weights of" in words


def test_gradients_are_nan_where_none_comes_back():
    result = measure_module(nn.Sequential(nn.Embedding(5, 3), nn.Flatten()), torch.zeros(2, 2, dtype=torch.long))
    assert math.isfinite(rms_of(result, gradient=True)[0])
    with torch.no_grad():
        module = nn.Linear(32, 2).requires_grad_(False)
    silent = measure_module(nn.Sequential(module), torch.zeros(2, 32).long().float())
    assert len(rms_of(silent, gradient=True)) == 1


def test_the_list_numbers_equal_names_and_is_bounded():
    watched = WatchList(most=3)
    result = measure_module(nn.Linear(32, 2), BATCH)
    names = [watched.add("model", result).name for _ in range(4)]
    assert names == ["model", "model (2)", "model (3)", "model (4)"]
    assert [entry.name for entry in watched.entries] == names[1:]


def test_watch_adds_to_the_list_of_the_page():
    before = len(WATCHED.entries)
    entry = watch_module(nn.Linear(32, 2), BATCH)
    assert entry.name.startswith("Linear")
    assert WATCHED.entries[-1] is entry
    assert len(WATCHED.entries) == min(50, before + 1)
    with pytest.raises(ProblemError):
        watch_module("no module", BATCH)
    assert WATCHED.entries[-1] is entry


def test_titles_name_path_run_and_kind():
    result = measure_module(nn.Sequential(nn.Linear(32, 2)), BATCH)
    assert layer_title(result.layers[0]) == "0 Linear"
    assert layer_title(measure_module(nn.Linear(32, 2), BATCH).layers[0]) == "(itself) Linear"


@pytest.mark.parametrize("batch", [torch.empty(0, 32), torch.full((0, 4, 32), math.nan)], ids=["empty", "also empty"])
def test_where_nothing_was_measured_nothing_is_called_healthy(batch):
    severity, sentences = verdict_in_words(measure_module(nn.Sequential(nn.Linear(32, 3), nn.ReLU()), batch))
    assert (severity, sentences) == ("warning", ("No layer gave numbers.",))


def test_a_loss_and_gradients_of_weights_that_overflow_are_not_called_healthy():
    torch.manual_seed(0)
    module = nn.Sequential(*[nn.Linear(20, 20, dtype=torch.float64) for _ in range(10)])
    result = measure_module(module, torch.randn(5, 20, dtype=torch.float64) * 1e300)
    severity, sentences = verdict_in_words(result)
    assert all(layer.activation_gradient.inf_count == 0 for layer in result.layers)
    assert severity == "error"
    assert len(sentences) == 1
    assert sentences[0].startswith("The weights' gradients are not finite from 9 Linear down: ")
    assert " 0 nan" not in sentences[0]
    assert " 0 inf" not in sentences[0]

    with torch.no_grad():
        frozen = nn.Linear(4, 4, dtype=torch.float64).requires_grad_(False)
    batch = torch.full((3, 4), 1e200, dtype=torch.float64)
    severity, sentences = verdict_in_words(measure_module(nn.Sequential(frozen), batch))
    assert (severity, sentences[0]) == ("error", "The loss is inf.")


class Divided(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.second(self.first(x) / torch.zeros(1))


def test_a_batch_that_is_not_finite_is_blamed_and_not_the_first_layer():
    batch = torch.ones(3, 4)
    batch[0, :2] = torch.tensor([math.nan, math.inf])
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    severity, sentences = verdict_in_words(measure_module(module, batch))
    assert severity == "error"
    assert sentences[0] == "The batch contains 1 nan and 1 inf: the outputs are not finite from 0 Linear on."
    assert not any("gradients are not finite" in sentence for sentence in sentences)
    entry = WatchList().add("model", measure_module(module, batch))
    assert entry.verdict.lead.startswith("The batch contains 1 nan and 1 inf")
    assert not entry.verdict.fixes


def test_values_that_the_code_between_layers_makes_are_not_blamed_on_the_layer_that_gets_them():
    _, sentences = verdict_in_words(measure_module(Divided(), torch.ones(3, 4)))
    assert sentences[0].startswith("The input of second Linear already contains 12 inf, but no earlier output does: ")


def test_a_mask_of_inf_is_not_blamed_for_a_layer_that_overflows():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)
            with torch.no_grad():
                self.linear.weight.fill_(3e38)

        def forward(self, x, mask):
            return self.linear(torch.softmax(x + mask, -1) * 9)

    mask = torch.tensor([0.0, 0.0, -math.inf, 0.0])
    _, sentences = verdict_in_words(measure_module(Masked(), (torch.ones(3, 4), mask)))
    assert sentences[0].startswith("The outputs are not finite from linear Linear on")
