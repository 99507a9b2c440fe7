import os
import subprocess
import sys

import pytest

from playground.app.start import missing_display


def run_app(*arguments, **changes):
    environment = {name: value for name, value in {**os.environ, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-m", "playground", *arguments],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip


def test_version_is_said():
    done = run_app("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("tensor-playground 0.")


def test_without_a_display_it_says_so_and_exits_with_2():
    done = run_app(**dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "platform", "missing"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ":0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", True),
        ({}, "darwin", False),
        ({}, "win32", False),
    ],
)
def test_where_a_window_can_be_opened(environment, platform, missing):
    assert bool(missing_display(environment, platform)) == missing


def test_an_unknown_option_is_refused_with_the_usage():
    done = run_app("--nonsense")
    assert done.returncode == 2
    assert "usage: tensor-playground" in done.stderr


STARTED = """
import gc, sys
from playground.app import start as app
application = app.make_application("light")
app.import_torch_meanwhile(application)
assert "torch" in sys.modules
kept = gc.get_freeze_count()
app.import_torch_meanwhile(application)
print(gc.isenabled(), kept > 100_000, gc.get_freeze_count() == kept)
"""


def test_what_torch_brings_is_taken_from_the_garbage_collector_once(tmp_path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


INTERRUPTED = """
import os, signal, sys
from playground.__main__ import main


def press():
    os.kill(os.getpid(), signal.SIGINT)


class Moment:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(Moment)
            {press}


sys.meta_path.insert(0, Moment)
sys.exit(main([]))
"""
WHEN_IT_RUNS = "from PySide6.QtCore import QTimer; QTimer.singleShot(0, press)"
MOMENTS = {
    "while Qt is imported": ("PySide6.QtWidgets", "press()"),
    "inside of Qt's bindings": ("PySide6.support.deprecated", "press()"),
    "while the window opens": ("playground.app.window", "press()"),
    "while torch is imported": ("torch", "press()"),
    "while the panels are built": ("playground.runtime.panels", "press()"),
    "while it is open": ("playground.runtime.panels", WHEN_IT_RUNS),
}
"""The module whose import is about to begin, and what is done then: no moment depends on how fast the machine is."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_in_the_terminal_ends_it(moment, tmp_path):
    module, press = MOMENTS[moment]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(module=module, press=press)],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
