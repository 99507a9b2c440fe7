"""What is true about tensors and networks, computed by torch; knows no screen."""
