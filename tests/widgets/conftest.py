import pytest


@pytest.fixture
def shown(qtbot):
    """Show a widget by itself in a size; it is closed after the test."""

    def show(widget, width, height):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        return widget

    return show
