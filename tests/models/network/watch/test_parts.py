import time
import warnings

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from playground.models.job import CancelledError, Job
from playground.models.network.watch import layers
from playground.models.network.watch.watch import measure_module

BATCH = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))


class Checkpointed(nn.Module):
    """Blocks of which some, and where `nested` parts of them too, are computed again on the way back."""

    def __init__(self, reentrant, nested=False, shared=False):
        super().__init__()
        self.reentrant, self.nested = reentrant, nested
        torch.manual_seed(1)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Dropout(0.3)) for _ in range(3))
        if shared:
            self.blocks[2] = self.blocks[0]

    def again(self, function, x):
        return function(x) if self.reentrant is None else checkpoint(function, x, use_reentrant=self.reentrant)

    def forward(self, x):
        for block in self.blocks:
            x = self.again(self.two(block) if self.nested else block, x)
        return x

    def two(self, block):
        return lambda x: block[2](self.again(lambda y: block[1](block[0](y)), x))


def numbers(result):
    return [
        (layer.path, layer.call, *(getattr(found, "rms", float("nan")) for found in map(layer.statistics, KINDS)))
        for layer in result.layers
    ]


KINDS = ("activation", "activation_gradient", "weight", "weight_gradient")


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("reentrant", [False, True])
def test_what_a_checkpoint_computes_again_is_no_layer(reentrant, nested, shared):
    module, plain = Checkpointed(reentrant, nested, shared), Checkpointed(None, nested, shared)
    torch.manual_seed(3)
    expected = measure_module(plain, BATCH)
    torch.manual_seed(3)
    result = measure_module(module, BATCH)
    assert result.problem is None
    assert len(result.layers) == 9
    for one, other in zip(numbers(result), numbers(expected), strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:], rel=1e-5, nan_ok=True)
    assert result.loss == pytest.approx(expected.loss)
    assert all("no gradient" not in layer.note for layer in result.layers)


def test_a_reentrant_checkpoint_leaves_no_gradient_and_steps_no_optimiser():
    module = Checkpointed(True)
    outside = torch.ones(8, requires_grad=True)
    weights = list(module.parameters())
    weights[0].grad = torch.full_like(weights[0], 7.0)
    stepped = []
    weights[0].register_post_accumulate_grad_hook(stepped.append)
    measure_module(nn.Sequential(module, nn.Linear(8, 8)), BATCH, loss=lambda y: (y * outside).sum())
    assert torch.equal(weights[0].grad, torch.full_like(weights[0], 7.0))
    assert all(weight.grad is None for weight in weights[1:])
    assert outside.grad is None
    assert not stepped
    module(BATCH.clone().requires_grad_()).sum().backward()
    assert len(stepped) == 1


def counting_backend(compiled):
    def backend(graph, _inputs):
        compiled.append(graph)
        return graph.forward

    return backend


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.then = nn.Linear(8, 8), nn.Tanh()

    def forward(self, x):
        return self.then(self.first(x))


@pytest.mark.parametrize("in_place", [True, False])
def test_a_compiled_part_runs_as_it_was_before(in_place):
    compiled = []
    inner = Inner()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if in_place:
            inner.compile(backend=counting_backend(compiled))
        module = nn.Sequential(inner if in_place else torch.compile(inner, backend=counting_backend(compiled)))
        module.append(nn.Linear(8, 2))
        start = time.process_time()
        result = measure_module(module, BATCH)
        assert time.process_time() - start < 5
        assert not compiled
        assert [layer.path for layer in result.layers] == ["0.first", "0.then", "1"]
        assert any("0 is compiled" in note for note in result.notes)
        assert all(layer.activation_gradient is not None for layer in result.layers)
        module(BATCH)
    assert compiled  # afterwards it is compiled as ever


@pytest.fixture
def quantised():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 2))
        return torch.ao.quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.qint8)


def test_a_quantised_module_is_measured_forward_and_says_why_not_back(quantised):
    result = measure_module(quantised, BATCH)
    assert [layer.path for layer in result.layers] == ["0", "1", "2"]
    value = BATCH
    for layer, part in zip(result.layers, quantised, strict=True):
        value = part(value)
        assert layer.activation.rms == pytest.approx(value.detach().square().mean().sqrt().item(), rel=1e-5)
    weight = quantised[0].weight().dequantize()
    assert result.layers[0].weight.std == pytest.approx(weight.std().item(), rel=1e-5)
    assert result.problem.severity == "warning"
    assert "2 layers of it are quantised, the first is 0." in result.problem.message
    assert "no backward pass" in result.problem.message


def test_what_comes_after_a_quantised_layer_has_its_gradients(quantised):
    result = measure_module(nn.Sequential(quantised, nn.Linear(2, 3)), BATCH)
    assert result.layers[-1].weight_gradient is not None
    assert result.layers[-1].activation_gradient is not None
    assert "1 layer" not in result.problem.message


def test_progress_rises_through_both_ways_and_cancel_works_on_the_way_back():
    module = nn.Sequential(*(nn.Linear(8, 8) for _ in range(10)))
    told = []
    measure_module(module, BATCH, job=Job(report=lambda fraction, words: told.append((fraction, words))))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert 0.95 < fractions[-1] < 1
    assert {words for _, words in told} >= {"3", "3, backward"}
    told.clear()
    with pytest.raises(CancelledError):
        measure_module(
            module, BATCH, job=Job(is_cancelled=lambda: len(told) > 15, report=lambda *words: told.append(words))
        )


def test_no_histogram_is_counted_before_it_is_looked_at(monkeypatch):
    counted = []
    monkeypatch.setattr(layers, "count_kind", lambda *_: counted.append(1))
    result = measure_module(nn.Sequential(nn.Linear(8, 8), nn.Tanh()), BATCH)
    assert not counted
    assert result.layers[0].activation.histogram is None
    result.counted["weight", "log"], result.counted["weight", "log"]
    assert len(counted) == 1


def test_a_large_tensor_is_measured_as_torch_does():
    torch.manual_seed(0)
    module, batch = nn.Sequential(nn.Linear(8, 600), nn.Tanh()), torch.randn(300, 8)
    result = measure_module(module, batch)
    value = module(batch).detach().double()
    assert result.layers[1].spread == pytest.approx(value.var(0).mean().sqrt().item(), rel=1e-5)
    units = nn.functional.normalize(value, dim=1)
    cosine = (units @ units.T).fill_diagonal_(0).sum().item() / (300 * 299)
    assert result.layers[1].cosine == pytest.approx(cosine, abs=1e-5)
    assert result.layers[1].activation.std == pytest.approx(value.std().item(), rel=1e-9)
    table = result.counted["activation", "log"]
    assert 0 < table.sampled < 300 * 600
    assert 0 < table.counts[1].sum() + table.below[1] <= table.sampled
