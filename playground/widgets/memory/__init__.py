"""Widgets of the memory room."""
