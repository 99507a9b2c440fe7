import gc

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from playground.models.network.probe import probe

BATCH = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
ROW = 16 * 4


class Called(nn.Module):
    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


def test_each_layer_has_the_bytes_that_autograd_keeps_of_it():
    module = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 4), nn.ReLU())
    saved = [layer.saved_bytes for layer in probe(module, BATCH).layers]
    # The batch lives anyway; tanh keeps its output, which the next layer keeps too; ReLU keeps its own.
    assert saved == [0, 12 * ROW, 0, 4 * ROW]


def test_the_sum_is_that_of_all_storages_that_torch_packs():
    torch.manual_seed(0)
    layers = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
    x = BATCH[:, None].clone().requires_grad_()
    living = {tensor.untyped_storage()._cdata for tensor in (*layers.parameters(), x)}
    packed = {}
    tensors = []

    def pack(tensor):
        tensors.append(tensor.detach())
        packed[tensor.untyped_storage()._cdata] = tensor.untyped_storage().nbytes()
        return tensors[-1]

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        nn.Sequential(layers)(x)
    total = sum(size for storage, size in packed.items() if storage not in living)
    # All is kept by the layers but what relu returns, a function that the block calls between them.
    relu = 16 * ROW
    found = sum(layer.saved_bytes for layer in probe(layers, BATCH[:, None]).layers)
    assert found + relu == total


def test_a_checkpoint_keeps_nothing_of_what_is_inside():
    layers = nn.Sequential(nn.Linear(8, 12), nn.Tanh())
    module = Called(lambda m, x: m.l(checkpoint(m.inner, x, use_reentrant=False)), inner=layers, l=nn.Linear(12, 2))
    assert [layer.saved_bytes for layer in probe(module, BATCH).layers] == [0, 0, 12 * ROW]


def test_what_was_written_to_since_is_refused_as_torch_does():
    module = Called(lambda m, x: write(m.t(m.l(x))), l=nn.Linear(8, 4), t=nn.Tanh())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        module(BATCH).sum().backward()
    result = probe(module, BATCH)
    assert "modified by an inplace operation" in result.problem.message


def write(y):
    y.add_(1)
    return y


def test_a_module_that_uses_torch_func_runs_all_the_same():
    def slope(module, x):
        return module.l(torch.func.grad(lambda z: z.square().sum())(x))

    result = probe(Called(slope, l=nn.Linear(8, 4)), BATCH)
    assert result.problem is None
    assert result.layers[0].saved_bytes is None


def test_the_graph_is_let_go():
    def living():
        gc.collect()
        return sum(isinstance(found, torch.Tensor) for found in gc.get_objects())

    module = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 4))
    probe(module, BATCH)
    before = living()
    for _ in range(10):
        probe(module, BATCH)
    assert living() <= before
