"""Widgets of the lessons room."""
