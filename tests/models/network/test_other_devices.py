"""What is computed on a GPU: on a device that refuses the CPU's tensors, and one that refuses float64 as well."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from playground.models.network.run.build import build
from playground.models.network.spec import devices
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.verdict.cures import _float64

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(
    not hasattr(getattr(torch._C, "_acc", None), "create_empty_tensor"), reason="this torch knows no devices in Python"
)
@pytest.mark.parametrize("arguments", [(), ("without_float64",)], ids=["as cuda", "as mps"])
def test_networks_pages_trainings_and_modules_are_those_of_the_cpu(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.network.pretended_device", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "done\n", done.stdout + done.stderr


def test_float64_is_refused_where_the_device_has_none(monkeypatch):
    monkeypatch.setattr("playground.models.network.spec.checks.devices", lambda: ("cpu", "mps"))
    spec = NetworkSpec(dtype="float64", device="mps")
    problem = check_spec(spec)
    assert problem.message == "The device 'mps' has no float64."
    assert [(fix.target, fix.code) for fix in problem.fixes] == [("dtype", "float32"), ("device", "cpu")]
    assert check_spec(NetworkSpec(dtype="float32", device="mps")) is None


def test_float64_is_no_cure_where_the_device_has_none():
    assert _float64(NetworkSpec(device="mps")) is None
    assert _float64(NetworkSpec()).spec.dtype == "float64"


def test_a_tensor_is_summed_where_it_is_if_its_device_can():
    x = torch.ones(3)
    assert devices.summable(x) is x
    assert devices.has_float64("cuda:1")
    assert not devices.has_float64("mps:0")
    assert build(NetworkSpec(depth=1)).inputs.device.type == "cpu"
