"""The program's cards, one below the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.evaluation.cards import ProgramResult
from playground.models.program.program import Program, source_code
from playground.models.program.sources import Imported
from playground.widgets.controls.focus_ring import PAINTS_FOCUS
from playground.widgets.painting import fill_background
from playground.widgets.tensors.card_editors import CardEditors
from playground.widgets.tensors.card_painter import CardView
from playground.widgets.tensors.tensor_card import TensorCard

SHORT_BELOW = 240
"""In a list narrower than this, cards have two lines."""


class CardList(QScrollArea):
    """Shows a program; keys: arrows select, F2 renames, Enter edits the code, Delete deletes, Alt+arrows move;
    Ctrl+C copies the line, Ctrl+V appends the lines on the clipboard. A card is dragged up, down, or out of the window.
    """

    selected = Signal(str)
    fix_chosen = Signal(str, object)
    menu_wanted = Signal(str, QPoint)
    move_wanted = Signal(str, int)
    delete_wanted = Signal(str)
    duplicate_wanted = Signal(str)
    dropped = Signal()
    carried_out = Signal(str, object)
    """A card was dragged out of the window: ("drag_out", its name)."""

    copy_wanted = Signal(str)
    paste_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tensors.list")
        self.setAccessibleName("Tensors of the program")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(PAINTS_FOCUS, True)
        self._content = QWidget()
        fill_background(self._content, "window")
        fill_background(self, "window")
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(8, 0, 8, 8)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self.setWidget(self._content)
        self.cards: list[TensorCard] = []
        self.editors = CardEditors(self._content)
        self.editors.keyboard_left.connect(self.setFocus)
        self._program = Program()
        self._result = ProgramResult(())
        self._notes: Mapping[str, ChanceNote] = {}
        self._selection = ""
        self._carried_from: int | None = None
        self._is_revealing = False
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)

    def show_program(self, program: Program, selection: str) -> None:
        """Show the lines and the results known so far."""
        if program == self._program and selection == self._selection:
            return
        moved = selection != self._selection
        self._program, self._selection = program, selection
        self._refresh()
        if moved:
            self._reveal()

    def show_result(self, result: ProgramResult) -> None:
        """Show the lines' results."""
        self._result = result
        self._refresh()

    def show_notes(self, notes: Mapping[str, ChanceNote]) -> None:
        """Mark the lines that hold by chance."""
        if notes != self._notes:
            self._notes = notes
            self._refresh()

    @property
    def result(self) -> ProgramResult:
        """What the cards show."""
        return self._result

    def card(self, name: str) -> TensorCard | None:
        """The card of a line."""
        return next((card for card in self.cards if card.view.name == name), None)

    def _refresh(self) -> None:
        bindings = self._program.bindings
        results = {card.name: card for card in self._result.cards}
        while len(self.cards) > len(bindings):
            card = self.cards.pop()
            if card is self.editors.card:
                self.editors.stand_on(None, "", "", False)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self.cards) < len(bindings):
            self._add_card()
        short = self.viewport().width() < SHORT_BELOW
        chosen: TensorCard | None = None
        above: dict[str, tuple[int, ...]] = {}
        for card, binding in zip(self.cards, bindings, strict=True):
            selected = binding.name == self._selection
            code = source_code(binding.source)
            view = CardView(
                binding.name,
                code,
                results.get(binding.name),
                selected,
                card.view.hovered,
                short,
                edits_code=selected,
                edits_name=selected,
                focused=selected and self.hasFocus(),
                chance=self._notes.get(binding.name),
            )
            card.set_view(view)
            card.setObjectName(f"tensors.card.{binding.name}")
            if selected:
                chosen = card
                editable = not isinstance(binding.source, Imported)
                self.editors.stand_on(card, binding.name, code, editable)
                problem = view.result.problem if view.result is not None else None
                span = problem.span if problem is not None and view.severity == "error" else None
                self.editors.show_fault(span, view.severity or "error")
                self.editors.completion.names = dict(above)
            above[binding.name] = (view.result.shape if view.result is not None else None) or ()
        if chosen is None:
            self.editors.stand_on(None, "", "", False)

    def _add_card(self) -> None:
        card = TensorCard(self._content)
        card.pressed.connect(self._on_pressed)
        card.name_wanted.connect(self._on_name_wanted)
        card.code_wanted.connect(self._on_code_wanted)
        card.fix_chosen.connect(self.fix_chosen)
        card.menu_wanted.connect(self.menu_wanted)
        card.dragged.connect(self._on_dragged)
        card.dropped.connect(self._on_dropped)
        self._column.insertWidget(len(self.cards), card)
        card.show()
        self.cards.append(card)

    @Slot(str)
    def _on_pressed(self, name: str) -> None:
        self._is_revealing = False
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.selected.emit(name)

    @Slot(str, QPoint)
    def _on_dragged(self, name: str, place: QPoint) -> None:
        """Move the dragged line to the pointer's place, once it is past the middle of the card there."""
        if name not in self._program.names:
            return
        now = self._program.names.index(name)
        if self._carried_from is None:
            self._carried_from = now
        if not self.window().frameGeometry().contains(place):
            self._carry_out(name, self._carried_from - now)
            return
        y = self._content.mapFromGlobal(place).y()
        above = sum(card.geometry().center().y() < y for card in self.cards[:now])
        below = sum(card.geometry().center().y() < y for card in self.cards[now + 1 :])
        target = now + below if above == now else above
        if target != now:
            self.move_wanted.emit(name, target - now)

    def _carry_out(self, name: str, back: int) -> None:
        """Put the line back in its place, and start dragging its tensor out of the window."""
        if back:
            self.move_wanted.emit(name, back)
        for card in self.cards:
            card.let_go()
        self._on_dropped()
        self.carried_out.emit("drag_out", name)

    @Slot()
    def _on_dropped(self) -> None:
        self._carried_from = None
        self.dropped.emit()

    @Slot(str)
    def _on_name_wanted(self, _name: str) -> None:
        self.editors.edit_name()

    @Slot(str)
    def _on_code_wanted(self, _name: str) -> None:
        self.editors.edit_code()

    def _reveal(self) -> None:
        """Scroll the selected card into view, now and after the list has its new height."""
        card = self.card(self._selection)
        self._is_revealing = card is not None
        if card is not None:
            self._column.activate()
            self.ensureWidgetVisible(card, 0, 8)

    @Slot()
    def _on_range_changed(self) -> None:
        if self._is_revealing:
            self._reveal()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._is_revealing = False
        super().wheelEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        short = self.viewport().width() < SHORT_BELOW
        for card in self.cards:
            if card.view.short != short:
                card.set_view(replace(card.view, short=short))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._refresh()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = self._program.names
        key = event.key()
        place = names.index(self._selection) if self._selection in names else -1
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key), 0)
        modifiers = event.modifiers()
        if step and modifiers & Qt.KeyboardModifier.AltModifier and place >= 0:
            self.move_wanted.emit(self._selection, step)
        elif step and names:
            self.selected.emit(names[max(0, min(len(names) - 1, place + step))])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and names:
            self.selected.emit(names[0 if key == Qt.Key.Key_Home else -1])
        elif key == Qt.Key.Key_F2 and place >= 0:
            self.editors.edit_name()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and place >= 0:
            self.editors.edit_code()
        elif key == Qt.Key.Key_Delete and place >= 0:
            self.delete_wanted.emit(self._selection)
        elif key == Qt.Key.Key_D and modifiers & Qt.KeyboardModifier.ControlModifier and place >= 0:
            self.duplicate_wanted.emit(self._selection)
        elif event.matches(QKeySequence.StandardKey.Copy) and place >= 0:
            self.copy_wanted.emit(self._selection)
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_wanted.emit()
        elif key == Qt.Key.Key_Menu and place >= 0:
            card = self.cards[place]
            self.menu_wanted.emit(self._selection, card.mapToGlobal(QPoint(16, card.height() // 2)))
        else:
            super().keyPressEvent(event)
