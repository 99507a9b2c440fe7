"""The block under the hand stays whole, and its handle at the hand as far as there is room."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from playground.widgets.tensors.tensor_block import HANDLE, TensorBlock


@pytest.mark.parametrize("handle", ["columns", "rows", "both"])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("way", [QPoint(30, 20), QPoint(-40, -30), QPoint(300, 260)], ids=["out", "in", "far out"])
def test_nothing_is_clipped_and_the_handle_stays_near_the_hand(shown, shape, handle, way):
    block = shown(TensorBlock(), 168, 150)
    now = list(shape)
    block.set_shape(shape, True)

    def take(sizes, _gesture):
        for axis, size in sizes:
            now[axis] = size
        block.set_shape(tuple(now), True)

    block.sizes_edited.connect(take)
    start = block.handles()[handle].toPoint()
    QTest.mousePress(block, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 9):
        place = start + way * step / 8
        QTest.mouseMove(block, place)
        room = QRectF(block.rect())
        for middle in block.handles().values():
            assert room.contains(QRectF(middle.x() - HANDLE / 2, middle.y() - HANDLE / 2, HANDLE, HANDLE))
        held, geometry = block.handles()[handle], block.block()
        inside = QPointF(min(place.x(), block.width() - 1), min(place.y(), block.height() - 1))
        if room.contains(QPointF(place)) and geometry.fits(block.width(), block.height()):
            pulled_across, pulled_down = handle != "rows", handle != "columns"
            assert not pulled_across or abs(held.x() - inside.x()) <= geometry.column_pixels
            assert not pulled_down or abs(held.y() - inside.y()) <= geometry.row_pixels
    QTest.mouseRelease(block, Qt.MouseButton.LeftButton, pos=start + way)
    assert now != list(shape)
