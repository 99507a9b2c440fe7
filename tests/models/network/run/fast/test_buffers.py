"""Buffers that are used again."""

import torch

from playground.models.network.run.fast.buffers import MOST_KEPT, scratch

CPU = torch.device("cpu")


def test_a_larger_shape_takes_new_memory_and_a_smaller_one_a_part_of_it():
    scratch((2, 2), torch.float32, CPU, "growing")
    large = scratch((5, 7), torch.float32, CPU, "growing").fill_(1.0)
    small = scratch((2, 3), torch.float32, CPU, "growing")
    assert small.data_ptr() == large.data_ptr()
    assert bool((small == 1).all())


def test_layers_lie_a_multiple_apart():
    stack = scratch((3, 2, 5), torch.float32, CPU, "apart", multiple=16)
    assert stack.stride() == (16, 5, 1)
    assert stack.flatten(1).shape == (3, 10)


def test_one_slot_may_be_asked_for_with_layers_apart_and_close():
    assert scratch((3, 5), torch.float32, CPU, "either", multiple=8).stride() == (8, 1)
    assert scratch((3, 5), torch.float32, CPU, "either").stride() == (5, 1)


def test_a_buffer_larger_than_is_kept_leaves_no_memory_behind():
    most = MOST_KEPT // 8
    kept = scratch((1, 10), torch.float64, CPU, "large")
    large = scratch((1, most + 1), torch.float64, CPU, "large")
    assert large.shape == (1, most + 1)
    assert scratch((1, 10), torch.float64, CPU, "large").data_ptr() == kept.data_ptr()
    assert scratch((1, most + 1), torch.float64, CPU, "large").data_ptr() != large.data_ptr()
