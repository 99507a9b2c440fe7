"""What is handed to a watched module: its own batch, in copies, with each container what it was."""

from collections import UserDict, namedtuple

import pytest
import torch
from torch import nn

from playground.models.network.probe import probe
from playground.models.network.probe_run import with_gradient, with_tensors
from playground.models.network.watch_verdict import judge_watched

Pair = namedtuple("Pair", "first second")
ONE, TWO = torch.arange(6.0).reshape(2, 3), torch.tensor([1, 2])


@pytest.mark.parametrize(
    "batch",
    [ONE, (ONE, TWO), [ONE, [TWO]], {"a": ONE, "b": (TWO, "text", None)}, Pair(ONE, [TWO]), ((Pair(ONE, TWO),),)],
)
def test_containers_stay_what_they_are(batch):
    seen = []

    def change(tensor):
        seen.append(tensor)
        return tensor + 1

    changed = with_tensors(batch, change)
    assert type(changed) is type(batch)
    assert str(with_tensors(changed, lambda tensor: tensor - 1)) == str(batch)
    assert seen


def test_copies_of_floating_point_tensors_ask_for_a_gradient():
    one, two = with_gradient((ONE, TWO))
    assert one.requires_grad
    assert not two.requires_grad
    assert not ONE.requires_grad
    assert one.data_ptr() != ONE.data_ptr()


def test_a_module_gets_its_named_tuples_and_lists():
    class Picky(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, pair, more):
            return self.layer(pair.first + [*more, 0.0][-1] + len(more.copy()) - 1)

    result = probe(Picky(), (Pair(ONE, TWO), [1.0]))
    assert result.problem is None
    assert [layer.path for layer in result.layers] == ["layer"]


def test_a_batch_that_is_a_mapping_of_another_kind_is_cast_for_the_cure():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.grow, self.shrink = nn.Linear(16, 16, bias=False), nn.Linear(16, 16, bias=False)
            for part, factor in ((self.grow, 50.0), (self.shrink, 0.02)):
                part.weight.data = factor * torch.eye(16)

        def forward(self, values):
            return self.shrink(self.grow(values))

    generator = torch.Generator().manual_seed(0)
    module, batch = Named().half(), UserDict(values=(3e3 * torch.randn(20, 16, generator=generator)).half())
    words = judge_watched(probe(module, batch), module, batch)
    assert "bfloat16" in [fix.gives for fix in words.fixes]
