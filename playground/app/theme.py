"""Light and dark: palette, fonts, style sheet and icons, following the system by default."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory, QToolTip

from playground.models.resources import resource_path
from playground.widgets.controls.focus_ring import FocusRing
from playground.widgets.controls.tooltip import refresh_tooltips
from playground.widgets.look import DARK, LIGHT, Look, look_holder, words_font
from playground.widgets.text.runs import forget_layouts

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
    """The icon `resources/icons/<name>.svg` in this colour, crisp at every device pixel ratio; cached."""
    return _icon(name, color.name())


_RULES = """
QToolTip {{ background: {tooltip}; color: {tooltip_text}; border: 1px solid {tooltip}; padding: 4px 6px; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {edge}; padding: 4px 0; }}
QMenu::item {{ height: 24px; padding: 0 24px 0 12px; background: transparent; }}
QMenu::item:selected {{ background: {accent}; color: {accent_text}; }}
QMenu::item:disabled {{ color: {text3}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {hairline}; margin: 4px 0; }}
QMenu::icon {{ padding-left: 8px; }}
QSplitter::handle {{ background: {hairline}; }}
QSplitter::handle:hover {{ background: {accent}; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 10px; }}
QScrollBar:horizontal {{ height: 10px; }}
QScrollBar::handle {{ background: {edge}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:hover {{ background: {field}; }}
QScrollBar::handle:disabled {{ background: transparent; }}
QScrollBar::handle:vertical {{ min-height: 24px; }}
QScrollBar::handle:horizontal {{ min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  background: transparent; width: 0; height: 0; border: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QLineEdit, QPlainTextEdit {{ background: {panel}; color: {text}; border: 1px solid {field}; border-radius: 4px;
  padding: 0 6px; selection-background-color: {accent}; selection-color: {accent_text}; }}
QLineEdit:disabled, QPlainTextEdit:disabled {{ color: {text3}; border-color: {edge}; }}
QLineEdit {{ min-height: 22px; }}
QLineEdit[bare="true"] {{ background: transparent; border: none; min-height: 0; padding: 0; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView {{ background: {raised}; color: {text}; border: 1px solid {edge}; padding: 4px 0;
  outline: 0; selection-background-color: {accent}; selection-color: {accent_text}; }}
QComboBox QAbstractItemView::item {{ min-height: 24px; padding: 0 8px; border: none; }}
QComboBox QAbstractItemView::item:selected {{ background: {accent}; color: {accent_text}; }}
QDialog QPushButton {{ background: {raised}; color: {text}; border: 1px solid {edge}; border-radius: 4px;
  min-height: 22px; padding: 0 10px; }}
QDialog QPushButton:hover {{ background: {hover}; border-color: {field}; }}
QDialog QPushButton:default {{ background: {accent}; color: {accent_text}; border-color: {accent}; font-weight: 500; }}
QDialog QPushButton:disabled {{ color: {text3}; border-color: {hairline}; background: {raised}; }}
"""


def style_sheet(look: Look) -> str:
    """The application's style sheet in a look's colours."""
    roles = {name: getattr(look, name) for name in look.__slots__}
    return _RULES.format(**roles)


_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "panel",
    QPalette.ColorRole.AlternateBase: "sunken",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "text3",
    QPalette.ColorRole.Button: "raised",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "error",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.HighlightedText: "accent_text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.LinkVisited: "accent",
    QPalette.ColorRole.ToolTipBase: "tooltip",
    QPalette.ColorRole.ToolTipText: "tooltip_text",
    QPalette.ColorRole.Light: "raised",
    QPalette.ColorRole.Midlight: "hover",
    QPalette.ColorRole.Mid: "edge",
    QPalette.ColorRole.Dark: "edge",
    QPalette.ColorRole.Shadow: "field",
}
_DISABLED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def palette_of(look: Look) -> QPalette:
    """Qt's palette in a look's colours; disabled text uses text 3."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, look.color(name))
    for role in _DISABLED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, look.color("text3"))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, look.color("edge"))
    return palette


def register_fonts() -> tuple[str, ...]:
    """Register the bundled fonts with Qt; returns their families."""
    families: set[str] = set()
    for path in sorted(resource_path("fonts").glob("*.[ot]tf")):
        families.update(QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path))))
    return tuple(sorted(families))


class Theme(QObject):
    """The theme of one application: light, dark, or following the system (`choice` True, False, None)."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice: bool | None = None
        register_fonts()
        forget_layouts()
        look_holder().load_icon = load_icon
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(words_font())
        QToolTip.setFont(words_font())
        self._focus_ring = FocusRing(app)
        app.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    @property
    def choice(self) -> bool | None:
        """What was chosen: dark, light, or None to follow the system."""
        return self._choice

    @property
    def dark(self) -> bool:
        """True if the dark look applies now."""
        if self._choice is not None:
            return self._choice
        return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark

    def choose(self, dark: bool | None) -> None:
        """Show dark, light, or what the system says (None)."""
        self._choice = dark
        self._apply()

    def _apply(self) -> None:
        new_look = DARK if self.dark else LIGHT
        sheet = style_sheet(new_look)
        if sheet != self._app.styleSheet():
            # Replacing a style sheet styles each widget twice, which takes ten times as long as starting from none.
            self._app.setStyleSheet("")
            self._app.setPalette(palette_of(new_look))
            self._app.setStyleSheet(sheet)
        look_holder().set_look(new_look)
        refresh_tooltips()

    @Slot()
    def _on_scheme_changed(self) -> None:
        self._apply()


def install_theme(app: QApplication, dark: bool | None = None) -> Theme:
    """Apply a theme; None follows the system and its changes. A second call only changes the choice."""
    theme = app.findChild(Theme)
    if theme is None:
        theme = Theme(app)
    theme.choose(dark)
    return theme
