"""Plots: pyqtgraph in the colours, fonts and manners of this app."""
