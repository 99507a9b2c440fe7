"""The icon set: SVG files drawn with strokes of 1.4 px at 16 px, in the colour that is asked for."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from playground.models.resources import resource_path

ICON_SIZE = 16
STROKE = 1.4
_VIEW_BOX = 24
_SCALES = (1.0, 1.5, 2.0, 3.0)
_DISABLED_OPACITY = 0.4


@cache
def _source(name: str) -> str:
    stroke = f'stroke-width="{STROKE * _VIEW_BOX / ICON_SIZE:g}"'
    text = resource_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    return text.replace('stroke-width="2"', stroke)


def _pixmap(renderer: QSvgRenderer, scale: float, opacity: float) -> QPixmap:
    side = round(ICON_SIZE * scale)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setOpacity(opacity)
        renderer.render(painter, QRectF(0, 0, side, side))
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _icon(name: str, color: str) -> QIcon:
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(_pixmap(renderer, scale, 1.0), QIcon.Mode.Normal)
        made.addPixmap(_pixmap(renderer, scale, _DISABLED_OPACITY), QIcon.Mode.Disabled)
    return made


def load_icon(name: str, color: QColor) -> QIcon:
    """The icon `resources/icons/<name>.svg` in this colour, sharp at every device pixel ratio; cached."""
    return _icon(name, color.name())
