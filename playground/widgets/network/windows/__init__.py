"""The windows that the Network page opens: step through, phase diagram, own models, saved tensors."""
