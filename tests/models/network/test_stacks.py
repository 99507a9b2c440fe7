"""Buffers that are used again."""

import torch

from playground.models.network.stacks import layers_of, scratch

CPU = torch.device("cpu")


def test_the_same_shape_gives_the_very_tensor_of_the_call_before():
    first = scratch((3, 4), torch.float32, CPU, "test")
    assert scratch((3, 4), torch.float32, CPU, "test") is first
    assert scratch((3, 4), torch.float32, CPU, "other") is not first
    assert scratch((4, 3), torch.float32, CPU, "test").shape == (4, 3)


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


def test_layers_are_the_very_tensors_as_long_as_the_stack_is():
    stack, other = torch.zeros(3, 2), torch.ones(3, 2)
    layers = layers_of(stack, "test")
    assert [layer.shape for layer in layers] == [(2,)] * 3
    assert layers_of(stack, "test") is layers
    assert bool((layers_of(other, "test")[0] == 1).all())
