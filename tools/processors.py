"""Runs tests as other processors would: with settings that make torch's libraries avoid newer instructions.

`python tools/processors.py` runs the tests marked `processor` with all settings of one kind of processor together;
`python tools/processors.py tests/models` runs all tests there with each setting separately. On a processor without
these instructions (arm64), a setting changes nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALONE = (
    "MKL_CBWR=COMPATIBLE",
    "MKL_CBWR=AVX2",
    "ATEN_CPU_CAPABILITY=default",
    "ATEN_CPU_CAPABILITY=avx2",
    "ONEDNN_MAX_CPU_ISA=SSE41",
    "ONEDNN_MAX_CPU_ISA=AVX2",
)
THREADS = "OMP_NUM_THREADS=3"
"""All other runs use one thread."""
TOGETHER = (" ".join(ALONE[::2]), " ".join(ALONE[1::2]))
"""The settings of an old processor, and of one that ends at AVX2."""
PYTEST = ("-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header")


def marked(folder: Path) -> list[str]:
    """The files with marked tests: importing only these takes a fifth of the time."""
    return [str(file) for file in sorted(folder.rglob("test_*.py")) if "mark.processor" in file.read_text("utf-8")]


def run_tests(setting: str, arguments: list[str]) -> tuple[bool, str]:
    """True if the tests pass with a setting; with a line on the outcome."""
    settings = dict(one.split("=") for one in setting.split())
    done = subprocess.run(
        [sys.executable, *PYTEST, *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "PYTHONPATH": str(ROOT)} | settings,
    )  # fmt: skip
    passed = done.returncode == 0
    said = "passes" if passed else f"FAILS\n{done.stdout[-20_000:]}{done.stderr[-2_000:]}"
    return passed, f"{setting}: {said} ({done.stdout.strip().rpartition(chr(10))[2]})"


def run_everywhere(arguments: list[str], settings: tuple[str, ...]) -> int:
    """Run the tests under each of the settings, as many in parallel as there are cores; 0 if all pass."""
    all_pass = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for passed, said in pool.map(lambda setting: run_tests(setting, arguments), settings):
            print(said, flush=True)
            all_pass = all_pass and passed
    return 0 if all_pass else 1


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(run_everywhere(sys.argv[1:], (*ALONE, THREADS)))
    sys.exit(run_everywhere(["-m", "processor", *marked(ROOT / "tests")], (*TOGETHER, THREADS)))
