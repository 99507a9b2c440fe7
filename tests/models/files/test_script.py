import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.files.script import session_script
from playground.models.files.tensor_files import FORMATS, import_bindings, load_tensors, save_tensors
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.program.program import Program
from playground.models.state import EinsumState, NetworkState, PlaygroundState

ROOT = Path(__file__).parents[3]

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
D = A + v
W = torch.randn(20, 30, generator=torch.Generator().manual_seed(3))
huge = torch.zeros(10**9, 10**6)
"""


def run(text, cwd):
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def printed(output):
    """Name to (shape, dtype, second line)."""
    found = re.findall(r"^(\S+) (\([\d, ]*\)) (torch\.\w+)\n    (.*)$", output, re.MULTILINE)
    return {name: (shape, dtype, line) for name, shape, dtype, line in found}


def check(output, name, tensor):
    shape, dtype, line = printed(output)[name]
    assert (shape, dtype) == (str(tuple(tensor.shape)), str(tensor.dtype))
    if tensor.numel() <= 64:
        assert line == str(tensor.tolist())
    else:
        assert line == f"mean {tensor.double().mean().item()} sum {tensor.double().sum().item()}"


def test_the_script_prints_the_same_numbers_and_fails_nowhere(tmp_path):
    program = Program.parse(PROGRAM)
    for format in FORMATS:
        path = tmp_path / f"it's {format}{FORMATS[format].suffixes[0]}"
        save_tensors(path, {f"x_{format}": torch.tensor([[1.5, -2.0], [3.25, 1e-30]], dtype=torch.float64)})
        program = import_bindings(program, load_tensors(path), path)
    spec = NetworkSpec(depth=3, width=10, batch=20, activation="relu", init="kaiming_normal", gain=1.5, seed=2)
    einsum = EinsumState("ij,kj->ik", ("A", "B"))
    state = PlaygroundState(program=program, einsum=einsum, network=NetworkState(spec=spec))
    text = session_script(state, network=True)
    output = run(text, tmp_path)
    tensors = {name: one.tensor for name, one in evaluate(program).items() if one.tensor is not None}
    assert len(tensors) == 4 + len(FORMATS)
    for name, tensor in tensors.items():
        check(output, name, tensor)
    check(output, "ij,kj->ik", torch.einsum("ij,kj->ik", tensors["A"], tensors["B"]))
    for number, layer in enumerate(run_network(spec).layers, 1):
        assert f"layer {number} activation rms {layer.activation.rms} gradient rms" in output
    assert "# D = A + v  # Axis 1 of A is 4, axis 0 of v is 3. Neither is 1." in text
    assert "# huge = " in text


@pytest.mark.parametrize(
    ("equation", "operands"),
    [("ij,jk", ("A", "v")), ("ij->", ("D",)), ("i\nj", ("A",)), ("'", ("A",)), ("ij", ("A +",))],
)
def test_an_einsum_that_fails_is_a_comment(equation, operands, tmp_path):
    state = PlaygroundState(program=Program.parse(PROGRAM), einsum=EinsumState(equation, operands))
    tree = ast.parse(session_script(state))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "einsum"]
