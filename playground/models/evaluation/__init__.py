"""Evaluating the program: each line computed once, within a budget, then read, summarised and shown."""
