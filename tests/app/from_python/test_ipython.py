"""The extension in a real shell of IPython, in a program of its own: a shell changes much of the one it runs in."""

import os
import subprocess
import sys

import pytest

SETUP = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))

def run(code):
    assert shell.run_cell(code, silent=True).success, code

run("%load_ext playground")
run("import numpy, torch, playground")
"""

CELLS = """
run("A = torch.zeros(2); m = torch.nn.Linear(2, 3); n = 3; _hidden = A")
run("handle = %playground A m.weight A+1")
run("print(handle.program.names)")
run("A[0] = 7")
run("print(handle.window.furniture.workspace.store.state.program.get('A').source.reference.tensor)")
run("handle.close()")
run("handle = %playground A, A[0]")
run("print(handle.program.names)")
run("handle.close()")
run("b = numpy.ones(2)")
run("handle = %playground")
run("print(handle.program.names)")
run("handle.close()")
run("handle = playground.show(b)")  # returns at once
run("print(handle.program.names, handle.is_closed)")
run("handle.close()")
"""

REFUSALS = """
run("%playground")
run("%playground Q")
run("%playground A +")
run("%playground sys")
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("IPython", reason="IPython is not installed")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, "-c", SETUP + code], capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def test_tensors_are_shown_by_name_or_all_of_them_and_writes_of_later_cells_are_seen():
    done = run(CELLS)
    assert done.stdout.splitlines() == [
        "('A', 'weight', 'B')",
        "tensor([7., 0.])",
        "('A', 'B')",
        "('A', 'b')",
        "('b',) False",
    ], done.stderr


def test_what_cannot_be_shown_is_said_in_a_sentence():
    done = run(REFUSALS)
    said = [line for line in done.stderr.splitlines() if "enable_gui" not in line]
    assert said == [
        "There are no tensors or arrays to show.",
        "Q: name 'Q' is not defined.",
        "A +: write names, as in %playground A B.",
        "sys: name 'sys' is not defined.",
    ]
