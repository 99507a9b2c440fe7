"""Lines that work only because two sizes happen to be equal, and the ties that would make them sure."""
