"""Cards, the storage panel and the list of facts tell one truth about who shares whose memory, and it is torch's."""

import random

import pytest

from playground.models.evaluation.cards import compute_program, program_request, summary_words
from playground.models.evaluation.evaluate import evaluate
from playground.models.formatting import bytes_in_words
from playground.models.job import Job
from playground.models.memory.layout import fact_lines
from playground.models.memory.request import compute_memory, memory_request
from playground.models.program.program import Program
from playground.models.state import PlaygroundState

ENDINGS = (
    ".t()", "[1:]", "[::2]", "[0]", "[None]", ".reshape(-1)", ".flatten()", ".contiguous()", ".clone()", " + 1",
    ".expand(2, -1, -1)", ".mT", ".view(torch.int32)", ".unfold(0, 2, 1)", ".float()", ".double()", ".squeeze()",
    ".detach()", "[..., [0, 0]]", "[:0]",
)  # fmt: skip


def random_views(rng):
    """Lines that take views, copies and themselves of one another; None where torch refuses one."""
    lines = ["t0 = torch.arange(12.).reshape(3, 4)", "t1 = torch.ones(3).expand(3, 3)"]
    for number in range(2, 9):
        lines.append(f"t{number} = t{rng.randrange(number)}{rng.choice(ENDINGS)}")
    program = Program.parse("\n".join(lines))
    for name in [name for name, line in evaluate(program).items() if line.failed]:
        program = program.without(name)
    return program


def _overlap(one, other):
    """Whether the memory of two storages is the same, by its address."""
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


@pytest.mark.parametrize("seed", range(40))
def test_all_places_name_the_same_owner_and_the_same_sharers(seed):
    program = random_views(random.Random(seed))
    tensors = {name: line.tensor for name, line in evaluate(program).items() if line.tensor is not None}
    storages = {name: tensor.untyped_storage() for name, tensor in tensors.items()}
    cards = {
        card.name: card for card in compute_program(program_request(PlaygroundState(program=program)), Job()).cards
    }
    for place, (name, tensor) in enumerate(tensors.items()):
        real = {other for other in tensors if other != name and storages[other]._cdata == storages[name]._cdata}
        if tensor.numel():
            assert real == {other for other in tensors if other != name and _overlap(tensors[other], tensor)}
        owner = next((earlier for earlier in list(tensors)[:place] if earlier in real), None)
        card = cards[name]
        assert card.shared == (owner is not None)
        assert card.verdict_text in ((f"view of {owner}", f"same as {owner}") if owner is not None else ("new", "copy"))
        memory = compute_memory(memory_request(PlaygroundState(program=program, selection=name)), Job())
        assert {one.name for one in memory.sharing} == real | {name}
        assert {one.name: one.verdict for one in memory.sharing} == {
            one.name: cards[one.name].verdict_text for one in memory.sharing
        }
        facts = dict(fact_lines(memory.layout))
        assert facts["shares with"] == (", ".join(o for o in tensors if o in real) or "nobody")
        assert facts["base"] in real | {"itself", "no named tensor"}
        assert (facts["base"] == "no named tensor") <= (
            tensor.nbytes != storages[name].nbytes() or not tensor.is_contiguous()
        )
        assert card.nbytes == memory.layout.own_bytes == tensor.nbytes
        assert card.stored == memory.layout.storage_bytes == storages[name].nbytes()
        shown = card.nbytes if card.shared or card.stored == card.nbytes else card.stored
        assert summary_words(card).startswith(bytes_in_words(shown))
