"""Where the files that ship with the app are: beside the package in a checkout, inside it once installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _root() -> Path:
    installed = _PACKAGE / "resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"


def resource_path(*parts: str) -> Path:
    """The path of a shipped file or folder: `resource_path("fonts", "Inter-Regular.otf")`."""
    return _root().joinpath(*parts)
