"""Every kind of button that offers a change is pressed in the real window, and what it offers comes about.

`OFFERS` says for each how to come to it; that none is forgotten is found by looking for all of them.
"""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hand import Hand
from PySide6.QtCore import QMetaMethod, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

import playground
from playground.models.einsum import request as einsum_request
from playground.models.evaluation.evaluate import evaluate
from playground.models.network import request as network_request
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training import cost as training_cost
from playground.models.program.program import Program
from playground.models.program.sources import Expression
from playground.models.state import EinsumState, MemoryState, NetworkState, PlaygroundState, StridedChoice
from playground.runtime.task import LatestTask
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.network.verdict_banner import VerdictBanner

BASE = "A = torch.arange(12.).reshape(3, 4)\nv = torch.tensor([10., 20., 30.])\nT = A.t()\n"


def shown(hand, line="", **fields):
    """The state of a program with one more line, shown."""
    program = Program.parse(BASE + (f"Z = {line}" if line else ""))
    hand.store.apply(PlaygroundState(**{"program": program, "selection": "Z" if line else "T", **fields}))
    hand.settle()
    return hand


def first(banner):
    """The first fix of a banner."""
    assert banner.isVisible()
    return banner.buttons[0]


def of_card(hand, _patch):
    return shown(hand, "A + v").card("Z").fix_button


def of_card_menu(hand, _patch):
    return shown(hand, "A + v").card("Z").findChildren(QWidget)[-1]


def of_line(hand, _patch):
    return first(shown(hand, "A + v").panel("shape").view.banner)


def of_broadcast(hand, _patch):
    shown(hand, "A + v").tab("broadcast")
    return first(hand.panel("broadcast").banner)


def of_deleted_line(hand, _patch):
    shown(hand, "T + 1").select("T")
    hand.key(Qt.Key.Key_Delete, widget=hand.panel("tensors").list)
    return first(hand.panel("tensors").problem)


def of_name(hand, _patch):
    shown(hand).select("A")
    hand.key(Qt.Key.Key_F2, widget=hand.panel("tensors").list)
    hand.write("tensors.name", "1x")
    return first(hand.panel("tensors").problem)


def of_paste(hand, _patch):
    shown(hand)
    QApplication.clipboard().setText("torch.ones(3)")
    hand.choose("tensors.more", "Paste")
    return first(hand.panel("tensors").problem)


def of_einsum(hand, _patch):
    shown(hand, einsum=EinsumState("ij,jk->ik", ("A", "A"))).tab("einsum")
    return first(hand.panel("einsum").banner)


def of_long_einsum(hand, patch):
    patch.setattr(einsum_request, "PATIENT_OPERATIONS", 10)
    shown(hand, einsum=EinsumState("ij,kj->ik", ("A", "A"))).tab("einsum")
    button = first(hand.panel("einsum").banner)
    assert "compute anyway" in button.accessibleName()
    return button


def of_view(hand, _patch):
    shown(hand, memory=MemoryState(view_shape="12")).tab("memory")
    return hand.find("memory.view_fix.0")


def of_advice(hand, _patch):
    shown(hand, "A.t().contiguous().t().flatten()").tab("memory")
    return hand.find("memory.advice_fix")


def of_pattern(hand, _patch):
    strided = StridedChoice("T", (3, 5), (4, 1), 0)
    shown(hand, memory=MemoryState(strided=strided)).tab("memory")
    hand.panel("memory").column.strided.set_folded(False)
    return first(hand.panel("memory").column.strided.banner)


def of_memory_of_a_bad_line(hand, _patch):
    shown(hand, "A + v").tab("memory")
    return first(hand.panel("memory").column.banner)


def of_verdict(hand, _patch):
    spec = NetworkSpec(depth=30, width=20, batch=20, activation="relu", init="lecun_normal")
    shown(hand, network=NetworkState(spec=spec, band=False))
    return hand.find("network.fix.0")


def of_impossible_network(hand, _patch):
    shown(hand, network=NetworkState(spec=NetworkSpec(depth=3, width=10, input="tensor:gone"), band=False))
    return hand.find("network.fix.0")


def of_long_network(hand, patch):
    patch.setattr(network_request, "LONG_SECONDS", 0.0)
    shown(hand, network=NetworkState(spec=NetworkSpec(depth=3, width=10, batch=11), band=False))
    return hand.find("network.fix.0")


SEEDS = itertools.count(1)
"""A network that was trained once is trained already."""


def of_long_training(hand, patch):
    patch.setattr(training_cost, "LONG_TRAINING_SECONDS", 0.0)
    patch.setattr(training_cost, "LONG_SECONDS", 0.0)
    shown(hand, network=NetworkState(spec=NetworkSpec(depth=3, width=10, batch=12, seed=next(SEEDS)), band=False))
    hand.click("network.train.start")
    hand.until(hand.panel("network").train.banner.isVisible, timeout=60_000)
    return first(hand.panel("network").train.banner)


OF_TENSORS = [of_card, of_line, of_broadcast, of_deleted_line, of_name, of_paste, of_einsum, of_long_einsum, of_view,
              of_advice, of_pattern, of_memory_of_a_bad_line]  # fmt: skip
OF_NETWORKS = [of_verdict, of_impossible_network, of_long_network, of_long_training]
OFFERS = OF_TENSORS + OF_NETWORKS


def bring(hand, offer, patch):
    """The button of an offer, on its page."""
    page = Qt.Key.Key_2 if offer in OF_NETWORKS else Qt.Key.Key_1
    hand.key(page, Qt.KeyboardModifier.ControlModifier, hand.window)
    button = offer(hand, patch)
    assert button.isVisible()
    assert button.isEnabled()
    return button


def failing(state):
    return {name for name, line in evaluate(state.program).items() if line.failed}


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_is_taken_and_helps(hand, offer, monkeypatch):
    button = bring(hand, offer, monkeypatch)
    before, words = hand.state, button.accessibleName()
    hand.click(button)
    hand.until(lambda: hand.state != before)
    hand.settle()
    assert failing(hand.state) <= failing(before) - {"Z"}, words
    seen = [one for one in hand.window.findChildren(type(button)) if one.isVisible()]
    assert words not in [one.accessibleName() for one in seen], "what was taken is offered no longer"


@pytest.mark.parametrize("offer", [one for one in OF_TENSORS if one not in (of_name, of_paste)])
def test_an_offer_of_a_state_that_is_gone_is_not_taken(hand, offer, monkeypatch):
    """The lines become others, and the answer to that has not come yet: what stands there was made for the old ones."""
    button = bring(hand, offer, monkeypatch)
    monkeypatch.setattr(LatestTask, "submit", lambda task, request: None)
    lines = hand.state.program.with_source("A", Expression("torch.ones(3, 4)"))
    edited = replace(hand.state, program=lines)
    hand.store.apply(edited)
    if button.isVisible():
        hand.click(button)
    assert hand.state == edited


def test_the_table_of_files_offers_lines(hand):
    shown(hand).tab("memory")
    column = hand.panel("memory").column
    if not column.files_table.isVisible():
        QTest.mouseClick(column.files.title_line, Qt.MouseButton.LeftButton)
    hand.until(column.files_table.isVisible)
    hand.in_view(column.files_table)
    offered = [row for row, one in enumerate(column.files_table.rows) if one.key]
    assert offered
    for row in offered:
        before = hand.state
        place = column.files_table.row_rect(row).center()
        QTest.mouseClick(column.files_table, Qt.MouseButton.LeftButton, pos=place)
        hand.until(lambda before=before: hand.state != before)
        hand.settle()
        assert hand.tensor().is_contiguous()
        hand.undo()
        assert hand.state.program == before.program


def test_the_rows_of_a_menu_of_more_ways_are_taken(hand):
    for kind in ("card", "banner"):
        shown(hand, "A + v")
        owner = hand.card("Z") if kind == "card" else hand.panel("shape").view.banner
        more = next(one for one in owner.findChildren(QWidget) if "more fix" in one.accessibleName())
        before = hand.state
        hand.click(more)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[-1]).center())
        hand.until(lambda before=before: hand.state != before)
        hand.settle()
        assert not failing(hand.state)


def owner_of(button):
    """The part of the window that offers what is on a button."""
    part = button.parentWidget()
    while part is not None and not isinstance(part, ProblemBanner | VerdictBanner):
        if type(part).__module__.startswith("playground.widgets.") and type(part).__name__ in MAKERS.values():
            break
        part = part.parentWidget()
    return part


MAKERS = {
    "widgets/controls/problem_banner.py": "ProblemBanner",
    "widgets/tensors/tensor_card.py": "TensorCard",
    "widgets/memory/steps.py": "StepsPart",
    "widgets/memory/view.py": "ViewPart",
    "widgets/network/verdict_banner.py": "VerdictBanner",
}
"""The modules that make buttons of fixes, and the parts in which these stand."""


def test_all_that_makes_offers_is_known():
    folder = Path(playground.__file__).parent
    makers = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r"(?<!class )\b(FixButton|_OfferButton)\(", path.read_text())
    }
    assert makers == set(MAKERS)


def test_no_offer_is_forgotten(open_window, qtbot, monkeypatch):
    """Each part that somebody listens to is the one of an offer above; one that nobody listens to shows no offer."""
    kinds, offering, silent, pressed = set(), set(), set(), set()
    for offers in (OF_TENSORS, OF_NETWORKS):
        hand = Hand(open_window(), qtbot)
        for offer in offers:
            with monkeypatch.context() as patch:
                part = owner_of(bring(hand, offer, patch))
                kinds.add(type(part).__name__)
                pressed.add(place_of(part))
        for banner in hand.window.findChildren(ProblemBanner):
            listened = banner.isSignalConnected(QMetaMethod.fromSignal(banner.fix_chosen))
            assert listened == banner.offers, place_of(banner)
            (offering if listened else silent).add(place_of(banner))
    assert kinds == set(MAKERS.values())
    assert offering == {place for place in pressed if place.endswith("ProblemBanner")}
    assert silent


def place_of(part):
    """Where a part stands in the window, by the kinds of what is around it."""
    around = []
    while part is not None:
        around.insert(0, type(part).__name__)
        part = part.parentWidget()
    return " > ".join(around)
