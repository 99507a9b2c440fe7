"""What the measured numbers say, why, and what would help."""
