"""Widgets of the tensors room."""
