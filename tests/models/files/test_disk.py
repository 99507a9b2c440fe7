"""Saving whole or not at all: full disks, kills, links, places that cannot be written."""

import os
import signal
import subprocess
import sys

import pytest
import torch

from playground.models.files.tensor_files import FORMATS, load_tensors, save_tensors


def test_unwritable_places(tmp_path, sentence):
    one = {"x": torch.eye(2)}
    assert "its folder does not exist" in sentence(save_tensors, tmp_path / "no" / "x.npy", one)
    (tmp_path / "folder.npy").mkdir()
    assert "a folder with that name" in sentence(save_tensors, tmp_path / "folder.npy", one)
    assert "longer than this file system" in sentence(save_tensors, tmp_path / ("x" * 300 + ".npy"), one)
    assert "not a valid file name" in sentence(save_tensors, tmp_path / "a\0b.npy", one)
    os.mkfifo(tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(save_tensors, tmp_path / "pipe.npy", one)
    assert sorted(os.listdir(tmp_path)) == ["folder.npy", "pipe.npy"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    paths = [tmp_path / f"x{one.suffixes[0]}" for one in FORMATS.values()]
    for path in paths:
        save_tensors(path, {"x": torch.eye(2)})
    old = [path.read_bytes() for path in paths]
    script = f"""
import resource, signal, torch
from playground import save_tensors
from playground import ProblemError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for path in {[str(path) for path in paths]!r}:
    try:
        save_tensors(path, {{"x": torch.rand(200, 200)}})
    except ProblemError as error:
        print(error.problem.message)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    messages = done.stdout.splitlines()
    assert len(messages) == len(paths)
    for path, before, message in zip(paths, old, messages, strict=True):
        assert message.startswith(f"{path.name} was not saved: ")
        assert message.endswith("The old file, if any, is unchanged.")
        assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in paths)


def test_killed_while_saving_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.npy"
    save_tensors(path, {"x": torch.eye(2)})
    old = path.read_bytes()
    script = f"""
import numpy, time, torch
from playground import save_tensors
import playground.models.files.npy_file as npy_file
class Slow(npy_file.CountedFile):
    def write(self, data):
        count = super().write(data)
        self.flush()
        print("writing", flush=True)
        time.sleep(30)
        return count
npy_file.CountedFile = Slow
save_tensors({str(path)!r}, {{"x": torch.rand(2000, 2000)}})
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert path.read_bytes() == old


def test_saving_keeps_links_permissions_and_refuses_protected_files(tmp_path, sentence):
    path = tmp_path / "x.npy"
    save_tensors(path, {"x": torch.eye(2)})
    path.chmod(0o640)
    (tmp_path / "link.npy").symlink_to(path)
    save_tensors(tmp_path / "link.npy", {"x": torch.ones(3)})
    assert (tmp_path / "link.npy").is_symlink()
    assert load_tensors(path).tensors["x"].tolist() == [1, 1, 1]
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o440)
    if not os.access(path, os.W_OK):
        assert "write-protected" in sentence(save_tensors, path, {"x": torch.eye(2)})
