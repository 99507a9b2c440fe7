"""Where nan and inf come from: named by operation, line and numbers, and each cure mends the code it stands for."""

import gc
import linecache
import math
import random
import textwrap
import warnings
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from playground.models.job import CancelledError, Job
from playground.models.network.watch.calls import CallRecorder
from playground.models.network.watch.cures import HARMLESS, KEPT_NAMES, REMEDIES
from playground.models.network.watch.meetings import SLOPES
from playground.models.network.watch.origin import find_origin
from playground.models.network.watch.verdict import judge_watched, verdict_in_words
from playground.models.network.watch.watch import measure_module
from playground.models.network.watch.watched import WatchList

BATCH = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
_numbers = count()

TEMPLATE = """\
import torch
from torch import nn
from torch.nn import functional as F

class Written(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last, self.drop = nn.Linear(4, 4), nn.Linear(4, 2), nn.Dropout(0.2)

    def between(self, z):
{body}

    def forward(self, x):
        return self.last(self.between(self.drop(self.first(x))).float())
"""


def source_of(body):
    return TEMPLATE.format(body=textwrap.indent(textwrap.dedent(body).strip(), " " * 8))


def written(source):
    """The module of a source that Python can show the lines of, as it can those of a file or of a notebook's cell."""
    name = f"/somewhere/written_{next(_numbers)}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names = {}
    exec(compile(source, name, "exec"), names)
    return names["Written"]()


def measured(module, batch=BATCH, loss=None):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(std|var)\(\): degrees of freedom")
        return measure_module(module, batch, loss)


def origin_of(module, batch=BATCH, loss=None):
    return find_origin(measured(module, batch, loss), module, batch, loss)


# Body, the operation at fault, its code, whether it is on the way back, the cure.
CASES = {
    "where exp": ("""
        z = 300 * z
        return torch.where(z <= 0, torch.exp(z), 1 + z)""",
        "torch.exp(z)", True, "torch.exp(z.clamp(max=0))"),
    "where exp, other side": ("""
        z = 300 * z
        return torch.where(z > 0, 1 + z, z.exp() - 1)""",
        "z.exp()", True, "z.clamp(max=0).exp()"),
    "where exp by another condition": ("""
        z = 300 * z
        small = z.abs() < 1
        return torch.where(small, torch.exp(z), z)""",
        "torch.exp(z)", True, "torch.exp(torch.where(small, z, 0))"),
    "where expm1": ("""
        z = 300 * z
        return torch.where(z < 0, torch.expm1(z), z)""",
        "torch.expm1(z)", True, "torch.expm1(z.clamp(max=0))"),
    "where exp2": ("""
        z = 900 * z
        return torch.where(z < 0, torch.exp2(z), z)""",
        "torch.exp2(z)", True, "torch.exp2(z.clamp(max=0))"),
    "where sinh": ("""
        z = 300 * z
        return torch.where(z.abs() < 1, torch.sinh(z), z)""",
        "torch.sinh(z)", True, "torch.sinh(torch.where(z.abs() < 1, z, 0))"),
    "where cosh": ("""
        z = 300 * z
        return torch.where(z.abs() < 1, torch.cosh(z), z)""",
        "torch.cosh(z)", True, "torch.cosh(torch.where(z.abs() < 1, z, 0))"),
    "masked exp": ("""
        z = 300 * z
        return torch.exp(z).masked_fill(z > 0, 1.0)""",
        "torch.exp(z)", True, "torch.exp(z.clamp(max=0))"),
    "where log": ("""
        z = z - z[0, 0]
        return torch.where(z > 0, torch.log(z.abs()), 0.0)""",
        "torch.log(z.abs())", True, "torch.log(torch.where(z > 0, z.abs(), 1))"),
    "where sqrt": ("""
        z = z - z[0, 0]
        return torch.where(z > 0, torch.sqrt(z.abs()), z)""",
        "torch.sqrt(z.abs())", True, "torch.sqrt(torch.where(z > 0, z.abs(), 1))"),
    "where division": ("""
        z = z - z[0, 0]
        return torch.where(z == 0, 0.0, 1 / z)""",
        "1 / z", True, "1 / torch.where(~(z == 0), z, 1)"),
    "where quotient": ("""
        z = z - z[0, 0]
        return torch.where(z == 0, 0.0, z / z)""",
        "z / z", True, "z / torch.where(~(z == 0), z, 1)"),
    "exp": ("""
        return 1e-30 * torch.exp(400 * z.abs())""",
        "torch.exp(400 * z.abs())", False, "torch.exp((400 * z.abs()).clamp(max=87))"),
    "softmax by hand": ("""
        e = torch.exp(400 * z)
        return e / e.sum(-1, keepdim=True)""",
        "torch.exp(400 * z)", False, "torch.exp(400 * z - (400 * z).amax(-1, keepdim=True))"),
    "logsumexp by hand": ("""
        total = torch.exp(400 * z).sum(-1, keepdim=True)
        return z - torch.log(total)""",
        "torch.exp(400 * z)", False, None),
    "log of softmax": ("""
        return torch.log(torch.softmax(1000 * z, dim=-1))""",
        "torch.log(torch.softmax(1000 * z, dim=-1))", False, "torch.log_softmax(1000 * z, -1)"),
    "log of F.softmax": ("""
        return F.softmax(1000 * z, -1).log()""",
        "F.softmax(1000 * z, -1).log()", False, "torch.log_softmax(1000 * z, -1)"),
    "log of sigmoid": ("""
        return torch.log(torch.sigmoid(1000 * z))""",
        "torch.log(torch.sigmoid(1000 * z))", False, "torch.nn.functional.logsigmoid(1000 * z)"),
    "entropy": ("""
        p = z.relu()
        return p * torch.log(p)""",
        "torch.log(p)", False, "torch.log(p.clamp(min=1e-12))"),
    "log2": ("""
        return torch.log2(z)""",
        "torch.log2(z)", False, "torch.log2(z.clamp(min=1e-12))"),
    "log10": ("""
        return z.log10()""",
        "z.log10()", False, "z.clamp(min=1e-12).log10()"),
    "log1p": ("""
        return torch.log1p(9 * z)""",
        "torch.log1p(9 * z)", False, "torch.log1p((9 * z).clamp(min=-0.999999))"),
    "sqrt of a negative number": ("""
        return torch.sqrt(z)""",
        "torch.sqrt(z)", False, "torch.sqrt(z.clamp(min=1e-12))"),
    "sqrt at 0": ("""
        return (z - z).square().sum(-1, keepdim=True).sqrt() + z""",
        "(z - z).square().sum(-1, keepdim=True).sqrt()", True,
        "(z - z).square().sum(-1, keepdim=True).clamp(min=1e-12).sqrt()"),
    "rsqrt": ("""
        return torch.rsqrt(z.relu())""",
        "torch.rsqrt(z.relu())", False, "torch.rsqrt(z.relu().clamp(min=1e-06))"),
    "reciprocal": ("""
        return torch.reciprocal(z.relu())""",
        "torch.reciprocal(z.relu())", False, "torch.reciprocal(z.relu().clamp(min=1e-06))"),
    "power at 0": ("""
        return (z - z[:, :1]) ** 0.5""",
        "(z - z[:, :1]) ** 0.5", False, "(z - z[:, :1]).clamp(min=1e-12) ** 0.5"),
    "a negative power": ("""
        return torch.pow(z.relu(), -1)""",
        "torch.pow(z.relu(), -1)", False, None),
    "division by a norm of 0": ("""
        w = z * torch.tensor([[1.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
        return w / w.norm(dim=-1, keepdim=True)""",
        "w / w.norm(dim=-1, keepdim=True)", False, "w / w.norm(dim=-1, keepdim=True).clamp(min=1e-06)"),
    "division by a difference": ("""
        return z / (z - z[:1])""",
        "z / (z - z[:1])", False, "z / torch.where(z - z[:1] == 0, 1, z - z[:1])"),
    "torch.div": ("""
        return torch.div(z, z.relu())""",
        "torch.div(z, z.relu())", False, "torch.div(z, z.relu().clamp(min=1e-06))"),
    "a row of -inf": ("""
        scores = z.masked_fill(torch.arange(6)[:, None] == 2, float("-inf"))
        return torch.softmax(scores, -1)""",
        "torch.softmax(scores, -1)", False, "torch.softmax(scores.clamp(min=torch.finfo(torch.float32).min), -1)"),
    "a row of -inf, left out": ("""
        dead = torch.arange(6)[:, None] == 2
        scores = z + torch.zeros(6, 1).masked_fill(dead, float("-inf"))
        return scores.softmax(-1).masked_fill(dead, 0.0)""",
        "scores.softmax(-1)", True, "scores.clamp(min=torch.finfo(torch.float32).min).softmax(-1)"),
    "std of one": ("""
        return z / z[:1].std(dim=0)""",
        "z[:1].std(dim=0)", False, None),
    "var of one": ("""
        return z + torch.var(z[:1], dim=0)""",
        "torch.var(z[:1], dim=0)", False, "torch.var(z[:1], dim=0, correction=0)"),
    "half": ("""
        return (1e6 * z).half()""",
        "(1e6 * z).half()", False, "(1000000.0 * z).to(torch.bfloat16)"),
    "to": ("""
        return (1e6 * z).to(torch.float16)""",
        "(1e6 * z).to(torch.float16)", False, "(1000000.0 * z).to(torch.bfloat16)"),
    "acos": ("""
        return torch.acos(z / z.abs().amax())""",
        "torch.acos(z / z.abs().amax())", True, "torch.acos((z / z.abs().amax()).clamp(-0.999999, 0.999999))"),
    "asin": ("""
        return torch.asin(9 * z)""",
        "torch.asin(9 * z)", False, "torch.asin((9 * z).clamp(-0.999999, 0.999999))"),
    "atanh": ("""
        return torch.atanh(9 * z)""",
        "torch.atanh(9 * z)", False, "torch.atanh((9 * z).clamp(-0.999999, 0.999999))"),
    "logit": ("""
        return torch.logit(z.relu())""",
        "torch.logit(z.relu())", False, "torch.logit(z.relu().clamp(1e-06, 0.999999))"),
    "several lines": ("""
        w = 300 * z
        return torch.where(
            w <= 0,
            torch.exp(
                w
            ),
            w,
        )""",
        "torch.exp(\n        w\n    )", True, "torch.exp(w.clamp(max=0))"),
    "letters of more than a byte": ("""
        größe = 300 * z
        return torch.where(größe <= 0, torch.exp(größe), größe)""",
        "torch.exp(größe)", True, "torch.exp(größe.clamp(max=0))"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_operation_is_named_and_the_cure_mends_the_code(name):
    body, code, is_backward, cure = CASES[name]
    source = source_of(body)
    module = written(source)
    result = measured(module)
    assert result.is_odd, "this case must be broken to begin with"
    origin = find_origin(result, module, BATCH)
    span = origin.problem.span
    marked = span.of(origin.source)
    assert " ".join(marked.split()) == " ".join(code.split())
    assert origin.is_backward == is_backward
    line = next(number for number, text in enumerate(source.splitlines(), 1) if text.strip() == first_line(origin))
    assert origin.place.endswith(f", line {line}")
    assert origin.shapes.startswith("(")
    if cure is not None:
        assert origin.problem.fixes[0].code == cure
        assert origin.problem.fixes[0].meaning == "Tried: then all numbers are finite."
        cured = measured(written(mended_at(source, line, origin, cure)))
        assert not cured.is_odd
        assert math.isfinite(cured.loss)
        if name.startswith(("where", "masked")):
            assert cured.loss == result.loss, "what where takes stays as it was"


def first_line(origin):
    return origin.source.splitlines()[0].strip()


def mended_at(source, line, origin, code):
    """The source with the marked operation replaced by the cure, as somebody would who reads the window."""
    lines = source.splitlines()
    many = len(origin.source.splitlines())
    indent = min(len(text) - len(text.lstrip()) for text in lines[line - 1 : line - 1 + many] if text.strip())
    span = origin.problem.span
    new = origin.source[: span.start] + code + origin.source[span.stop :]
    return "\n".join([*lines[: line - 1], *textwrap.indent(new, " " * indent).splitlines(), *lines[line - 1 + many :]])


def test_each_remedy_has_a_case():
    text = " ".join(body + code for body, code, *_ in CASES.values())
    alike = {
        "div",
        "true_divide",
        "divide",
        "__rdiv__",
        "__rtruediv__",
        "__rpow__",
        "pow",
        "arccos",
        "arcsin",
        "arctanh",
    }
    missing = {name for name in REMEDIES if name not in alike and name not in text and "empty" not in name}
    assert not missing
    assert set(HARMLESS) - {"tan"} <= set(REMEDIES)
    assert set(REMEDIES) <= KEPT_NAMES


POINTS = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 200.0, -math.inf, math.inf], dtype=torch.float32)
FUNCTIONS = {
    "Exp": torch.exp, "Exp2": torch.exp2, "Expm1": torch.expm1, "Sinh": torch.sinh, "Cosh": torch.cosh,
    "Log": torch.log, "Log2": torch.log2, "Log10": torch.log10, "Log1P": torch.log1p, "Sqrt": torch.sqrt,
    "Rsqrt": torch.rsqrt, "Reciprocal": torch.reciprocal, "Acos": torch.acos, "Asin": torch.asin,
    "Atanh": torch.atanh, "Div": lambda x: x / POINTS.flip(0), "Pow": lambda x: x**0.5,
    "Mul": lambda x: x * POINTS.flip(0),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(SLOPES) - {"Softmax"}))
@pytest.mark.parametrize("came", [0.0, 1.0, -2.5])
def test_each_slope_is_torchs_own(name, came):
    x = POINTS.clone().requires_grad_()
    y = FUNCTIONS[name](x)
    assert y.grad_fn.name() == f"{name}Backward0"
    saved = {
        role.removeprefix("_saved_"): getattr(y.grad_fn, role) for role in dir(y.grad_fn) if role.startswith("_saved_")
    }
    gradient = torch.full_like(y, came)
    slope = SLOPES[name].gradient(gradient, {k: v.detach() if hasattr(v, "detach") else v for k, v in saved.items()})
    (torchs,) = torch.autograd.grad(y, x, gradient)
    assert torch.allclose(slope, torchs, rtol=1e-5, equal_nan=True)


class Called(nn.Module):
    def __init__(self, function, **parts):
        super().__init__()
        torch.manual_seed(0)
        self.function, self.first, self.last = function, nn.Linear(4, 4), nn.Linear(4, 2)
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.last(self.function(self, self.first(x)))


def test_a_module_that_is_finite_costs_no_run_more(monkeypatch):
    monkeypatch.setattr(CallRecorder, "__init__", lambda *_: pytest.fail("it ran once more"))
    module = Called(lambda m, z: z.tanh())
    assert judge_watched(measure_module(module, BATCH), module, BATCH).origin is None


def test_the_sentence_of_a_where_names_both_numbers_and_the_cure():
    module = Called(lambda m, z: torch.where(300 * z <= 0, torch.exp(300 * z), 1 + 300 * z))
    result = measure_module(module, BATCH)
    verdict = judge_watched(result, module, BATCH)
    problem = verdict.origin.problem
    assert verdict.severity == "error"
    assert problem.lead == "0 × inf is nan, going back through exp."
    assert "The gradient that comes back is 0, the slope there is inf. `where` leaves this value out" in problem.message
    assert problem.fixes[0].code == "torch.exp(torch.where(300 * z <= 0, 300 * z, 0))"
    assert problem.fixes[0].gives == "keep out of exp what where leaves out"
    index = verdict.origin.index
    assert not (300 * module.first(BATCH) <= 0)[index]


def test_numbers_are_those_of_the_first_element():
    module = Called(lambda m, z: torch.exp(400 * z))
    origin = origin_of(module)
    z = 400 * module.first(BATCH).detach()
    index = tuple((z.exp() == math.inf).nonzero()[0].tolist())
    assert origin.index == index
    assert origin.problem.lead == f"exp({z[index].item():.3g}) is inf."
    assert "float32 ends at 3.40e38." in origin.problem.message


def test_a_layer_without_a_line_of_its_own_is_named_by_its_path():
    module = nn.Sequential(nn.Linear(4, 4), nn.Softmax(-1), nn.Linear(4, 2))
    with torch.no_grad():
        module[0].bias.fill_(-math.inf)
    origin = origin_of(module)
    assert origin.problem.lead == "0.bias holds inf already."
    with torch.no_grad():
        module[0].bias.fill_(3e38)
        module[0].weight.fill_(1e38)
    origin = origin_of(module, BATCH.abs())
    assert (origin.operation, origin.place) == ("linear", "layer 0")
    assert "float32 ends at" in origin.problem.message


def test_what_the_batch_brings_has_no_origin():
    batch = BATCH.clone()
    batch[0, 0] = math.nan
    assert origin_of(Called(lambda m, z: z), batch) is None


def test_a_loss_of_ones_own_is_looked_into():
    module = Called(lambda m, z: z)
    origin = origin_of(module, loss=lambda y: torch.log(y - y).sum())
    assert origin.problem.lead == "log(0) is -inf."
    assert origin.place.startswith("test_origin.py, line ")


def test_a_gradient_that_dies_on_its_way_is_not_blamed():
    def branches(_m, z):
        dead = torch.where(z > 0, torch.log(z.relu()), 0.0)  # its nan ends at the relu
        return dead * 0 + torch.sqrt((z - z).abs() + z - z)

    origin = origin_of(Called(branches))
    assert origin.operation == "sqrt"


def test_only_the_gradient_of_a_bias_is_not_finite():
    class Biased(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.ones(4, 4)), nn.Parameter(torch.zeros(4))

        def forward(self, x):
            return x @ self.weight + self.bias.sqrt()

    module = Biased()
    result = measure_module(module, BATCH)
    assert result.odd_gradients == ("bias",)
    assert "The gradient of bias is not finite." in verdict_in_words(result)[1]
    assert find_origin(result, module, BATCH).operation == "sqrt"


INSIDE_UNSEEN = pytest.mark.xfail(reason="named CheckpointFunctionBackward, not what is inside", strict=True)


@pytest.mark.parametrize("reentrant", [pytest.param(True, marks=INSIDE_UNSEEN), False])
def test_inside_a_checkpoint(reentrant):
    def inner(z):
        return torch.where(300 * z <= 0, torch.exp(300 * z), z)

    module = Called(lambda m, z: checkpoint(inner, z, use_reentrant=reentrant))
    origin = origin_of(module)
    assert origin.is_backward
    assert origin.operation == "exp"


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient / 0


def test_a_backward_of_the_modules_own_is_named():
    origin = origin_of(Called(lambda m, z: Own.apply(z)))
    assert "Own has a backward of the module's own" in origin.problem.message


def dropped(_m, z):
    kept = nn.functional.dropout(z, 0.5) + torch.from_numpy(np.random.rand(6, 4)).float() * random.random()
    return torch.log(kept)


def test_it_sees_the_random_numbers_of_the_measured_run():
    module = Called(dropped, norm=nn.BatchNorm1d(4))
    for seed in range(5):
        torch.manual_seed(seed)
        result = measure_module(module, BATCH)
        random_before = torch.get_rng_state()
        torch.rand(7)  # somebody draws in between
        origin = find_origin(result, module, BATCH)
        torch.set_rng_state(random_before)
        z = dropped(module, module.first(BATCH))
        assert origin.index == tuple(first_of(z))
        random.random()
        np.random.rand()


def first_of(z):
    odd = z.isnan() if z.isnan().any() else z.isinf()
    return odd.nonzero()[0].tolist()


def test_it_leaves_the_module_as_it_was():
    module = Called(lambda m, z: torch.where(z <= 0, torch.exp(300 * z), m.norm(z)), norm=nn.BatchNorm1d(4))
    module.first.weight.grad = torch.ones(4, 4)
    result = measure_module(module, BATCH)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    find_origin(result, module, BATCH)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(module.first.weight.grad, torch.ones(4, 4))
    assert module.last.weight.grad is None
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (random.getstate(), np.random.get_state()[1].tolist())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert module.training


def test_it_can_be_cancelled():
    module = Called(lambda m, z: torch.log(z - z))
    result = measure_module(module, BATCH)
    with pytest.raises(CancelledError):
        find_origin(result, module, BATCH, job=Job(is_cancelled=lambda: True))


def test_its_graphs_are_let_go():
    def living():
        gc.collect()
        return sum(issubclass(type(found), torch.Tensor | torch.autograd.graph.Node) for found in gc.get_objects())

    module = Called(lambda m, z: torch.where(z <= 0, torch.exp(300 * z), z))
    result = measure_module(module, BATCH)
    find_origin(result, module, BATCH)
    before = living()
    for _ in range(10):
        find_origin(result, module, BATCH)
    assert living() <= before


def test_the_list_keeps_it():
    module = Called(lambda m, z: torch.log(z - z))
    result = measure_module(module, BATCH)
    entry = WatchList().add("model", result, judge_watched(result, module, BATCH))
    assert entry.verdict.origin.operation == "log"
