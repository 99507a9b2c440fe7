"""Tensors as a program of PyTorch lines: parsing, planning, evaluating, broadcasting, gestures."""
