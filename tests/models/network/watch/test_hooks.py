"""What is handed to a watched module: its own batch, in copies, with each container what it was."""

import gc
from collections import UserDict, namedtuple

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from playground.models.network.watch.hooks import with_gradient, with_tensors
from playground.models.network.watch.verdict import judge_watched, verdict_in_words
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import watch_module

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
    saved = [layer.saved_bytes for layer in measure_module(module, BATCH).layers]
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
    found = sum(layer.saved_bytes for layer in measure_module(layers, BATCH[:, None]).layers)
    assert found + relu == total


def test_a_checkpoint_keeps_nothing_of_what_is_inside():
    layers = nn.Sequential(nn.Linear(8, 12), nn.Tanh())
    module = Called(lambda m, x: m.l(checkpoint(m.inner, x, use_reentrant=False)), inner=layers, l=nn.Linear(12, 2))
    assert [layer.saved_bytes for layer in measure_module(module, BATCH).layers] == [0, 0, 12 * ROW]


def test_what_was_written_to_since_is_refused_as_torch_does():
    module = Called(lambda m, x: write(m.t(m.l(x))), l=nn.Linear(8, 4), t=nn.Tanh())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        module(BATCH).sum().backward()
    result = measure_module(module, BATCH)
    assert "modified by an inplace operation" in result.problem.message


def write(y):
    y.add_(1)
    return y


def test_a_module_that_uses_torch_func_runs_all_the_same():
    def slope(module, x):
        return module.l(torch.func.grad(lambda z: z.square().sum())(x))

    result = measure_module(Called(slope, l=nn.Linear(8, 4)), BATCH)
    assert result.problem is None
    assert result.layers[0].saved_bytes is None


def test_the_graph_is_let_go():
    def living():
        gc.collect()
        return sum(isinstance(found, torch.Tensor) for found in gc.get_objects())

    module = nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 4))
    measure_module(module, BATCH)
    before = living()
    for _ in range(10):
        measure_module(module, BATCH)
    assert living() <= before


FANS_BATCH = torch.randn(500, 200, generator=torch.Generator().manual_seed(0))


class Product(nn.Module):
    def __init__(self, shape, init, multiply=lambda x, w: x @ w):
        super().__init__()
        torch.manual_seed(0)
        self.w = nn.Parameter(torch.empty(shape))
        self.multiply = multiply
        with torch.no_grad():
            init(self.w)

    def forward(self, x):
        return self.multiply(x, self.w).relu()


MULTIPLY = (
    lambda x, w: x @ w,
    torch.matmul,
    torch.mm,
    lambda x, w: x.mm(w),
    lambda x, w: torch.matmul(x, other=w),
    lambda x, w: torch.mm(x, mat2=w),
)


@pytest.mark.parametrize("init", [nn.init.kaiming_normal_, nn.init.kaiming_uniform_])
@pytest.mark.parametrize("multiply", MULTIPLY)
def test_an_init_that_took_the_wrong_axis_is_named_with_both_stds(multiply, init):
    module = Product((200, 50), init, multiply)
    (words,) = measure_module(module, FANS_BATCH).warnings
    std = module.w.detach().double().std().item()
    assert words.startswith("w (200, 50) is used as x @ w, so its fan-in is 200")
    assert f"its std is {std:.3g}, which should be {std / 2:.3g}." in words
    assert std / 2 == pytest.approx((2 / 200) ** 0.5, rel=0.05)  # what He means
    severity, sentences = verdict_in_words(measure_module(module, FANS_BATCH))
    assert severity != "good"
    assert words in sentences
    assert not any("Healthy" in sentence for sentence in sentences)
    with torch.no_grad():
        nn.init.kaiming_normal_(module.w.T)  # what the words advise
    assert not measure_module(module, FANS_BATCH).warnings


@pytest.mark.parametrize(
    ("shape", "init", "multiply"),
    [
        ((50, 200), nn.init.kaiming_normal_, nn.functional.linear),
        ((50, 200), nn.init.kaiming_normal_, lambda x, w: x @ w.T),
        ((200, 200), nn.init.kaiming_normal_, lambda x, w: x @ w),
        ((200, 50), nn.init.xavier_normal_, lambda x, w: x @ w),
        ((200, 50), lambda w: nn.init.normal_(w, std=(2 / 200) ** 0.5), lambda x, w: x @ w),
        ((50, 200), nn.init.kaiming_normal_, lambda x, w: (w @ x.T).T),
    ],
)
def test_nothing_is_said_where_the_init_took_the_right_axis(shape, init, multiply):
    assert not measure_module(Product(shape, init, multiply), FANS_BATCH).warnings


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(200, 200)

    def forward(self, x):
        return self.l(x).detach()


def test_a_module_through_which_no_gradient_comes_is_not_called_healthy():
    verdict = watch_module(Detached(), FANS_BATCH).verdict
    assert verdict.severity == "warning"
    assert verdict.lead == "No gradient was measured, so it is not known whether it learns."
    assert "does not depend on any parameter" in verdict.text


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

    result = measure_module(Picky(), (Pair(ONE, TWO), [1.0]))
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
    words = judge_watched(measure_module(module, batch), module, batch)
    assert "bfloat16" in [fix.gives for fix in words.fixes]
