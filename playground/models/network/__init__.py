"""Deep fully connected networks, layer by layer: statistics, theory, what autograd stores, training."""
