""".pt: strides, shared storages, and pickles that would run something."""

import zipfile

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.files.tensor_files import load_tensors, losses, save_tensors


def test_pt_keeps_stride_zero_and_drops_the_storage_around_a_slice(tmp_path):
    save_tensors(tmp_path / "e.pt", {"e": torch.arange(3.0).expand(100_000, 3)})
    assert (tmp_path / "e.pt").stat().st_size < 3000
    (back,) = load_tensors(tmp_path / "e.pt").tensors.values()
    assert back.stride() == (0, 1)
    assert "12 B" in losses(torch.arange(3.0).expand(1000, 3), "npy")[0]
    save_tensors(tmp_path / "s.pt", {"s": torch.zeros(1_000_000)[:3]})
    assert (tmp_path / "s.pt").stat().st_size < 3000
    assert losses(torch.zeros(1_000_000)[:3], "pt")[0].startswith("It is a view of 4 MB")


def test_pt_keeps_tensors_that_share(tmp_path):
    base = torch.arange(12.0)
    save_tensors(tmp_path / "x.pt", {"a": base, "b": base.reshape(3, 4).t()})
    back = load_tensors(tmp_path / "x.pt").tensors
    assert back["a"].untyped_storage().data_ptr() == back["b"].untyped_storage().data_ptr()


def test_numbers_of_pickle_run_nothing(tmp_path, sentence):
    marker = tmp_path / "evil-was-here"
    command = f"cposix\nsystem\n(S'touch {marker}'\ntR.".encode()
    path = tmp_path / "evil.pt"
    path.write_bytes(b"\x80\x02" + command)
    assert "names posix.system" in sentence(load_tensors, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("evil/data.pkl", b"\x80\x02" + command)
        archive.writestr("evil/version", "3\n")
    assert "names posix.system" in sentence(load_tensors, path)
    assert not marker.exists()


def test_bad_pt(tmp_path, sentence):
    path = tmp_path / "a.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    assert "names torch.nn.modules.linear.Linear, which is not a tensor" in sentence(load_tensors, path)
    torch.save({"a": np.zeros(3)}, path)
    assert "names numpy" in sentence(load_tensors, path)
    path.write_bytes(b"\x80\x02" + b"(" * 200_000 + b".")
    assert sentence(load_tensors, path)
    path.write_bytes(b"\x80\x02" + b"]" + b"(]" * 200_000 + b"e" * 200_000 + b".")
    assert sentence(load_tensors, path)
    torch.save([1, "two"], path)
    assert "contains no tensors, only 0 (int), 1 (str)" in sentence(load_tensors, path)
    torch.save({"s": torch.eye(3).to_sparse(), "d": torch.eye(2)}, path)
    loaded = load_tensors(path)
    assert list(loaded.tensors) == ["d"]
    assert "s in a.pt is skipped" in loaded.problems[0].message
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "table of contents is missing" in sentence(load_tensors, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "not one that torch.save wrote" in sentence(load_tensors, path)


def test_pt_that_unpacks_to_more_than_the_budget(tmp_path, sentence):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\x80\x02]q\x00.")
        archive.writestr("bomb/data/0", bytes(60_000_000))
    assert "the limit is 50 MB" in sentence(load_tensors, path, 50_000_000)


def test_a_nested_list_of_a_billion_elements_costs_nothing(tmp_path):
    path = tmp_path / "wide.pt"
    torch.save(torch.zeros(1).expand(10**9), path)
    (tensor,) = load_tensors(path, 1_000_000).tensors.values()
    assert tensor.numel() == 10**9
    assert tensor.untyped_storage().nbytes() == 4


_NESTED = st.recursive(
    st.integers(0, 99), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)
)


def _by_path(content, path=()):
    """Each number in nested lists and dictionaries, by the keys that lead to it."""
    if isinstance(content, int):
        return {".".join(path): content}
    items = content.items() if isinstance(content, dict) else enumerate(content)
    return {name: number for key, inner in items for name, number in _by_path(inner, (*path, str(key))).items()}


def _as_tensors(content):
    if isinstance(content, int):
        return torch.tensor([content])
    if isinstance(content, dict):
        return {key: _as_tensors(inner) for key, inner in content.items()}
    return [_as_tensors(inner) for inner in content]


@settings(max_examples=60, deadline=None)
@given(st.lists(_NESTED, max_size=3) | st.dictionaries(st.sampled_from("abc"), _NESTED))
def test_nested_tensors_are_named_by_the_keys_that_lead_to_them(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("nested") / "nested.pt"
    expected = _by_path(content)
    torch.save(_as_tensors(content), path)
    if expected:
        assert {name: tensor.item() for name, tensor in load_tensors(path).tensors.items()} == expected
