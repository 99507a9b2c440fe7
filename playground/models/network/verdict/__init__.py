"""The verdict on the measured numbers: what they say, why, and what would help."""
