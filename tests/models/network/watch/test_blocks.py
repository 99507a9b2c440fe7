"""Blocks are rows where they return something of their own: a transformer's residual stream, the sums of a ResNet."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from playground.models.network.watch import layers
from playground.models.network.watch.layers import WATCHED_KINDS
from playground.models.network.watch.verdict import factors_in_words, rms_of, verdict_in_words
from playground.models.network.watch.watch import measure_module

BATCH = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
TOKENS = torch.randint(0, 11, (4, 6), generator=torch.Generator().manual_seed(0))
IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        return self.out(nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(8), Attention(), nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """`reentrant` None runs the blocks plainly, True and False through a checkpoint of that kind."""

    def __init__(self, depth=3, reentrant=None):
        super().__init__()
        torch.manual_seed(1)
        self.embed = nn.Embedding(11, 8)
        self.blocks = nn.ModuleList(Block() for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 11)
        self.reentrant = reentrant

    def stream(self, tokens):
        """What each block returns."""
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x) if self.reentrant is None else checkpoint(block, x, use_reentrant=self.reentrant)
            yield x

    def forward(self, tokens):
        *_, x = self.stream(tokens)
        return self.head(self.norm(x))


class Basic(nn.Module):
    def __init__(self, before, after, stride=1, in_place=True):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.down = nn.Conv2d(before, after, 1, stride, bias=False) if before != after else nn.Identity()
        self.in_place = in_place

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.in_place:
            y += self.down(x)
            return y.relu_()
        return (y + self.down(x)).relu()


class ResNet(nn.Module):
    def __init__(self, in_place=True):
        super().__init__()
        torch.manual_seed(1)
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.stages = nn.Sequential(Basic(4, 4, 1, in_place), Basic(4, 8, 2, in_place))
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.pool(self.stages(self.stem(x))).flatten(1))


def blocks_of(result):
    return result.matching(kind="blocks").layers


def paths(rows):
    return [layer.path for layer in rows]


def rms(tensor):
    return tensor.detach().double().square().mean().sqrt().item()


@pytest.mark.parametrize("reentrant", [None, False, True])
def test_the_residual_stream_of_a_transformer_is_listed_as_torch_computes_it(reentrant):
    module = Transformer(reentrant=reentrant)
    result = measure_module(module, TOKENS)
    assert result.problem is None
    # Attention and MLP return what their last layer returned, and so does the whole: they have nothing to add.
    assert paths(blocks_of(result)) == ["blocks.0", "blocks.1", "blocks.2"]
    assert len(result.layers) - 3 == 1 + 3 * (2 + 2 + 3) + 2
    plain = Transformer()
    stream = list(plain.stream(TOKENS))
    output = plain.head(plain.norm(stream[-1]))
    targets = torch.randn(output.shape, generator=torch.Generator().manual_seed(0))
    gradients = torch.autograd.grad((output - targets).square().mean(), stream)
    for layer, value, gradient in zip(blocks_of(result), stream, gradients, strict=True):
        assert layer.kind == "Block"
        assert layer.shape == (4, 6, 8)
        assert layer.activation.rms == pytest.approx(rms(value), rel=1e-5)
        assert layer.activation_gradient.rms == pytest.approx(rms(gradient), rel=1e-4)


def test_a_block_follows_the_layers_within_it():
    rows = paths(measure_module(Transformer(depth=2), TOKENS).layers)
    assert rows.index("blocks.0.mlp.2") + 1 == rows.index("blocks.0") == rows.index("blocks.1.ln_1") - 1


@pytest.mark.parametrize("in_place", [False, True])
def test_the_sums_of_a_resnet_are_listed_whether_or_not_they_are_made_in_place(in_place):
    module = ResNet(in_place)
    result = measure_module(module, IMAGES)
    assert result.problem is None
    assert paths(blocks_of(result)) == ["stages.0", "stages.1"]
    value = module.stem(IMAGES)
    for layer, part in zip(blocks_of(result), module.stages, strict=True):
        value = part(value)
        assert layer.activation.rms == pytest.approx(rms(value), rel=1e-5)
        assert layer.activation.minimum == 0
        assert layer.activation_gradient is not None
        assert layer.dead_fraction == (value == 0).transpose(0, 1).flatten(1).all(1).double().mean().item()
    last = next(layer for layer in result.layers if layer.path == "stages.1.bn2")
    assert last.activation.minimum < 0, "what the sum overwrote was measured before"


class Called(nn.Module):
    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


@pytest.mark.parametrize(
    ("function", "own"),
    [
        (lambda m, x: m.a(x), False),
        (lambda m, x: [m.a(x), m.b(x)][0], False),
        (lambda m, x: (m.a(x), 3), False),
        (lambda m, x: m.a(x)[:], False),
        (lambda m, x: m.a(x) + x, True),
        (lambda m, x: m.a(x).add_(x), True),
        (lambda m, x: m.a(x)[:4], True),
        (lambda m, x: m.a(x).double(), True),
        (lambda m, x: m.a(x).clone(), True),
    ],
)
def test_a_block_that_hands_on_what_a_layer_returned_is_not_listed_twice(function, own):
    module = Called(function, a=nn.Linear(8, 8), b=nn.Linear(8, 8))
    assert paths(blocks_of(measure_module(module, BATCH))) == [""] * own


def test_a_module_that_calls_none_of_its_parts_is_a_layer():
    module = Called(lambda m, x: nn.functional.linear(x, m.a.weight), a=nn.Linear(8, 8))
    (row,) = measure_module(nn.Sequential(module), BATCH).layers
    assert (row.path, row.is_block, row.shape) == ("0", False, (16, 8))


def test_a_layer_whose_weight_is_computed_by_a_module_is_no_block():
    module = nn.Sequential(torch.nn.utils.parametrizations.weight_norm(nn.Linear(8, 8, bias=False)), nn.Tanh())
    result = measure_module(module, BATCH)
    assert [(row.path, row.is_block) for row in result.layers if "parametrizations" not in row.path] == [
        ("0", False),
        ("1", False),
    ]


def test_what_a_block_saves_in_its_own_code_is_its_own():
    module = nn.Sequential(Called(lambda m, x: m.a(x).tanh() * 2, a=nn.Linear(8, 8)), nn.Linear(8, 1))
    saved = {row.path: row.saved_bytes for row in measure_module(module, BATCH).layers}
    assert saved == {"0.a": 0, "0": 16 * 8 * 4, "1": 16 * 8 * 4}


class Broken(Called):
    """A block whose own code raises after its layer ran."""

    def __init__(self):
        super().__init__(lambda m, x: m.a(x) + torch.ones(7), a=nn.Linear(8, 8))


def test_a_block_that_raises_is_named_with_the_layers_that_ran():
    result = measure_module(nn.Sequential(nn.Linear(8, 8), Broken()), BATCH)
    assert result.problem.lead == "Block 1 raised."
    assert "2 layers ran before it" in result.problem.message


def test_a_layer_that_raised_within_a_block_owns_nothing_that_comes_after_the_block():
    def caught(module, x):
        try:
            module.bad(x)
        except RuntimeError:
            return module.good(x)

    first = Called(caught, bad=nn.Linear(3, 3), good=nn.Linear(8, 8))
    module = nn.Sequential(first, Called(lambda m, x: m.a(x).tanh(), a=nn.Linear(8, 8)))
    saved = {row.path: row.saved_bytes for row in measure_module(module, BATCH).layers}
    assert saved == {"0.good": 0, "1.a": 16 * 8 * 4, "1": 16 * 8 * 4}


def test_values_that_a_block_makes_infinite_are_blamed_on_the_block():
    module = nn.Sequential(Called(lambda m, x: m.a(x) / torch.zeros(1), a=nn.Linear(8, 8)), nn.Linear(8, 1))
    assert verdict_in_words(measure_module(module, BATCH))[1][0].startswith(
        "The outputs are not finite from 0 Called on"
    )


def test_the_verdicts_rms_and_factors_are_those_of_the_layers_alone():
    result = measure_module(Transformer(), TOKENS)
    alone = result.matching(kind="layers")
    assert len(rms_of(result)) == len(alone.layers) == len(result.layers) - 3
    assert factors_in_words(result) == factors_in_words(alone)


def test_rows_are_filtered_by_name_and_kind():
    result = measure_module(Transformer(), TOKENS)
    assert result.kinds == ("layers", "blocks", "Embedding", "LayerNorm", "Linear", "GELU", "Block")
    assert result.matching() is result
    assert paths(result.matching("LN_").layers) == [f"blocks.{i}.ln_{j}" for i in range(3) for j in (1, 2)]
    assert paths(result.matching("blocks.1.", "Linear").layers) == [
        f"blocks.1.{name}" for name in ("attn.qkv", "attn.out", "mlp.0", "mlp.2")
    ]
    assert not result.matching("nowhere").layers
    assert measure_module(nn.Sequential(nn.Linear(8, 8), nn.Tanh()), BATCH).kinds == ("Linear", "Tanh")


@pytest.mark.parametrize("kind", WATCHED_KINDS)
def test_filtered_rows_have_the_histograms_of_the_whole_and_count_nothing_anew(kind, monkeypatch):
    result = measure_module(Transformer(), TOKENS)
    counted, count = [], layers.count_kind
    monkeypatch.setattr(layers, "count_kind", lambda *known: (counted.append(1), count(*known))[1])
    some = result.matching("mlp")
    assert not counted, "none is counted before it is looked at"
    part, whole = some.counted[kind, "log"], result.counted[kind, "log"]
    result.matching(kind="Linear").counted[kind, "log"]
    assert len(counted) == 1
    assert part.axis is whole.axis
    for row, layer in enumerate(some.layers):
        at = result.layers.index(layer)
        assert (part.counts[row] == whole.counts[at]).all()
        assert (part.below[row], part.above[row]) == (whole.below[at], whole.above[at])
    assert not result.matching("nowhere").counted[kind, "log"].counts.size
