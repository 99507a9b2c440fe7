from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.command_line.choices import grid_of, with_settings
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError
from playground.models.state import PlaygroundState


@pytest.mark.parametrize(
    ("setting", "read"),
    [
        ("network.depth=30", lambda state: state.network.spec.depth == 30),
        ("network.gain=1.5", lambda state: state.network.spec.gain == 1.5),
        ("network.gain=2", lambda state: state.network.spec.gain == 2.0),
        ("network.activation=tanh", lambda state: state.network.spec.activation == "tanh"),
        ("network.layer=7", lambda state: state.network.layer == 7),
        ("network.band=false", lambda state: state.network.band is False),
        ("network.band=False", lambda state: state.network.band is False),
        ("network.training.steps=5", lambda state: state.network.training.steps == 5),
        ("einsum.equation=ij,jk->ik", lambda state: state.einsum.equation == "ij,jk->ik"),
        ('einsum.operands=["A", "B"]', lambda state: state.einsum.operands == ("A", "B")),
        ("memory.write_value=3", lambda state: state.memory.write_value == "3"),
        ("memory_budget=2000000", lambda state: state.memory_budget == 2_000_000),
        ("memory_budget=None", lambda state: state.memory_budget is None),
        ("program=A = torch.ones(3); B = A + 1", lambda state: state.program.names == ("A", "B")),
    ],
)
def test_a_setting_changes_its_part_and_nothing_else(setting, read):
    state = PlaygroundState()
    changed = with_settings(state, [setting])
    assert read(changed)
    part = setting.partition("=")[0].split(".")[0]
    assert all(
        getattr(changed, one.name) == getattr(state, one.name) for one in fields(PlaygroundState) if one.name != part
    )


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("depth", "write a name, then =, then a value"),
        ("=3", "write a name, then =, then a value"),
        ("nonsense=3", "there is no 'nonsense' here. Known are program, selection"),
        ("network.dpeth=3", "there is no 'dpeth' here. Did you mean depth or width?"),
        ("network.depth.more=3", "depth has no parts"),
        ("network.depth=many", "network.depth is 'many'"),
        ("network.depth=2.5", "network.depth is '2.5', not a whole number"),
        ("network.depth=100000", "The depth is 100000, but must be from 1 to 500."),
        ("network.activation=rleu", "There is no activation called 'rleu'. Did you mean relu"),
        ("program=A = (", "The ( is never closed."),
    ],
)
def test_what_does_not_fit_is_said(setting, words):
    with pytest.raises(ProblemError) as error:
        with_settings(PlaygroundState(), [setting])
    assert words in str(error.value.problem)


@pytest.mark.parametrize(
    ("settings", "grid"),
    [
        (["depth=10,50"], {"depth": (10, 50)}),
        (["network.depth=10"], {"depth": (10,)}),
        (["gain=0.5:2:4"], {"gain": (0.5, 1.0, 1.5, 2.0)}),
        (["gain=0.5:2:1"], {"gain": (0.5,)}),
        (["seed=0:3:4,9"], {"seed": (0, 1, 2, 3, 9)}),
        (["activation=relu,tanh", "depth=3"], {"activation": ("relu", "tanh"), "depth": (3,)}),
    ],
)
def test_a_grid_has_each_value_in_order(settings, grid):
    assert grid_of(settings) == grid
    assert all(type(value) is type(getattr(NetworkSpec(), name)) for name in grid for value in grid[name])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("gian=1", "there is no 'gian' here"),
        ("gain=", "gain is ''"),
        ("gain=a:b:c", "a:b:c is not first:last:count"),
        ("gain=0:1:0", "0 values; there must be from 1 to"),
        ("depth=1:2:3", "gives 1.5, and depth must be a whole number"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(setting, words):
    with pytest.raises(ProblemError) as error:
        grid_of([setting])
    assert words in str(error.value.problem)


@given(st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text):
    for setting in (text, f"network.{text}", f"network.depth={text}", f"program={text}"):
        for use in (lambda one: with_settings(PlaygroundState(), [one]), lambda one: grid_of([one])):
            try:
                result = use(setting)
            except ProblemError:
                continue
            assert result is not None
