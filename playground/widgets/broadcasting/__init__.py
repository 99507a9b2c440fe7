"""Widgets of the broadcast panel."""
