"""Runs a network from its spec: builds it, runs it forward and backward, and measures it."""
