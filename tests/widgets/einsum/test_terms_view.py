from __future__ import annotations

from dataclasses import replace
from unittest import mock

from playground.models.tensors.program import Program
from playground.models.tensors.state import PointedCell
from playground.widgets.einsum import terms_view
from playground.widgets.einsum.sum_lines import exactness


def test_the_note_on_rounding_is_never_cut(driven):
    one = driven("ij,kj->ik", "A", "B")
    program = Program.parse("A = torch.rand(3, 4)\nB = torch.rand(3, 4)")
    one.show(replace(one.state, program=program))
    one.panel.resize(734, 371)
    one.panel.grab()
    terms = one.panel.terms
    cells = [(row, column) for row in range(3) for column in range(3)]
    notes = 0
    for index in cells:
        one.show(replace(one.state, pointed=PointedCell("C", index)))
        note = exactness(terms.cell_sum, "float32")
        with mock.patch.object(terms_view, "paint_text", wraps=terms_view.paint_text) as painted:
            terms.grab()
        notes += bool(note)
        assert not note or note in [call.args[3] for call in painted.call_args_list]
    assert notes


def test_integers_that_overflow_are_said_to_wrap_around(driven):
    one = driven("i,i->i", "a", "a")
    one.show(replace(one.state, program=Program.parse("a = torch.tensor([100, 2], dtype=torch.int8)")))
    one.show(replace(one.state, pointed=PointedCell(one.panel.result.plan.result_name, (0,))))
    cell_sum = one.panel.terms.cell_sum
    assert cell_sum.value == 16
    assert exactness(cell_sum, "int8") == "wrapped around in int8, exactly 10000"
