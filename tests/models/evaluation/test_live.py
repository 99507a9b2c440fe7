import numpy as np
import torch

from playground.models.evaluation.live import live_values
from playground.models.program.program import Program, program_of, refreshed, with_tensors
from playground.models.program.sources import Expression


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
    program = with_tensors(program_of({"A": given, "old": torch.ones(1)}), {"T": given.t(), "old": torch.zeros(2)})
    assert program.names == ("A", "old", "T")
    tensors = {binding.name: binding.source.reference.tensor for binding in program.bindings}
    assert tensors["T"].untyped_storage().data_ptr() == tensors["A"].untyped_storage().data_ptr()
    assert tensors["old"].tolist() == [0, 0]
    given[0, 1] = 5
    assert refreshed(program).get("T").source.reference.tensor[1, 0] == 5
