"""Plots: pyqtgraph with this app's colours, fonts and behaviour."""
