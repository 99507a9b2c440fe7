"""Creates the virtual environment and installs the app with its test dependencies: `make_environment.py .venv`.

The versions are those of constraints.txt. Needs only Python 3.11 to 3.13.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)


def main(folder: str) -> int:
    """Create the environment if it does not exist, and install."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        wanted = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
        print(f"Tensor Playground needs Python {wanted}; this is {version[0]}.{version[1]}.", file=sys.stderr)
        print("Choose another one with: make PYTHON=python3.11 run", file=sys.stderr)
        return 1
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        print(f"Creating {folder} (once; torch is the large part) ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--constraint", "constraints.txt", "--editable", ".[test,check]"],
        check=True,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
