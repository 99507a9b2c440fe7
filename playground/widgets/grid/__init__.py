"""The grid of values: geometry, painting, and what the hand does on it."""
