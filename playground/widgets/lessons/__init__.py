"""Widgets of the lessons."""
