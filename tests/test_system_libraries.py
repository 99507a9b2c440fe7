"""What `make` does about libraries that Qt misses, on a machine that is played."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "system_libraries.py"


@pytest.fixture
def bare():
    """The tool as it is on this machine."""
    spec = importlib.util.spec_from_file_location("system_libraries", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture
def tool(bare, monkeypatch):
    """The tool on a Debian where Qt's EGL and GLib are missing, and a user who may not install."""
    monkeypatch.setattr(bare.sys, "platform", "linux")
    monkeypatch.setattr(bare, "is_there", lambda library: library not in {"libEGL.so.1", "libglib-2.0.so.0"})
    monkeypatch.setattr(bare.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bare.os, "geteuid", lambda: 1000)
    return bare


def known(monkeypatch, tool, *packages):
    """Let apt know these packages; what it is asked to do."""
    asked = []

    def run(command, **_options):
        asked.append(command)
        return subprocess.CompletedProcess(command, 0 if command[-1] in packages else 100)

    monkeypatch.setattr(tool.subprocess, "run", run)
    return asked


@pytest.mark.parametrize(("packages", "glib"), [((), "libglib2.0-0"), (("libglib2.0-0t64",), "libglib2.0-0t64")])
def test_a_user_is_told_the_one_command_to_type(tool, monkeypatch, capsys, packages, glib):
    known(monkeypatch, tool, *packages)
    assert tool.main() == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"  sudo apt-get install -y --no-install-recommends libegl1 {glib}"


def test_root_installs_and_is_told_what_is_still_missing(tool, monkeypatch, capsys):
    asked = known(monkeypatch, tool)
    monkeypatch.setattr(tool.os, "geteuid", lambda: 0)
    assert tool.main() == 1
    assert [command[:2] for command in asked] == [["apt-get", "update"], ["apt-cache", "show"], ["apt-get", "install"]]
    assert asked[-1][-2:] == ["libegl1", "libglib2.0-0"]
    assert "still missing: libegl1, libglib2.0-0" in capsys.readouterr().err


def test_another_linux_is_told_the_libraries(tool, monkeypatch, capsys):
    monkeypatch.setattr(tool.shutil, "which", lambda name: None)
    assert tool.main() == 1
    assert "libegl1, libglib2.0-0" in capsys.readouterr().err


def test_where_nothing_is_missing_nothing_is_said(tool, monkeypatch, capsys):
    monkeypatch.setattr(tool, "is_there", lambda library: True)
    assert tool.main() == 0
    monkeypatch.setattr(tool.sys, "platform", "darwin")
    monkeypatch.setattr(tool, "is_there", lambda library: False)
    assert tool.main() == 0
    assert capsys.readouterr() == ("", "")


def test_python_without_venv_needs_its_package(tool, monkeypatch):
    monkeypatch.setattr(tool, "find_spec", lambda name: None if name == "ensurepip" else object())
    version = tool.sys.version_info
    assert tool.missing_packages()[-1] == f"python{version.major}.{version.minor}-venv"


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
def test_a_library_that_is_not_there_is_missed(bare):
    assert bare.is_there("libc.so.6")
    assert not bare.is_there("libnothing_of_this_name.so.1")
