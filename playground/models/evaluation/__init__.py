"""What the program gives: each line computed once, within a budget, and read, summarised and shown."""
