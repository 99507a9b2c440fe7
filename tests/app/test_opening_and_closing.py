"""In a file of its own, because it is the longest test: it runs beside the others."""

from PySide6.QtWidgets import QApplication


def test_sixty_windows_are_opened_and_closed_while_they_compute(qtbot, open_window):
    for number in range(60):
        window = open_window((1000 + number, 700))
        if number % 3 == 0:
            QApplication.processEvents()
        if number % 7 == 0:
            qtbot.wait(30)
        window.close()
        window.deleteLater()
