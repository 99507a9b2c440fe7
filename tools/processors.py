"""Runs tests as other processors would: with the settings by which torch's libraries leave newer instructions out.

`python tools/processors.py` runs the tests that are marked `processor`, `python tools/processors.py tests/models` all
that are there. Where a processor has none of these instructions (arm64), a setting changes nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (
    "MKL_CBWR=COMPATIBLE",
    "MKL_CBWR=AVX2",
    "ATEN_CPU_CAPABILITY=default",
    "ATEN_CPU_CAPABILITY=avx2",
    "ONEDNN_MAX_CPU_ISA=SSE41",
    "ONEDNN_MAX_CPU_ISA=AVX2",
    "OMP_NUM_THREADS=3",
)
"""Each alone; all but the last run in one thread."""
PYTEST = ("-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header")


def marked(folder: Path) -> list[str]:
    """The files with marked tests: importing only these takes a fifth of the time."""
    return [str(file) for file in sorted(folder.rglob("test_*.py")) if "mark.processor" in file.read_text("utf-8")]


def run_tests(setting: str, arguments: list[str]) -> tuple[bool, str]:
    """Whether the tests pass under a setting, and what is to be said of it."""
    name, value = setting.split("=")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *PYTEST, *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), name: value},
    )  # fmt: skip
    passed = done.returncode == 0
    said = "passes" if passed else f"FAILS\n{done.stdout[-20_000:]}{done.stderr[-2_000:]}"
    return passed, f"{setting}: {said} ({time.monotonic() - began:.0f} s)"


def main(arguments: list[str], settings: tuple[str, ...] = SETTINGS) -> int:
    """Run the tests under every setting, as many at a time as there are cores; 0 if all pass."""
    wanted = arguments or ["-m", "processor", *marked(ROOT / "tests")]
    all_pass = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for passed, said in pool.map(lambda setting: run_tests(setting, wanted), settings):
            print(said, flush=True)
            all_pass = all_pass and passed
    return 0 if all_pass else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
