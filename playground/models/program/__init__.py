"""The program, its sources, and the gestures that edit it."""
