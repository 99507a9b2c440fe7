"""What a watched module stretches in its forward pass."""

from pathlib import Path

import torch
from torch import nn

from playground import watch


class Scaled(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear, self.scale = nn.Linear(size, size), nn.Parameter(torch.ones(size))

    def forward(self, x):
        for _ in range(3):
            x = self.linear(x) * self.scale
        x = torch.where(x > 0, x, self.scale)
        x = x.add(self.scale[:1])
        return x - x.mean(1, keepdim=True)


def words(found):
    return [one.words for one in found]


def test_each_place_in_the_source_is_listed_once_with_its_sizes():
    found = watch(Scaled(4), torch.ones(5, 4)).broadcasts
    assert words(found) == [
        "self.linear(x) * self.scale: self.scale (4,) is repeated along axis 0 of (5, 4)",
        "torch.where(x > 0, x, self.scale): self.scale (4,) is repeated along axis 0 of (5, 4)",
        "x.add(self.scale[:1]): self.scale[:1] (1,) is repeated along axes 0 and 1 of (5, 4)",
        "x - x.mean(1, keepdim=True): x.mean(1, keepdim=True) (5, 1) is repeated along axis 1 of (5, 4)",
    ]
    assert {one.name.partition(":")[0] for one in found} == {Path(__file__).name}
    assert [one.chance for one in found] == [""] * 4


def test_a_batch_as_large_as_a_layer_shows_what_fits_two_axes():
    found = watch(Scaled(4), torch.ones(4, 4)).broadcasts
    assert [one.chance for one in found] == [
        "self.scale (4,) would fit axis 0 of (4, 4) too.",
        "self.scale (4,) would fit axis 0 of (4, 4) too.",
        "",
        "",
    ]


def test_a_module_that_stretches_nothing_lists_nothing():
    assert watch(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), torch.ones(4, 4)).broadcasts == ()
