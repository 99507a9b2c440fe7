"""Why shapes fit: aligned from the right, stretched along axes of size 1, or in each other's way."""
