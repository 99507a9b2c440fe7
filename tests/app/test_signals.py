"""Whatever a part of the window says, somebody hears."""

from PySide6.QtCore import QMetaMethod, QObject


def signals_of(thing):
    """The signals that the app's own classes add to Qt's, plots aside, with whether anybody is connected to them."""
    meta = thing.metaObject()
    own = [kind for kind in type(thing).__mro__ if kind.__module__.startswith("playground")]
    kinds = [kind.__name__ for kind in own if "plot" not in kind.__module__]
    while meta is not None and meta.className() in kinds:
        for number in range(meta.methodOffset(), meta.methodCount()):
            method = meta.method(number)
            if method.methodType() == QMetaMethod.MethodType.Signal:
                yield f"{meta.className()}.{bytes(method.name().data()).decode()}", thing.isSignalConnected(method)
        meta = meta.superClass()


def test_each_signal_is_heard(network):
    windows = network.panel("network").windows
    for open_one in (windows.open_details, windows.open_phase, windows.open_step_through, windows.open_watch):
        open_one()
    network.workspace.commands.memory_limit()
    network.settle()
    said, heard = set(), set()
    for thing in (network.window, *network.window.findChildren(QObject)):
        for name, is_heard in signals_of(thing):
            (heard if is_heard else said).add(name)
    assert len(heard) > 100
    heard.add("MainWindow.closed")  # which playground.show() hears
    assert " ".join(sorted(said - heard)) == ""
