"""The bottom line speaks of the page that is in front."""

from playground.widgets.text.labels import TextLabel


def said(window):
    return [
        label.text() for label in window.furniture.status.findChildren(TextLabel) if label.isVisible() and label.text()
    ]


def test_each_page_has_the_line_speak_of_its_own(window, qtbot):
    qtbot.waitUntil(lambda: any("one problem, in D" in words for words in said(window)), timeout=60_000)
    window.show_page("network")
    qtbot.waitUntil(lambda: "50 layers, 497,400 weights, 1.99 MB" in said(window), timeout=60_000)
    qtbot.waitUntil(lambda: any(words.startswith("ran in ") for words in said(window)), timeout=60_000)
    assert not any("one problem, in D" in words for words in said(window))
    window.show_page("tensors")
    assert any("one problem, in D" in words for words in said(window))
    assert not any("497,400" in words for words in said(window))
