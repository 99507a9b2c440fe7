"""The grid of values: geometry, painting and interaction."""
