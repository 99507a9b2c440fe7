"""Widgets of the Broadcast panel."""
