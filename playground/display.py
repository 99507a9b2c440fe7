"""Whether a window can be opened here. Asked before Qt is, because Qt aborts the process where there is no display."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

WINDOWLESS = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def missing_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """Why no window can be opened, in a sentence; empty where one can."""
    if not platform.startswith("linux"):
        return ""
    if environment.get("QT_QPA_PLATFORM", "").split(":")[0] in WINDOWLESS:
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return (
        "there is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set. "
        "Start it from a desktop session, or use ssh -X, or set QT_QPA_PLATFORM=offscreen."
    )
