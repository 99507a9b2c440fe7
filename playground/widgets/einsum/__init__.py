"""Widgets of the Einsum panel."""
