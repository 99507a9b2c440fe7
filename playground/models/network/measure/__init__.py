"""Statistics of a network's tensors, exact and safe at the extremes, for many layers at once."""
