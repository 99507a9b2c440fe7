"""What a network's tensors measure, exact and safe at the extremes, for many layers at once."""
