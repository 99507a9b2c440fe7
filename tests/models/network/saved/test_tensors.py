import pytest
import torch
from torch import nn

from playground.models.network.saved.tensors import backward_nodes, record_saved

RELU_NETWORK = 6


def relu_network(device="cpu", loss=None):
    weights = [torch.ones(10, 10, device=device, requires_grad=True) for _ in range(RELU_NETWORK)]
    inputs = torch.ones(20, 10, device=device)

    def forward(enter):
        signal = inputs
        for number, weight in enumerate(weights, start=1):
            enter(number)
            signal = torch.relu(signal @ weight)
        enter(RELU_NETWORK + 1)
        return (loss or (lambda s: s.square().mean()))(signal)

    return record_saved(forward, weights, RELU_NETWORK)


def test_a_relu_network_keeps_its_input_and_each_activation_once():
    saved = relu_network()
    one = 20 * 10 * 4
    # Layer 1 saves the input for its weights' gradient and its own result for relu's.
    assert saved.layer_bytes == (0, 2 * one, *[one] * 5, 0)
    assert saved.total_bytes == 7 * one
    assert saved.counted == 7
    assert (
        saved.parameter_bytes == 5 * 10 * 10 * 4
    )  # the first weight is not needed: nobody asks for the input's gradient


def test_each_tensor_says_for_which_gradient_it_is_kept():
    saved = relu_network()
    reasons = [(t.node, t.role, t.read_for, t.is_parameter) for t in saved.of_layer(3)]
    assert sorted(reasons) == [
        ("MmBackward0", "mat2", "gradient of the layer's input", True),
        ("MmBackward0", "self", "gradient of the weights", False),
        ("ReluBackward0", "result", "gradient through relu", False),
    ]


def test_an_activation_saved_twice_is_counted_where_it_was_saved_first():
    saved = relu_network()
    twice = [t for t in saved.of_layer(4) if t.role == "self"]
    assert len(twice) == 1
    first = saved.tensors[twice[0].counted_with]
    assert (first.layer, first.role) == (3, "result")


def test_nothing_is_kept_under_no_grad():
    with torch.no_grad():
        saved = relu_network()
    assert saved.tensors == ()
    assert saved.total_bytes == 0


@pytest.mark.parametrize(
    "loss", [None, lambda s: nn.functional.cross_entropy(s, torch.zeros(20, dtype=torch.long, device=s.device))]
)
def test_the_meta_device_keeps_the_same_bytes(loss):
    assert relu_network("meta", loss) == relu_network("cpu", loss)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Dropout(0.3), nn.Linear(8, 2)),
        lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.SiLU(), nn.Linear(8, 2), nn.Softmax(1)),
        lambda: nn.Sequential(nn.Linear(4, 8), nn.RMSNorm(8), nn.ELU(), nn.SELU(), nn.Softplus(), nn.Sigmoid()),
    ],
)
def test_every_saved_tensor_is_found_in_the_graph_by_name(make):
    module = make()

    def forward(enter):
        enter(1)
        return module(torch.randn(5, 4)).square().sum()

    saved = record_saved(forward, list(module.parameters()), 1)
    assert saved.tensors
    for tensor in saved.tensors:
        assert tensor.node, tensor
        assert tensor.role, tensor
        assert tensor.read_for, tensor


class Squared(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def test_a_function_of_the_users_own_is_seen_too():
    x = torch.ones(3, requires_grad=True)

    def forward(enter):
        enter(1)
        return Squared.apply(x * 2).sum()

    saved = record_saved(forward, [x], 1)
    assert [(t.node, t.shape) for t in saved.tensors] == [("SquaredBackward", (3,))]


def test_the_graph_is_walked_once_each():
    x = torch.ones(3, requires_grad=True)
    y = x * x + x
    names = [node.name().rpartition("::")[2] for node in backward_nodes((y + y).sum().grad_fn)]
    assert sorted(names) == ["AccumulateGrad", "AddBackward0", "AddBackward0", "MulBackward0", "SumBackward0"]
