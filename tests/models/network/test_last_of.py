"""A value is kept for one tensor, and for no other that looks like it."""

import weakref

import torch

from playground.models.network.last_of import LastOf


def test_a_tensor_that_was_written_to_is_another():
    sums = LastOf(lambda tensor: float(tensor.sum()))
    x = torch.ones(3)
    assert sums(x) == 3
    x[0] = 5
    assert sums(x) == 7
    assert sums(x[:2]) == 6
    assert sums(torch.zeros(2)) == 0


def test_the_same_memory_read_as_another_dtype_is_another_tensor():
    sums = LastOf(lambda tensor: float(tensor.sum()))
    halves = torch.ones(3, dtype=torch.float16)
    assert sums(halves) == 3
    other = halves.view(torch.bfloat16)
    assert sums(other) == float(other.sum()) != 3
    assert sums(halves) == 3


def test_a_value_is_worked_out_once_as_long_as_the_tensor_stays():
    seen = []
    last = LastOf(lambda tensor: seen.append(tensor.shape))
    x = torch.zeros(4, 3)
    for view in (x, x[:], x.detach()):
        last(view)
    assert len(seen) == 1
    last(x.t())
    assert len(seen) == 2


def test_a_tensor_too_large_to_be_kept_is_let_go_and_so_is_the_one_before(monkeypatch):
    monkeypatch.setattr("playground.models.network.last_of.MOST_KEPT", 100)
    seen = []
    last = LastOf(lambda tensor: seen.append(tensor.numel()))
    small, large = torch.zeros(25), torch.zeros(26)
    gone = weakref.ref(small)
    for tensor in (small, small, large, large):
        last(tensor)
    assert seen == [25, 26, 26]
    del small, tensor
    assert gone() is None
