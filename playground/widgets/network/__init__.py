"""Widgets of the Network page."""
