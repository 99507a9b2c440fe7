"""The windows that the network page opens: step through, phase diagram, own models, what is saved."""
