"""Widgets of the Tensors page."""
