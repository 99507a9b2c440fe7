"""Buffers that are used again."""

import torch

from playground.models.network import stacks
from playground.models.network.stacks import CHUNK, MOST_KEPT, Stacks, layers_of, scratch, stacked

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


def test_one_slot_may_be_asked_for_with_layers_apart_and_close():
    apart = scratch((3, 5), torch.float32, CPU, "either", multiple=8)
    close = scratch((3, 5), torch.float32, CPU, "either")
    assert (apart.stride(), close.stride()) == ((8, 1), (5, 1))
    assert apart.data_ptr() != close.data_ptr()


def test_a_buffer_larger_than_is_kept_leaves_no_memory_behind():
    most = MOST_KEPT // 8
    kept = scratch((1, 10), torch.float64, CPU, "large")
    large = scratch((1, most + 1), torch.float64, CPU, "large")
    assert large.shape == (1, most + 1)
    assert scratch((1, 10), torch.float64, CPU, "large").data_ptr() == kept.data_ptr()
    assert scratch((1, most + 1), torch.float64, CPU, "large").data_ptr() != large.data_ptr()


def test_runs_of_equal_shape_are_stacked():
    shapes = [(2, 3), (2, 3), (3, 2), (2, 3), (2, 3)]
    layers = [torch.full(shape, float(layer)) for layer, shape in enumerate(shapes)]
    for found in (list(Stacks(layers, "test")), [(start, stack.clone()) for start, stack in stacked(layers)]):
        assert [(start, tuple(stack.shape)) for start, stack in found] == [
            (0, (2, 2, 3)),
            (2, (1, 3, 2)),
            (3, (2, 2, 3)),
        ]
        for start, stack in found:
            assert [float(layer.mean()) for layer in stack] == list(range(start, start + len(stack)))


def test_stacks_that_are_too_many_to_be_kept_take_turns_in_one_buffer():
    part = CHUNK // 4
    layers = [torch.full((part,), float(layer)) for layer in range(10)]
    together = Stacks(layers, "turns")
    for _ in range(2):
        found = [(start, len(stack), float(stack[0, 0]), stack.data_ptr()) for start, stack in together]
        assert [one[:3] for one in found] == [(0, 4, 0.0), (4, 4, 4.0), (8, 2, 8.0)]
        assert len({one[3] for one in found}) == 1
    assert not any(slot.startswith("turns") for _dtype, _device, slot, _multiple in stacks._workspace.buffers)
