"""The command line: `tensor-playground [FILE ...]`, also `python -m playground`; and its commands without a window.

Nothing heavy is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from playground.app.start import missing_display, run
from playground.command_line.said import note
from playground.models.problem import ProblemError
from playground.version import __version__

if TYPE_CHECKING:
    from playground.command_line import commands  # noqa: F401


SESSION = "a session, or .npy, .npz, .pt, .safetensors or .csv to open; without it the worked example"
SET = "set a part of the session: network.depth=30, einsum.equation=ij,jk->ik, memory.pinned=B (repeatable)"
GRID = "a field of the network with its values: depth=10,50 or gain=0.5:2:16, which is first:last:count (repeatable)"


def make_parser() -> argparse.ArgumentParser:
    """The arguments of `tensor-playground [FILE ...]`, which opens the window."""
    parser = argparse.ArgumentParser(
        prog="tensor-playground",
        description="See what tensors and deep networks really do: shapes, einsum, memory, initialisation.",
        epilog="Commands without a window: tensor-playground "
        + ", ".join(COMMANDS)
        + "; each has a --help of its own. "
        "Exit status: 0 fine, 1 a problem in the input, 2 wrong usage or no display.",
    )
    words = "a session, or .npy, .npz, .pt, .safetensors or .csv to open"
    parser.add_argument("files", nargs="*", metavar="FILE", help=words)
    parser.add_argument("--new", action="store_true", help="start with the worked example, not with the last session")
    parser.add_argument("--theme", choices=("system", "light", "dark"), default=None, help="colour theme of the window")
    parser.add_argument("--page", choices=("tensors", "network"), default="tensors", help="the page to open on")
    parser.add_argument("--lesson", metavar="N|FILE", default=None, help="open a lesson, by number or from a file")
    parser.add_argument("--set", metavar="PATH=VALUE", action="append", default=[], dest="settings", help=SET)
    parser.add_argument("--info", action="store_true", help="print versions, platform and paths")
    parser.add_argument("--version", action="version", version=f"tensor-playground {__version__}")
    return parser


def command_parser(command: str) -> argparse.ArgumentParser:
    """The arguments of one of the commands without a window."""
    words, add = COMMANDS[command]
    parser = argparse.ArgumentParser(prog=f"tensor-playground {command}", description=words)
    add(parser)
    return parser


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", nargs="?", default="", metavar="SESSION", help=SESSION)
    parser.add_argument("--panel", default="window", help="window, tensors, shape, broadcast, einsum, memory, network "
                        "or plots (default: window)")  # fmt: skip
    parser.add_argument("--out", required=True, metavar="FILE", help="a .png; of network and plots also .svg or .csv")
    parser.add_argument("--size", default="1360x860", metavar="WxH", help="width and height (default: 1360x860)")
    parser.add_argument("--scale", type=int, choices=(1, 2, 3, 4), default=1, help="pixels for each point (default: 1)")
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="colour theme (default: light)")
    parser.add_argument("--page", choices=("tensors", "network"), default="tensors", help="the page of the window")
    parser.add_argument("--set", metavar="PATH=VALUE", action="append", default=[], dest="settings", help=SET)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", metavar="SESSION", help="a session, or a file of tensors to convert")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="the folder for the files; created if missing")
    parser.add_argument("--format", default="npy", help="npy, npz, pt, safetensors or csv (default: npy)")
    parser.add_argument("--set", metavar="PATH=VALUE", action="append", default=[], dest="settings", help=SET)


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", metavar="NAME=VALUES", action="append", default=[], dest="settings", help=GRID)
    parser.add_argument("--out", default="", metavar="FILE", help="the .csv to write (default: print the table)")


COMMANDS = {
    "render": ("Paint a panel as a picture, without a display.", _add_render),
    "export": ("Write each tensor of a session to a file of its own.", _add_export),
    "sweep": ("Run a grid of networks and write a table of what was measured.", _add_sweep),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, 1 for a problem in the input, or 2 for wrong usage or no display."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given and given[0] in COMMANDS:
            options = command_parser(given[0]).parse_args(given[1:])
            _commands().COMMANDS[given[0]](options)
            return 0
        return _window(given)
    except ProblemError as error:
        note(str(error.problem))
        return 1


def _commands() -> ModuleType:
    """What runs the commands, imported late: it needs torch, and `--help` does not."""
    return import_module("playground.command_line.commands")


def _window(given: Sequence[str]) -> int:
    options = make_parser().parse_args(given)
    if options.info:
        _commands().print_info()
        return 0
    reason = missing_display()
    if reason:
        note(reason)
        return 2
    return run(
        tuple(options.files),
        theme=options.theme,
        page=options.page,
        lesson=options.lesson,
        new=options.new,
        settings=tuple(options.settings),
    )


if __name__ == "__main__":
    sys.exit(main())
