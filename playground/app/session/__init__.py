"""A session: its file, and what is kept of it until the next start."""
