"""Modules from outside, watched: run once, measured layer by layer, judged, left as they were."""
