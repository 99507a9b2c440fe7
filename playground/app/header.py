"""The line at the top: menu and tabs at the left; undo, search, Export, Lessons and the theme at the right."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QTabWidget, QWidget

from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.tabs import TabRow
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, icon, look, words_font

HEIGHT = 40
COMPACT_BELOW = 1100
SEARCH_WIDTH = 232
MENU_MARGIN, TAB_MARGIN, TAB_SPACING = 8, 12, 32


class Pages(QTabWidget):
    """The two pages. Their tabs stand in the header, at the window's own height and margin."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pages")
        self.setAccessibleName("Pages")
        self.setDocumentMode(True)
        self.tabBar().hide()
        self.setFocusProxy(None)  # type: ignore[arg-type] # by default the hidden bar, where the Tab key would end
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


class Header(QWidget):
    """The tabs of the pages at the left; room for the tools at the right; a hairline below."""

    def __init__(self, pages: Pages, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._pages = pages
        self.tabs = TabRow(height=HEIGHT, spacing=TAB_SPACING)
        self.tabs.setObjectName("pages.tabs")
        self.tabs.setAccessibleName("Pages")
        self.menu_button = IconButton("menu", "Menu", "F10")
        self.menu_button.setObjectName("header.menu")
        self.menu_button.setShortcut("F10")
        self.menu_button.clicked.connect(self._on_menu_clicked)
        self._menu: QMenu | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(MENU_MARGIN, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self.menu_button)
        self._row.addSpacing(TAB_MARGIN)
        self._row.addWidget(self.tabs)
        self._row.addStretch(1)
        self.tabs.currentChanged.connect(pages.setCurrentIndex)
        pages.currentChanged.connect(self.tabs.setCurrentIndex)

    def add_page(self, title: str, page: QWidget) -> None:
        """One more page, with its tab."""
        self._pages.addTab(page, title)
        self.tabs.addTab(title)

    def set_menu(self, menu: QMenu | None) -> None:
        """What the button at the left shows; None where the platform has a menu bar."""
        self._menu = menu
        self.menu_button.setVisible(menu is not None)

    @Slot()
    def _on_menu_clicked(self) -> None:
        if self._menu is not None:
            pop_up(self._menu, self.menu_button)

    def set_tools(self, tools: QWidget) -> None:
        """Stand the tools at the right."""
        self._row.addWidget(tools)
        tools.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A hairline below."""
        with QPainter(self) as painter:
            painter.fillRect(0, HEIGHT - 1, self.width(), 1, look().color("hairline"))


class SearchButton(QPushButton):
    """Looks like the field that it opens: a glass, words, and its shortcut."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self.compact = False
        set_tooltip(self, "Search commands", "Ctrl+K")

    def set_compact(self, compact: bool) -> None:
        """Be an icon only."""
        self.compact = compact
        self.setFixedSize(24 if compact else SEARCH_WIDTH, 24)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A field's border, the glass, the words, the shortcut."""
        with QPainter(self) as painter:
            colours = look()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            glass = icon("search").pixmap(QSize(16, 16), self.devicePixelRatioF())
            if self.compact:
                painter.drawPixmap(4, 4, glass)
                return
            painter.setPen(colours.color("field"))
            painter.setBrush(colours.color("hover" if self.underMouse() else "panel"))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.drawPixmap(9, 4, glass)
            painter.setFont(words_font())
            painter.setPen(colours.color("text2"))
            box = self.rect().adjusted(32, 0, -8, 0)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "Search commands")
            painter.setFont(code_font())
            painter.setPen(colours.color("text3"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "Ctrl+K")


class HeaderTools(QWidget):
    """The right half of the header."""

    lessons_clicked = Signal()

    def __init__(self, actions: dict[str, QAction], export_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(4)
        self._add_action(actions["undo"], "undo-2", "Ctrl+Z")
        self._add_action(actions["redo"], "redo-2", "Ctrl+Shift+Z")
        self.search = SearchButton()
        self.search.clicked.connect(actions["search_commands"].trigger)
        self._row.addSpacing(12)
        self._row.addWidget(self.search)
        self._row.addSpacing(12)
        self._export_menu = export_menu
        self._export = self._add_button("export", "Export", "upload", "Export a tensor, a plot or the program")
        self._export.clicked.connect(self._on_export_clicked)
        self._lessons = self._add_button("lessons", "Lessons", "book-open", "Twelve questions, answered by doing")
        self._lessons.clicked.connect(self.lessons_clicked)
        self._add_action(actions["toggle_theme"], "contrast", "Ctrl+Shift+L")
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Leave the words away; tooltips and accessible names stay."""
        self.search.set_compact(compact)
        for button in (self._export, self._lessons):
            button.setText("" if compact else button.accessibleName())
            button.opens_menu = button is self._export and not compact
            button.updateGeometry()

    def _add_button(self, name: str, words: str, icon_name: str, tip: str) -> Button:
        button = Button(words, kind="quiet", icon_name=icon_name)
        button.setObjectName(name)
        button.setAccessibleName(words)
        set_tooltip(button, tip)
        self._row.addWidget(button)
        return button

    def _add_action(self, action: QAction, icon_name: str, shortcut: str) -> None:
        button = ActionButton(action, icon_name, shortcut)
        button.setObjectName(action.objectName().replace("command.", "header."))
        self._row.addWidget(button)

    @Slot()
    def _on_export_clicked(self) -> None:
        pop_up(self._export_menu, self._export)


def pop_up(menu: QMenu, below: QWidget) -> None:
    """Show a menu at the lower left corner of a widget."""
    menu.popup(below.mapToGlobal(QPoint(0, below.height())))


class ActionButton(IconButton):
    """An icon that triggers an action, and is off while the action is."""

    def __init__(self, action: QAction, icon_name: str, shortcut: str) -> None:
        super().__init__(icon_name, action.text(), shortcut)
        self.clicked.connect(action.trigger)
        action.enabledChanged.connect(self.setEnabled)
        self.setEnabled(action.isEnabled())
