"""What is written: the program, its sources, and the gestures that rewrite it."""
