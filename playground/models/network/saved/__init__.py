"""What autograd keeps between the forward and the backward pass."""
