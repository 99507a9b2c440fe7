import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint_sequential

from playground.models.network.saved.checkpointing import all_peaks, run_checkpointed, segments
from playground.models.network.saved.tensors import record_saved

ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "identity": lambda x: x,
}


def network(depth, activation, device="cpu", width=8):
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(width, width, generator=generator).to(device).requires_grad_() for _ in range(depth)]

    def layer(weight):
        return lambda signal: ACTIVATIONS[activation](signal @ weight)

    return weights, [layer(weight) for weight in weights]


def mean_square(signal):
    return signal.square().mean()


def saved_of(layers, weights, inputs):
    def forward(enter):
        signal = inputs
        for number, layer in enumerate(layers, start=1):
            enter(number)
            signal = layer(signal)
        enter(len(layers) + 1)
        return mean_square(signal)

    return record_saved(forward, weights, len(layers))


def test_segments_cover_every_layer_once():
    assert segments(5, 2) == ((0, 2), (2, 4), (4, 5))
    assert segments(4, 4) == ((0, 4),)
    assert segments(3, 9) == ((0, 3),)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("every", [0, 1, 2, 3, 4, 7, 12, 30])
def test_the_computed_peak_is_the_measured_one(every, activation, device):
    weights, layers = network(12, activation, device)
    inputs = torch.zeros(5, 8, device=device).requires_grad_()
    saved = saved_of(layers, weights, inputs)
    measured = run_checkpointed(layers, inputs, mean_square, weights, every)
    assert all_peaks(saved, [5 * 8 * 4] * 12)[min(every or 12, 12) - 1] == measured.peak
    if not every:
        assert measured.peak == measured.after_forward == saved.total_bytes
        assert measured.layers_run_again == 0


def test_checkpoints_keep_less_and_the_square_root_keeps_least():
    weights, layers = network(36, "gelu")
    inputs = torch.zeros(5, 8)
    peaks = {every: run_checkpointed(layers, inputs, mean_square, weights, every).peak for every in (0, 1, 6, 36)}
    assert peaks[6] < peaks[1] < peaks[0] == peaks[36]


def test_checkpointed_gradients_are_the_plain_ones():
    weights, layers = network(9, "tanh")
    inputs = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    plain = torch.autograd.grad(mean_square(nn.Sequential(*map(Called, layers))(inputs)), weights)
    kept = [None] * 9
    run_checkpointed(layers, inputs, mean_square, weights, 3)
    assert [weight.grad for weight in weights] == kept
    again = checkpoint_sequential(nn.Sequential(*map(Called, layers)), 3, inputs, use_reentrant=False)
    for one, other in zip(plain, torch.autograd.grad(mean_square(again), weights), strict=True):
        assert torch.equal(one, other)


class Called(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, signal):
        return self.function(signal)
