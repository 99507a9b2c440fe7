"""Widgets of the Memory panel."""
