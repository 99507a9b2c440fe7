"""The names that `playground` itself exports: they come lazily, and the examples in their docstrings are true."""

import doctest
import subprocess
import sys

import pytest

import playground

LIGHT = """
import sys, time
start = time.process_time()
import playground
seconds = time.process_time() - start
heavy = {"PySide6", "torch", "numpy", "pyqtgraph"} & set(sys.modules)
assert not heavy, heavy
assert set(playground.__all__) <= set(dir(playground))
print(seconds)
"""


def test_importing_the_package_brings_neither_qt_nor_torch_and_takes_no_time():
    best = min(
        float(subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    assert best < 0.05


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(playground, "noth" + "ing")


def test_the_homes_are_those_that_types_are_told_of():
    for name in playground.__all__:
        value = getattr(playground, name)
        if name != "__version__":
            assert value.__module__ == f"playground.{playground._HOMES[name]}", name


@pytest.mark.parametrize("name", [name for name in playground.__all__ if name != "__version__"])
def test_each_has_an_example_that_is_true(name, qtbot):
    value = getattr(playground, name)
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(value, name, globs={name: value})
    assert example.examples, f"{name} has no example"
    result = doctest.DocTestRunner().run(example, clear_globs=False)
    if "handle" in example.globs:
        example.globs["handle"].window.deleteLater()
    example.globs.clear()
    assert not result.failed
