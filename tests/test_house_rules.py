"""The rules of the house that a machine can keep."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "playground"
FILES = sorted(PACKAGE.rglob("*.py"))
BLOCKED = "PySide6", "pyqtgraph", "shiboken6"
LAZY = {PACKAGE / "app.py"}
"""Shows its frame before torch is imported: the one file that imports inside functions."""

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


@cache
def parsed(file):
    return ast.parse(file.read_text())


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


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_and_functions_stay_small_and_import_at_their_top(file):
    assert file.read_text().count("\n") < 600, "a room is missing"
    for function in ast.walk(parsed(file)):
        if isinstance(function, ast.FunctionDef):
            assert function.end_lineno - function.lineno < 50, f"{function.name} is too long"
            if file not in LAZY:
                inner = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
                assert not inner, f"{function.name} imports inside"


def module_name(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_no_module_imports_itself_in_a_circle():
    names = {file: module_name(file) for file in FILES}
    known = set(names.values())
    graph = {}
    for file, name in names.items():
        imports = [node for node in parsed(file).body if isinstance(node, ast.ImportFrom)]
        inner = [node for node in imports if (node.module or "").startswith("playground.")]
        parts = {(node.module, alias.name) for node in inner for alias in node.names}
        graph[name] = {f"{module}.{part}" if f"{module}.{part}" in known else module for module, part in parts}
    done, active = set(), []

    def visit(name):
        assert name not in active, " -> ".join([*active[active.index(name) :], name])
        if name in done or name not in graph:
            return
        active.append(name)
        for other in sorted(graph[name]):
            visit(other)
        active.pop()
        done.add(name)

    for name in graph:
        visit(name)
