"""What the command `tensor-playground` understands: the window's options, and commands that need no display."""
