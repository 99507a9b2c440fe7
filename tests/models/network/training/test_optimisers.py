import pytest
import torch

from playground.models.network.training.optimisers import OPTIMISERS, OptimiserSettings, OptimiserState, optimiser_step
from playground.models.problem import ProblemError

ORACLES = {
    "sgd": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate, weight_decay=s.weight_decay),
    "momentum": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate, momentum=s.momentum, weight_decay=s.weight_decay),
    "adam": lambda p, s: torch.optim.Adam(
        p, lr=s.learning_rate, betas=(s.beta1, s.beta2), eps=s.epsilon, weight_decay=s.weight_decay
    ),
}
SETTINGS = (
    OptimiserSettings(),
    OptimiserSettings(learning_rate=0.3, momentum=0.5, beta1=0.7, beta2=0.95, epsilon=1e-3, weight_decay=0.1),
    OptimiserSettings(learning_rate=1e-4, momentum=0.0),
)


def test_every_optimiser_has_an_oracle():
    assert set(ORACLES) == set(OPTIMISERS)


@pytest.mark.processor
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", list(OPTIMISERS))
def test_an_update_is_that_of_torch_to_the_last_bit(name, dtype, settings):
    generator = torch.Generator().manual_seed(3)
    shapes = ((7, 5), (5,), (1, 1))
    ours = tuple(torch.randn(shape, generator=generator).to(dtype) for shape in shapes)
    theirs = [parameter.clone().requires_grad_() for parameter in ours]
    oracle = ORACLES[name](theirs, settings)
    state = OptimiserState()
    for _ in range(12):
        gradients = tuple(torch.randn(shape, generator=generator).to(dtype) for shape in shapes)
        ours, state = optimiser_step(name, ours, gradients, state, settings)
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient.clone()
        oracle.step()
        for mine, other in zip(ours, theirs, strict=True):
            assert torch.equal(mine, other.detach())
    assert state.step == 12


@pytest.mark.parametrize("name", list(OPTIMISERS))
def test_nothing_handed_in_is_changed(name):
    parameters = (torch.ones(3), torch.ones(2, 2))
    gradients = (torch.full((3,), 0.5), torch.full((2, 2), -0.5))
    first, state = optimiser_step(name, parameters, gradients, OptimiserState(), OptimiserSettings())
    kept = [slot.clone() for slots in state.slots for slot in slots]
    again, _ = optimiser_step(name, first, gradients, state, OptimiserSettings())
    assert torch.equal(parameters[0], torch.ones(3))
    assert torch.equal(gradients[1], torch.full((2, 2), -0.5))
    assert all(torch.equal(a, b) for a, b in zip(kept, (s for slots in state.slots for s in slots), strict=True))
    assert not torch.equal(first[0], again[0])


def test_an_unknown_optimiser_is_refused_with_its_neighbours():
    with pytest.raises(ProblemError, match="adam"):
        optimiser_step("adamm", (torch.ones(1),), (torch.ones(1),), OptimiserState(), OptimiserSettings())
