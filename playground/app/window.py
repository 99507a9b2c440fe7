"""The window: header, pages and status line, and the empty columns shown while torch is imported.

It places widgets and forwards signals; their meaning is decided elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from playground.app.header import COMPACT_BELOW, Header, Pages, pop_up
from playground.app.session.session import UNTITLED
from playground.app.settings import restore_geometry, save_geometry, settings
from playground.widgets.controls.focus_ring import PAINTS_FOCUS
from playground.widgets.look import look, words_font

if TYPE_CHECKING:
    from playground.app.window_contents import Furniture

LEFT, RIGHT = 272, 352


class FramePage(QWidget):
    """Paints the columns in their colours, so that nothing flashes when the panels appear."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the left column, the centre, the right column and a short message."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("panel"))
            painter.fillRect(0, 0, LEFT, self.height(), colours.color("window"))
            for x in (LEFT, self.width() - RIGHT):
                painter.fillRect(x, 0, 1, self.height(), colours.color("hairline"))
            painter.setPen(colours.color("text3"))
            painter.setFont(words_font())
            centre = self.rect().adjusted(LEFT, 0, -RIGHT, 0)
            painter.drawText(centre, Qt.AlignmentFlag.AlignCenter, "Starting torch")


PAGES = ("tensors", "network")
TITLE = "Tensor Playground"


class MainWindow(QMainWindow):
    """Starts as an empty frame, shown before torch is imported; `furnish` fills it."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.is_closed = False
        self._furniture: Furniture | None = None
        self.pages = Pages()
        self._header = Header(self.pages)
        for title in PAGES:
            self._header.add_page(title.capitalize(), FramePage())
        self._content = QWidget()
        self._content.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._content.setProperty(PAINTS_FOCUS, True)
        self._content.setFocus()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._header)
        self._column.addWidget(self.pages, 1)
        self.setCentralWidget(self._content)
        restore_geometry(self)

    def furnish(self, furniture: Furniture) -> None:
        """Put the panels, the header's tools, the notice and the status line into the frame."""
        self._furniture = furniture
        commands = furniture.workspace.commands
        commands.page_wanted.connect(self.show_page)
        commands.full_screen_wanted.connect(self.toggle_full_screen)
        commands.recent_wanted.connect(self._on_recent_wanted)
        commands.session.titled.connect(self._on_titled)
        furniture.lessons.page_wanted.connect(self.show_page)
        current = self.pages.currentIndex()
        self.pages.blockSignals(True)
        for index, page in enumerate(furniture.pages):
            frame = self.pages.widget(index)
            self.pages.removeTab(index)
            self.pages.insertTab(index, page, PAGES[index].capitalize())
            if frame is not None:
                frame.deleteLater()
        self.pages.blockSignals(False)
        self.pages.setCurrentIndex(current)
        self._header.set_tools(furniture.tools)
        self._header.set_menu(furniture.menus.behind_button)
        self._column.addWidget(furniture.notice)
        self._column.addWidget(furniture.status)
        furniture.restore(settings())
        self._content.setFocus()
        self._fit_tools()

    @property
    def furniture(self) -> Furniture:
        """What `furnish` added."""
        assert self._furniture is not None, "the window is not furnished yet"
        return self._furniture

    @property
    def page(self) -> str:
        """The page that is open: "tensors" or "network"."""
        return PAGES[self.pages.currentIndex()]

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Go to the page "tensors" or "network"."""
        self.pages.setCurrentIndex(PAGES.index(name))

    @Slot()
    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    @Slot()
    def _on_recent_wanted(self) -> None:
        pop_up(self.furniture.menus.recent, self._header.menu_button)

    @Slot(str, bool)
    def _on_titled(self, name: str, is_saved: bool) -> None:
        """The session's name and a star for what is not saved; an untouched beginning has neither."""
        is_fresh = is_saved and name == UNTITLED
        self.setWindowTitle(TITLE if is_fresh else f"{name}[*] - {TITLE}")
        self.setWindowModified(not is_saved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the header's labels when it gets narrow."""
        super().resizeEvent(event)
        self._fit_tools()

    def _fit_tools(self) -> None:
        if self._furniture is not None:
            self._furniture.tools.set_compact(self.width() < COMPACT_BELOW)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files dropped anywhere, except a tensor dragged out of this window."""
        if event.mimeData().hasUrls() and event.source() is None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped files."""
        paths = tuple(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        if self._furniture is not None and paths:
            event.acceptProposedAction()
            self._furniture.workspace.commands.open_paths(paths)

    def _go_out_of_sight(self) -> None:
        """Hide the window at once rather than while it waits for a computation, and close its dialogs."""
        for window in self.findChildren(QWidget):
            if window.isWindow() and window.isVisible():
                window.close()
        self.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save the sizes, wait for the computations, and close."""
        if not self.is_closed:
            self.is_closed = True
            save_geometry(self)
            if self._furniture is not None:
                self._furniture.save(settings())
                self._go_out_of_sight()
                self._furniture.workspace.close()
            self.closed.emit()
        super().closeEvent(event)
