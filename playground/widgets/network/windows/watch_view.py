"""Own models: what was watched, each module's layers in the order they ran, in the page's own plots, with a verdict."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QSize, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.formatting import count_in_words
from playground.models.network.send_layer import watched_tensor
from playground.models.network.watch.verdict import WatchedVerdict
from playground.models.network.watch.watch import NOTHING, WatchResult
from playground.models.network.watch.watched import Watched
from playground.models.problem import Fix, ProblemError
from playground.widgets.code.block import CodeBlock
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.network.verdict_banner import Offer, VerdictBanner
from playground.widgets.network.windows.watch_layers import WatchLayers
from playground.widgets.network.windows.watch_origin import WatchOrigin
from playground.widgets.network.windows.watch_table import WatchFilter, WatchTable
from playground.widgets.painting import fill_background
from playground.widgets.text.labels import RunsLabel, TextLabel

SNIPPET = """\
import playground
import torch

model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
batch = torch.randn(32, 64)

playground.watch(model, batch)
playground.show()"""

WORDS = (
    "Run these lines in Python or in a notebook, with a model and a batch of your own. `playground.watch` runs the "
    "model once, forward and backward, and measures each layer. The window that `playground.show` opens lists it here. "
    "A loss of your own goes in as `loss=`, a function from the output to a scalar."
)


class WatchHelp(QWidget):
    """Words, the lines, and a button that copies them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.help")
        self.code = CodeBlock(SNIPPET)
        self.code.setMaximumWidth(self.code.sizeHint().width())
        self.copy = Button("Copy", icon_name="copy")
        self.copy.setObjectName("network.watch.copy")
        set_tooltip(self.copy, "Put these lines on the clipboard")
        self.copy.clicked.connect(self._on_copy_clicked)
        self.said = RunsLabel(role="text2")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.copy)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(RunsLabel(WORDS))
        column.addWidget(self.code)
        column.addLayout(row)
        column.addStretch(1)

    @Slot()
    def _on_copy_clicked(self) -> None:
        self.code.copy()
        self.said.set_content("Copied.")


class WatchVerdict(VerdictBanner):
    """A press on a fix copies its code. `origin` stands below it: where the first nan comes from."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.verdict")
        self._why = ""
        self.origin = WatchOrigin()
        self.fix_chosen.connect(self._on_fix)

    def show_words(self, words: WatchedVerdict) -> None:
        """Say a verdict."""
        self._why = words.why
        self.origin.show_origin(words.origin)
        self._say(words.severity, words.lead, words.text, words.why)
        self._offer([Offer(fix.gives, fix.meaning, fix) for fix in words.fixes])
        for place, button in enumerate(self.buttons):
            button.setObjectName(f"network.watch.fix.{place}")

    @Slot(object)
    def _on_fix(self, fix: object) -> None:
        if isinstance(fix, Fix):
            QGuiApplication.clipboard().setText(fix.code)
            first, *rest = fix.code.splitlines()
            more = f" and {count_in_words(len(rest), 'more line')}" if rest else ""
            self.reason.set_content(f"Copied: {first}{more}")


TABLE_WIDTH = 388
NARROW_TABLE = 248
NARROW = 1240
NAME_LENGTH = 60
EMPTY = WatchedVerdict(
    "good",
    "Nothing has been watched yet.",
    "In Python, `playground.watch(model, batch)` runs a module once and lists it here.",
    "Any torch.nn.Module will do; its weights, modes, hooks and random states are left unchanged.",
)


def watched_in_words(result: WatchResult) -> str:
    """`"GPT in training mode, 20 layers and 4 blocks ran, 12,000 parameters, loss 1.02"`."""
    blocks = sum(layer.is_block for layer in result.layers)
    ran = count_in_words(len(result.layers) - blocks, "layer")
    ran += f" and {count_in_words(blocks, 'block')}" if blocks else ""
    mode = "in training mode" if result.training else "in evaluation mode"
    loss = "" if result.loss is None else f", loss {result.loss:.4g}"
    kind, parameters = result.kind[:NAME_LENGTH], count_in_words(result.parameter_count, "parameter")
    return f"{kind} {mode}, {ran} ran, {parameters}{loss}"


class WatchView(QWidget):
    """`show_watched(entries)` lists what was watched, the newest chosen.

    `tensor_handed(tensor)` is a `WatchedTensor` that the hand sent to the tensors page.
    """

    tensor_handed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch")
        self.setWindowTitle("Own models")
        self._entries: tuple[Watched, ...] = ()
        self._whole = self._rows = NOTHING
        self._layer = -1
        self._picked = 0
        fill_background(self, "panel")
        self.which = ComboBox(code=True)
        self.which.setObjectName("network.watch.which")
        self.which.setMinimumWidth(180)
        set_tooltip(self.which, "What was watched")
        self.summary = TextLabel("", "text2")
        self.banner = ProblemBanner(first=0)
        self.verdict = WatchVerdict()
        self.filter = WatchFilter()
        self.table = WatchTable()
        self.nothing = QWidget()
        self.layers = WatchLayers()
        self.help = WatchHelp()
        self._lay_out()
        self._rename_parts()
        self.which.activated.connect(self._on_which)
        self.filter.edited.connect(self._show_rows)
        self.table.chosen.connect(self._on_layer)
        self.layers.chosen.connect(self._on_layer)
        self.layers.tensor_wanted.connect(self._on_tensor_wanted)
        self.show_watched(())

    def _lay_out(self) -> None:
        line = TitleLine("Own models")
        line.add(self.which)
        line.add(self.summary, 100)
        beside = QHBoxLayout()
        beside.setSpacing(0)
        self._listed = QWidget()
        listed = QVBoxLayout(self._listed)
        listed.setContentsMargins(0, 0, 0, 0)
        listed.setSpacing(0)
        for part in (self.filter, Hairline(), self.table):
            listed.addWidget(part)
        beside.addWidget(self._listed)
        self._rule = Hairline(vertical=True)
        beside.addWidget(self._rule)
        beside.addWidget(self.layers, 1)
        beside.addWidget(self.nothing, 1)
        words = QVBoxLayout(self.nothing)
        words.setContentsMargins(16, 12, 16, 0)
        words.addWidget(RunsLabel("No layer or block matches.", role="text2"))
        words.addStretch(1)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addWidget(Hairline())
        column.addWidget(self.verdict)
        column.addWidget(self.verdict.origin)
        column.addWidget(self.banner)
        column.addWidget(self.help, 1)
        column.addLayout(beside, 1)

    def _rename_parts(self) -> None:
        """The page's own parts have the same names, and a part is found by its name."""
        for part in self.findChildren(QObject):
            name = part.objectName()
            if name.startswith("network.") and not name.startswith("network.watch"):
                part.setObjectName(name.replace("network.", "network.watch.", 1))

    def sizeHint(self) -> QSize:
        return QSize(1360, 800)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        narrow = self.width() < NARROW
        self._listed.setFixedWidth(NARROW_TABLE if narrow else TABLE_WIDTH)
        self.table.set_narrow(narrow)

    def show_watched(self, entries: tuple[Watched, ...]) -> None:
        """List what was watched, the newest chosen."""
        newest = entries[-1:] != self._entries[-1:]
        chosen = len(entries) - 1 if newest else min(self.which.currentIndex(), len(entries) - 1)
        if entries == self._entries and entries:
            return
        before = self.which.currentText()
        self._entries = entries
        self.help.setVisible(not entries)
        self.which.clear()
        for entry in entries:
            self.which.addItem(entry.name[:NAME_LENGTH])
        self.which.setEnabled(bool(entries))
        self.which.setCurrentIndex(chosen)
        # The same module watched again, on another batch: the layer that is looked at stays.
        self._show_entry(chosen, self._picked if self.which.currentText() == before else 0)

    def _show_entry(self, index: int, picked: int = 0) -> None:
        if not 0 <= index < len(self._entries):
            self._whole = self._rows = NOTHING
            self.verdict.show_words(EMPTY)
            self.summary.set_text("")
            self._show_parts()
            return
        self._whole = self._entries[index].result
        self._picked = max(0, min(picked, len(self._whole.layers) - 1))
        set_tooltip(self.summary, f"The loss that the gradients are of: {self._whole.loss_words}.")
        self.verdict.show_words(self._entries[index].verdict)
        self.filter.show_kinds(self._whole.kinds)
        self._show_rows()

    @Slot()
    def _show_rows(self) -> None:
        """List the rows that match the filter; the one picked by hand is chosen where it is among them."""
        whole = self._whole
        rows = self._rows = whole.matching(self.filter.name.text(), self.filter.chosen_kind)
        found = "" if rows is whole else f"{len(rows.layers):,} of {len(whole.layers):,} rows match. "
        self.summary.set_text(found + watched_in_words(whole))
        self.banner.set_problem(None)
        self.table.show_layers(rows.layers)
        self._show_parts()
        self._layer = -1
        if rows.layers:
            self.layers.show_result(rows)
            picked = whole.layers[self._picked]
            self._choose(rows.layers.index(picked) if picked in rows.layers else 0)

    def _show_parts(self) -> None:
        """Plots without a layer would only pretend."""
        for part in (self._listed, self._rule):
            part.setVisible(bool(self._whole.layers))
        self.layers.setVisible(bool(self._rows.layers))
        self.nothing.setVisible(bool(self._whole.layers) and not self._rows.layers)

    @property
    def layer(self) -> int:
        """The chosen row, from 0."""
        return self._layer

    def _choose(self, row: int) -> None:
        self._layer = row
        self.banner.set_problem(None)
        self.table.choose(row)
        self.layers.choose(row)

    @Slot(int)
    def _on_layer(self, row: int) -> None:
        if row != self._layer and 0 <= row < len(self._rows.layers):
            self._picked = self._whole.layers.index(self._rows.layers[row])
            self._choose(row)

    @Slot(int, str)
    def _on_tensor_wanted(self, row: int, kind: str) -> None:
        entry = replace(self._entries[self.which.currentIndex()], result=self._rows)
        try:
            self.tensor_handed.emit(watched_tensor(entry, row, kind))
        except ProblemError as error:
            self.banner.set_problem(error.problem)

    @Slot(int)
    def _on_which(self, index: int) -> None:
        self._show_entry(index)
