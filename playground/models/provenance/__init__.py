"""Where an element came from: the elements of other tensors, and the arithmetic that produced it."""
