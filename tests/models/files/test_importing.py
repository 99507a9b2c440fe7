import keyword

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.files.importing import clean_name, import_bindings
from playground.models.files.tensor_format import LoadedFile
from playground.models.tensors.names import name_problem
from playground.models.tensors.program import Program


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("images", "images"),
        ("layer.0.weight", "layer_0_weight"),
        ("../../evil", "evil"),
        ("0.weight", "t0_weight"),
        ("größe", "groe"),
        ("<b>x</b>", "b_x_b"),
        ("数", "t"),
        ("", "t"),
        ("lambda", "lambda_"),
        ("torch", "torch_"),
        ("__class__", "class_"),
    ],
)
def test_names_are_made_clean(key, name):
    assert clean_name(key) == name


@settings(deadline=None)
@given(st.lists(st.text(max_size=60) | st.sampled_from([*keyword.kwlist, "torch", "x", "x2"]), max_size=8))
def test_any_keys_give_names_that_are_free_and_allowed(keys):
    loaded = LoadedFile({key: torch.zeros(()) for key in keys})
    program = import_bindings(Program(), loaded, "f.npz")
    assert len(set(program.names)) == len(program.names) == len(loaded.tensors)
    for binding in program.bindings:
        assert name_problem(binding.name) is None
        assert loaded.tensors[binding.source.key] is binding.source.reference.tensor
        assert binding.source.path == "f.npz"


def test_importing_twice_keeps_both():
    loaded = LoadedFile({"x": torch.zeros(3)})
    program = import_bindings(import_bindings(Program(), loaded, "a.npy"), loaded, "a.npy")
    assert program.names == ("x", "x2")
