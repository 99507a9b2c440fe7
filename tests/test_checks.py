"""What `make check` runs: lint, format, types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CACHE = ROOT / ".mypy_cache" / "of_the_tests"
"""Apart from the one of `make check`, which may run at the same time."""

CHECKS = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
}


def run_check(name, *arguments):
    return subprocess.run(
        [str(BIN / name), *arguments], capture_output=True, text=True, cwd=ROOT, timeout=300, check=False
    )


@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS)
def test_the_code_passes(command):
    done = run_check(*command)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_types_are_right(tmp_path):
    """What mypy found out about files that are still the same is kept from run to run: most of it is about torch.

    What fails with it counts only if it fails without it too.
    """
    done = run_check("mypy", "--cache-dir", str(CACHE))
    if done.returncode != 0:
        done = run_check("mypy", "--cache-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
