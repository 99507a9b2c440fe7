"""The forward and backward pass of a small network, one operation at a time."""
