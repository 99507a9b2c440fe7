"""Calls that torch refuses, in sentences that name the tensor, its axes and the sizes."""
