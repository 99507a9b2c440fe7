import json
import struct
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from playground.models.example import example_state
from playground.models.files.safetensors_file import read_header
from playground.models.files.session_file import KEY, MIGRATIONS, VERSION, is_session, load_session, save_session
from playground.models.files.state_codec import Decoder, encode, family
from playground.models.files.tensor_files import save_tensors
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Imported, Made, TensorReference
from playground.models.state import (
    BroadcastState,
    EinsumState,
    MemoryState,
    NetworkState,
    PlaygroundState,
    PointedCell,
    ShapeState,
)

BASE = torch.arange(12.0)


def imported(tensor, path="a.npz", key="x"):
    return Imported(TensorReference(tensor), path, key)


def rich_state():
    program = Program(
        (
            Binding("A", Made("full", (3, 4), "float64", 7, (("value", float("nan")), ("wide", (1, 2.5, True))))),
            Binding("B", Expression('torch.einsum("ij->ji", A)')),
            Binding("x", imported(BASE)),
            Binding("y", imported(BASE.reshape(3, 4).t()[1:, :2])),
            Binding("z", imported(torch.tensor([1 + 2j]).conj())),
            Binding("e", imported(torch.ones(3, dtype=torch.bfloat16).expand(5, 3))),
            Binding("n", imported(torch.zeros(0, 3))),
            Binding("b", imported(torch.tensor([True, False]))),
        )
    )
    return PlaygroundState(
        program=program,
        selection="B",
        pointed=PointedCell("B", (1, 2)),
        shape=ShapeState(row_axis=1, fixed=((0, 2),), facets=True),
        broadcast=BroadcastState(("A", "v"), "*", "A"),
        einsum=EinsumState("ij,kj->ik", ("A", "B")),
        memory=MemoryState(view_shape="2, 6"),
        network=NetworkState(
            spec=NetworkSpec(depth=3, gain=1e-300),
            pins=(NetworkSpec(), NetworkSpec(seed=4)),
            hidden=frozenset({"network.spread: std", "network.zeros: units 0 for every input"}),
        ),
        memory_budget=10**12,
    )


def same_but_tensors(state, tensors):
    """The state in which imported tensors stand as numbers, so that equality means equality of the rest."""
    return json.dumps(encode(state, lambda value: len(tensors) if isinstance(value, TensorReference) else None))


def tensors_of(state):
    return {b.name: b.source.reference.tensor for b in state.program.bindings if isinstance(b.source, Imported)}


@pytest.mark.parametrize("state", [PlaygroundState(), example_state(), rich_state()], ids=["new", "example", "rich"])
def test_round_trip(state, tmp_path):
    save_session(tmp_path / "a.safetensors", state)
    loaded = load_session(tmp_path / "a.safetensors")
    assert loaded.problems == ()
    assert same_but_tensors(loaded.state, ()) == same_but_tensors(state, ())
    for name, tensor in tensors_of(state).items():
        back = tensors_of(loaded.state)[name]
        assert back.dtype == tensor.dtype
        assert back.stride() == tensor.stride()
        assert torch.equal(back, tensor.resolve_conj())


def test_shared_storages_stay_shared_and_are_written_once(tmp_path):
    state = rich_state()
    save_session(tmp_path / "a.safetensors", state)
    back = tensors_of(load_session(tmp_path / "a.safetensors").state)
    assert back["x"].untyped_storage().data_ptr() == back["y"].untyped_storage().data_ptr()
    assert back["e"].untyped_storage().nbytes() == 6
    header = read_header(tmp_path / "a.safetensors")
    header.pop("__metadata__")
    ends = [entry["data_offsets"][1] for entry in header.values()]
    assert max(ends) == 48 + 8 + 6 + 0 + 2


def test_any_reader_finds_the_imported_tensors(tmp_path):
    save_session(tmp_path / "a.safetensors", rich_state())
    found = load_file(tmp_path / "a.safetensors")
    assert set(found) == {"x", "z", "e.storage", "n", "b"}
    assert torch.equal(found["x"], BASE)
    assert torch.equal(found["z"], torch.tensor([1 - 2j]))
    assert torch.equal(found["e.storage"], torch.ones(3, dtype=torch.bfloat16))
    assert found["n"].shape == (0, 3)


def test_a_view_and_a_dtype_that_the_format_lacks_are_kept_as_their_storages(tmp_path):
    tensor = torch.arange(6.0).reshape(2, 3)
    wide = torch.tensor([1 + 2j], dtype=torch.complex128)
    state = PlaygroundState(program=Program((Binding("t", imported(tensor.t())), Binding("w", imported(wide)))))
    save_session(tmp_path / "a.safetensors", state)
    found = load_file(tmp_path / "a.safetensors")
    assert torch.equal(found["t.storage"], torch.arange(6.0))
    assert found["w.storage"].dtype == torch.uint8
    back = tensors_of(load_session(tmp_path / "a.safetensors").state)
    assert (back["t"].shape, back["t"].stride()) == ((3, 2), (1, 3))
    assert torch.equal(back["w"], wide)


def test_a_lessons_own_work_comes_back_too(tmp_path):
    state = PlaygroundState()
    state = replace(state, lesson=replace(state.lesson, key="one", before=rich_state()))
    save_session(tmp_path / "a.safetensors", state)
    back = load_session(tmp_path / "a.safetensors").state
    assert back.lesson.before.einsum.equation == "ij,kj->ik"
    assert torch.equal(tensors_of(back.lesson.before)["x"], BASE)


def rewrite(path, change):
    """Change the text of the session inside the file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"][KEY] = change(header["__metadata__"][KEY])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def changed(**parts):
    def change(text):
        document = json.loads(text)
        for where, value in parts.items():
            *path, last = where.split("__")
            place = document
            for step in path:
                place = place[int(step) if step.isdecimal() else step]
            place[int(last) if last.isdecimal() else last] = value
        return json.dumps(document)

    return change


@pytest.fixture
def saved(tmp_path):
    save_session(tmp_path / "a.safetensors", rich_state())
    return tmp_path / "a.safetensors"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) // 2], "no JSON"),
        (lambda text: "", "no JSON"),
        (lambda text: "[" * 1_000_000, "no JSON"),
        (lambda text: '{"a":' * 100_000, "no JSON"),
        (lambda text: "NaN", "no JSON"),
        (lambda text: text.replace("1e-300", "NaN"), "no JSON"),
        (lambda text: "9" * 10_000, "no JSON"),
        (lambda text: "[]", "no JSON"),
        (lambda text: "{}", "no version"),
        (changed(version="1"), "no version"),
        (changed(version=True), "no version"),
        (changed(version=99), "newer Tensor Playground (version 99, this one reads 2)"),
        (changed(state=None), "not a PlaygroundState"),
        (changed(state=[[[]]]), "not a PlaygroundState"),
        (changed(state={"is": "Program"}), "not a PlaygroundState"),
    ],
)
def test_damaged_sessions_are_refused(saved, change, words):
    rewrite(saved, change)
    with pytest.raises(ProblemError) as caught:
        load_session(saved)
    assert words in caught.value.problem.message
    assert caught.value.problem.message.startswith("a.safetensors ")


@pytest.mark.parametrize(
    ("change", "words", "check"),
    [
        (
            changed(state__network__layer="7"),
            "network.layer is '7', not a whole number",
            lambda s: s.network.layer == 1,
        ),
        (changed(state__network__layer=True), "network.layer is True", lambda s: s.network.layer == 1),
        (changed(state__einsum="x"), "einsum is 'x', not an EinsumState", lambda s: s.einsum == EinsumState()),
        (changed(state__einsum__operands=[1]), "einsum.operands[0] is 1, not text", lambda s: s.einsum.operands == ()),
        (changed(state__network__spec__gain="a"), "gain is 'a', not a number", lambda s: s.network.spec.gain == 1.0),
        (
            changed(state__network__spec__gain=10**400),
            "network.spec.gain is 1000000000000000000000000000000000000..., beyond the largest float",
            lambda s: s.network.spec.gain == 1.0,
        ),
        (changed(state__network__hidden=["a"]), "network.hidden is ", lambda s: s.network.hidden == frozenset()),
        (changed(state__network__hidden={"set": [1]}), "hidden is 1, not text", lambda s: not s.network.hidden),
        (
            changed(state__network__hue=3),
            "parts that are not known here, and are kept: hue",
            lambda s: s.network.spec.depth == 3,
        ),
        (changed(state__program__bindings__1=5), "bindings[1] is 5", lambda s: len(s.program.names) == 7),
        (
            changed(state__program__bindings__1__source={"is": "Evil"}),
            "of no kind that is known",
            lambda s: "B" not in s.program.names,
        ),
        (
            changed(state__program__bindings__2__source__reference__storage=77),
            "a tensor is missing from the file",
            lambda s: "x" not in s.program.names and "y" in s.program.names,
        ),
        (
            changed(state__program__bindings__2__source__reference__shape=[13]),
            "larger than what is stored",
            lambda s: "x" not in s.program.names,
        ),
        (
            changed(state__program__bindings__2__source__reference__offset=-1),
            "not known",
            lambda s: "x" not in s.program.names,
        ),
        (
            changed(state__program__bindings__2__source__reference__dtype="load"),
            "not known",
            lambda s: "x" not in s.program.names,
        ),
        (
            changed(state__program__bindings__2__source__reference__strides=[1, 1]),
            "1 sizes and 2 strides",
            lambda s: "x" not in s.program.names,
        ),
    ],
)
def test_parts_that_cannot_be_read_are_told_and_the_rest_comes_back(saved, change, words, check):
    rewrite(saved, change)
    loaded = load_session(saved)
    assert words in " ".join(problem.message for problem in loaded.problems)
    assert check(loaded.state)
    assert loaded.state.memory_budget == 10**12


def test_an_older_session_without_a_part_takes_the_usual_value(saved):
    def change(text):
        document = json.loads(text)
        del document["state"]["memory"], document["state"]["network"]["seeds"]
        return json.dumps(document)

    rewrite(saved, change)
    loaded = load_session(saved)
    assert loaded.problems == ()
    assert loaded.state.memory == MemoryState()
    assert loaded.state.network.spec.depth == 3


def test_other_files_are_no_sessions(tmp_path):
    save_tensors(tmp_path / "x.safetensors", {"x": torch.eye(2)})
    for data, words in (
        ((tmp_path / "x.safetensors").read_bytes(), "holds no session"),
        (b"", "empty"),
        (b"\x00" * 100, "no session that was saved here"),
        (b"{}" * 50, "no session that was saved here"),
    ):
        (tmp_path / "a.safetensors").write_bytes(data)
        with pytest.raises(ProblemError) as caught:
            load_session(tmp_path / "a.safetensors")
        assert words in caught.value.problem.message
    with pytest.raises(ProblemError):
        load_session(tmp_path / "gone.playground")


def test_a_cut_session_is_refused(saved):
    data = saved.read_bytes()
    saved.write_bytes(data[:-5])
    with pytest.raises(ProblemError):
        load_session(saved)


@settings(deadline=None, max_examples=200)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just({"is": "Made"}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["is", "state", "program", "bindings", "name", "source", "network", "spec", "float"]), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_any_json_gives_a_state_or_a_mismatch(data):
    decoder = Decoder(family(PlaygroundState), lambda data, wanted: NotImplemented)
    try:
        state = decoder.read(data, PlaygroundState)
    except ValueError:
        return
    assert isinstance(state, PlaygroundState)
    hash(state)


def test_every_field_of_the_state_can_be_written():
    assert len(MIGRATIONS) == VERSION - 1
    names = family(PlaygroundState)
    assert {"PlaygroundState", "Program", "Made", "NetworkSpec", "BroadcastState"} <= set(names)
    with pytest.raises(TypeError, match="cannot hold a list"):
        encode([1], lambda value: None)


def test_what_only_a_newer_app_knows_is_kept(saved, tmp_path):
    def change(text):
        document = json.loads(text)
        document["notes"] = ["mine"]
        document["state"]["network"]["hue"] = {"is": "Hue", "angle": 3}
        document["state"]["program"]["bindings"][0]["colour"] = "red"
        document["state"]["program"]["bindings"][1]["colour"] = "blue"
        return json.dumps(document)

    rewrite(saved, change)
    loaded = load_session(saved)
    program = loaded.state.program
    edited = replace(loaded.state, program=program.with_source("B", Expression("A * 2")))
    again = tmp_path / "b.safetensors"
    save_session(again, edited, loaded.about, loaded.unknown)
    document = json.loads(read_header(again)["__metadata__"][KEY])
    assert document["notes"] == ["mine"]
    assert document["state"]["network"]["hue"] == {"is": "Hue", "angle": 3}
    assert document["state"]["program"]["bindings"][0]["colour"] == "red"
    assert "colour" not in document["state"]["program"]["bindings"][1], "this line is another one now"


def test_a_session_of_version_1_is_migrated(saved):
    """That version numbered its storages, and kept them as bytes."""
    tensors, state = {"storage.0": torch.arange(3.0).view(torch.uint8)}, PlaygroundState()
    state = replace(state, program=Program((Binding("x", imported(BASE)), Binding("y", imported(BASE)))))
    described = {"is": "TensorReference", "storage": 0, "dtype": "float32", "shape": [3], "strides": [1], "offset": 0}
    text = json.dumps(
        {"version": 1, "state": encode(state, lambda v: described if isinstance(v, TensorReference) else None)}
    )
    save_file(tensors, saved, {KEY: text})
    back = tensors_of(load_session(saved).state)
    assert torch.equal(back["x"], torch.arange(3.0))
    assert back["x"].untyped_storage().data_ptr() == back["y"].untyped_storage().data_ptr()


def test_what_is_said_of_a_session_besides_comes_back(tmp_path):
    save_session(tmp_path / "a.safetensors", PlaygroundState(), {"path": "b.safetensors", "stamp": [1, 2]})
    assert load_session(tmp_path / "a.safetensors").about == {"path": "b.safetensors", "stamp": [1, 2]}
    assert is_session(tmp_path / "a.safetensors")
    save_tensors(tmp_path / "x.safetensors", {"x": torch.eye(2)})
    assert not is_session(tmp_path / "x.safetensors")
    assert not is_session(tmp_path / "gone.safetensors")
