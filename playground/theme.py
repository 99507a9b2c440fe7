"""Light and dark: palette, fonts, style sheet and icons, following the system unless told otherwise."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QToolTip

from playground.icons import load_icon
from playground.models.resources import resource_path
from playground.style_sheet import style_sheet
from playground.widgets.common.focus_ring import FocusRing
from playground.widgets.common.look import DARK, LIGHT, Look, look_holder, words_font
from playground.widgets.common.runs import forget_layouts
from playground.widgets.common.tooltip import refresh_tooltips

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
    """Qt's palette in the colours of a look; what is off is written in text 3."""
    palette = QPalette()
    for role, name in _ROLES.items():
        palette.setColor(role, look.color(name))
    for role in _DISABLED:
        palette.setColor(QPalette.ColorGroup.Disabled, role, look.color("text3"))
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, look.color("edge"))
    return palette


def register_fonts() -> tuple[str, ...]:
    """Make the shipped fonts known to Qt; the families that came of it."""
    families: set[str] = set()
    for path in sorted(resource_path("fonts").glob("*.[ot]tf")):
        families.update(QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path))))
    return tuple(sorted(families))


class Theme(QObject):
    """The theme of one application: light, dark, or as the system is (`choice` True, False, None)."""

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
        """Whether the dark look is to be shown now."""
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
            # A sheet put in the place of another styles each widget twice: ten times as long as from none.
            self._app.setStyleSheet("")
            self._app.setPalette(palette_of(new_look))
            self._app.setStyleSheet(sheet)
        look_holder().set_look(new_look)
        refresh_tooltips()

    @Slot()
    def _on_scheme_changed(self) -> None:
        self._apply()


def install_theme(app: QApplication, dark: bool | None = None) -> Theme:
    """Give the application its look; None follows the system and its changes. Calling again only changes the choice."""
    theme = app.findChild(Theme)
    if theme is None:
        theme = Theme(app)
    theme.choose(dark)
    return theme
