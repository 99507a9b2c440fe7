import os
import subprocess
import sys

import pytest

from playground.display import missing_display


def run_app(*arguments, **changes):
    environment = {**os.environ, **changes}
    for name, value in changes.items():
        if value is None:
            environment.pop(name)
    return subprocess.run(
        [sys.executable, "-m", "playground", *arguments],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip


def test_version_is_said():
    done = run_app("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("tensor-playground 0.")


def test_without_a_display_it_says_so_and_exits_with_2():
    gone = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    for name in gone:
        os.environ.setdefault(name, "")
    done = run_app(**gone)
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
from playground import app
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
import os, signal, sys, threading
from playground.__main__ import main
threading.Timer({seconds}, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
sys.exit(main([]))
"""


@pytest.mark.parametrize(
    "seconds",
    [0.1, 0.3, 1.0, 6.0],
    ids=["while Qt is imported", "while the window opens", "while torch is imported", "while it is open"],
)
def test_ctrl_c_in_the_terminal_ends_it(seconds, tmp_path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(seconds=seconds)],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
