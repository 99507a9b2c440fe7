"""Training: tasks, optimisers, training steps as values, the cost and the texts of a training."""
