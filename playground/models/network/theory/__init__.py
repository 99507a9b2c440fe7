"""The theory of wide random networks: the variance map, the edge of chaos, and the deviation of a single draw."""
