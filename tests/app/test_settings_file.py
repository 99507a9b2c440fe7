"""Whatever lies where the settings are kept, the app starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USE = """
from playground.app.settings import remember_theme, remembered_theme
remember_theme("dark")
print(remembered_theme())
"""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="settings are no file there")
@pytest.mark.parametrize("trap", ["none", "pipe", "lock", "folder", "broken", "organisation"])
def test_a_trap_in_place_of_the_settings_hangs_nothing(tmp_path, trap):
    folder = tmp_path / "tensor-playground"
    folder.mkdir()
    file = folder / "tensor-playground.conf"
    match trap:
        case "pipe":
            os.mkfifo(file)
        case "lock":
            Path(f"{file}.lock").mkdir()
        case "folder":
            file.mkdir()
        case "broken":
            file.write_bytes(bytes(range(256)))
        case "organisation":
            os.mkfifo(tmp_path / "tensor-playground.conf")
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", USE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "dark"
