"""Widgets of the network room."""
