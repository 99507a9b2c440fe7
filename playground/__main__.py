"""The command line: `tensor-playground [FILE ...]`, also `python -m playground`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from playground.app.start import missing_display, run
from playground.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """The arguments and their help."""
    parser = argparse.ArgumentParser(
        prog="tensor-playground",
        description="See what tensors and deep networks really do: shapes, einsum, memory, initialisation.",
    )
    words = "a session, or .npy, .npz, .pt, .safetensors or .csv to open"
    parser.add_argument("files", nargs="*", metavar="FILE", help=words)
    parser.add_argument("--new", action="store_true", help="start with the worked example, not with the last session")
    parser.add_argument("--theme", choices=("system", "light", "dark"), default=None, help="colours of the window")
    parser.add_argument("--page", choices=("tensors", "network"), default="tensors", help="the page to open on")
    parser.add_argument("--lesson", metavar="N|FILE", default=None, help="open a lesson, by number or from a file")
    parser.add_argument("--version", action="version", version=f"tensor-playground {__version__}")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is 0, or 2 where no window can be opened."""
    options = make_parser().parse_args(arguments)
    reason = missing_display()
    if reason:
        print(f"tensor-playground: {reason}", file=sys.stderr)
        return 2
    return run(tuple(options.files), theme=options.theme, page=options.page, lesson=options.lesson, new=options.new)


if __name__ == "__main__":
    sys.exit(main())
