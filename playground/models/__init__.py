"""What is true of tensors and networks, computed by torch; independent of any user interface."""
