"""Widgets of the einsum room."""
