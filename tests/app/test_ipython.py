"""The extension in a real shell of IPython."""

import pytest
import torch

import playground

interactiveshell = pytest.importorskip("IPython.core.interactiveshell", reason="IPython is not installed")


@pytest.fixture
def shell(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = interactiveshell.InteractiveShell.instance()
    shell.run_line_magic("load_ext", "playground")
    shell.user_ns.update(torch=torch)
    yield shell
    for value in list(shell.user_ns.values()):
        if type(value).__name__ == "Handle":
            value.close()
            value.window.deleteLater()
    shell.reset()
    shell.history_manager.end_session()
    interactiveshell.InteractiveShell.clear_instance()


def run(shell, code):
    result = shell.run_cell(code, silent=True)
    assert result.success, result
    return shell.user_ns.get("handle")


def test_named_tensors_are_shown_and_the_writes_of_the_next_cell(shell):
    handle = run(shell, "A = torch.zeros(2); m = torch.nn.Linear(2, 3)\nhandle = %playground A m.weight A+1")
    assert handle.program.names == ("A", "weight", "B")
    run(shell, "A[0] = 7")
    store = handle.window.furniture.workspace.store
    assert store.state.program.get("A").source.reference.tensor.tolist() == [7, 0]


def test_without_names_all_tensors_of_the_user_are_shown(shell):
    handle = run(shell, "import numpy\nB = torch.ones(1); c = numpy.ones(2); n = 3; _hidden = B\nhandle = %playground")
    assert handle.program.names == ("B", "c")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "There are no tensors or arrays to show."),
        ("Q", "Q: name 'Q' is not defined."),
        ("A +", "A +: write names, as in %playground A B."),
        ("torch", "torch is a module, not a tensor"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(shell, capsys, line, words):
    assert run(shell, f"handle = %playground {line}") is None
    assert capsys.readouterr().err.strip().startswith(words)


def test_show_returns_at_once_in_a_shell(shell):
    shell.user_ns["playground"] = playground
    handle = run(shell, "T = torch.ones(3)\nhandle = playground.show(T)")
    assert handle.program.names == ("T",)
    assert not handle.is_closed
