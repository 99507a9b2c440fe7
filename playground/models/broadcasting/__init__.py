"""Why shapes fit or clash: aligned from the right, stretched along axes of size 1."""
