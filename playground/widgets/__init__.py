"""Widgets show what they are given and report what the user did; they compute no tensors."""
