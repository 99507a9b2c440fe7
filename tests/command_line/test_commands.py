"""The commands without a window, each as a process of its own, as a shell runs it."""

import csv
import os
import re
import subprocess
import sys

import pytest
import torch

from playground import load_tensors, save_tensors
from playground.__main__ import COMMANDS, main
from playground.models.evaluation.evaluate import evaluate
from playground.models.example import example_program, example_state
from playground.models.files.session_file import save_session
from playground.models.files.tensor_files import FORMATS


@pytest.fixture
def run_app(tmp_path):
    def run(*arguments, **changes):
        screen = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        environment = {name: value for name, value in os.environ.items() if name not in screen}
        environment |= {"XDG_CONFIG_HOME": str(tmp_path / "config"), **changes}
        return subprocess.run(
            [sys.executable, "-m", "playground", *map(str, arguments)],
            capture_output=True, text=True, env=environment, timeout=300, check=False, cwd=tmp_path,
        )  # fmt: skip

    return run


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "work.safetensors"
    save_session(path, example_state())
    return path


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys):
    """The command in this process, for what shows no window."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        status = main([str(one) for one in arguments])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return run


@pytest.mark.parametrize("format", FORMATS)
def test_export_writes_each_tensor_of_a_session(run_here, session, tmp_path, format):
    done = run_here("export", session, "--out", tmp_path / "out", "--format", format)
    assert done.returncode == 0
    values = {name: line.tensor for name, line in evaluate(example_program()).items() if line.tensor is not None}
    paths = [tmp_path / "out" / f"{name}{FORMATS[format].suffixes[0]}" for name in values]
    assert done.stdout.splitlines() == [str(path) for path in paths]
    for path, tensor in zip(paths, values.values(), strict=True):
        (read,) = load_tensors(path).tensors.values()
        assert torch.equal(read.double().flatten(), tensor.double().flatten())
        assert read.shape == tensor.shape or format == "csv"  # which makes a row of a vector
    assert "D was left out: Axis 1 of A is 4, axis 0 of v is 3. Neither is 1." in done.stderr


def test_export_converts_a_file_of_tensors(run_here, tmp_path):
    save_tensors(tmp_path / "many.npz", {"a": torch.ones(2), "b": torch.zeros(3)})
    done = run_here("export", "many.npz", "--out", "out", "--format", "safetensors")
    assert done.stdout.split() == ["out/a.safetensors", "out/b.safetensors"]
    assert load_tensors(tmp_path / "out/b.safetensors").tensors["b"].shape == (3,)


def test_render_paints_what_the_settings_say(run_app, session, tmp_path):
    settings = ("--set", "network.depth=7", "--set", "network.width=9", "--set", "network.seeds=2")
    done = run_app("render", session, "--panel", "network", "--out", "figure.svg", "--size", "900x500", *settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "figure.svg\n", "")
    text = (tmp_path / "figure.svg").read_text()
    assert 'viewBox="0 0 900 500"' in text
    words = re.findall(r"<text[^>]*>([^<]*)</text>", text)
    assert {"Distributions of the activations", "Spread", "Gradients of the loss, rms", "7"} <= set(words)
    assert "10" not in words  # the layer axis ends at 7


def test_render_paints_a_panel_at_its_size(run_app, session, tmp_path):
    done = run_app("render", session, "--panel", "memory", "--out", "memory.png", "--size", "400x700")
    assert (done.returncode, done.stderr) == (0, "")
    head = (tmp_path / "memory.png").read_bytes()[:24]
    assert head[1:4] == b"PNG"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (400, 700)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render", "--out", "x.gif"], "not as .gif"),
        (["render", "--out", "x.png", "--size", "big"], "--size big: write width x height"),
        (["render", "--out", "x.png", "--size", "99999x1"], "99999 by 1 pixels cannot be created"),
        (["render", "--out", "x.svg", "--panel", "einsum"], ".svg is for plots"),
        (["render", "--out", "x.png", "--panel", "eins"], "There is no panel 'eins'"),
        (["render", "--out", "x.png", "--set", "network.depth=0"], "The depth is 0, but must be from 1 to 500."),
        (["render", "missing.safetensors", "--out", "x.png"], "missing.safetensors"),
        (["export", "missing.npy", "--out", "out"], "missing.npy"),
        (["sweep", "--set", "gian=1"], "there is no 'gian' here. Did you mean gain?"),
        (["sweep", "--out", "table.txt"], "table.txt: a table is written as .csv."),
        (["export", "missing.npy", "--out", "out", "--format", "tiff"], "There is no file format called 'tiff'."),
    ],
)
def test_a_problem_in_the_input_is_one_sentence_and_status_1(run_here, arguments, words):
    done = run_here(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.startswith("tensor-playground: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--nonsense", 2)])
def test_each_command_has_help_and_refuses_wrong_usage(run_here, capsys, command, argument, status):
    with pytest.raises(SystemExit) as ended:
        run_here(command, argument)
    assert ended.value.code == status
    said = capsys.readouterr()
    assert f"usage: tensor-playground {command}" in said.out + said.err


def test_sweep_writes_a_table(run_here, tmp_path):
    grid = ("--set", "depth=2,3", "--set", "gain=0.5:2:2", "--set", "width=5", "--set", "batch=2")
    done = run_here("sweep", *grid, "--out", "table.csv")
    assert (done.returncode, done.stdout) == (0, "table.csv\n")
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["depth"], row["gain"]) for row in rows] == [("2", "0.5"), ("2", "2.0"), ("3", "0.5"), ("3", "2.0")]
    printed = run_here("sweep", *grid)
    assert printed.stdout.splitlines()[0].split()[:2] == ["depth", "gain"]


def test_info_names_versions_and_paths(run_app, tmp_path):
    done = run_app("--info")
    assert done.returncode == 0
    rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert rows["torch"] == torch.__version__
    assert rows["settings"].startswith(str(tmp_path))


def test_a_setting_that_cannot_be_ends_before_a_window_opens(run_app):
    done = run_app("--set", "network.depth=0", QT_QPA_PLATFORM="offscreen")
    assert done.returncode == 1
    assert done.stderr == "tensor-playground: The depth is 0, but must be from 1 to 500.\n"
