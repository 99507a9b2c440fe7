"""Tensors and sessions in files."""
