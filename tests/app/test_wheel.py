"""The wheel, installed in a fresh environment away from the checkout, opens the window with its own fonts."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

OPEN_THE_APP = """
import sys
import playground
from pathlib import Path
here = Path(playground.__file__).resolve()
assert "site-packages" in here.parts, here
handle = playground.show(block=False)
from PySide6.QtGui import QFontDatabase
assert "Inter" in QFontDatabase.families(), QFontDatabase.families()
assert "JetBrains Mono" in QFontDatabase.families()
from playground.models.resources import resource_path
assert here.parent in resource_path("data").parents, resource_path("data")
assert resource_path("data", "digits.safetensors").is_file()
assert handle.window.isVisible()
handle.close()
print("opened")
"""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps",
        "--no-build-isolation", "--wheel-dir", folder, ROOT,
    )  # fmt: skip
    (built,) = folder.glob("tensor_playground-*.whl")
    return built


def test_the_wheel_opens_the_app_from_a_fresh_environment(wheel, tmp_path):
    venv.create(tmp_path / "fresh", with_pip=False, symlinks=True)
    python = tmp_path / "fresh" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps",
        "--target", site, wheel)  # fmt: skip
    # The dependencies are those of this test run, found through a path file; the app itself must come from the wheel.
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "tensor_playground" not in entry.name:
            (dependencies / entry.name).symlink_to(entry)
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "config")}
    environment.pop("PYTHONPATH", None)
    assert "opened" in run(python, "-c", OPEN_THE_APP, cwd=tmp_path, env=environment, timeout=120)


def test_the_wheel_names_its_dependencies_and_its_command(wheel, tmp_path):
    listing = run(sys.executable, "-m", "zipfile", "-l", wheel)
    for part in ("playground/resources/fonts/", "playground/resources/icons/", "playground/resources/data/digits"):
        assert part in listing
    run(sys.executable, "-m", "zipfile", "-e", wheel, tmp_path)
    (information,) = tmp_path.glob("*.dist-info")
    metadata = (information / "METADATA").read_text()
    for needed in ("PySide6-Essentials", "torch", "pyqtgraph", "numpy", "safetensors", "opt_einsum"):
        assert f"requires-dist: {needed.lower()}" in metadata.lower().replace("opt-einsum", "opt_einsum")
    assert "tensor-playground = playground.__main__:main" in (information / "entry_points.txt").read_text()
