"""How long until there is something to see, and until it can be used."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests.benchmarks.benchmark import Benchmark, Pair

FIRST_PICTURE = """
from playground.app.start import make_application
from playground.app.window import MainWindow
application = make_application("light")
window = MainWindow()
window.show()
application.processEvents()
window.grab()
import sys
assert "torch" not in sys.modules
"""

USABLE = """
from playground.app import start as app
application = app.make_application("light")
from playground.app.window import MainWindow
window = MainWindow()
window.show()
application.processEvents()
app.import_torch_meanwhile(application)
app.furnish(window)
application.processEvents()
window.grab()
import os
os._exit(0)
"""


def run(code: str) -> None:
    """Run Python code in a process of its own, with settings of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": folder}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def first_picture() -> Pair:
    """The frame, against importing torch."""
    return (lambda: run(FIRST_PICTURE)), (lambda: run("import torch"))


def usable() -> Pair:
    """All panels in place and answering, against importing torch."""
    return (lambda: run(USABLE)), (lambda: run("import torch"))


BENCHMARKS = (
    Benchmark("the frame is on screen", "python -c 'import torch'", 1.0, first_picture, rounds=5),
    Benchmark("the app is usable", "python -c 'import torch'", 2.0, usable, rounds=5),
)
