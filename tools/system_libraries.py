"""Checks for Qt's system libraries: installs them as root on Debian and Ubuntu, otherwise prints the command.

Run by `make`; needs only Python. Exits with 1, and prints the command to run, if something is missing that it cannot
install. On other systems it does nothing: PySide6's wheels contain what macOS and Windows need.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec

LIBRARIES = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-shape0": "libxcb-shape.so.0",
}
"""The Debian package of each library that Qt loads."""

RENAMED = {"libglib2.0-0": "libglib2.0-0t64"}
"""The names of packages in newer releases."""


def is_there(library: str) -> bool:
    """True if the dynamic linker finds the library and its dependencies."""
    try:
        ctypes.CDLL(library)
    except OSError:  # the linker's error
        return False
    return True


def missing_packages() -> list[str]:
    """Packages to install, including Python's venv if it is a separate package."""
    packages = [package for package, library in LIBRARIES.items() if not is_there(library)]
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        packages.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    return packages


def known_name(package: str) -> str:
    """The package's name in this release."""
    newer = RENAMED.get(package)
    if newer and subprocess.run(["apt-cache", "show", newer], capture_output=True, check=False).returncode == 0:
        return newer
    return package


def main() -> int:
    """Install what is missing, or print the command."""
    if not sys.platform.startswith("linux"):
        return 0
    packages = missing_packages()
    if not packages:
        return 0
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    if shutil.which("apt-get") is None:
        print("Qt needs these libraries from your system's packages:", ", ".join(packages), file=sys.stderr)
        return 1
    if os.geteuid() != 0:
        print("Qt needs some system libraries. Install them with:", file=sys.stderr)
        print("  sudo", *install, *map(known_name, packages), file=sys.stderr)
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    subprocess.run([*install, "-qq", *map(known_name, packages)], check=True, env=environment)
    still = [package for package in missing_packages() if package in LIBRARIES]
    if still:
        print("These libraries are still missing:", ", ".join(still), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
