"""Lessons: a question, a prediction, something to try, an answer computed on the spot."""
