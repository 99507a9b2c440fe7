"""Watching the user's own modules: each is run once, measured layer by layer, judged, and left unchanged."""
