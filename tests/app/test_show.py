"""The Python API."""

import threading

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QWidget

import playground


@pytest.fixture
def show(qtbot):
    handles = []

    def opened(**arguments):
        handle = playground.show(block=False, **arguments)
        handles.append(handle)
        return handle

    yield opened
    for handle in handles:
        handle.close()
        handle.window.deleteLater()
    handles.clear()


def test_show_opens_a_window_on_the_given_tensors(show):
    given = torch.eye(3)
    handle = show(A=given, b=np.arange(4.0), c=[1, 2, 3])
    assert handle.window.isVisible()
    assert handle.program.names == ("A", "b", "c")
    kept = handle.program.get("A").source.reference.live
    assert kept.untyped_storage().data_ptr() == given.untyped_storage().data_ptr()
    assert handle.window.findChild(QWidget, "shape.grid") is not None


def test_positional_tensors_have_the_names_of_the_callers_variables(qtbot):
    x, other = torch.ones(2), torch.zeros(3)
    handle = playground.show(x, other, torch.eye(2), block=False, y=x)
    assert handle.program.names == ("x", "other", "A", "y")
    handle.close()
    handle.window.deleteLater()


def test_show_without_tensors_opens_the_example(show):
    assert show().program.names == ("A", "v", "B", "W", "C", "D")


def test_close_closes(show):
    handle = show()
    handle.close()
    assert handle.window.is_closed
    handle.close()


def test_two_windows_live_side_by_side(show):
    first, second = show(A=torch.eye(2)), show(B=torch.eye(3))
    assert (first.program.names, second.program.names) == (("A",), ("B",))
    first.close()
    assert second.window.isVisible()


def test_a_lesson_can_be_opened(show):
    handle = show(lesson=4)
    assert handle.program.names == ("m", "c", "r")


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(3).requires_grad_(),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.tensor(5),
        torch.zeros(0, 3),
        torch.ones(3).expand(4, 3),
        np.arange(6)[::-1],
        np.arange(3, dtype=">f4"),
        np.float64(2.5),
        np.array([True, False]),
    ],
    ids=lambda one: f"{type(one).__name__} {getattr(one, 'dtype', '')}",
)
def test_all_kinds_of_tensors_are_shown(show, tensor):
    handle = show(x=tensor)
    shown = handle.program.get("x").source.reference.tensor
    assert not shown.requires_grad
    assert tuple(shown.shape) == tuple(np.shape(tensor) if not isinstance(tensor, torch.Tensor) else tensor.shape)


def _nested(depth):
    lists = [0.0, 1.0]
    for _ in range(depth):
        lists = [lists, lists]
    return lists


@pytest.mark.parametrize("shape", [(2**62,), (2**31, 2**31), (10**6, 10**6)])
def test_endlessly_expanded_tensors_are_shown(qtbot, show, shape, caplog):
    handle = show(A=torch.ones((1,) * len(shape)).expand(shape), B=torch.ones(2))
    workspace = handle.window.furniture.workspace
    qtbot.waitUntil(lambda: not workspace._busy, timeout=60_000)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.eye(3).to_sparse(), "to_dense"),
        (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged), "nested"),
        (lambda: torch.empty(3, device="meta"), "meta"),
        (lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "quantized"),
        (lambda: np.array(["a"]), "dtype"),
        (lambda: np.array([object()]), "dtype"),
        (lambda: "text", "str"),
        (lambda: _nested(40), "the limit is"),
        (lambda: np.broadcast_to(np.zeros(1, ">f4"), (10**6, 10**6)), "the limit is"),
        (object, "object"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_is_no_tensor_is_refused_by_name(qtbot, make, words):
    thing = make()
    with pytest.raises(TypeError, match=words) as caught:
        playground.show(block=False, wrong=thing)
    assert "wrong" in str(caught.value)


def test_a_name_that_is_no_name_is_refused(qtbot):
    with pytest.raises(TypeError, match="name"):
        playground.show(block=False, **{"not a name": torch.eye(2)})


def test_another_thread_is_told_why_not(qtbot):
    said = []

    def run():
        try:
            playground.show(block=False)
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "main thread" in said[0]
