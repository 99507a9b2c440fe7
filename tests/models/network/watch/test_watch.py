import copy
import random
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from playground.models.job import CancelledError, Job
from playground.models.network.watch.watch import TARGET_SEED, measure_module
from playground.models.problem import ProblemError

BATCH = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))


def mlp(*extra):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 12), nn.ReLU(), *extra, nn.Linear(12, 4))


class Called(nn.Module):
    """A module around a function of the module and the input."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *arguments, **named):
        return self.function(self, *arguments, **named)


def test_statistics_are_those_of_the_plain_run():
    module = mlp()
    result = measure_module(module, BATCH)
    assert [(layer.path, layer.kind) for layer in result.layers] == [("0", "Linear"), ("1", "ReLU"), ("2", "Linear")]
    hidden = module[0](BATCH)
    active = hidden.relu()
    output = module[2](active)
    targets = torch.randn(output.shape, generator=torch.Generator().manual_seed(TARGET_SEED))
    loss = (output - targets).square().mean()
    gradients = torch.autograd.grad(loss, [hidden, active, output, module[0].weight, module[2].weight])
    for layer, value, gradient in zip(result.layers, (hidden, active, output), gradients, strict=False):
        assert layer.activation.rms == pytest.approx(value.detach().double().square().mean().sqrt().item())
        assert layer.activation_gradient.rms == pytest.approx(gradient.double().square().mean().sqrt().item(), rel=1e-5)
        assert layer.shape == tuple(value.shape)
    assert result.layers[0].weight_gradient.std == pytest.approx(gradients[3].double().std().item(), rel=1e-5)
    assert result.layers[2].weight.mean == pytest.approx(module[2].weight.detach().double().mean().item())
    assert result.layers[1].dead_fraction == (active == 0).all(0).double().mean().item()
    assert result.loss == pytest.approx(loss.item())
    assert result.parameter_count == sum(p.numel() for p in module.parameters())


def test_a_layer_in_place_is_seen_before_it_is_overwritten():
    module = nn.Sequential(nn.Linear(8, 12), nn.ReLU(inplace=True), nn.Linear(12, 4))
    result = measure_module(module, BATCH)
    assert result.problem is None
    assert result.layers[0].activation.minimum < 0
    assert result.layers[1].activation.minimum == 0
    assert all(layer.activation_gradient is not None for layer in result.layers)


def trace_of(module):
    """All that a run could have left in a module."""
    hooks = [
        (
            len(part._forward_hooks),
            len(part._forward_pre_hooks),
            len(part._backward_hooks),
            part.training,
            set(vars(part)),
        )
        for part in module.modules()
    ]
    tensors = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    grads = [None if p.grad is None else p.grad.clone() for p in module.parameters()]
    return hooks, tensors, grads, [id(p) for p in module.parameters()], [p.data_ptr() for p in module.parameters()]


def assert_untouched(before, module):
    after = trace_of(module)
    assert before[0] == after[0]
    assert before[3:] == after[3:]
    for name, tensor in before[1].items():
        assert torch.equal(tensor, after[1][name]), name
    for one, other in zip(before[2], after[2], strict=True):
        assert one is other is None or torch.equal(one, other)


def change_everything(module, x):
    with torch.no_grad():
        module.first.weight.mul_(2)
        module.first.bias.data = torch.ones(12)
    module.calls = 1
    module.added = nn.Linear(2, 2)
    module.first.training = False
    module.register_buffer("extra", torch.zeros(1))
    module.first.weight.grad = torch.ones(12, 8)
    return module.first(x).sum()


def raise_in_the_middle(module, x):
    module.first(x)
    raise ValueError("not today")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        lambda: mlp(nn.BatchNorm1d(12), nn.Dropout(0.4)),
        lambda: Called(change_everything, first=nn.Linear(8, 12)),
        lambda: Called(raise_in_the_middle, first=nn.Linear(8, 12)),
        lambda: Called(lambda m, x: m.layer(m.layer(x)), layer=nn.Linear(8, 8)),
    ],
)
def test_nothing_is_left_in_the_module(make, training):
    module = make().train(training)
    next(module.parameters()).grad = torch.full_like(next(module.parameters()), 7.0)
    torch.manual_seed(5)
    np.random.seed(5)
    random.seed(5)
    states = torch.get_rng_state(), random.getstate()
    before = trace_of(module)
    measure_module(module, BATCH)
    assert_untouched(before, module)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1] == random.getstate()
    assert torch.is_grad_enabled()


def test_the_batch_is_left_alone():
    batch = BATCH.clone().requires_grad_()
    measure_module(mlp(), batch)
    assert batch.grad is None
    assert torch.equal(batch, BATCH)


@pytest.mark.parametrize(
    "output",
    [
        lambda y: (y, y * 2),
        lambda y: {"logits": y, "aux": [y.sum()]},
        lambda y: [y],
        lambda y: {"deep": ({"er": y},), "text": "hello"},
    ],
)
def test_tuples_and_dicts_are_searched_for_tensors(output):
    module = Called(lambda m, x: output(m.first(x)), first=nn.Linear(8, 3))
    result = measure_module(module, BATCH)
    assert result.problem is None
    assert result.layers[0].activation_gradient is not None


def test_a_layer_with_several_outputs_says_so():
    module = Called(lambda m, x: m.rnn(x[:, None])[0], rnn=nn.GRU(8, 5, batch_first=True))
    result = measure_module(module, BATCH)
    assert "outputs" in result.layers[0].note
    assert result.layers[0].activation.count == 16 * 5


@pytest.mark.parametrize("value", [None, "text", 3, torch.arange(3)])
def test_an_output_without_numbers_keeps_the_activations(value):
    module = Called(lambda m, x: [m.first(x), value][1], first=nn.Linear(8, 3))
    result = measure_module(module, BATCH)
    assert result.loss is None
    assert "gradient" in result.problem.message or "returned" in result.problem.message
    assert result.layers[0].activation is not None


def exit_the_program(_module, _x):
    sys.exit(3)


def recurse(module, x):
    return module(x)


@pytest.mark.parametrize(
    ("function", "words"),
    [(raise_in_the_middle, "ValueError: not today"), (exit_the_program, "SystemExit"), (recurse, "RecursionError")],
)
def test_what_the_module_raises_is_a_problem_that_names_it(function, words):
    module = Called(function, first=nn.Linear(8, 3))
    before = trace_of(module)
    result = measure_module(module, BATCH)
    assert words in str(result.problem)
    assert_untouched(before, module)


def test_a_layer_that_raises_is_named_and_those_before_it_stay():
    module = nn.Sequential(nn.Linear(8, 5), nn.Tanh(), nn.Linear(6, 2), nn.Tanh())
    result = measure_module(module, BATCH)
    assert result.problem.lead == "Layer 2 raised."
    assert "2 layers ran before it" in result.problem.message
    assert [layer.path for layer in result.layers] == ["0", "1"]


def test_a_module_without_parameters_has_gradients_for_its_input():
    result = measure_module(nn.Sequential(nn.Tanh(), nn.Softmax(1)), BATCH)
    assert result.problem is None
    assert result.parameter_count == 0
    assert all(layer.activation_gradient is not None for layer in result.layers)


def test_a_layer_run_twice_is_listed_twice_and_shared_weights_are_named():
    linear = nn.Linear(8, 8)
    tied = nn.Linear(8, 8)
    tied.weight = linear.weight
    module = Called(lambda m, x: m.b(m.a(m.a(x))), a=linear, b=tied)
    result = measure_module(module, BATCH)
    assert [(layer.path, layer.call) for layer in result.layers] == [("a", 1), ("a", 2), ("b", 1)]
    assert "run 2 of 2" in result.layers[1].note
    assert "weights shared with a" in result.layers[2].note
    assert result.layers[0].activation.rms != result.layers[1].activation.rms
    assert result.parameter_count == 8 * 8 + 2 * 8


def test_embeddings_take_whole_numbers():
    module = nn.Sequential(nn.Embedding(50, 6), nn.Flatten(), nn.Linear(24, 2))
    result = measure_module(module, torch.randint(0, 50, (7, 4)))
    assert result.problem is None
    assert result.layers[0].weight_gradient is not None


def test_named_arguments_and_a_loss_of_ones_own():
    module = Called(lambda m, x, scale: m.first(x) * scale, first=nn.Linear(8, 3))
    result = measure_module(module, {"x": BATCH, "scale": 2.0}, loss=lambda y: (y - 1).abs().mean())
    assert result.loss == pytest.approx((module.first(BATCH) * 2 - 1).abs().mean().item())
    wrong = measure_module(module, {"x": BATCH, "scale": 2.0}, loss=lambda y: y)
    assert "(16, 3)" in wrong.problem.message


def test_frozen_and_detached_layers_say_that_no_gradient_comes_back():
    module = Called(lambda m, x: m.b(m.a(x).detach()), a=nn.Linear(8, 8), b=nn.Linear(8, 2))
    result = measure_module(module, BATCH)
    assert "receives no gradient" in result.layers[0].note
    assert result.layers[0].weight_gradient is None
    assert result.layers[1].activation_gradient is not None


def print_much(module, x):
    for line in range(100_000):
        print("line", line)
    return module.first(x)


def test_a_million_lines_are_counted_and_not_printed(capsys):
    result = measure_module(Called(print_much, first=nn.Linear(8, 3)), BATCH)
    assert capsys.readouterr().out == ""
    assert "100,000 lines" in result.notes[0]
    assert "line 0" in result.notes[0]


def test_lazy_parameters_stay_uninitialised():
    module = nn.Sequential(nn.LazyLinear(5), nn.ReLU(), nn.LazyLinear(2))
    result = measure_module(module, BATCH)
    assert [layer.shape for layer in result.layers] == [(16, 5), (16, 5), (16, 2)]
    assert isinstance(module[0].weight, nn.parameter.UninitializedParameter)
    assert "lazy" in result.notes[0]


def test_what_has_no_values_is_refused():
    with torch.device("meta"):
        module = nn.Linear(3, 3)
    with pytest.raises(ProblemError, match="meta device"):
        measure_module(module, torch.zeros(1, 3))
    with pytest.raises(ProblemError, match="function"):
        measure_module(lambda x: x, BATCH)


def test_a_scripted_module_counts_as_one_layer_and_a_compiled_one_runs_uncompiled():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(mlp())
        compiled = torch.compile(mlp(), backend="eager")
    result = measure_module(scripted, BATCH)
    assert len(result.layers) == 1
    assert result.layers[0].activation.count == 64
    assert result.loss is not None
    result = measure_module(compiled, BATCH)
    assert len(result.layers) == 3
    assert "compiled" in result.notes[0]


def test_a_module_that_contains_itself_is_walked_once():
    module = Called(lambda m, x: m.first(x), first=nn.Linear(8, 3))
    object.__setattr__(module, "ready", True)
    module._modules["self"] = module
    result = measure_module(module, BATCH)
    assert [layer.path for layer in result.layers] == ["first"]


def test_it_can_be_cancelled_between_layers():
    ran = []
    module = nn.Sequential(*(Called(lambda m, x: (ran.append(1), x * 2)[1]) for _ in range(50)))
    before = trace_of(module)
    with pytest.raises(CancelledError):
        measure_module(module, BATCH, job=Job(is_cancelled=lambda: len(ran) >= 3))
    assert len(ran) == 3
    assert_untouched(before, module)


def test_two_thousand_layers_and_long_names():
    module = nn.Sequential()
    for number in range(2000):
        module.add_module(f"{'x' * 5000 if number == 7 else 'layer'}{number}", nn.Identity())
    result = measure_module(module, torch.ones(2, 3))
    assert len(result.layers) == 2000
    assert len(result.layers[7].path) == 5001


@pytest.mark.parametrize(
    "module",
    [
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        nn.Sequential(nn.Unflatten(1, (1, 8)), nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.GELU(), nn.MaxPool1d(2)),
        nn.LSTM(8, 3, batch_first=True),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_the_usual_architectures(module, training):
    module = copy.deepcopy(module).train(training)
    before = trace_of(module)
    batch = BATCH[:, None] if not isinstance(module, nn.Sequential) else BATCH
    result = measure_module(module, batch)
    assert result.problem is None
    assert result.layers
    assert_untouched(before, module)


def test_a_tensor_changed_in_place_is_measured_again():
    def change(module, x):
        y = module.first(x)
        with torch.no_grad():
            y.mul_(3)
        return module.second(y)

    result = measure_module(Called(change, first=nn.Identity(), second=nn.Identity()), BATCH)
    assert result.layers[1].activation.rms == pytest.approx(3 * result.layers[0].activation.rms)


def test_a_layer_in_inference_mode_is_measured():
    def infer(module, x):
        with torch.inference_mode():
            return module.second(module.first(x))

    result = measure_module(Called(infer, first=nn.Linear(8, 8), second=nn.Identity()), BATCH)
    assert [layer.activation is not None for layer in result.matching(kind="layers").layers] == [True, True]
    assert "autograd" in result.problem.message
