import pytest
import torch
from torch import nn

from playground.models.network.probe import probe
from playground.models.network.watch import watch
from playground.models.network.watch_words import verdict_in_words

BATCH = torch.randn(500, 200, generator=torch.Generator().manual_seed(0))


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
    (words,) = probe(module, BATCH).warnings
    std = module.w.detach().double().std().item()
    assert words.startswith("w (200, 50) is used as x @ w, so its fan-in is 200")
    assert f"its std is {std:.3g}, which should be {std / 2:.3g}." in words
    assert std / 2 == pytest.approx((2 / 200) ** 0.5, rel=0.05)  # what He means
    severity, sentences = verdict_in_words(probe(module, BATCH))
    assert severity != "good"
    assert words in sentences
    assert not any("Healthy" in sentence for sentence in sentences)
    with torch.no_grad():
        nn.init.kaiming_normal_(module.w.T)  # what the words advise
    assert not probe(module, BATCH).warnings


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
    assert not probe(Product(shape, init, multiply), BATCH).warnings


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(200, 200)

    def forward(self, x):
        return self.l(x).detach()


def test_a_module_through_which_no_gradient_comes_is_not_called_healthy():
    verdict = watch(Detached(), BATCH).verdict
    assert verdict.severity == "warning"
    assert verdict.lead == "No gradient was measured, so it is not known whether it learns."
    assert "does not depend on any parameter" in verdict.text
