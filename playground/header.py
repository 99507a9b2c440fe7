"""The line at the top: the pages' tabs at the left; undo, search, Export, Lessons and the theme at the right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QTabBar, QTabWidget, QToolButton, QWidget

from playground.widgets.common.look import code_font, icon, look, look_holder, words_font
from playground.widgets.common.tooltip import set_tooltip

HEIGHT = 40
COMPACT_BELOW = 1100
SEARCH_WIDTH = 232
MARGIN = 16


class PageTabBar(QTabBar):
    """The pages' names; the current one has a 2 px line of accent below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setAccessibleName("Pages")
        self.setFont(words_font(self.font().Weight.Medium))

    def tabSizeHint(self, index: int) -> QSize:
        """As wide as the name with the margins of the header."""
        width = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(width + 2 * MARGIN + (4 if index == 0 else 0), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Names in text or, for the pages behind, in text 2."""
        with QPainter(self) as painter:
            colours = look()
            painter.setFont(self.font())
            for index in range(self.count()):
                box = self.tabRect(index)
                current = index == self.currentIndex()
                painter.setPen(colours.color("text" if current else "text2"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.tabText(index))
                if current:
                    painter.fillRect(box.left() + 12, HEIGHT - 2, box.width() - 24, 2, colours.color("accent"))


class Pages(QTabWidget):
    """The two pages below the header."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pages")
        self.setAccessibleName("Pages")
        self.setTabBar(PageTabBar(self))
        self.setDocumentMode(True)
        self.setStyleSheet("QTabWidget::pane { border: none; } QTabWidget::tab-bar { left: 0; }")


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
        self._icons: list[tuple[QToolButton, str]] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 12, 0)
        self._row.setSpacing(8)
        self._add_action(actions["undo"], "undo-2", "Ctrl+Z")
        self._add_action(actions["redo"], "redo-2", "Ctrl+Shift+Z")
        self.search = SearchButton()
        self.search.clicked.connect(actions["search_commands"].trigger)
        self._row.addWidget(self.search)
        self._export = self._add_button("export", "Export", "upload")
        self._export.setMenu(export_menu)
        self._export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_tooltip(self._export, "Export a tensor, a plot or the program")
        self._lessons = self._add_button("lessons", "Lessons", "book-open")
        set_tooltip(self._lessons, "Twelve questions, answered by doing")
        self._lessons.clicked.connect(self.lessons_clicked)
        self._add_action(actions["toggle_theme"], "contrast", "Ctrl+Shift+L")
        self.set_compact(False)
        look_holder().changed.connect(self._on_look_changed)
        self._on_look_changed()

    def set_compact(self, compact: bool) -> None:
        """Leave the words away; tooltips and accessible names stay."""
        self.search.set_compact(compact)
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if compact else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for button in (self._export, self._lessons):
            button.setToolButtonStyle(style)

    def _add_button(self, name: str, words: str, icon_name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setText(words)
        self._style(button, icon_name)
        return button

    def _add_action(self, action: QAction, icon_name: str, shortcut: str) -> None:
        button = QToolButton()
        button.setObjectName(action.objectName().replace("command.", "header."))
        button.setDefaultAction(action)
        self._style(button, icon_name)
        set_tooltip(button, action.text(), shortcut)

    def _style(self, button: QToolButton, icon_name: str) -> None:
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setFixedHeight(24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons.append((button, icon_name))
        self._row.addWidget(button)

    @Slot()
    def _on_look_changed(self) -> None:
        for button, name in self._icons:
            button.setIcon(icon(name))
        self.update()
