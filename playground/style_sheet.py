"""The few rules that a palette cannot say: scroll bars, splitters, menus, tooltips, plain buttons and fields."""

from __future__ import annotations

from playground.widgets.common.look import Look

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
    """The application's style sheet in the colours of a look."""
    roles = {name: getattr(look, name) for name in look.__slots__}
    return _RULES.format(**roles)
