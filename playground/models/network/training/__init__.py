"""Training: tasks, optimisers, the steps as values, and what a training costs and says."""
