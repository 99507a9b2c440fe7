"""Widgets that show what they are given and say what the user did; they compute no tensors."""
