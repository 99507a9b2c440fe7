"""What a window shows cut: asked of each text as it is painted."""

import contextlib
import inspect
import sys
from html import unescape

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from playground.widgets import painting
from playground.widgets.controls.buttons import Button
from playground.widgets.einsum.letters_table import LettersTable
from playground.widgets.text.labels import RunsLabel

PADDING = 22
"""Pixels around the words of a button that it may lose before the words are cut."""


def widget_of(frame):
    """The widget that paints: the nearest `self` that is one, or holds one."""
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, QWidget):
            return owner
        frame = frame.f_back
    return None


@contextlib.contextmanager
def told_what_is_cut():
    """Collect `(widget, text)` for each text that is painted with an ellipsis meanwhile."""
    found, plain = [], painting.elided

    def elided(font, text, width):
        shown = plain(font, text, width)
        if shown != text:
            found.append((widget_of(inspect.currentframe().f_back), text))
        return shown

    modules = [module for name, module in list(sys.modules.items()) if name.startswith("playground")]
    modules = [module for module in modules if getattr(module, "elided", None) is plain]
    for module in modules:
        module.elided = elided
    try:
        yield found
    finally:
        for module in modules:
            module.elided = plain


def named(widget):
    """How a person finds it."""
    path = []
    while widget is not None and len(path) < 3:
        path.append(widget.objectName() or type(widget).__name__)
        widget = widget.parentWidget()
    return "/".join(reversed(path))


def is_told(widget, text):
    """Whether the whole text is in the tooltip of what shows a part of it."""
    if isinstance(widget, LettersTable):
        return any(text in widget.row_text(label) for label in widget._labels)
    while widget is not None and not widget.isWindow():
        if text in unescape(widget.toolTip()):
            return True
        widget = widget.parentWidget()
    return False


def cut_texts(window):
    """Each text that is shown cut, and not told whole in a tooltip: `name: text`."""
    with told_what_is_cut() as found:
        window.grab()
    cut = {f"{named(widget)}: {text}" for widget, text in found if widget is None or not is_told(widget, text)}
    for label in window.findChildren(RunsLabel):
        if label.isVisible() and label.heightForWidth(label.width()) > label.height() + 1:
            cut.add(f"{named(label)}: {label.text()}")
    for button in window.findChildren(QAbstractButton):
        is_cut = (
            isinstance(button, Button) and button.isVisible() and button.width() + PADDING < button.sizeHint().width()
        )
        if is_cut and not is_told(button, button.text()):
            cut.add(f"{named(button)} (button): {button.text()}")
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.text() and label.width() < label.minimumSizeHint().width():
            cut.add(f"{named(label)}: {label.text()}")
    return sorted(cut)
