"""Explains calls that torch refuses, naming the tensor, its axes and the sizes."""
