"""The rules of the house that a machine can keep; `make house` prints what these tests count."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_spec = importlib.util.spec_from_file_location("house", ROOT / "tools" / "house.py")
house = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(house)

BLOCKED = "PySide6", "pyqtgraph", "shiboken6"
LAZY = "playground.app.start"
"""Shows its frame before torch is imported: the one module that imports inside functions."""
IMPORT_MODELS_WITHOUT_QT = """
import importlib, pkgutil, sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Wall())
import playground.models
count = 0
for module in pkgutil.walk_packages(playground.models.__path__, "playground.models."):
    importlib.import_module(module.name)
    count += 1
print(count)
"""

LIGHT_COMMAND = """
import sys
sys.argv = ["tensor-playground", {option!r}]
from playground.__main__ import main
try:
    main()
except SystemExit as stop:
    assert stop.code == 0, stop.code
heavy = {{"PySide6", "torch", "numpy", "pyqtgraph"}} & set(sys.modules)
assert not heavy, heavy
"""


def run_python(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)


def test_all_models_import_without_qt():
    done = run_python(IMPORT_MODELS_WITHOUT_QT.format(blocked=BLOCKED))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_neither_qt_nor_torch(option):
    done = run_python(LIGHT_COMMAND.format(option=option))
    assert done.returncode == 0, done.stderr
    assert "tensor-playground" in done.stdout


def test_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_modules_are_as_long_as_their_idea_and_no_longer():
    assert not [name for name in house.files() if house.length(name) > house.LONGEST_MODULE]


def test_functions_stay_small():
    assert not [entry for entry in house.functions() if entry[2] >= house.LONGEST_FUNCTION]


def test_modules_import_at_their_top():
    assert not {name: found for name in house.files() if name != LAZY and (found := house.inner_imports(name))}


ON_ONE_SYSTEM = {"resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "winreg", "msvcrt"}


@pytest.mark.parametrize("folder", ["playground", "tests", "tools"])
def test_what_one_system_lacks_is_imported_where_that_may_fail(folder):
    """Every file can be imported on every system: such a module is imported inside `try`."""
    for path in (ROOT / folder).rglob("*.py"):
        for statement in ast.parse(path.read_text()).body:
            names = [one.name for one in statement.names] if isinstance(statement, ast.Import) else []
            names += [str(statement.module)] if isinstance(statement, ast.ImportFrom) else []
            assert not ON_ONE_SYSTEM & {name.split(".")[0] for name in names}, path


def test_no_module_imports_itself_in_a_circle():
    assert not house.circles()


def test_a_small_module_that_one_other_imports_is_part_of_it():
    assert not house.small_helpers()


def test_a_folder_is_one_idea():
    full = {folder for folder, count in house.folders().items() if count > house.FULL_FOLDER}
    assert not full - house.REGISTRIES


def test_one_word_is_one_thing():
    assert not house.names_twice()


def test_each_signal_is_heard():
    assert not house.unheard_signals()


def test_everything_is_used_by_the_app():
    assert not house.unused_modules()
    assert not house.unused_definitions()


@pytest.mark.parametrize(
    "walk", re.findall(r"(?<=\n)### .*?(?=\n##|\Z)", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
)
def test_the_walks_pass_stations_that_there_are(walk):
    stations = re.findall(r"`([\w.]+): ([\w.]+)`", walk)
    assert 3 <= len(stations) <= 10
    for module, what in stations:
        text = house.files()[f"playground.{module}"].read_text()
        for part in what.split("."):
            assert re.search(rf"\b(def|class) {part}\b|^\s*{part} = Signal\(", text, re.MULTILINE), f"{module}: {what}"
