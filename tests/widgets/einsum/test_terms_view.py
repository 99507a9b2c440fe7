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
