import gc
import keyword

import numpy as np
import pytest
import torch
from torch import nn

from playground.models.network.measure.histograms import SCALES
from playground.models.network.page import ranges_of
from playground.models.network.send_layer import watched_tensor
from playground.models.network.watch.layers import WATCHED_KINDS
from playground.models.network.watch.values import Keeper
from playground.models.network.watch.verdict import judge_watched, words_alone
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import WatchList
from playground.models.problem import ProblemError
from playground.models.state import PlaygroundState

BATCH = torch.randn(40, 16, generator=torch.Generator().manual_seed(0))


def mlp(depth=3, activation=nn.ReLU):
    torch.manual_seed(0)
    return nn.Sequential(*(part for _ in range(depth) for part in (nn.Linear(16, 16), activation())))


@pytest.mark.parametrize("kind", WATCHED_KINDS)
@pytest.mark.parametrize("scale", SCALES)
def test_the_page_holds_the_numbers_of_every_layer(kind, scale):
    result = measure_module(mlp(), BATCH)
    page = result.page(kind, scale)
    table = page.network.tables[kind]
    assert page.network.depth == 6
    for row, layer in enumerate(result.layers):
        numbers = layer.statistics(kind)
        if numbers is None:
            assert table.count[row] == 0
            assert np.isnan(table.rms[row])
            continue
        assert table.layer(row).rms == numbers.rms
        assert table.layer(row).zero_fraction == pytest.approx(numbers.zero_fraction)
        assert table.layer(row).maximum == numbers.maximum
    assert table.histograms is result.counted[kind, scale]
    ranges = ranges_of(page)
    assert ranges.depth == 6
    assert ranges.scale == scale


def test_each_layer_has_a_range_of_its_own_while_its_values_are_kept():
    result = measure_module(mlp(), BATCH)
    own = result.page("activation", "linear", own=True).own
    assert len(own) == 6
    value = result.layers[2].activation
    axis = own[2].axis
    assert (axis.low * axis.unit, axis.high * axis.unit) == pytest.approx((value.minimum, value.maximum), rel=1e-6)
    assert own[2].counts.sum() == value.count
    assert [histogram.axis for histogram in own[1:3]] == [own[1].axis, own[2].axis]
    with pytest.raises(IndexError):
        own[6]
    result.layers[3].kept.clear()
    assert np.array_equal(own[3].counts, result.counted["activation", "linear"].counts[3])


def test_there_is_no_theory_of_a_watched_module():
    page = measure_module(mlp(), BATCH).page()
    assert page.theory is None
    assert page.predicted_rms is None
    assert page.predicted_gradients is None


def test_a_tensor_is_sent_as_it_was():
    watched, module = WatchList(), mlp()
    entry = watched.add("model", measure_module(module, BATCH))
    handed = watched_tensor(entry, 0, "activation")
    assert torch.equal(handed.tensor, module[0](BATCH))
    state = handed.added_to(handed.added_to(PlaygroundState()))
    assert state.program.names[-2:] == ("a_0", "a_0_2")
    assert state.selection == "a_0_2"
    assert watched_tensor(entry, 0, "weight_gradient").name == "grad_w_0"
    with pytest.raises(ProblemError, match="1 has no weight to send"):
        watched_tensor(entry, 1, "weight")


def test_every_name_is_one_that_a_program_takes():
    module = nn.Sequential()
    module.add_module("größe & <b>" + "x" * 300, nn.Linear(16, 2))
    shared = nn.Linear(2, 2)
    module.append(shared)
    module.append(shared)
    entry = WatchList().add("model", measure_module(module, BATCH))
    names = [watched_tensor(entry, row, kind).name for row in range(3) for kind in WATCHED_KINDS]
    for name in names:
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert len(name) < 70
    assert names[-4] == "a_1_run2"
    state = PlaygroundState()
    for row in range(3):
        state = watched_tensor(entry, row, "activation").added_to(state)
    assert len(state.program.names) == len(set(state.program.names))


def test_the_oldest_values_are_let_go_and_the_plots_stay():
    entries = WatchList(most_bytes=60_000)
    first = entries.add("one", measure_module(mlp(), BATCH))
    assert watched_tensor(first, 0, "activation")
    second = entries.add("two", measure_module(mlp(), BATCH))
    with pytest.raises(ProblemError, match="have been discarded"):
        watched_tensor(first, 0, "activation")
    assert watched_tensor(second, 0, "activation")
    assert first.result.page().network.tables["activation"].histograms.counts.sum() > 0
    assert WatchList(most_bytes=0).add("large", measure_module(mlp(), BATCH)).result.layers[0].kept, (
        "the newest keeps its own"
    )


def test_what_was_too_large_to_keep_says_so(monkeypatch):
    monkeypatch.setattr("playground.models.network.watch.values.SAMPLE", 100)
    monkeypatch.setattr("playground.models.network.watch.watch.Keeper", lambda: Keeper(0))
    entry = WatchList().add("model", measure_module(mlp(), BATCH))
    with pytest.raises(
        ProblemError, match=r"activation \(40, 16\) was too large to keep: only a sample of its 640 values"
    ):
        watched_tensor(entry, 0, "activation")


def test_the_same_module_watched_again_takes_its_place_and_is_not_kept_alive():
    entries, module = WatchList(), mlp()
    for batch in (BATCH, BATCH * 2):
        entries.add("model", measure_module(module, batch), module=module)
    entries.add("model", measure_module(mlp(), BATCH), module=(other := mlp()))
    assert [entry.name for entry in entries.entries] == ["model", "model (2)"]
    entries.add("model", measure_module(module, BATCH), module=module)
    assert [entry.name for entry in entries.entries] == ["model (2)", "model"]
    entries.add("other", measure_module(module, BATCH), module=module)
    assert len(entries.entries) == 3
    reference = entries.entries[0].module
    assert reference() is other
    del other
    gc.collect()
    assert reference() is None


def shrunk(factor, activation=nn.ReLU, depth=12):
    module = mlp(depth, activation)
    with torch.no_grad():
        for part in module:
            if isinstance(part, nn.Linear):
                part.weight.mul_(factor)
                part.bias.zero_()
    return module


def test_cures_are_tried_on_a_copy_and_only_those_that_help_are_offered():
    module = shrunk(0.2)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    random = torch.get_rng_state()
    words = judge_watched(measure_module(module, BATCH), module, BATCH)
    assert words.severity == "error"
    assert words.lead.startswith("Activations vanish")
    assert "Init He" in [fix.gives for fix in words.fixes]
    assert all(fix.meaning.startswith("Tried on a copy: Activations change by ×") for fix in words.fixes)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    model = module
    exec(words.fixes[0].code, {"torch": torch, "model": model})
    assert words_alone(measure_module(model, BATCH)).severity != "error"


def test_half_precision_is_offered_a_wider_range():
    module = nn.Sequential(nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False))
    with torch.no_grad():
        for part, factor in zip(module, (50.0, 0.02), strict=True):
            part.weight.copy_(factor * torch.eye(16))
    module, batch = module.half(), (BATCH * 3e3).half()
    words = judge_watched(measure_module(module, batch), module, batch)
    assert "not finite" in words.lead
    fix = next(fix for fix in words.fixes if fix.gives == "bfloat16")
    assert fix.code == "model = model.to(torch.bfloat16)\n"
    assert words_alone(measure_module(module.to(torch.bfloat16), batch.bfloat16())).severity == "good"


def test_what_cannot_be_copied_is_offered_nothing():
    class Uncopied(nn.Sequential):
        def __deepcopy__(self, _memo):
            raise TypeError("there is only one of me")

    module = Uncopied(*shrunk(0.2))
    words = judge_watched(measure_module(module, BATCH), module, BATCH)
    assert (words.severity, words.fixes) == ("error", ())


def test_a_healthy_module_and_one_that_raised_are_offered_nothing():
    healthy = words_alone(measure_module(mlp(2, nn.Identity), BATCH))
    assert (healthy.severity, healthy.lead) == ("good", "Nothing vanishes or explodes.")
    assert "standard normal targets" in healthy.why
    broken = nn.Sequential(nn.Linear(16, 4), nn.Linear(5, 2))
    words = judge_watched(measure_module(broken, BATCH), broken, BATCH)
    assert words.severity == "error"
    assert words.lead == "Layer 1 raised."
    assert words.fixes == ()


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_scripted_part_is_named():
    module = nn.Sequential(
        nn.Linear(16, 4), torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.ReLU())), nn.Linear(4, 1)
    )
    result = measure_module(module, BATCH)
    assert [layer.path for layer in result.layers] == ["0", "2"]
    assert result.notes == ("1 is scripted: Python cannot see the layers in it, so they are not listed.",)
