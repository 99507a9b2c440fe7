import random

import pytest
import torch

from playground.models.memory.aliasing import explain_write
from playground.models.memory.in_place import COPIED_BYTES, IN_PLACE, try_in_place
from playground.models.memory.layout import describe_layout


def family(rng):
    """Several tensors on one storage, of different layouts and dtypes, and one on another."""
    base = torch.randint(-50, 50, (24,), generator=torch.Generator().manual_seed(rng.randint(0, 99))).to(torch.float32)
    return {
        "base": base,
        "rows": base.view(4, 6),
        "turned": base.view(4, 6).t(),
        "slice": base.view(4, 6)[1:, ::2],
        "stretched": base[3:6].expand(4, 3),
        "windows": base.unfold(0, 5, 2),
        "bits": base.view(torch.int32),
        "halves": base.view(torch.float16),
        "doubles": base.view(torch.float64),
        "complex": torch.view_as_complex(base.view(12, 2)).conj(),
        "other": torch.zeros(24),
    }


def differing(before, after):
    same = (
        before.resolve_conj()
        .contiguous()
        .view(-1)
        .view(torch.uint8)
        .view(*before.shape, -1)
        .eq(after.resolve_conj().contiguous().view(-1).view(torch.uint8).view(*before.shape, -1))
    )
    return {tuple(index) for index in torch.nonzero(~same.all(-1)).tolist()}


def test_the_elements_that_change_are_those_that_do_when_a_twin_is_written():
    rng = random.Random(2)
    for _ in range(60):
        seed = rng.randint(0, 10**6)
        tensors, twin = family(random.Random(seed)), family(random.Random(seed))
        name = rng.choice([name for name in tensors if name != "complex"])
        index = tuple(rng.randrange(size) for size in tensors[name].shape)
        effect = explain_write(name, index, "77", tensors)
        twin[name][index] = 77
        changed = {changes.name: set(changes.indices) for changes in effect.changed}
        for other, before in tensors.items():
            really = differing(before, twin[other])
            assert really == changed.get(other, set()) or effect.new == effect.old, (name, index, other)
            if really and other == name:
                assert effect.new == "77"
        for changes in effect.changed:
            assert changes.count == len(changes.indices)
        assert set(effect.untouched) | set(effect.elsewhere) == set(tensors) - set(changed)
        assert ("other" in effect.elsewhere) == (name != "other")


def test_new_values_are_those_of_a_written_twin():
    tensors, twin = family(random.Random(5)), family(random.Random(5))
    effect = explain_write("bits", (7,), "1065353216", tensors)
    twin["bits"][7] = 1065353216
    new = {changes.name: changes.new for changes in effect.changed}
    assert new["base"] == "1" == f"{twin['base'][7].item():g}"
    assert new["turned"] == "1"
    assert complex(new["complex"]) == twin["complex"][3].item()
    assert tensors["base"][7] != 1


def test_one_element_of_a_stretched_tensor_changes_every_row_and_the_source():
    source = torch.arange(3.0)
    effect = explain_write("e", (0, 0), "99", {"c": source, "e": source.expand(3, 3)})
    assert [(changes.name, changes.indices) for changes in effect.changed] == [
        ("e", ((0, 0), (1, 0), (2, 0))),
        ("c", ((0,),)),
    ]
    assert effect.sentence == "Cell 0 goes from 0 to 99. That changes e[0,0], e[1,0], e[2,0] and c[0]."
    assert source[0] == 0


def test_the_sentence_of_a_transposed_tensor():
    base = torch.arange(10.0, 22.0).reshape(3, 4)
    effect = explain_write("W", (2, 1), "99", {"A": torch.zeros(2), "B": base, "W": base.t(), "v": torch.zeros(3)})
    assert (
        effect.sentence == "Cell 6 goes from 16 to 99. That changes W[2,1] and B[1,2]. A and v are on other storages."
    )


@pytest.mark.parametrize(
    ("dtype", "value", "new", "note"),
    [
        (torch.int64, "9007199254740993", "9007199254740993", False),
        (torch.int64, "1.5", "1", True),
        (torch.bfloat16, "0.1", "0.1", True),
        (torch.bool, "7", "True", True),
        (torch.float16, "1e6", None, False),
        (torch.uint8, "300", None, False),
        (torch.float32, "nan", "nan", False),
        (torch.complex64, "1+2j", "1+2j", False),
        (torch.float32, "1+2j", None, False),
        (torch.float32, "abc", None, False),
        (torch.float32, "", None, False),
    ],
)
def test_the_value_becomes_what_the_dtype_makes_of_it(dtype, value, new, note):
    effect = explain_write("x", (0,), value, {"x": torch.zeros(2, dtype=dtype)})
    if new is None:
        assert effect.problem is not None or effect.new == "inf"
    else:
        assert (effect.new, bool(effect.note)) == (new, note)


def test_no_such_element():
    tensors = {"x": torch.zeros(2), "s": torch.tensor(1.0)}
    assert explain_write("x", (2,), "1", tensors) is None
    assert explain_write("x", (), "1", tensors) is None
    assert explain_write("y", (0,), "1", tensors) is None
    assert explain_write("s", (), "2", tensors).sentence.startswith("Cell 0 goes from 1 to 2. That changes s.")


def test_a_tensor_too_large_to_compute_still_tells_which_elements():
    big = torch.empty(10**6, 10**6, device="meta")
    effect = explain_write("t", (5, 7), "1", {"big": big, "t": big.t()})
    assert [(changes.name, changes.indices) for changes in effect.changed] == [("t", ((5, 7),)), ("big", ((7, 5),))]


TRIED = [
    torch.zeros(3).expand(3, 3),
    torch.zeros(3, 4),
    torch.zeros(3, 4, dtype=torch.int64).t(),
    torch.zeros(8).unfold(0, 3, 1),
    torch.zeros(4, dtype=torch.bool),
    torch.zeros(()),
    torch.zeros(0, 3),
    torch.zeros(5, dtype=torch.complex64)[::2],
]


@pytest.mark.parametrize("tensor", TRIED, ids=lambda tensor: f"{tensor.dtype}{tuple(tensor.shape)}{tensor.stride()}")
def test_trials_say_what_torch_says_on_the_tensor_itself(tensor):
    for trial, operation in zip(try_in_place(describe_layout(tensor)), IN_PLACE.values(), strict=True):
        storage = tensor.untyped_storage().clone()
        twin = torch.empty(0, dtype=tensor.dtype).set_(storage, tensor.storage_offset(), tensor.shape, tensor.stride())
        try:
            operation.function(twin)
            allowed = True
        except (RuntimeError, IndexError):
            allowed = False
        assert trial.allowed == allowed, operation.name
        assert bool(trial.reason) != allowed


def test_large_tensors_are_tried_on_a_small_stand_in():
    row = torch.zeros(100_000)
    verdicts = {trial.code: trial.allowed for trial in try_in_place(describe_layout(row.expand(500, 100_000)), "e")}
    assert verdicts["e.fill_(1)"]
    assert verdicts["e[0, 0] = 1"]
    assert not verdicts["e.add_(1)"]
    empty = torch.zeros(40).as_strided((5, 0, 10**12), (1, 8, 0), 7)
    assert any(trial.allowed for trial in try_in_place(describe_layout(empty), "z"))
    plain = {trial.code: trial.allowed for trial in try_in_place(describe_layout(torch.zeros(400, 500).t()), "t")}
    assert plain["t.add_(1)"]


@pytest.mark.parametrize("shape", [(COPIED_BYTES + 1,), (3, COPIED_BYTES + 1), (2, 1, COPIED_BYTES + 1)])
def test_reasons_speak_of_the_true_shape(shape):
    """The small stand-in on which a large tensor is tried has another; torch refuses before it writes."""
    tensor = torch.zeros(1).expand(shape)
    for trial, operation in zip(try_in_place(describe_layout(tensor)), IN_PLACE.values(), strict=True):
        if not trial.allowed:
            with pytest.raises((RuntimeError, IndexError)) as refusal:
                operation.function(tensor)
            said = str(refusal.value).partition("\n")[0]
            assert trial.reason
            assert said.startswith(trial.reason), operation.name


def test_a_value_that_is_there_already_changes_nothing():
    flags = torch.tensor([True, False])
    effect = explain_write("b", (0,), "7", {"b": flags})
    assert effect.sentence == "Cell 0 is already True. It is read by b[0]. bool stores 7 as True."
    assert explain_write("b", (1,), "7", {"b": flags}).sentence.startswith("Cell 1 goes from False to True.")


def test_of_a_number_seen_as_bytes_only_those_change_that_get_another_value():
    x = torch.tensor([1.0, 2.0])
    tensors = {"x": x, "b": x.view(torch.uint8), "h": x.view(torch.int16), "high": x.view(torch.int16)[::2]}
    effect = explain_write("x", (0,), "2", tensors)
    assert x.view(torch.uint8).tolist() == [0, 0, 128, 63, 0, 0, 0, 64]
    assert {changes.name: changes.indices for changes in effect.changed} == {
        "x": ((0,),),
        "b": ((2,), (3,)),
        "h": ((1,),),
    }
    assert effect.untouched == ("high",)
    same = explain_write("x", (0,), "1", tensors)
    assert {changes.name: changes.count for changes in same.changed} == {"x": 1, "b": 4, "h": 2, "high": 1}
