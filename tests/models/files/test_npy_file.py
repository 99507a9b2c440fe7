""".npy and .npz: what numpy writes, and what is refused before anything is allocated."""

import io
import struct
import time
import zipfile

import numpy as np
import pytest
import torch

from playground.models.files.tensor_files import load_tensors


def npy(header, data=b"", version=1):
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H", len(text)) if version == 1 else struct.pack("<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def header(shape, dtype="<f4"):
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n"


NPY_CASES = {
    "empty": (b"", "is empty"),
    "noise": (bytes(range(100, 200)), "does not start with the bytes 93 NUMPY"),
    "cut": (npy(header((100,)), bytes(17)), "promises (100,) of float32, which is 400 B, but 17 B follow"),
    "huge": (npy(header((10**12,))), "limit is"),
    "huger": (npy(header((10**30, 10**30))), "no machine can count"),
    "overflow": (npy(header((2**40, 2**40))), "limit is"),
    "zero times huge": (npy(header((0, 2**61, 2**61))), "a.npy"),
    "negative": (npy(header((-3,))), "negative size"),
    "float shape": (npy(header((3.0,))), "not a tuple of whole numbers"),
    "bool shape": (npy(header((True,))), "not a tuple of whole numbers"),
    "long header": (npy(b" " * 200_000, version=2), "has a header of 200 kB"),
    "code": (npy("__import__('os').system('touch /tmp/evil')\n"), "header that is not a .npy header"),
    "deep": (npy("(" * 5000 + ")" * 5000), "header that is not a .npy header"),
    "cut in header": (npy(header((3,)))[:20], "cut off inside its header"),
    "version 9": (b"\x93NUMPY\x09\x00", ".npy version that does not exist"),
    "bad dtype": (npy(header((3,), "<q99"), bytes(99)), "dtype that numpy does not know"),
    "rank 65": (npy(header((1,) * 65), bytes(4)), "65 axes"),
    "objects": (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"cos\nsystem\n."), "Python objects"),
    "text": (npy(header((1,), "<U3"), bytes(12)), "contains text"),
    "dates": (npy(header((1,), "<M8[ns]"), bytes(8)), "contains dates"),
    "fields": (npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", bytes(4)), "fields x"),
}


@pytest.mark.parametrize("case", NPY_CASES)
def test_bad_npy(case, tmp_path, sentence):
    data, words = NPY_CASES[case]
    (tmp_path / "a.npy").write_bytes(data)
    assert words in sentence(load_tensors, tmp_path / "a.npy", 10**9)


def test_npy_of_unusual_arrays(tmp_path):
    np.save(tmp_path / "reversed.npy", np.arange(5.0)[::-1])
    assert load_tensors(tmp_path / "reversed.npy").tensors["reversed"].tolist() == [4, 3, 2, 1, 0]
    np.save(tmp_path / "long.npy", np.arange(5, dtype=np.longdouble))
    loaded = load_tensors(tmp_path / "long.npy")
    assert loaded.tensors["long"].dtype == torch.float64
    assert "float64" in loaded.notes[0]
    (tmp_path / "tail.npy").write_bytes(npy(header((1,)), bytes(9)))
    assert "5 B after the array" in load_tensors(tmp_path / "tail.npy").notes[0]


def test_bad_npz(tmp_path, sentence):
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\x03\x04" + bytes(50))
    assert "not a complete .npz archive" in sentence(load_tensors, path)
    path.write_bytes(b"no zip at all")
    assert "not a complete .npz archive" in sentence(load_tensors, path)
    good = npy(header((3,)), bytes(12))
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x.npy", "../../evil.npy", "readme.txt"):
            archive.writestr(name, good)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", good)
        archive.writestr("bad.npy", npy(header((10**12,))))
    loaded = load_tensors(path)
    assert list(loaded.tensors) == ["x", "../../evil"]
    told = " ".join(problem.message for problem in loaded.problems)
    assert "readme.txt in it is not a .npy array" in told
    assert "x in a.npz appears twice" in told
    assert "bad in a.npz" in told


def test_npz_bomb_is_refused_before_it_unpacks(tmp_path, sentence):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as member:
        member.write(npy(header((1 << 24,))))
        for _ in range(64):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 200_000
    assert "unpacked, needs 67.1 MB, the limit is 50 MB" in sentence(load_tensors, path, 50_000_000)


def test_npz_that_lies_about_its_sizes(tmp_path, sentence):
    path = tmp_path / "lie.npz"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy(header((1 << 20,)), bytes(4 << 20)))
    data = bytearray(buffer.getvalue())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 1000)
    path.write_bytes(data)
    assert "x in lie.npz is damaged" in sentence(load_tensors, path)
    data[place + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in sentence(load_tensors, path)


def test_npz_of_very_many_members(tmp_path):
    path = tmp_path / "many.npz"
    good = npy(header(()), bytes(4))
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3000):
            archive.writestr(f"x{number}.npy", good)
    loaded = load_tensors(path)
    assert len(loaded.tensors) == 1000
    assert "3,000 arrays; the first 1,000 are opened" in loaded.problems[0].message


def test_refusals_are_fast_and_allocate_nothing(tmp_path, sentence):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(header((10**12,))))
    start = time.process_time()
    for _ in range(20):
        sentence(load_tensors, path)
    assert time.process_time() - start < 5
