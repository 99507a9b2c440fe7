"""What a call hands over: names as the caller wrote them, and what is left out of a namespace."""

import inspect
import math
import sys

import numpy as np
import pytest
import torch

from playground.models.program.handed_over import (
    handed_over,
    live_values,
    named_by_caller,
    names_in_call,
    shown_variables,
)
from playground.models.program.program import Program, program_of, refreshed, with_handed_over
from playground.models.program.sources import Expression


def names(*values, **_keywords):
    """The names in the call of this function."""
    return names_in_call(sys._getframe(1), len(values))


class Model:
    weight = torch.ones(2)


def test_names_are_those_of_variables_and_attributes_in_the_call():
    x, y = torch.ones(2), [torch.ones(3)]
    assert names(x, Model.weight, y[0], x + 1) == ("x", "weight", "", "")
    assert names(x) == ("x",)
    assert names() == ()


def test_names_are_read_from_calls_over_several_lines_and_after_wide_letters():
    größe, x = torch.ones(2), torch.zeros(2)  # noqa: PLC2401
    found = ["ü", names(
        größe,
        x,  # a comment
        block=False,
    )]  # fmt: skip
    assert found[1] == ("größe", "x")


def test_a_call_whose_arguments_cannot_be_told_has_no_names():
    several = [torch.ones(2), torch.zeros(2)]
    assert names(*several) == ()
    assert eval("names(a, b)", {"names": names, "a": 1, "b": 2}) == ()


def test_without_source_a_value_is_called_by_a_variable_that_holds_it():
    a, b = torch.ones(2), torch.zeros(2)
    assert list(named_by_caller([a, b], (), {"a": a, "_b": b})) == ["a", "A"]
    assert list(named_by_caller([a, a], (), {"a": a, "again": a})) == ["again", "a"]


def test_what_has_no_name_is_called_by_the_first_free_letter():
    values = [torch.ones(1), torch.ones(2), torch.ones(3), torch.ones(4)]
    assert list(named_by_caller(values, ("", "A", "lambda", "__x"), {}, {"B"})) == ["C", "A", "D", "E"]
    assert list(named_by_caller(values[:2], ("x", "x"), {})) == ["x", "A"]


def test_of_a_namespace_tensors_arrays_and_numbers_are_taken_and_the_rest_is_noted():
    tensor = torch.ones(2)
    named = {"A": tensor, "b": np.arange(3), "lr": 0.1, "flag": True, "name": "text", "math": math, "cfg": {}, "_": 3}
    sparse, words = torch.eye(2).to_sparse(), np.array(["a"])
    given = handed_over({}, {**named, "Model": Model, "sparse": sparse, "words": words})
    assert list(given.values) == ["A", "b", "lr", "flag", "_"]
    assert given.values["A"].data_ptr() == tensor.data_ptr()
    assert str(given.note) == (
        "4 variables are not shown: name (str), cfg (dict), sparse (sparse_coo tensor) and words (array of <U1)."
    )


def test_a_long_note_names_some_and_counts_the_others():
    given = handed_over({}, {"x": 1.0, **{f"s{number}": "text" for number in range(9)}})
    assert "s5 (str) and 3 more." in str(given.note)
    assert handed_over({}, {"x": 1.0, "inspect": inspect}).note is None


@pytest.mark.parametrize("positional", [True, False])
def test_where_nothing_can_be_shown_the_reason_is_raised(positional):
    sparse = torch.eye(2).to_sparse()
    with pytest.raises(TypeError, match="to_dense"):
        handed_over({"s": sparse} if positional else {}, {} if positional else {"s": sparse})
    with pytest.raises(TypeError, match="to_dense"):
        handed_over({"s": sparse}, {"fine": 1.0})


def test_the_tensors_of_a_namespace_leave_out_what_is_hidden():
    space = {
        "A": torch.ones(2),
        "_1": torch.ones(2),
        "In": np.ones(2),
        "n": 3,
        "b": np.ones(2),
        "lambda": torch.ones(1),
    }
    assert list(shown_variables(space, {"In"})) == ["A", "b"]


def test_values_lie_on_the_memory_of_the_caller_where_they_are_views_of_it():
    given = torch.arange(6.0).reshape(2, 3)
    array = np.arange(3.0)
    program = program_of({"A": given, "b": array})
    for name, code in (("W", "A.t()"), ("S", "W[0]"), ("sum", "A + 1"), ("M", "torch.zeros(2)"), ("bad", "A @ A")):
        program = program.appended(name, Expression(code))
    found = live_values(program)
    assert list(found) == ["A", "b", "W", "S", "sum", "M"]
    assert found["W"].untyped_storage().data_ptr() == given.untyped_storage().data_ptr()
    given[0, 0] = 50
    assert (found["A"][0, 0].item(), found["W"][0, 0].item(), found["S"][0].item()) == (50, 50, 50)
    found["b"][1] = 9
    assert array[1] == 9
    assert found["sum"][0, 0] == 1


def test_writing_into_a_copy_leaves_the_app_as_it_was():
    program = Program.parse("A = torch.zeros(3)\nB = A[1:]")
    found = live_values(program)
    found["A"].fill_(7)
    assert found["B"].tolist() == [7, 7]
    assert live_values(program)["A"].tolist() == [0, 0, 0]


def test_a_tensor_handed_over_later_shares_the_storage_of_the_first():
    given = torch.zeros(2, 3)
    program = with_handed_over(program_of({"A": given, "old": torch.ones(1)}), {"T": given.t(), "old": torch.zeros(2)})
    assert program.names == ("A", "old", "T")
    tensors = {binding.name: binding.source.reference.tensor for binding in program.bindings}
    assert tensors["T"].untyped_storage().data_ptr() == tensors["A"].untyped_storage().data_ptr()
    assert tensors["old"].tolist() == [0, 0]
    given[0, 1] = 5
    assert refreshed(program).get("T").source.reference.tensor[1, 0] == 5
